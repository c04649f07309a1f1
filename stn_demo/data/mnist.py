"""MNIST (LeCun, Cortes, Burges), through torchvision."""

from __future__ import annotations

import os
from pathlib import Path

import torch

from .digits import Digits

SIZES = {  # bytes: a header, and one for each pixel or label
    "train-images-idx3-ubyte": 16 + 60_000 * 28 * 28,
    "train-labels-idx1-ubyte": 8 + 60_000,
    "t10k-images-idx3-ubyte": 16 + 10_000 * 28 * 28,
    "t10k-labels-idx1-ubyte": 8 + 10_000,
}


class DataError(ValueError):
    """The data set is not available; the message says why and what to do. The cause is a PermissionError if the folder
    may not be used.
    """


def folder(root: str | os.PathLike[str] | None = None) -> Path:
    """The folder of MNIST: ``root``, else ``STN_DEMO_DATA``, else a folder in the user's cache."""
    return Path(root or os.environ.get("STN_DEMO_DATA") or Path.home() / ".cache" / "stn_demo").expanduser()


def is_complete(root: str | os.PathLike[str] | None = None) -> bool:
    """Whether MNIST is in the folder, complete, so that loading it needs no network."""
    try:
        return all((_raw(root) / name).stat().st_size == size for name, size in SIZES.items())
    except OSError:
        return False


def load(root: str | os.PathLike[str] | None = None, train: bool = True, download: bool = True) -> Digits:
    """The 60,000 training or 10,000 test digits: images uint8 [N, 28, 28], labels int64 [N].

    Downloads them, with a progress bar in the terminal, if they are missing and ``download`` is true.

    Raises:
        DataError: MNIST is missing and may or could not be downloaded, or the folder cannot be read or written.
    """
    from torchvision import datasets  # noqa: PLC0415 (takes a second: only where MNIST is read)

    where, missing = folder(root), not is_complete(root)
    try:
        if missing and not download:
            raise OSError("downloading is disabled")
        if missing:
            for name in SIZES:  # an interrupted download leaves files that torchvision would accept
                (_raw(root) / name).unlink(missing_ok=True)
        data = datasets.MNIST(str(where), train=train, download=missing)
    except PermissionError as error:
        raise DataError(
            f"MNIST's folder {where} cannot be used: {error.strerror}. Give another with --data or STN_DEMO_DATA, or train "
            "on the generated digits (--data-set handwriting)."
        ) from error
    except (RuntimeError, ValueError, OSError) as error:
        raise DataError(
            f"MNIST is not in {where} and could not be downloaded ({str(error).splitlines()[0]}). Give its folder "
            "with --data or STN_DEMO_DATA, go online once, or train on the generated digits (--data-set handwriting)."
        ) from None
    return Digits(data.data.to(torch.uint8), data.targets.to(torch.int64))


def _raw(root: str | os.PathLike[str] | None) -> Path:
    return folder(root) / "MNIST" / "raw"
