"""A process that ends with the one that started it. Imports nothing heavy, so that it can watch from the
first moment on; what takes seconds (torch) is imported after."""

from __future__ import annotations

import os
import select
import threading
import time
from collections.abc import Callable

GRACE = 5.0  # seconds to save and end in


class Parent:
    """Watches standard input: its other end closes with the process that holds it, however that goes. (What
    comes through it is left to be read.)

    Attributes:
        gone: whether it has closed.
        on_gone: called then, once, from another thread; within ``GRACE`` seconds the process has to end, or
            is ended. While it is None, the process ends at once.
    """

    def __init__(self) -> None:
        self.gone = threading.Event()
        self.on_gone: Callable[[], None] | None = None

    def watch(self) -> None:
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        poll = select.poll()
        poll.register(0, 0)  # POLLHUP, POLLERR and POLLNVAL always count
        poll.poll()
        self.gone.set()
        if self.on_gone is not None:
            self.on_gone()
            time.sleep(GRACE)
        os._exit(1)


parent = Parent()
