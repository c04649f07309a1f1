"""MNIST (LeCun, Cortes, Burges), through torchvision."""

from __future__ import annotations

import os
from pathlib import Path

import torch
from torchvision import datasets

from .digits import Digits


class DataError(ValueError):
    """The data set cannot be had; the message says why and what to do."""


def folder(root: str | os.PathLike | None = None) -> Path:
    """Where MNIST lies: ``root``, else ``STN_DEMO_DATA``, else a folder of our own in the user's cache."""
    return Path(root or os.environ.get("STN_DEMO_DATA") or Path.home() / ".cache" / "stn_demo").expanduser()


def is_at_hand(root: str | os.PathLike | None = None) -> bool:
    """Whether MNIST lies in the folder already, so that loading it needs no network."""
    raw = folder(root) / "MNIST" / "raw"
    return all(any(raw.glob(f"{part}-*-idx?-ubyte*")) for part in ("train", "t10k"))


def load(root: str | os.PathLike | None = None, train: bool = True, download: bool = True) -> Digits:
    """The 60,000 training or 10,000 test digits: images uint8 [N, 28, 28], labels int64 [N].

    Downloads them, with a progress bar on the terminal, where they are missing and ``download`` is true.

    Raises:
        DataError: not at hand and not to be downloaded, or the folder cannot be read or written.
    """
    where = folder(root)
    try:
        data = datasets.MNIST(str(where), train=train, download=download and not is_at_hand(root))
    except (RuntimeError, OSError) as error:
        raise DataError(
            f"MNIST is not in {where} and could not be downloaded ({str(error).splitlines()[0]}). Give its folder with "
            "--data or STN_DEMO_DATA, go online once, or train on the embedded digits (--data-set handwriting)."
        ) from None
    return Digits(data.data.to(torch.uint8), data.targets.to(torch.int64))
