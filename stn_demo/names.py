"""Allowed names of checkpoints, training runs and devices."""

from __future__ import annotations

import re

LONGEST_CHECKPOINT = 100  # characters
CHECKPOINT = re.compile(rf"[A-Za-z0-9][A-Za-z0-9._-]{{0,{LONGEST_CHECKPOINT - 1}}}")
LONGEST_RUN = 80  # characters, on one line
RUN_ID = "[a-z0-9-]{1,40}"  # also of a preset; the name of the folder of a run
DEVICE = re.compile(r"auto|cpu|cuda(:\d{1,3})?|mps")
