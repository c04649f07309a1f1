"""The CPU priority of a process, so that the page is served before a run is trained. Imports nothing heavy."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path


def lower(nice: int) -> None:
    """Set this process's nice value to ``nice`` (0 to 19).

    A worker process has a session of its own. Where Linux shares the CPU among sessions first (``man 7 sched``, "The
    autogroup feature"), a nice value counts within its session only: there, the session gets the same nice value.
    """
    os.nice(nice - os.nice(0))
    with suppress(OSError):  # no Linux, or no autogroups
        Path("/proc/self/autogroup").write_text(str(nice))
