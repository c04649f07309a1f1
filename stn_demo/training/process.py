"""The process that trains a run, seen from the app that started it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

from .run_folder import RunFolder

# The module stn_demo.training.worker_main, but for the parent being watched before torch is imported.
LAUNCH = (
    "import os, runpy; os.nice({nice}); from stn_demo.parent import parent; parent.watch(); "
    "runpy.run_module('stn_demo.training.worker_main', None, '__main__')"
)
NICE = 19  # the page comes first
POLITE = 8.0  # seconds that a process is given to save its state; it ends itself after fewer
FRESH = 600.0  # seconds for which a process without a run is of use; a little later it ends itself


class WorkerProcess:
    """Loads torch, which takes seconds, and waits for ``take`` to give it a run. It ends when the socket that is
    its standard input does: by ``close``, or because the app is gone, however it went.

    Attributes:
        folder: its run's; None while it has none.
    """

    def __init__(self, hurry: bool):
        """``hurry``: somebody waits for it, so that loading comes as soon as the page does, and only training after
        it. OSError where no process can be started."""
        package = str(Path(__file__).resolve().parents[2])
        places = [package, *filter(None, [os.environ.get("PYTHONPATH")])]
        self.folder: RunFolder | None = None
        self._words: dict | None = None
        self._mutex = threading.Lock()
        self._made = time.monotonic()
        self._orders, theirs = socket.socketpair()
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-c", LAUNCH.format(nice=0 if hurry else NICE)],
                stdin=theirs,
                stdout=subprocess.PIPE,
                start_new_session=True,  # Ctrl-C in the app's terminal is meant for the app
                env={**os.environ, "PYTHONPATH": os.pathsep.join(places), "OMP_NUM_THREADS": "1"},
            )
        except OSError:
            self._orders.close()
            raise
        finally:
            theirs.close()

    def take(self, folder: RunFolder, lock: int, options: dict, orders: tuple[str, ...] = ()) -> bool:
        """Train the run that ``lock`` is a descriptor of the lock of; whether the process was there to take it.
        ``options``: see ``worker_main.Task``; ``orders`` are obeyed before the first step."""
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
        """Whether it can be given a run."""
        return self.folder is None and self.running() and time.monotonic() - self._made < FRESH

    def running(self) -> bool:
        return self._process.poll() is None

    def send(self, order: str) -> bool:
        """Hand it a line; whether it was there to take it."""
        try:
            self._orders.sendall(order.encode() + b"\n")
            return True
        except OSError:  # it is gone, or closed
            return False

    def wait(self, seconds: float) -> bool:
        """Whether it ended within so many seconds."""
        try:
            self._process.wait(seconds)
            return True
        except subprocess.TimeoutExpired:
            return False

    def close(self) -> None:
        """Let it save its state and end."""
        self._orders.close()
        if not self.wait(POLITE):
            self._process.kill()
            self._process.wait()

    def last_words(self) -> dict:
        """Of a process that has ended: the status that it could not write, else its exit status as "signal"
        or "exit"."""
        with self._mutex:
            if self._words is None:
                said = self._process.communicate()[0].strip()
                try:
                    self._words = dict(json.loads(said.splitlines()[-1]))
                except (ValueError, IndexError, TypeError):
                    code = self._process.returncode
                    self._words = {"signal": -code} if code < 0 else {"exit": code}
            return self._words
