"""The process that trains a run, seen from the app that started it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

from .run_folder import RunFolder

# The module stn_demo.training.worker, but for the parent being watched before torch is imported.
LAUNCH = (
    "import runpy; from stn_demo.parent import parent; parent.watch(); "
    "runpy.run_module('stn_demo.training.worker', None, '__main__')"
)
POLITE = 8.0  # seconds that a process is given to save its state; it ends itself after fewer


class WorkerProcess:
    """Started with the run's lock in hand, it ends when the pipe to its standard input does: by ``close``, or
    because the app is gone, however it went."""

    def __init__(self, folder: RunFolder, lock: int, options: list[str], orders: tuple[str, ...] = ()):
        """``options``: of the worker's command line; ``orders`` are obeyed before the first step. OSError
        where no process can be started."""
        command = [sys.executable, "-c", LAUNCH, str(folder.path), "--lock", str(lock), *options]
        package = str(Path(__file__).resolve().parents[2])
        places = [package, *filter(None, [os.environ.get("PYTHONPATH")])]
        self.folder = folder
        self._words: dict | None = None
        self._mutex = threading.Lock()
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            pass_fds=(lock,),
            start_new_session=True,  # Ctrl-C in the app's terminal is meant for the app
            env={**os.environ, "PYTHONPATH": os.pathsep.join(places), "OMP_NUM_THREADS": "1"},
        )
        for order in orders:
            self.send(order)

    @property
    def pid(self) -> int:
        return self._process.pid

    def running(self) -> bool:
        return self._process.poll() is None

    def send(self, order: str) -> bool:
        """Hand it a line; whether it was there to take it."""
        try:
            self._process.stdin.write(order.encode() + b"\n")
            self._process.stdin.flush()
            return True
        except (OSError, ValueError, AttributeError):  # it is gone, or closed
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
        self._close_pipe()
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

    def _close_pipe(self) -> None:
        pipe, self._process.stdin = self._process.stdin, None
        try:
            if pipe is not None:
                pipe.close()
        except OSError:
            pass
