"""Names that people give, of checkpoints and of training runs."""

from __future__ import annotations

import re

LONGEST_CHECKPOINT = 100  # characters
CHECKPOINT = re.compile(rf"[A-Za-z0-9][A-Za-z0-9._-]{{0,{LONGEST_CHECKPOINT - 1}}}")
LONGEST_RUN = 80  # characters, in one line
