"""End this process when the process that started it ends.

Imports nothing heavy, so that watching starts at once; torch, which takes seconds to load, is imported later.
"""

from __future__ import annotations

import os
import select
import threading
import time
from collections.abc import Callable

GRACE = 5.0  # seconds to save and exit


class Parent:
    """Watches standard input, whose other end is closed when the parent process ends for any reason. Reads none of its
    data.

    Attributes:
        gone: set once the other end is closed.
        on_gone: called once then, from another thread; the process is ended after ``GRACE`` seconds. If it is None, the
            process ends at once.
    """

    def __init__(self) -> None:
        self.gone = threading.Event()
        self.on_gone: Callable[[], None] | None = None

    def watch(self) -> None:
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        poll = select.poll()
        poll.register(0, 0)  # POLLHUP, POLLERR and POLLNVAL are always reported
        poll.poll()
        self.gone.set()
        if self.on_gone is not None:
            self.on_gone()
            time.sleep(GRACE)
        os._exit(1)


parent = Parent()
