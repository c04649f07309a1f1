"""Limits that several floors share."""

LARGEST_PICTURE = 20 << 20  # bytes of a picture file
