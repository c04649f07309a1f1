"""The process that trains a run, as seen by the app that started it.

Imports nothing heavy, so that the process can load torch while the app itself is still loading.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .folder import RunFolder

# Runs the module stn_demo.runs.worker_main, but watches the parent before torch is imported.
LAUNCH = (
    "import os, runpy; os.nice({nice}); from stn_demo.runs.parent import parent; parent.watch(); "
    "runpy.run_module('stn_demo.runs.worker_main', None, '__main__')"
)

NICE_LOADING = 0  # nice value while a visitor waits for it to load
NICE_TRAINING = 19  # nice value later, when the page has priority
CLOSE_TIMEOUT = 8.0  # seconds that a process gets to save its state; it normally ends sooner
LONGEST_IDLE = 600.0  # seconds for which a process without a run may be given one; it ends itself shortly after


class WorkerProcess:
    """A process that loads torch, which takes seconds, and waits for ``take`` to give it a run.

    It ends when the socket that is its standard input is closed, or when the app ends for any reason.

    Attributes:
        folder: the folder of its run; None if it has none.
    """

    def __init__(self, nice: int):
        """``nice``: the process's nice value while it loads. OSError if no process can be started."""
        package = str(Path(__file__).resolve().parents[2])
        places = [package, *filter(None, [os.environ.get("PYTHONPATH")])]
        self.folder: RunFolder | None = None
        self._words: dict[str, Any] | None = None
        self._mutex = threading.Lock()
        self._made = time.monotonic()
        self._orders, theirs = socket.socketpair()
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-c", LAUNCH.format(nice=nice)],
                stdin=theirs.fileno(),
                stdout=subprocess.PIPE,
                start_new_session=True,  # Ctrl-C in the app's terminal must reach the app only
                env={**os.environ, "PYTHONPATH": os.pathsep.join(places), "OMP_NUM_THREADS": "1"},
            )
        except OSError:
            self._orders.close()
            raise
        finally:
            theirs.close()

    @classmethod
    def spare(cls, nice: int) -> WorkerProcess | None:
        """A process for a later run. None if no process can be started; starting a run will then report why."""
        try:
            return cls(nice) if os.name == "posix" else None
        except OSError:
            return None

    def take(self, folder: RunFolder, lock: int, options: dict[str, Any], orders: tuple[str, ...] = ()) -> bool:
        """Train the run in ``folder``; whether the process accepted it.

        Args:
            lock: a descriptor that holds the lock of the run.
            options: fields of ``worker_main.Task``.
            orders: obeyed before the first step.
        """
        task = {"folder": str(folder.path), "orders": orders, **options}
        try:
            socket.send_fds(self._orders, [b"+"], [lock])
            self._orders.sendall(json.dumps(task).encode() + b"\n")
        except OSError:
            return False
        self.folder = folder
        return True

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def fresh(self) -> bool:
        """Whether it can still be given a run."""
        return self.folder is None and self.running() and time.monotonic() - self._made < LONGEST_IDLE

    def running(self) -> bool:
        return self._process.poll() is None

    def send(self, order: str) -> bool:
        """Send an order; whether the process was still there."""
        try:
            self._orders.sendall(order.encode() + b"\n")
            return True
        except OSError:  # the process has ended, or the socket is closed
            return False

    def wait(self, seconds: float) -> bool:
        """Whether the process ended within this many seconds."""
        try:
            self._process.wait(seconds)
            return True
        except subprocess.TimeoutExpired:
            return False

    def close(self) -> None:
        """Let the process save its state and end."""
        self._orders.close()
        if not self.wait(CLOSE_TIMEOUT):
            self._process.kill()
            self._process.wait()

    def final_status(self) -> dict[str, Any]:
        """For a process that has ended: the status that it could not write, else its exit status as "signal" or "exit"."""
        with self._mutex:
            if self._words is None:
                output = self._process.communicate()[0].strip()
                try:
                    self._words = dict(json.loads(output.splitlines()[-1]))
                except (ValueError, IndexError, TypeError):
                    code = self._process.returncode
                    self._words = {"signal": -code} if code < 0 else {"exit": code}
            return self._words
