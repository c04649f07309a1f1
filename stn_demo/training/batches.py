"""Which digits a training step sees, and in which poses.

Both depend only on (seed, step, process). So a run that is resumed at any step continues exactly as if it had never
stopped, and no random state needs saving.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import NamedTuple, Protocol

import torch
from torch import Tensor

from ..data.digits import Digits, as_floats
from ..data.distortions import Distortion


def derived_seed(*parts: object) -> int:
    """A seed for a torch.Generator, independent for different ``parts``. (31 bits: the CPU generator ignores the rest.)"""
    return int.from_bytes(hashlib.blake2b(repr(parts).encode(), digest_size=4).digest(), "big") >> 1


class Batch(NamedTuple):
    """One batch of training images.

    Attributes:
        images: float [B, channels, frame, frame] in [0, 1].
        labels: [B].
        matrix: [B, 3, 3], the pose of each image, digit -> frame, px from the middle of each. If every digit is shown
            in two poses, image B / 2 + i shows the digit of image i.
    """

    images: Tensor
    labels: Tensor
    matrix: Tensor


class BatchSource(Protocol):
    """What gives a trainer the batch of a step, see ``Batches``."""

    labels: Tensor

    def __call__(self, step: int) -> Batch: ...


class Batches:
    """The batches of one process: its slice of every global batch, distorted on the device.

    The digits stay in memory as bytes. Epochs follow each other without a gap, each in its own random order, so every
    digit is seen once per epoch whatever the batch size.
    """

    def __init__(
        self,
        digits: Digits,
        distortion: Distortion,
        undistorted: float,
        seed: int,
        batch_size: int,
        device: torch.device,
        rank: int = 0,
        processes: int = 1,
        at: Callable[[int], tuple[Distortion, ...]] | None = None,
    ):
        """``at``: the distortions of a step: one, or two if each digit is shown in two poses; default: ``distortion``."""
        self.images, self.labels = digits.images.to(device), digits.labels.to(device)
        self.undistorted, self.seed = undistorted, seed
        self.batch_size, self.rank, self.processes = batch_size, rank, processes
        self.at = at or (lambda step: (distortion,))
        self.generator = torch.Generator(device)
        self._order: tuple[int, Tensor] = (-1, torch.empty(0, dtype=torch.int64))

    def __call__(self, step: int) -> Batch:
        """The batch of ``step`` (0, 1, ...), with batch_size / processes images."""
        index = self.index(step).to(self.images.device, non_blocking=True)
        self.generator.manual_seed(derived_seed(self.seed, "poses", self.rank, step))
        distortions = self.at(step)
        share = len(index) // len(distortions)
        index = index[:share].repeat(len(distortions))
        images = as_floats(self.images[index])
        distorted = [
            distortion(part, self.generator) for distortion, part in zip(distortions, images.split(share), strict=True)
        ]
        posed = torch.cat([one.images for one in distorted])
        matrix = torch.cat([one.matrix for one in distorted])
        plain = min(round(self.undistorted * len(index)), share)
        if plain:  # undistorted digits need a frame of their own size (``TrainingSettings``)
            posed[:plain], matrix[:plain] = images[:plain], torch.eye(3, device=matrix.device)
        return Batch(posed, self.labels[index], matrix)

    def index(self, step: int) -> Tensor:
        """int64 [B]: the indices of the digits that this process sees at ``step``."""
        share = self.batch_size // self.processes
        start = step * self.batch_size + self.rank * share
        stop, pieces = start + share, []
        while start < stop:
            epoch, offset = divmod(start, len(self.labels))
            pieces.append(self._epoch(epoch)[offset : offset + stop - start])
            start += len(pieces[-1])
        return torch.cat(pieces)

    def _epoch(self, epoch: int) -> Tensor:
        if self._order[0] != epoch:
            generator = torch.Generator().manual_seed(derived_seed(self.seed, "order", epoch))
            self._order = epoch, torch.randperm(len(self.labels), generator=generator)
        return self._order[1]
