"""Finds a digit that fills its picture up to the edges.

No margin of paper is left to estimate the background from, so the paper is the smooth surface that fits the picture best.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from . import flat, marks
from .components import components
from .median import median

EDGED = 160  # px: longer side at which the digit is looked for
FILLED = 0.88  # the digit is at least this fraction of the picture's width and height
WIDEST = 0.25  # fraction of the picture's shorter side; wider areas are paper, shadow or desk
SLAB = 0.7  # a large mark that fills more than this fraction of its box is not a digit
SPECK = 0.06  # fraction of the largest mark's ink; smaller marks are dust
MAP = 100  # cells per side in which connected marks are found


def find(grey: np.ndarray) -> np.ndarray | None:
    """The ink of the digit, float32 [h, w] in [0, 1], if one digit fills the picture, float32 [H, W] in [0, 1]; else None."""
    scale = max(1.0, max(grey.shape) / EDGED)
    size = tuple(max(4, round(side / scale)) for side in grey.shape[::-1])
    small = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
    strength = _ink(small)
    if strength is None:
        return None
    mask = strength > 0.5
    if not mask.any() or mask.mean() >= 0.7 or not _is_one_digit(mask):
        return None
    return strength if flat.depth(small, mask, (0, 0)) > flat.DEEP else None


def _is_one_digit(mask: np.ndarray) -> bool:
    """Nearly all of the ink is one connected component that reaches from edge to edge without running along an edge,
    and has no more holes than a digit. This excludes ruled paper, a table top, a frame, the page around a panel."""
    count, labels, stats = components(mask.astype(np.uint8))
    largest = 1 + int(stats[1:count, cv2.CC_STAT_AREA].argmax())
    part = labels == largest
    size = stats[largest, [cv2.CC_STAT_HEIGHT, cv2.CC_STAT_WIDTH]]
    edges = part[0], part[-1], part[:, 0], part[:, -1]
    return bool(
        (size > FILLED * np.array(mask.shape)).all()
        and max(edge.mean() for edge in edges) < marks.CONTACT
        and part.sum() > 0.8 * mask.sum()
        and marks.holes(np.pad(part.astype(np.uint8), 1)) <= marks.MOST_HOLES
    )


def _ink(grey: np.ndarray) -> np.ndarray | None:
    """The ink at each pixel of a picture: [H, W] in [0, 1], for ``grey`` [H, W] in [0, 1]; None if it is blank.

    The paper is the quadratic surface that fits the picture best, without its marks (iteratively reweighted least
    squares, Holland & Welsch 1977), starting at the border. Ink is on the side of it that has the longer tail. If that
    finds nothing, or a solid slab (there is a shadow, or a desk shows), the paper is what closing or opening leaves of
    the picture (Serra 1982): they remove exactly what is narrower than ``WIDEST``.
    """
    rest = grey - _surface(grey)
    dark = _strongest(-rest) > _strongest(rest)
    flattened = _marks(-rest if dark else rest)
    if flattened is not None and not flattened.slab:
        return flattened.strength
    found = [one for hat in _hats(grey) if (one := _marks(hat - median(hat))) is not None]
    if not found:
        return None if flattened is None else flattened.strength
    # the gaps between strokes are marks of the opposite brightness, but lie within the box of the ink
    return max(found, key=lambda one: one.box).strength


class _Marks(NamedTuple):
    strength: np.ndarray  # float32 [H, W] in [0, 1]
    box: int  # px, area of the box around it
    slab: bool  # larger and more solid than any digit


def _marks(rest: np.ndarray) -> _Marks | None:
    """The ink in ``rest`` [H, W], the difference from the paper, ink positive; None if nothing stands out enough."""
    grain = median(abs(rest)) * 1.4826
    full = _strongest(rest)
    if full < max(marks.CONTRAST, min(marks.NOISES * grain, 0.5)):
        return None
    floor = max(0.25 * full, min(3 * grain, 0.6 * full))
    strength = _without_specks(((rest - floor) / (0.85 * full - floor)).clip(0, 1))
    if not strength.max() > 0.5:  # also true for NaN
        return None
    ink = strength > 0.3
    rows, columns = np.flatnonzero(ink.any(1)), np.flatnonzero(ink.any(0))
    sides = int(rows[-1] - rows[0]) + 1, int(columns[-1] - columns[0]) + 1
    box = sides[0] * sides[1]
    wide = sides[0] > 0.3 * rest.shape[0] and sides[1] > 0.3 * rest.shape[1]
    return _Marks(strength, box, wide and int(ink.sum()) > SLAB * box)


def _strongest(rest: np.ndarray) -> float:
    """The mean of the largest values, as many as a thin stroke covers."""
    few = max(1, round(marks.TAIL * rest.size))
    return float(np.partition(rest, -few, axis=None)[-few:].mean())


def _hats(grey: np.ndarray) -> list[np.ndarray]:
    """How much darker, and how much lighter, each pixel is than the areas wider than ``WIDEST`` around it."""
    around = np.ones((2 * max(1, round(WIDEST * min(grey.shape) / 2)) + 1,) * 2, np.uint8)
    calm = cv2.blur(grey, (3, 3), borderType=cv2.BORDER_REPLICATE)  # because single pixels decide below
    return [cv2.morphologyEx(calm, kind, around) for kind in (cv2.MORPH_BLACKHAT, cv2.MORPH_TOPHAT)]


def _surface(grey: np.ndarray) -> np.ndarray:
    height, width = grey.shape
    y, x = (axis.ravel() for axis in np.meshgrid(np.linspace(-1, 1, height), np.linspace(-1, 1, width), indexing="ij"))
    terms = np.stack([np.ones_like(x), x, y, x * x, x * y, y * y])
    values = grey.astype(np.float64).ravel()
    edge = np.maximum(abs(x), abs(y)) > 0.88
    # the border shows the brightness of the paper; the surface then extends to similar pixels
    ground = median(values[edge])
    spread = max(median(abs(values[edge] - ground)), 0.02)
    weights = 1 / (1 + ((values - ground) / (4 * spread)) ** 2)
    surface = values
    for _ in range(6):
        weighted = terms * weights
        surface = np.linalg.solve(weighted @ terms.T + 1e-6 * np.eye(6), weighted @ values) @ terms
        rest = abs(values - surface)
        like = rest[weights > 0.5]
        spread = max(median(like), 0.008) if len(like) else spread
        weights = 1 / (1 + (rest / (2.5 * spread)) ** 2)
    return surface.reshape(height, width).astype(np.float32)


def _without_specks(strength: np.ndarray) -> np.ndarray:
    """Drop marks with little ink, and marks at the picture's edge if there is a good one elsewhere."""
    coarse = -(-max(strength.shape) // MAP)
    height, width = (-(-side // coarse) for side in strength.shape)
    missing = [(0, cells * coarse - side) for cells, side in zip((height, width), strength.shape, strict=True)]
    cells = np.pad(strength, missing).reshape(height, coarse, width, coarse).max((1, 3))
    count, labels = cv2.connectedComponents((cells > 0.3).astype(np.uint8), connectivity=8)
    labels = labels.repeat(coarse, 0).repeat(coarse, 1)[: strength.shape[0], : strength.shape[1]]
    masses = np.bincount(labels.ravel(), strength.ravel(), count)
    masses[0] = 0
    free = masses.copy()
    free[np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])] = 0
    if free.max() > 0.3 * masses.max():
        masses = free
    kept = (masses > SPECK * masses.max())[labels]
    return strength * cv2.dilate(
        kept.astype(np.uint8), np.ones((3, 3), np.uint8)
    )  # includes the soft edge of each mark
