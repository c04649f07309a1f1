"""Limits that several floors share."""

LARGEST_PICTURE = 20 << 20  # bytes of a picture file
LARGEST_UPLOADED_NETWORK = 16 << 20  # bytes of a checkpoint that a visitor uploads
LARGEST_REQUEST = 256 * 1024  # bytes of a request of JSON
LONGEST_TRAINING = 240.0  # minutes of one run
MOST_FOR_RUNS = 2048  # MB of disk space for all runs together
