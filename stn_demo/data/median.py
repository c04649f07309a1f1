"""The median by sorting, which takes a fraction of the time of NumPy's function, both for few values and for many."""

from __future__ import annotations

import numpy as np


def median(values: np.ndarray) -> float:
    """The median of all values of an array, equal to ``numpy.median`` to the bit.

    values: one value or more, of any shape, no NaN.
    """
    return of_sorted(np.sort(values, axis=None))


def of_sorted(values: np.ndarray) -> float:
    """The median of sorted values [N], N >= 1; the mean of the two in the middle if N is even."""
    half = len(values) // 2
    return float(values[half - 1 + len(values) % 2 : half + 1].mean())
