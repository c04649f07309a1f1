"""Returns the memory of uploads to the system: settings of the C library's heap."""

from __future__ import annotations

import asyncio
import ctypes
import os
from contextlib import suppress

ARENAS = 2
EVERY = 20.0  # seconds
_M_ARENA_MAX = -8  # malloc.h of glibc, see mallopt(3)


def limit() -> None:
    """At most ``ARENAS`` heaps ("arenas") in this process and in those that it starts. Has an effect only before threads
    start, and only with glibc.

    glibc gives up to eight arenas per core to the threads, and each keeps what was freed in it. Pictures and networks that
    strangers upload are read in forty threads.
    """
    os.environ.setdefault("MALLOC_ARENA_MAX", str(ARENAS))  # for child processes
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, ARENAS)


async def trimmed() -> None:
    """Every ``EVERY`` seconds, return freed memory to the system (malloc_trim(3)), in a thread. Without glibc: do nothing."""
    with suppress(OSError, AttributeError):
        trim = ctypes.CDLL(None).malloc_trim
        while True:
            await asyncio.sleep(EVERY)
            await asyncio.to_thread(trim, 0)
