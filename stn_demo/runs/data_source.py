"""The digits of a run, for its process: from MNIST's folder, or of our own generator, which takes its
time."""

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


@dataclass(frozen=True)
class DataSource:
    """``root``: MNIST's folder, see ``mnist.load``; ``kept``: where generated digits are kept for the next
    run."""

    root: str | None
    download: bool
    kept: Path

    @property
    def folder(self) -> Path:
        """Of MNIST."""
        return mnist.folder(self.root)

    def load(self, name: str, count: int | None, say: Callable[[str], None]) -> tuple[Digits, Digits]:
        """Digits to train on, the first ``count`` where it is given, and to test on; ``say`` gets what takes
        long, a kind of ``faults``.

        Raises:
            DataError: a ValueError; not at hand and not to be had.
        """
        if name == "mnist" and not mnist.is_at_hand(self.root):
            say("busy_download")
        if name == "handwriting":
            say("busy_drawing")
            return self._written(True, count), self._written(False, count)
        train, test = (load_digits(name, part, self.root, self.download) for part in (True, False))
        return (train if count is None else Digits(*(part[:count] for part in train))), test

    def _written(self, train: bool, most: int | None) -> Digits:
        count, seed = WRITTEN[train]
        if most is not None:
            return handwriting.digits(min(count, most), seed)
        file = self.kept / f".handwriting-{count}-{seed}"
        try:
            return Digits(**parse_tensors(file.read_bytes()))
        except (OSError, SafetensorError, TypeError):  # missing or damaged: they are drawn again
            digits = handwriting.digits(count, seed)
        with contextlib.suppress(CheckpointError):  # then the next run draws them again
            write_whole(file, pack_tensors({"images": digits.images, "labels": digits.labels.to(torch.int64)}))
        return digits
