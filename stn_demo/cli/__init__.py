"""The commands of ``python -m stn_demo``, one per file."""
