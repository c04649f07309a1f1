"""Finds a digit whose strokes are so wide that the paper around them cannot be estimated: it is separated by one threshold."""

from __future__ import annotations

import cv2
import numpy as np

from . import marks
from .components import components
from .marks import Mark

# Variance between ink and paper over the whole variance (Otsu 1979); below it there is a shadow or a desk.
SEPARATE = 0.85
FILL = (0.28, 0.65)  # fraction of its box that a bold digit covers; a frame covers less, a panel more
ALONE = 0.95  # fraction of all ink that belongs to the digit, at least
LEAST = 0.03  # fraction of the picture's area that the digit covers, at least
FAINTEST = 0.15  # difference of brightness between ink and paper


def find(grey: np.ndarray) -> tuple[np.ndarray, Mark] | None:
    """The only digit on evenly lit paper, if its strokes are bold; else None.

    grey: float32 [H, W] in [0, 1]. Returns its contrast, float32 [H, W] in [0, 1], and the digit.
    """
    levels = (cv2.GaussianBlur(grey, (0, 0), 1.0) * 255).clip(0, 255).astype(np.uint8)
    _, over = cv2.threshold(levels, 0, 1, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    light = over.astype(bool)
    share = float(light.mean())
    if not 0 < share < 1:
        return None
    bright, dark = float(levels[light].mean()), float(levels[~light].mean())
    between = share * (1 - share) * (bright - dark) ** 2
    if bright - dark < 255 * FAINTEST or between < SEPARATE * float(levels.var()):
        return None
    for ink in (~light, light):
        found = _digit(ink)
        if found is not None:
            part = (levels.astype(np.float32) - dark) / (bright - dark)
            return (part if ink is light else 1 - part).clip(0, 1), found
    return None


def _digit(ink: np.ndarray) -> Mark | None:
    """The largest connected area of the ink, bool [H, W], if it is a bold digit and nearly all of the ink."""
    if ink.mean() < LEAST:
        return None
    height, width = ink.shape
    count, labels, stats = components(ink.astype(np.uint8))
    largest = 1 + int(stats[1:count, cv2.CC_STAT_AREA].argmax())
    left, top, wide, high, area = (int(value) for value in stats[largest])
    mask = labels[top : top + high, left : left + wide] == largest
    sides = [mask[:, 0], mask[0], mask[:, -1], mask[-1]]
    outside = [left == 0, top == 0, left + wide == width, top + high == height]
    if (
        area < ALONE * ink.sum()
        or not FILL[0] < mask.mean() < FILL[1]
        or sum(int(side.sum()) for side, out in zip(sides, outside, strict=True) if out)
        > marks.CONTACT * max(wide, high)
        or marks.holes(np.pad(mask.astype(np.uint8), 1)) > marks.MOST_HOLES
    ):
        return None
    found = marks.described((left, top, left + wide, top + high), mask, 1.0, any(outside))
    return found if found.what == "digit" else None
