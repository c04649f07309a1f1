"""The commands of ``python -m stn_demo``, one a file."""
