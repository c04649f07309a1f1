"""The digits that settings name."""

from __future__ import annotations

from ..data import handwriting, mnist
from ..data.digits import Digits

WRITTEN = {True: (20_000, 0), False: (2_000, 1)}  # train?: how many digits of our own generator, and its seed


def load_digits(name: str, train: bool, root: str | None = None, download: bool = True) -> Digits:
    """The training or the test digits of "mnist" (in the folder ``root``, see ``mnist.load``) or
    "handwriting".

    Raises:
        DataError: a ValueError; MNIST is not at hand and cannot be downloaded.
    """
    if name == "handwriting":
        count, seed = WRITTEN[train]
        return handwriting.digits(count, seed)
    return mnist.load(root, train=train, download=download)
