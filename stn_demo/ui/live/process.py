"""A second process for the engine, so that messages and batches do not compete for one interpreter lock.

In one process the event loop and the engine's thread take turns at the lock, hundreds of times per batch: with 200
visitors the machine spent half of its time on that. The process reads the same folders as the app; networks that exist
in the app's memory only (in training, stand-ins) are answered by the app.
"""

from __future__ import annotations

import gc
import os
import socket
import subprocess
import sys
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path

from .request import Defaults, Request

LAUNCH = "from stn_demo.ui.live.process import main; main()"
PACKAGE = Path(__file__).resolve().parents[3]
READY = "ready"


class EngineProcess:
    """An ``Engine`` in a process of its own. It ends when this object is closed or when the app ends for any reason."""

    def __init__(self, folder: Path, saved: Path, defaults: Defaults):
        """Start the process; ``wait`` returns when it is ready. Raises OSError if no process can be started."""
        ours, theirs = socket.socketpair()
        places = [str(PACKAGE), *filter(None, [os.environ.get("PYTHONPATH")])]
        names = [defaults.model, defaults.twin or ""]
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-c", LAUNCH, str(theirs.fileno()), str(folder), str(saved), *names],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C in the app's terminal must reach the app only
                env={**os.environ, "PYTHONPATH": os.pathsep.join(places), "OMP_NUM_THREADS": "1"},
            )
        except OSError:
            ours.close()
            raise
        finally:
            theirs.close()
        self._connection = Connection(ours.detach())

    def wait(self) -> None:
        """Return when the process is ready. Raises EOFError or OSError if it has ended."""
        self._connection.recv()

    def answer(self, requests: list[Request]) -> list[bytes | str]:
        """See ``Engine.answer``. Call from one thread at a time. Raises EOFError or OSError if the process has ended."""
        self._connection.send(requests)
        return self._connection.recv()

    def close(self) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()
        with suppress(OSError):
            self._connection.close()


def main() -> None:
    """The process: answer lists of requests until the connection is closed."""
    from .engine import Engine  # noqa: PLC0415 (loads torch, in this process only)
    from .networks import Networks  # noqa: PLC0415 (likewise)

    number, folder, saved, model, twin = sys.argv[1:]
    connection = Connection(int(number))
    engine = Engine(Networks(Path(folder), Path(saved)))
    engine.networks.warm(Defaults(model, twin or None))
    gc.collect()
    gc.freeze()
    with suppress(EOFError, OSError):  # the app has ended
        connection.send(READY)
        while True:
            connection.send(engine.answer(connection.recv()))
