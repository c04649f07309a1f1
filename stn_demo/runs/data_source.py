"""The digits that a run trains on: MNIST from its folder, or generated handwriting, which takes a while to draw."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load as parse_tensors
from safetensors.torch import save as pack_tensors

from ..checkpoints import CheckpointError, write_whole
from ..data import handwriting, mnist
from ..data.digits import Digits
from ..training.datasets import WRITTEN, load_digits
from ..training.settings import HANDS


@dataclass(frozen=True)
class DataSource:
    """Where a training process gets its digits.

    Attributes:
        root: folder of MNIST, see ``mnist.folder``.
        download: whether MNIST may be downloaded.
        cache_folder: folder in which generated digits are cached for the next run.
    """

    root: str | None
    download: bool
    cache_folder: Path

    @property
    def folder(self) -> Path:
        """The folder of MNIST."""
        return mnist.folder(self.root)

    def load(self, name: str, count: int | None, report: Callable[[str], None]) -> tuple[Digits, Digits]:
        """The training digits (the first ``count``, if given) and the test digits.

        Args:
            report: called with a kind of ``faults.SENTENCES`` ("busy_...") before something that takes long.

        Raises:
            DataError: a ValueError; the digits are missing and cannot be downloaded.
        """
        if name in ("mnist", HANDS) and not mnist.is_complete(self.root):
            report("busy_download")
        if name == "handwriting":
            report("busy_drawing")
            return self._written(True, count), self._written(False, count)
        train, test = (load_digits(name, part, self.root, self.download) for part in (True, False))
        return (train if count is None else Digits(*(part[:count] for part in train))), test

    def _written(self, train: bool, most: int | None) -> Digits:
        count, seed = WRITTEN[train]
        if most is not None:
            return handwriting.digits(min(count, most), seed)
        file = self.cache_folder / f".handwriting-{count}-{seed}"
        try:
            return Digits(**parse_tensors(file.read_bytes()))
        except (OSError, SafetensorError, TypeError):  # missing or damaged: draw them again
            digits = handwriting.digits(count, seed)
        with contextlib.suppress(CheckpointError):  # the next run draws them again
            write_whole(file, pack_tensors({"images": digits.images, "labels": digits.labels.to(torch.int64)}))
        return digits
