"""Finds straight, thin pieces on a picture, in the two directions of its lines. ``lines`` decides which of them are lines.

The lines of a sheet run in two directions, about perpendicular, at any small angle to the picture. The picture is
rotated until one direction is horizontal, and then the other.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import cv2
import numpy as np

from .components import components
from .median import median

STEEPEST = 45  # degrees
PERSPECTIVE = 6  # degrees by which the two directions of a sheet may differ from a right angle
LEAST_LENGTH = 0.055  # of the picture's longer side: shorter pieces are ignored
THICKEST = 0.09  # of the picture's shorter side
MOST_JOINED = 4  # parallel lines that one digit connects, at most; more are a pattern, and would take long
LEVEL = 0.04  # of a line's length: height difference of its ends after the rotation, at most


class Piece(NamedTuple):
    """A straight, thin mark. ends: float [2, 2], (x, y) in the picture; length: px; share: its length over the distance
    across the picture along it; thickness: px; direction: index of its direction; label: its number among the pieces
    of that direction."""

    ends: np.ndarray
    length: float
    share: float
    thickness: float
    direction: int
    label: int


class Turned(NamedTuple):
    """The picture rotated so that one direction of lines is horizontal."""

    matrix: np.ndarray
    marks: np.ndarray  # contrast [h, w]
    labels: np.ndarray  # int32 [h, w], the piece that covers a pixel, 0: none


def directions(mask: np.ndarray) -> tuple[float, float]:
    """The angles, in degrees, of the lines nearest to horizontal and to vertical (0 and 90 if no lines stand out).

    Maximises the sharpness of the projections: at the right angle a line falls into few rows. The sharper of the two
    directions is found first; the other is perpendicular to it within ``PERSPECTIVE``.
    """
    scale = 160 / max(mask.shape)
    small = cv2.resize(mask.astype(np.float32), None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    side = int(np.hypot(*small.shape)) + 2
    angles = np.arange(-STEEPEST, STEEPEST, 1.5)
    sharpness = np.zeros((2, len(angles)))
    for index, angle in enumerate(angles):
        turned = cv2.warpAffine(small, _matrix(small.shape, angle, (side, side)), (side, side))
        for direction in (0, 1):
            sums = cv2.reduce(turned, 1 - direction, cv2.REDUCE_SUM).ravel()
            sharpness[direction, index] = (np.diff(sums) ** 2).sum()
    sharpness *= 1 - 0.003 * np.abs(angles)  # prefer the picture's own axes if nothing stands out
    first = int(sharpness.max(1).argmax())
    best = float(angles[sharpness[first].argmax()])
    other = np.where(np.abs(angles - best) <= PERSPECTIVE, sharpness[1 - first], -1)
    pair = [best, float(angles[other.argmax()])]
    level, upright = pair if first == 0 else pair[::-1]
    return level, upright + 90


def _matrix(shape: tuple[int, ...], angle: float, size: tuple[int, int]) -> np.ndarray:
    """Rotates a picture about its centre so that lines at `angle` degrees (clockwise, y down) become horizontal."""
    matrix: np.ndarray = cv2.getRotationMatrix2D(((shape[1] - 1) / 2, (shape[0] - 1) / 2), angle, 1)
    matrix[:, 2] += np.array([size[0] - shape[1], size[1] - shape[0]]) / 2
    return matrix


def find(marks: np.ndarray, floor: float, angle: float, index: int) -> tuple[Turned, list[Piece]]:
    """Straight horizontal pieces of the picture rotated by `angle`."""
    height, width = marks.shape
    cos, sin = abs(np.cos(np.radians(angle))), abs(np.sin(np.radians(angle)))
    size = int(np.ceil(width * cos + height * sin)), int(np.ceil(width * sin + height * cos))
    matrix = _matrix(marks.shape, angle, size)
    turned = cv2.warpAffine(marks, matrix, size)
    mask = (turned > floor).astype(np.uint8)
    least, thickest = max(12, round(LEAST_LENGTH * max(marks.shape))), max(5, round(THICKEST * min(marks.shape)))
    bridged: np.ndarray = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((1, 7), np.uint8))
    thick: np.ndarray = cv2.dilate(
        cv2.morphologyEx(bridged, cv2.MORPH_OPEN, np.ones((thickest + 1, thickest + 1), np.uint8)),
        np.ones((3, 3), np.uint8),
    )
    thin = bridged & ~thick
    # with a pixel added above and below, a line tilted by 1 degree stays within its own thickness over this length
    level = cv2.morphologyEx(cv2.dilate(thin, np.ones((3, 1), np.uint8)), cv2.MORPH_OPEN, np.ones((1, least), np.uint8))
    linked = _linked(level, 3 * least)
    count, labels, stats = components(linked)
    labels[level == 0] = 0
    back = cv2.invertAffineTransform(matrix)
    way = _way(marks.shape, matrix, size)
    pieces: list[Piece] = []
    for label in range(1, count):
        left, top, wide, high, _ = (int(value) for value in stats[label])
        window = slice(top, top + high), slice(left, left + wide)
        whole = labels[window] == label
        shown = mask[window] > 0
        apart = [(part, _ends(part, shown, thickest)) for part in _separated(whole)]
        if any(ends is None for _, ends in apart):  # they are no lines: the digit has runs of its own
            apart = [(whole, _ends(whole, shown, thickest))]
        for part, ends in apart:
            if ends is None:
                continue
            (start, end), thickness = ends
            places = np.array([[left, top + start], [left + wide - 1, top + end]])
            middle = min(len(way) - 1, round(float(places[:, 1].mean())))
            share = wide / max(1.0, float(way[middle]))
            number = count + len(pieces)
            labels[window][part] = number
            pieces.append(Piece(places @ back[:, :2].T + back[:, 2], wide, share, thickness, index, number))
    return Turned(matrix, turned, labels), pieces


def _linked(level: np.ndarray, length: int) -> np.ndarray:
    """Closing of a picture, uint8 [H, W], by 3 x length px, without linking to the border.

    The maximum over 2 n pixels is that of two maxima over n pixels, so the time grows with the logarithm of the length.
    """
    before, after = (
        length // 2,
        length - 1 - length // 2,
    )  # px that a dilation, and then an erosion, reads beside each pixel
    wider = cv2.copyMakeBorder(level, 2, 2, 2 * before, 2 * after, cv2.BORDER_CONSTANT)
    dilated = _run(wider, length, cv2.max)
    column = np.ones((3, 1), np.uint8)
    return _run(cv2.morphologyEx(dilated, cv2.MORPH_CLOSE, column), length, cv2.min)[2:-2].copy()


def _run(rows: np.ndarray, length: int, pick: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> np.ndarray:
    """The maximum or minimum over `length` pixels from each pixel of a row on: [H, W] -> [H, W - length + 1]."""
    span = 1
    while 2 * span <= length:
        rows = pick(rows[:, :-span], rows[:, span:])
        span *= 2
    rest = length - span
    return pick(rows[:, : rows.shape[1] - rest], rows[:, rest:])


def _ends(part: np.ndarray, mask: np.ndarray, thickest: int) -> tuple[tuple[float, float], float] | None:
    """The rows of both ends of a piece, bool [h, w], and its thickness, px; None if it is not straight, thin and
    horizontal. mask: bool [h, w], the marks."""
    wide = part.shape[1]
    columns = part.any(0)
    thickness = median((part & mask).sum(0)[columns])  # a digit on the line does not make it thick
    if columns.sum() < 0.8 * wide or thickness > thickest or wide < 4 * thickness:
        return None
    start, end = (float(np.flatnonzero(part[:, columns][:, side]).mean()) for side in (0, -1))
    return None if abs(end - start) > thickness + LEVEL * wide else ((start, end), thickness)


def _separated(part: np.ndarray) -> list[np.ndarray]:
    """Parallel lines that a digit between them connects, bool [h, w] -> each of them with what is nearest to it."""
    edges = np.diff(part.astype(np.int8), axis=0, prepend=0, append=0)
    runs = (edges > 0).sum(0)
    count = int(median(runs[runs > 0]))
    if not 2 <= count <= MOST_JOINED:
        return [part]
    columns = np.flatnonzero(runs == count)
    starts, ends = (np.nonzero((edges[:, columns] == sign).T)[1].reshape(-1, count) for sign in (1, -1))
    gaps = (ends[:, :-1] + starts[:, 1:]) / 2  # the middle of each gap, at these columns
    bounds = [np.polyval(np.polyfit(columns, gap, 1), np.arange(part.shape[1])) for gap in gaps.T]
    place = sum((np.arange(len(part))[:, None] >= bound).astype(int) for bound in bounds)
    found = [part & (place == index) for index in range(count)]
    return [one for one in found if one.any()]


def _way(shape: tuple[int, ...], matrix: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """[h]: number of pixels of each row of the rotated picture that are inside the original picture."""
    inside = cv2.warpAffine(np.ones(shape, np.uint8), matrix, size, flags=cv2.INTER_NEAREST)
    return np.count_nonzero(inside, axis=1)
