"""Two networks compared: by independent draws of the same distortion where both have been measured on them, otherwise by the
intervals of one draw."""

from __future__ import annotations

import math
import statistics
from typing import NamedTuple

from .table import Draws, Row

SURE = 0.95  # of the interval of the difference


class Difference(NamedTuple):
    """The mean of error of the second minus error of the first, percentage points, and its 95 % interval."""

    mean: float
    low: float
    high: float


def difference(one: Draws, other: Draws) -> Difference:
    """The paired difference of two results of ``table.measure_draws``: draw i of both has the same images.

    The interval is Student's for the mean of paired differences. It covers the chance of the distortions; the digits are the
    same in every draw.

    Raises:
        ValueError: the two have different numbers of draws, or fewer than two.
    """
    pairs = list(zip(one["errors"], other["errors"], strict=True))
    if len(pairs) < 2:
        raise ValueError("The spread of a difference needs at least two draws.")
    found = [second - first for first, second in pairs]
    mean = statistics.fmean(found)
    half = student(len(found) - 1) * statistics.stdev(found) / math.sqrt(len(found))
    return Difference(mean, mean - half, mean + half)


def judge(one: Row, other: Row) -> str:
    """Whether the error of ``one`` is "better" (lower) or "worse" than that of ``other``, or whether they "tie".

    Both are rows of ``table.cells``. Without comparable draws, two errors tie if the 95 % intervals of the one draw overlap.
    """
    if paired(one, other):
        found = difference(one["draws"], other["draws"])
        if found.low <= 0 <= found.high:
            return "tie"
        return "better" if found.mean > 0 else "worse"
    if one["interval"][0] <= other["interval"][1] and other["interval"][0] <= one["interval"][1]:
        return "tie"
    return "better" if one["error"] < other["error"] else "worse"


def paired(one: Row, other: Row) -> bool:
    """Whether both rows of ``table.cells`` have the same number of draws, two or more."""
    counts = [len(row["draws"]["errors"]) if row["draws"] else 0 for row in (one, other)]
    return counts[0] == counts[1] >= 2


def student(degrees: int) -> float:
    """The quantile of Student's t for a two-sided interval of 95 %.

    Exact for 1 and 2 degrees of freedom, else the expansion of Abramowitz and Stegun 26.7.5, whose error is below 0.004 for 3
    and below 0.001 from 4 on.
    """
    if degrees == 1:
        return math.tan(math.pi * SURE / 2)
    if degrees == 2:
        return SURE * math.sqrt(2 / (1 - SURE**2))
    z = statistics.NormalDist().inv_cdf((1 + SURE) / 2)
    terms = (
        z,
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return sum(term / degrees**power for power, term in enumerate(terms))
