"""A process that is to train a run, from the moment that it is started; what it does with it: ``training.process``. Imports
nothing heavy, so that one can be loading while the app itself still is."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

# The module stn_demo.training.worker_main, but for the parent being watched before torch is imported.
LAUNCH = (
    "import os, runpy; os.nice({nice}); from stn_demo.parent import parent; parent.watch(); "
    "runpy.run_module('stn_demo.training.worker_main', None, '__main__')"
)


class Child:
    """Loads torch, which takes seconds, and waits for a run. It ends when the socket that is its standard input does:
    by being closed, or because the app is gone, however it went.

    Attributes:
        process: the process; what it says in the end comes through ``process.stdout``.
        line: the socket's end here.
        made: when it was started, as ``time.monotonic`` counts.
    """

    def __init__(self, nice: int):
        """``nice``: how much other processes come before it while it loads. OSError where none can be started."""
        package = str(Path(__file__).resolve().parents[1])
        places = [package, *filter(None, [os.environ.get("PYTHONPATH")])]
        self.made = time.monotonic()
        self.line, theirs = socket.socketpair()
        try:
            self.process = subprocess.Popen(
                [sys.executable, "-c", LAUNCH.format(nice=nice)],
                stdin=theirs,
                stdout=subprocess.PIPE,
                start_new_session=True,  # Ctrl-C in the app's terminal is meant for the app
                env={**os.environ, "PYTHONPATH": os.pathsep.join(places), "OMP_NUM_THREADS": "1"},
            )
        except OSError:
            self.line.close()
            raise
        finally:
            theirs.close()


def at_hand(nice: int) -> Child | None:
    """One for a run that may come; None where there can be none: starting the run will say why."""
    try:
        return Child(nice) if os.name == "posix" else None
    except OSError:
        return None
