"""Remove the lighting from a photograph: how much each pixel differs from the paper around it.

The brightness of the paper may vary within the picture: a shadow, a panel, a desk beside the sheet.
"""

from __future__ import annotations

import cv2
import numpy as np

from .median import median

WIDEST = 0.28  # fraction of the picture's shorter side; every stroke is narrower
AROUND = 0.4  # side of a square, as a fraction of the picture's shorter side; over half of it is taken to be paper
ROUNDS, STEPS = 40, 16  # rounds of the reconstruction, and px per round: enough to get around any corner
STROKE = 0.13  # fraction of the picture's shorter side; few strokes are wider
LEAST_WHITE = 0.25  # brightness below which the background of light marks is not divided further
DEEP = 0.025  # smallest depth of a digit, see depth(): noise and edges have at most 0.02, a digit in a deep shadow 0.18


def contrast(grey: np.ndarray, has_thin_strokes: bool = True) -> tuple[np.ndarray, np.ndarray]:
    """How much darker, and how much lighter, each pixel is than the paper around it.

    grey: float32 [H, W] in [0, 1]. Returns two float32 [H, W] in [0, 1]: dark marks as a fraction of the paper's
    brightness (so that ink in a shadow counts as much as ink in the light), and light marks as a difference of
    brightness.

    The paper's brightness is estimated from two sources: closing, which is too high only on marks narrower than
    ``WIDEST`` and at the corners of panels; and the median over a square, which is right wherever paper prevails. Their
    minimum is then lowered by reconstruction (Vincent 1993), which restores everything that is connected to such a
    place by equally dark pixels: a panel up to its corners, but no stroke. Light marks are found in the same way in the
    inverted picture. The median is wrong where a bold digit covers more than half of its square; without
    ``has_thin_strokes`` it is not used, and the corners of panels count as marks.
    """
    fine, half = _levels(grey)
    paper = _median(half) if has_thin_strokes else None
    under = _ground(fine, half, paper).astype(np.float32) / 255
    above = 1 - _ground(255 - fine, 255 - half, None if paper is None else 255 - paper).astype(np.float32) / 255
    seen = fine.astype(np.float32) / 255
    return _relative(under, seen), (seen - above).clip(0, 1)


def across_shadows(grey: np.ndarray) -> np.ndarray:
    """``contrast`` of dark marks, for a digit that lies partly in a shadow: float32 [H, W] in [0, 1].

    Ink in the light is as dark as paper in the shadow, so the reconstruction of ``contrast`` runs from the shadow along
    the stroke. Here it passes only where the dark area is wider than ``STROKE``. A side effect: the corners of panels
    count as marks.
    """
    fine, half = _levels(grey)
    under = _ground(fine, half, _median(half), cv2.max(_without_strokes(half), half)).astype(np.float32) / 255
    return _relative(under, fine.astype(np.float32) / 255)


def depth(grey: np.ndarray, mask: np.ndarray, corner: tuple[int, int]) -> float:
    """How much darker or lighter a mark is than the pixels on both sides of its strokes: median over the mark, as a fraction
    of full brightness.

    The grain of a dark panel, the edge of a desk and the rings of a vignette have contrast but are not strokes: they have
    darker pixels on one side and lighter ones on the other.

    Args:
        grey: float32 [H, W] in [0, 1], slightly blurred.
        mask: bool [h, w].
        corner: left and top of the mask in the picture, px.
    """
    thick = 2 * float(cv2.distanceTransform(np.pad(mask, 1).astype(np.uint8), cv2.DIST_L2, 3).max())
    half = max(5, round(2 * thick)) // 2
    around, far = (
        np.ones((2 * half + 1, 2 * half + 1), np.uint8),
        2 * half,
    )  # px that closing and opening read beside a pixel
    (left, top), (high, wide) = corner, mask.shape
    rows = slice(max(0, top - far), min(grey.shape[0], top + high + far))
    columns = slice(max(0, left - far), min(grey.shape[1], left + wide + far))
    above, before = far - top + rows.start, far - left + columns.start  # missing beyond the picture's edges
    below, after = top + high + far - rows.stop, left + wide + far - columns.stop
    part = cv2.copyMakeBorder(grey[rows, columns], above, below, before, after, cv2.BORDER_REPLICATE)
    inner = slice(half, -half), slice(half, -half)
    shown = part[inner][inner]
    closed = cv2.erode(cv2.dilate(part, around)[inner], around)[inner]
    opened = cv2.dilate(cv2.erode(part, around)[inner], around)[inner]
    return max(median(side[mask]) for side in (closed - shown, shown - opened))


def _levels(grey: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The picture slightly blurred, uint8 [H, W], and at half the size."""
    fine = cv2.GaussianBlur((grey * 255).astype(np.uint8), (0, 0), 1.0)
    height, width = fine.shape
    return fine, cv2.resize(fine, (max(4, width // 2), max(4, height // 2)), interpolation=cv2.INTER_AREA)


def _relative(under: np.ndarray, seen: np.ndarray) -> np.ndarray:
    return ((under - seen) / np.maximum(under, LEAST_WHITE)).clip(0, 1)


def _ground(
    fine: np.ndarray, half: np.ndarray, paper: np.ndarray | None, least: np.ndarray | None = None
) -> np.ndarray:
    """The brightness of the paper under dark marks: uint8 [H, W], from the picture, the picture at half the size, and
    the median of the latter, if that is to be used. `least`: uint8 [h, w], what the reconstruction stays above (default:
    the picture).
    """
    least = half if least is None else least
    reach = max(3, round(WIDEST * min(half.shape))) | 1
    closed = cv2.morphologyEx(half, cv2.MORPH_CLOSE, cv2.getStructuringElement(cv2.MORPH_RECT, (reach, reach)))
    level = closed if paper is None else cv2.max(cv2.min(closed, paper), half)
    level = _reconstructed(cv2.max(level, least), least)
    level = cv2.resize(level, fine.shape[::-1], interpolation=cv2.INTER_NEAREST)
    return _lowered(cv2.max(level, fine), fine, 4)


def _without_strokes(half: np.ndarray) -> np.ndarray:
    """uint8 [h, w] without dark marks narrower than ``STROKE``: closing by a disc, computed at half the size. A disc
    leaves less of a panel's corner than a square does if the panel is tilted."""
    height, width = half.shape
    small = cv2.resize(half, (max(4, width // 2), max(4, height // 2)), interpolation=cv2.INTER_AREA)
    reach = max(3, round(STROKE * min(small.shape))) | 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
    return cv2.resize(cv2.morphologyEx(small, cv2.MORPH_CLOSE, disc), (width, height), interpolation=cv2.INTER_LINEAR)


def _reconstructed(level: np.ndarray, least: np.ndarray) -> np.ndarray:
    """``_lowered`` in rounds of ``STEPS`` until a round changes no pixel by 3 of 255 or more.

    Each round computes only the box around the pixels that the previous one changed, and STEPS + 1 px beyond it: the rest has
    arrived, because a pixel changes only after one beside it.
    """
    level = level.copy()
    left = top = 0
    bottom, right = level.shape
    for _ in range(ROUNDS):
        box = slice(max(0, top - STEPS - 1), bottom + STEPS + 1), slice(max(0, left - STEPS - 1), right + STEPS + 1)
        lower = _lowered(level[box], least[box], STEPS)
        changed = cv2.absdiff(level[box], lower)
        level[box] = lower
        if changed.max() < 3:
            break
        x, y, wide, high = cv2.boundingRect(changed)
        left, top = box[1].start + x, box[0].start + y
        right, bottom = left + wide, top + high
    return level


def _lowered(level: np.ndarray, least: np.ndarray, steps: int) -> np.ndarray:
    """Geodesic erosion: the level spreads by one pixel per step but stays above the picture."""
    step = np.ones((3, 3), np.uint8)
    for _ in range(steps):
        level = cv2.max(cv2.erode(level, step), least)
    return level


def _median(half: np.ndarray) -> np.ndarray:
    """uint8 [h, w] -> its median over squares, computed at half the size."""
    height, width = half.shape
    small = cv2.resize(half, (max(4, width // 2), max(4, height // 2)), interpolation=cv2.INTER_AREA)
    around = max(3, round(AROUND * min(small.shape))) | 1
    edge = around // 2
    padded = cv2.copyMakeBorder(small, edge, edge, edge, edge, cv2.BORDER_REFLECT)
    inner = cv2.medianBlur(padded, around)[edge:-edge, edge:-edge]
    return cv2.resize(inner, (width, height), interpolation=cv2.INTER_LINEAR)
