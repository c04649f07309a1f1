"""Ready digits: the embedded generator's, and MNIST's test digits where they are on this machine."""

from __future__ import annotations

import functools
import os
import random

import torch

from ...data import handwriting, mnist
from ...data.digits import Digits
from .codec import as_base64

HANDWRITING_SEED, HANDWRITING_COUNT = 7, 600


class Samples:
    """Digits as JSON-ready {"digit": base64 of 784 bytes, "label": 0..9}."""

    def __init__(self, data: str | os.PathLike | None):
        self.data = data

    @functools.cached_property
    def mnist(self) -> Digits | None:
        """The test digits, which no network here was trained on; None where they are not on this machine."""
        if not mnist.is_at_hand(self.data):
            return None
        try:
            return mnist.load(self.data, train=False, download=False)
        except mnist.DataError:
            return None

    @functools.cached_property
    def handwriting(self) -> Digits:
        return handwriting.digits(HANDWRITING_COUNT, HANDWRITING_SEED)

    def strip(self) -> dict:
        """Ten digits, 0 to 9, from each set."""
        sets = {"handwriting": self.handwriting, "mnist": self.mnist}
        return {
            name: None if digits is None else [self._one(digits, _first(digits, label)) for label in range(10)]
            for name, digits in sets.items()
        }

    def random(self, name: str) -> dict:
        """One digit of the set, "mnist" where it is there and asked for, else "handwriting"."""
        digits = self.mnist if name == "mnist" and self.mnist is not None else self.handwriting
        return self._one(digits, random.randrange(len(digits.labels)))

    @staticmethod
    def _one(digits: Digits, index: int) -> dict:
        return {"digit": as_base64(digits.images[index]), "label": int(digits.labels[index])}


def _first(digits: Digits, label: int) -> int:
    return int(torch.nonzero(digits.labels == label)[0])
