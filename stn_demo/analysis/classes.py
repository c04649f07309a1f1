"""Does it align? All digits of a class laid over one another, as the network gets them and as its transformer hands them on."""

from __future__ import annotations

import base64
import io

import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from ..data.digits import Digits
from ..data.distortions import Distortion
from ..model import Network
from ..training.evaluation import test_blocks

METHOD = 1
SIDE = 28  # px a picture
ROWS = ("mean_before", "variance_before", "mean_after", "variance_after")
BRIGHTEST_VARIANCE = 0.25  # the largest that values in [0, 1] can have: white in the picture
GREYS = 8  # steps between neighbouring greys: 32 are enough to see, and a third of the bytes


def measure(model: Network, digits: Digits, distortion: Distortion, seed: int) -> dict:
    """Over the test set of a seed, {"picture": PNG in base64, 10 classes across and ``ROWS`` down, each 28 x 28;
    "alignment_before", "alignment_after": see ``alignment``, by class}."""
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
    """Sums over the pictures of each class, so that no more than a block is in memory."""

    def __init__(self):
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
        """How much of its ink a digit of a class shares, pixel by pixel, with another of the class: the mean product of two
        different ones over the mean product of one with itself, percent. 100 where all are the same picture."""
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
