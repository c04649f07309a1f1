"""Alignment: the mean of all digits of a class, in the network's input and in its transformer's output."""

from __future__ import annotations

import base64
import io
from typing import Any

import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from ..data.digits import Digits
from ..data.distortions import Distortion
from ..model import Network
from ..training.evaluation import test_blocks

METHOD = 1
SIDE = 28  # side of one picture, px
BRIGHTEST_VARIANCE = 0.25  # the largest variance of values in [0, 1]; drawn as white
GREYS = 8  # distance between grey levels: 32 levels look the same and take a third of the bytes


def measure(model: Network, digits: Digits, distortion: Distortion, seed: int) -> dict[str, Any]:
    """Over the test set of a seed: {"picture": PNG in base64, 10 classes across; mean before, variance before, mean after, variance after down; each 28 x 28;
    "alignment_before", "alignment_after": ``_Sums.alignment`` for each class}.
    """
    sums = [_Sums() for _ in range(2)]
    with torch.inference_mode():
        for images, labels in test_blocks(digits, distortion, seed):
            warped = torch.cat([model.trace(part).transforms[0].warped for part in images.split(250)])
            for kept, pictures in zip(sums, (images, warped), strict=True):
                kept.add(pictures, labels)
    before, after = sums
    rows = [picture for kept in sums for picture in (kept.mean(), kept.variance() / BRIGHTEST_VARIANCE)]
    return {
        "picture": _png(torch.stack([_sized(row) for row in rows])),
        "alignment_before": before.alignment(),
        "alignment_after": after.alignment(),
    }


class _Sums:
    """Sums over the images of each class; only one block of images is in memory at a time."""

    def __init__(self) -> None:
        self.count = torch.zeros(10, dtype=torch.float64)
        self.total = self.squares = torch.zeros(())

    def add(self, pictures: Tensor, labels: Tensor) -> None:
        of = F.one_hot(labels, 10).double()
        flat = pictures[:, 0].double()
        self.count = self.count + of.sum(0)
        self.total = self.total + torch.einsum("nc,nhw->chw", of, flat)
        self.squares = self.squares + torch.einsum("nc,nhw->chw", of, flat.square())

    def mean(self) -> Tensor:
        return self.total / self.count.clamp(min=1)[:, None, None]

    def variance(self) -> Tensor:
        return (self.squares / self.count.clamp(min=1)[:, None, None] - self.mean().square()).clamp(min=0)

    def alignment(self) -> list[float]:
        """How much two different digits of a class overlap, for each class, percent: the mean product of two different
        images over the mean product of an image with itself. 100 if all are the same image.
        """
        own = self.squares.sum((1, 2))
        different = (self.total.square().sum((1, 2)) - own) / (self.count - 1).clamp(min=1)
        return [round(100 * float(value), 1) for value in different / own.clamp(min=1e-9)]


def _sized(pictures: Tensor) -> Tensor:
    return F.interpolate(pictures[:, None].float(), size=(SIDE, SIDE), mode="area")[:, 0]


def _png(rows: Tensor) -> str:
    """[4, 10, 28, 28] -> one picture, base64."""
    sheet = rows.permute(0, 2, 1, 3).reshape(len(rows) * SIDE, 10 * SIDE)
    greys = ((sheet.clamp(0, 1) * 255 / GREYS).round() * GREYS).clamp(max=255).byte()
    file = io.BytesIO()
    Image.fromarray(greys.numpy()).save(file, "PNG", optimize=True)
    return base64.b64encode(file.getvalue()).decode()
