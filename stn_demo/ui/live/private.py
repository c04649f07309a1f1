"""Networks uploaded by visitors: each belongs to its visitor, others can use it only if they know its name, and it is
removed after a while.

A name is ``upload-<owner>-<secret>``. The first part identifies the networks of one visitor (it is a hash of the
visitor's identifier); the second cannot be guessed.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import secrets
import threading
import time
from pathlib import Path

from ... import checkpoints
from ...limits import LARGEST_UPLOADED_NETWORK
from ..rate import Rate
from . import cost

NAME = re.compile(r"upload-[0-9a-f]{8}-[0-9a-f]{16}")
MOST_OF_ONE = 8  # networks of one visitor; a further one replaces the oldest
MOST, MOST_BYTES = 200, 512 << 20  # of all visitors together
KEPT_FOR = 24 * 3600.0  # seconds
RATE, BURST = 0.2, 30  # uploads per second of one visitor, and how many at once


class Private:
    """The folder of uploaded networks."""

    def __init__(self, folder: Path):
        self.folder = folder
        self._lock = threading.Lock()
        self._rate = Rate(RATE, BURST)  # by owner

    def add(self, data: bytes, visitor: str) -> str:
        """Store a checkpoint; returns its name.

        Raises:
            checkpoints.CheckpointError: not a checkpoint, too large, too slow for live use, or too many from this
                visitor.
            OSError: the folder cannot be written.
        """
        if len(data) > LARGEST_UPLOADED_NETWORK:
            raise checkpoints.CheckpointError(f"The file is larger than {LARGEST_UPLOADED_NETWORK >> 20} MB.")
        model = checkpoints.loads(data)
        if sentence := cost.unfit(model.config):
            raise checkpoints.CheckpointError(sentence)
        del model
        owner = _owner(visitor)
        with self._lock:
            if not self._rate.allows(owner):
                raise checkpoints.CheckpointError("Too many networks in a short time; try again in a minute.")
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.sweep(MOST - 1, MOST_BYTES - len(data))
            for path in self._files(f"upload-{owner}-*")[MOST_OF_ONE - 1 :]:
                path.unlink(missing_ok=True)
            name = f"upload-{owner}-{secrets.token_hex(8)}"
            checkpoints.write_whole(self.path(name), data)
        return name

    def remove(self, name: str, visitor: str) -> bool:
        """Remove a network of this visitor; False if there is none of this name."""
        if not self.is_of(name, visitor) or not self.path(name).is_file():
            return False
        self.path(name).unlink(missing_ok=True)
        return True

    def is_of(self, name: str, visitor: str) -> bool:
        """Whether this is the name of a network of this visitor."""
        return bool(NAME.fullmatch(name)) and name.split("-")[1] == _owner(visitor)

    def names(self, visitor: str) -> list[str]:
        """The visitor's own networks, newest first."""
        return [path.stem for path in self._files(f"upload-{_owner(visitor)}-*")]

    def path(self, name: str) -> Path:
        return self.folder / f"{name}{checkpoints.SUFFIX}"

    def sweep(self, most: int = MOST, most_bytes: int = MOST_BYTES) -> None:
        """Remove networks older than a day, and the oldest beyond the limits."""
        size = 0
        for count, path in enumerate(self._files("upload-*"), 1):
            with contextlib.suppress(OSError):
                about = path.stat()
                size += about.st_size
                if count > most or size > most_bytes or time.time() - about.st_mtime > KEPT_FOR:
                    path.unlink(missing_ok=True)

    def _files(self, pattern: str) -> list[Path]:
        """Newest first."""
        found = []
        for path in self.folder.glob(pattern + checkpoints.SUFFIX):
            with contextlib.suppress(OSError):
                found.append((path.stat().st_mtime_ns, path))
        return [path for _, path in sorted(found, reverse=True)]


def _owner(visitor: str) -> str:
    return hashlib.sha256(visitor.encode()).hexdigest()[:8]
