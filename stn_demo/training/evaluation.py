"""The error of a network on test digits, whose distortions are always the same."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from ..data.digits import Digits, as_floats
from ..data.distortions import DISTORTIONS, Distortion
from ..model import Network
from .batches import derived_seed

BLOCK = 1000  # digits distorted at a time; fixed, so that a test set does not depend on the batch size


@dataclass(frozen=True)
class Evaluation:
    """The result of an evaluation.

    Attributes:
        error: wrong answers, percent (the paper's unit).
        interval: 95 % confidence interval of the error, percent (Wilson 1927).
        count: number of digits.
        loss: mean negative log-likelihood, nats.
        confusion: int64 [classes, classes]; rows: the label, columns: the answer of the network.
    """

    error: float
    interval: tuple[float, float]
    count: int
    loss: float
    confusion: Tensor

    def to_dict(self) -> dict[str, Any]:
        """For JSON, with rounded numbers."""
        return {
            "error": round(self.error, 4),
            "interval": [round(end, 4) for end in self.interval],
            "count": self.count,
            "loss": round(self.loss, 6),
            "confusion": self.confusion.tolist(),
        }


def test_blocks(digits: Digits, distortion: Distortion, seed: int = 0) -> Iterator[tuple[Tensor, Tensor]]:
    """The fixed test set of a seed in blocks of at most 1000: images float [B, channels, frame, frame], labels [B].

    Distorted on the CPU whatever the network's device, so that every machine measures on the same images.
    """
    for start in range(0, len(digits.labels), BLOCK):
        generator = torch.Generator().manual_seed(derived_seed(seed, "test", start))
        images = as_floats(digits.images[start : start + BLOCK])
        yield distortion(images, generator).images, digits.labels[start : start + BLOCK]


test_blocks.__test__ = False  # type: ignore[attr-defined]  # not a test, although its name starts with "test"


def evaluate(
    model: Network,
    digits: Digits,
    distortion: str | Distortion = "none",
    seed: int = 0,
    batch_size: int = BLOCK,
) -> Evaluation:
    """Measure ``model`` on ``digits``, each distorted once; ``seed`` determines the distortions.

    Raises:
        ValueError: no digits, images of another size than the network takes, or more classes than the network has.
    """
    if isinstance(distortion, str):
        if distortion not in DISTORTIONS:
            raise ValueError(f"distortion is {distortion!r}; choose one of {', '.join(DISTORTIONS)}.")
        distortion = DISTORTIONS[distortion]
    if distortion.frame != model.config.input_size:
        raise ValueError(
            f"This network takes images of {model.config.input_size} px, but the distortion makes images of "
            f"{distortion.frame} px; change one of the two."
        )
    if len(digits.labels) == 0:
        raise ValueError("There are no digits to evaluate on.")
    if int(digits.labels.max()) >= model.config.classes:
        raise ValueError(f"This network has {model.config.classes} classes, but the test digits have more.")
    device = next(model.parameters()).device
    was_training = model.training
    model.eval()
    classes = model.config.classes
    confusion, loss = torch.zeros(classes * classes, dtype=torch.int64), 0.0
    with torch.no_grad():
        for images, labels in test_blocks(digits, distortion, seed):
            chunks = [model(chunk.to(device)) for chunk in images.split(batch_size)]
            log_probs = torch.cat(chunks).cpu()
            confusion += torch.bincount(labels * classes + log_probs.argmax(1), minlength=len(confusion))
            loss += F.nll_loss(log_probs, labels, reduction="sum").item()
    model.train(was_training)
    confusion = confusion.view(classes, classes)
    count = len(digits.labels)
    wrong = count - int(confusion.trace())
    return Evaluation(100 * wrong / count, wilson(wrong, count), count, loss / count, confusion)


def wilson(hits: int, count: int) -> tuple[float, float]:
    """95 % confidence interval, percent, of a rate of ``hits`` in ``count``. Wilson 1927: unlike the normal
    approximation it holds for the few errors of a good network.
    """
    z = 1.959964
    rate, extra = hits / count, z * z / count
    middle = (rate + extra / 2) / (1 + extra)
    half = z * math.sqrt(rate * (1 - rate) / count + extra / (4 * count)) / (1 + extra)
    return 100 * max(0.0, middle - half), 100 * min(1.0, middle + half)
