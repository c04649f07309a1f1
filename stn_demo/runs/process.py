"""The process that trains a run, seen from the app that started it."""

from __future__ import annotations

import json
import socket
import subprocess
import threading
import time

from ..child import Child
from .run_folder import RunFolder

HURRY, NICE = 0, 19  # while somebody waits for it to load, and ever after: the page comes first
POLITE = 8.0  # seconds that a process is given to save its state; it ends itself after fewer
FRESH = 600.0  # seconds for which a process without a run is of use; a little later it ends itself


class WorkerProcess:
    """A ``Child``, which waits for ``take`` to give it a run.

    Attributes:
        folder: its run's; None while it has none.
    """

    def __init__(self, child: Child):
        self.folder: RunFolder | None = None
        self._words: dict | None = None
        self._mutex = threading.Lock()
        self._process, self._orders, self._made = child.process, child.line, child.made

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
