"""Locks between processes that no death can leave behind: the kernel lets go when the holder is gone, kill -9
included."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

RETRY = 0.02  # seconds; a lock may be held for a moment by someone who only asks whether it is


def supported() -> bool:
    """Whether this system has such locks (Linux and macOS do)."""
    return fcntl is not None


def take(path: Path, wait: float = 0.2) -> int | None:
    """Take the lock of the file ``path``: a descriptor that holds it until it is closed everywhere, so also
    in child processes that it was passed on to. None where another has it for longer than ``wait`` seconds.

    Raises:
        OSError: the file cannot be made.
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    end = time.monotonic() + wait
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return handle
        except BlockingIOError:
            if time.monotonic() >= end:
                os.close(handle)
                return None
            time.sleep(RETRY)


def held(path: Path) -> bool:
    """Whether someone holds the lock of the file ``path`` now."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return False
    except BlockingIOError:
        return True
    finally:
        os.close(handle)


@contextmanager
def locked(path: Path, wait: float = 2.0) -> Iterator[bool]:
    """Hold the lock within the block; False where it could not be had in ``wait`` seconds."""
    handle = take(path, wait)
    try:
        yield handle is not None
    finally:
        if handle is not None:
            os.close(handle)
