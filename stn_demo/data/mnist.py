"""MNIST (LeCun, Cortes, Burges): read from its folder, which torchvision downloads where it is missing."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import torch

from .digits import Digits

COUNTS = {"train": 60_000, "t10k": 10_000}
PARTS = {"images-idx3-ubyte": (28, 28), "labels-idx1-ubyte": ()}  # file name: shape of an item


class DataError(ValueError):
    """The data set cannot be had; the message says why and what to do."""


def folder(root: str | os.PathLike | None = None) -> Path:
    """Where MNIST lies: ``root``, else ``STN_DEMO_DATA``, else a folder of our own in the user's cache."""
    return Path(root or os.environ.get("STN_DEMO_DATA") or Path.home() / ".cache" / "stn_demo").expanduser()


def is_at_hand(root: str | os.PathLike | None = None) -> bool:
    """Whether MNIST lies in the folder already, whole, so that loading it needs no network."""
    for half, count in COUNTS.items():
        for part, shape in PARTS.items():
            try:
                size = (_raw(root) / f"{half}-{part}").stat().st_size
            except OSError:
                return False
            if size != _head(shape) + count * int(np.prod(shape)):
                return False
    return True


def load(root: str | os.PathLike | None = None, train: bool = True, download: bool = True) -> Digits:
    """The 60,000 training or 10,000 test digits: images uint8 [N, 28, 28], labels int64 [N].

    Downloads them, with a progress bar on the terminal, where they are missing and ``download`` is true.

    Raises:
        DataError: not at hand and not to be downloaded, or the folder cannot be read or written.
    """
    try:
        if not is_at_hand(root):
            if not download:
                raise OSError("and was not to be")
            _download(folder(root))
        images, labels = (_read(root, "train" if train else "t10k", part) for part in PARTS)
    except (RuntimeError, OSError) as error:
        raise DataError(
            f"MNIST is not in {folder(root)} and could not be downloaded ({str(error).splitlines()[0]}). Give its folder "
            "with --data or STN_DEMO_DATA, go online once, or train on the embedded digits (--data-set handwriting)."
        ) from None
    return Digits(images, labels.to(torch.int64))


def _download(where: Path) -> None:
    from torchvision import datasets  # takes a second to import, and is only needed here

    for half in COUNTS:  # what a download that broke off left behind would be taken for the whole
        for part in PARTS:
            (where / "MNIST" / "raw" / f"{half}-{part}").unlink(missing_ok=True)
    datasets.MNIST(str(where), download=True)


def _raw(root: str | os.PathLike | None) -> Path:
    return folder(root) / "MNIST" / "raw"


def _head(shape: tuple[int, ...]) -> int:
    """Bytes before the first item of an IDX file: two of nothing, type, rank, then the sizes, 4 bytes each."""
    return 4 * (2 + len(shape))


def _read(root: str | os.PathLike | None, half: str, part: str) -> torch.Tensor:
    shape, data = PARTS[part], (_raw(root) / f"{half}-{part}").read_bytes()
    sizes = (COUNTS[half], *shape)
    head = bytes([0, 0, 8, len(sizes)]) + b"".join(size.to_bytes(4, "big") for size in sizes)
    if not data.startswith(head):
        raise OSError(f"{half}-{part} is damaged; remove it")
    return torch.from_numpy(np.frombuffer(data, np.uint8, offset=len(head)).reshape(sizes).copy())
