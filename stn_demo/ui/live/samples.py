"""Ready digits: generated ones, and MNIST's test digits if they are on this machine."""

from __future__ import annotations

import functools
import os
import random
import re
from typing import Any

import torch

from ...data import handwriting, mnist
from ...data.digits import Digits
from .codec import as_base64

HANDWRITING_SEED, HANDWRITING_COUNT = 7, 600
LOOKED_AT = 60
NAME = re.compile(r"(mnist|handwriting)\.(\d{1,6})")  # set and index


class Samples:
    """Digits as JSON-ready {"digit": base64 of 784 bytes, "label": 0..9, "name": such as "mnist.17"}."""

    def __init__(self, data: str | os.PathLike[str] | None):
        self.data = data

    @functools.cached_property
    def mnist(self) -> Digits | None:
        """The test digits, on which no network here was trained; None if they are not on this machine."""
        if not mnist.is_complete(self.data):
            return None
        try:
            return mnist.load(self.data, train=False, download=False)
        except mnist.DataError:
            return None

    @functools.cached_property
    def handwriting(self) -> Digits:
        return handwriting.digits(HANDWRITING_COUNT, HANDWRITING_SEED)

    def strip(self) -> dict[str, Any]:
        """Ten digits, 0 to 9, from each set."""
        sets = {"handwriting": self.handwriting, "mnist": self.mnist}
        return {
            name: None if digits is None else [self._one(name, digits, _first(digits, label)) for label in range(10)]
            for name, digits in sets.items()
        }

    def random(self, name: str) -> dict[str, Any]:
        """One digit of the set: "mnist" if requested and available, else "handwriting"."""
        digits = self.mnist if name == "mnist" else None
        name, digits = ("handwriting", self.handwriting) if digits is None else ("mnist", digits)
        return self._one(name, digits, random.randrange(len(digits.labels)))

    def named(self, name: str) -> dict[str, Any] | None:
        """The digit that ``strip`` or ``random`` called ``name``, such as "mnist.17"; None if it is not on this machine."""
        match = NAME.fullmatch(name)
        if match is None:
            return None
        digits = self.mnist if match[1] == "mnist" else self.handwriting
        if digits is None or int(match[2]) >= len(digits.labels):
            return None
        return self._one(match[1], digits, int(match[2]))

    @staticmethod
    def _one(name: str, digits: Digits, index: int) -> dict[str, Any]:
        return {
            "digit": as_base64(digits.images[index]),
            "label": int(digits.labels[index]),
            "name": f"{name}.{index}",
        }


def _first(digits: Digits, label: int) -> int:
    """The most typical of the first ``LOOKED_AT`` digits of a class: the one with the highest cosine similarity to
    their mean.
    """
    indices = torch.nonzero(digits.labels == label)[:LOOKED_AT, 0]
    pictures = digits.images[indices].flatten(1).float()
    alike = torch.nn.functional.cosine_similarity(pictures, pictures.mean(0, keepdim=True))
    return int(indices[alike.argmax()])
