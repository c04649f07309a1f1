"""How well a digit that was found agrees with the digit that was drawn."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Box = tuple[float, float, float, float]


def likeness(one: npt.ArrayLike, other: npt.ArrayLike) -> float:
    """The correlation of the pixels of two pictures of the same shape, in [-1, 1]."""
    return float(np.corrcoef(np.asarray(one).flatten(), np.asarray(other).flatten())[0, 1])


def overlap(one: Box, other: Box) -> float:
    """Intersection over union of two boxes (left, top, right, bottom), in [0, 1]."""
    across = min(one[2], other[2]) - max(one[0], other[0])
    down = min(one[3], other[3]) - max(one[1], other[1])
    common = max(across, 0) * max(down, 0)
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)]
    return common / (sum(areas) - common)
