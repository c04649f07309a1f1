"""Locks between processes. The kernel releases a lock when its holder ends, even after kill -9."""

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

RETRY = 0.02  # seconds; ``held`` itself takes a lock for a moment


def supported() -> bool:
    """Whether this system has such locks (Linux and macOS have)."""
    return fcntl is not None


def take(path: Path, wait: float = 0.2) -> int | None:
    """Take the lock of the file ``path``.

    Returns:
        A descriptor that holds the lock until every copy of it is closed, including copies in child processes; None if
        another process still holds the lock after ``wait`` seconds.

    Raises:
        OSError: the file cannot be created.
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
    """Whether a process holds the lock of the file ``path`` now."""
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
    """Hold the lock within the block; yields False if it was not free within ``wait`` seconds."""
    handle = take(path, wait)
    try:
        yield handle is not None
    finally:
        if handle is not None:
            os.close(handle)
