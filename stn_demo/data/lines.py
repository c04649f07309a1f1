"""Removes long straight lines from a picture: ruled or squared paper, tables, the boxes of a form.

The lines of a sheet run in two directions, about perpendicular, at any small angle to the picture. The picture is
rotated until one direction is horizontal. A long, thin, horizontal piece is a line if it crosses the whole picture, or
if both its ends meet other lines, as the sides of a box do. The strength of each line is then subtracted, and strokes
that cross it are joined again.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

STEEPEST = 45  # degrees
PERSPECTIVE = 6  # degrees by which the two directions of a sheet may differ from a right angle
LEAST_LENGTH = 0.055  # of the picture's longer side: shorter pieces are ignored
THICKEST = 0.09  # of the picture's shorter side
THICK = 0.05  # of the picture's shorter side: a thicker piece is a line only if it crosses the picture
ACROSS = 0.85  # of the distance across the picture: a piece this long is a ruled line
SLENDER = 30  # length over thickness of a ruled line that is shorter than ACROSS and longer than HALF
HALF = 0.6  # of the distance across the picture
UPRIGHT = 20  # degrees: boxes rotated by more cannot be distinguished from pen strokes
SIDE = 7  # length over thickness of a side of a box
BETWEEN = 12  # length over thickness of a piece that ends at ruled lines, such as a column line of a table
LEVEL = 0.04  # of a line's length: height difference of its ends after the rotation, at most
CORNER = 0.06  # of a side's length: gap between two sides of a box at their corner, at most
BLOCK = 40  # columns over which a line is assumed to be straight
OVERSHOOT = 1.3  # ink on a line is at least this many times as strong as the line


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


class _Turned(NamedTuple):
    """The picture rotated so that one direction of lines is horizontal."""

    matrix: np.ndarray
    marks: np.ndarray  # contrast [h, w]
    labels: np.ndarray  # int32 [h, w], the piece that covers a pixel, 0: none


def without_lines(marks: np.ndarray, floor: float) -> tuple[np.ndarray, np.ndarray]:
    """Removes straight lines: contrast float32 [H, W] -> (contrast without them, bool [H, W] where they were).

    `floor` is the lowest contrast of a pixel that belongs to a mark.
    """
    angles = _directions(marks > floor)
    views, pieces = [], []
    for index, angle in enumerate(angles):
        view, found = _pieces(marks, floor, angle, index)
        views.append(view)
        pieces += found
    lines = _lines(pieces, marks.shape)
    strengths = [
        _strength(view, [p for p in lines if p.direction == index], floor, marks.shape)
        for index, view in enumerate(views)
    ]
    strength = np.maximum(*strengths)
    rest = np.where((strength > 0) & (marks < OVERSHOOT * strength + 0.03), 0, marks)
    ink = (rest > floor).astype(np.uint8)
    for index, angle in enumerate(angles):
        thickness = max((piece.thickness for piece in lines if piece.direction == index), default=0)
        if thickness:
            crossed = (strengths[index] > 0) & _bridged(ink, angle, thickness)
            rest = np.where(crossed, marks, rest)
    return rest, strength > 0


def _directions(mask: np.ndarray) -> tuple[float, float]:
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
    matrix = cv2.getRotationMatrix2D(((shape[1] - 1) / 2, (shape[0] - 1) / 2), angle, 1)
    matrix[:, 2] += (size[0] - shape[1]) / 2, (size[1] - shape[0]) / 2
    return matrix


def _pieces(marks: np.ndarray, floor: float, angle: float, index: int) -> tuple[_Turned, list[Piece]]:
    """Straight horizontal pieces of the picture rotated by `angle`."""
    height, width = marks.shape
    cos, sin = abs(np.cos(np.radians(angle))), abs(np.sin(np.radians(angle)))
    size = int(np.ceil(width * cos + height * sin)), int(np.ceil(width * sin + height * cos))
    matrix = _matrix(marks.shape, angle, size)
    turned = cv2.warpAffine(marks, matrix, size)
    mask = (turned > floor).astype(np.uint8)
    least, thickest = max(12, round(LEAST_LENGTH * max(marks.shape))), max(5, round(THICKEST * min(marks.shape)))
    bridged = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((1, 7), np.uint8))
    thick = cv2.dilate(
        cv2.morphologyEx(bridged, cv2.MORPH_OPEN, np.ones((thickest + 1, thickest + 1), np.uint8)),
        np.ones((3, 3), np.uint8),
    )
    thin = bridged & ~thick
    # with a pixel added above and below, a line tilted by 1 degree stays within its own thickness over this length
    level = cv2.morphologyEx(cv2.dilate(thin, np.ones((3, 1), np.uint8)), cv2.MORPH_OPEN, np.ones((1, least), np.uint8))
    reach = 2 * least  # margin, so that closing does not link pieces to the border
    wider = cv2.copyMakeBorder(level, 2, 2, reach, reach, cv2.BORDER_CONSTANT)
    linked = cv2.morphologyEx(wider, cv2.MORPH_CLOSE, np.ones((3, 3 * least), np.uint8))[2:-2, reach:-reach]
    linked = np.ascontiguousarray(linked)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(linked, connectivity=8)
    labels[level == 0] = 0
    back = cv2.invertAffineTransform(matrix)
    way = _way(marks.shape, matrix, size)
    pieces = []
    for label in range(1, count):
        left, top, wide, high, _ = (int(value) for value in stats[label])
        part = labels[top : top + high, left : left + wide] == label
        columns = part.any(0)
        core = part & (mask[top : top + high, left : left + wide] > 0)
        thickness = float(np.median(core.sum(0)[columns]))  # a digit on the line does not make it thick
        if columns.sum() < 0.8 * wide or thickness > thickest or wide < 4 * thickness:
            continue
        rows = [np.flatnonzero(part[:, part.any(0)][:, side]).mean() + top for side in (0, -1)]
        if abs(rows[1] - rows[0]) > thickness + LEVEL * wide:
            continue
        ends = np.array([[left, rows[0]], [left + wide - 1, rows[1]]])
        middle = min(len(way) - 1, round(float(np.mean(rows))))
        share = wide / max(1.0, float(way[middle]))
        pieces.append(Piece(ends @ back[:, :2].T + back[:, 2], wide, share, float(thickness), index, label))
    return _Turned(matrix, turned, labels), pieces


def _way(shape: tuple[int, ...], matrix: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """[h]: number of pixels of each row of the rotated picture that are inside the original picture."""
    inside = cv2.warpAffine(np.ones(shape, np.float32), matrix, size)
    return (inside > 0.5).sum(1)


def _lines(pieces: list[Piece], shape: tuple[int, ...]) -> list[Piece]:
    """The pieces that are lines: they cross the picture, or both their ends meet lines of the other direction."""
    near = 0.012 * max(shape) + 3
    usual = max(5, THICK * min(shape))
    pieces = [p for p in pieces if p.thickness <= usual or all(_at_edge(end, shape) for end in p.ends)]
    rules = [p for p in pieces if p.share > ACROSS]
    slender = [p for p in pieces if HALF < p.share <= ACROSS and p.length > SLENDER * p.thickness]
    for direction in (0, 1):  # a sheet smaller than the picture has several ruled lines; a single one may be a stroke
        parallel = [p for p in slender if p.direction == direction]
        rules += parallel if len(parallel) >= 3 else []
        fading = [p for p in pieces if p.direction == direction and _fades(p, shape)]
        crossing = sum(p.direction == direction for p in rules)
        if crossing >= 2 or len(fading) >= 3:  # further lines of the sheet, partly faded in bright light
            usual = float(np.median([p.thickness for p in fading or pieces]))
            rules += [p for p in fading if p.thickness < 1.4 * usual + 1]  # a thicker one has a stroke on it
    rules += [p for p in pieces if any(_continues(p, other, near) for other in pieces)]
    known = {id(piece) for piece in rules}
    leans = max((abs(_lean(piece)) for piece in pieces), default=0)
    chosen = [p for p in pieces if id(p) in known or (leans < UPRIGHT and p.length > SIDE * p.thickness)]
    while True:
        kept = [
            piece
            for piece in chosen
            if id(piece) in known or all(_bound(end, piece, chosen, known, near, shape) for end in piece.ends)
        ]
        if len(kept) == len(chosen):
            return kept
        chosen = kept


def _fades(piece: Piece, shape: tuple[int, ...]) -> bool:
    """The piece is slender and starts at the picture's edge."""
    return piece.length > 8 * piece.thickness and any(_at_edge(end, shape) for end in piece.ends)


def _at_edge(end: np.ndarray, shape: tuple[int, ...]) -> bool:
    height, width = shape
    return bool(min(end[0], end[1], width - 1 - end[0], height - 1 - end[1]) < 3)


def _continues(piece: Piece, other: Piece, near: float) -> bool:
    """Both are parts of one interrupted ruled line."""
    if piece is other or piece.direction != other.direction or piece.share + other.share < HALF:
        return False
    along = piece.ends[1] - piece.ends[0] if piece.length > other.length else other.ends[1] - other.ends[0]
    along = along / max(float(np.hypot(*along)), 1e-6)
    between = other.ends - piece.ends.mean(0)
    off = np.abs(along[0] * between[:, 1] - along[1] * between[:, 0])
    places = np.concatenate([(piece.ends - piece.ends[0]) @ along, (other.ends - piece.ends[0]) @ along])
    span = float(np.ptp(places)) / piece.length * piece.share
    return bool(off.max() < near) and span > ACROSS


def _lean(piece: Piece) -> float:
    """Degrees from horizontal or from vertical, whichever is nearer."""
    across, down = piece.ends[1] - piece.ends[0]
    return float((np.degrees(np.arctan2(down, across)) + 45) % 90 - 45)


def _bound(
    end: np.ndarray, piece: Piece, chosen: list[Piece], known: set[int], near: float, shape: tuple[int, ...]
) -> bool:
    """An end of a piece lies at a line of the other direction, or at the edge of the picture."""
    if _at_edge(end, shape):
        return piece.share > 0.15
    return any(
        _meets(end, piece, other, near)
        for other in chosen
        if other.direction != piece.direction and (id(other) not in known or piece.length > BETWEEN * piece.thickness)
    )


def _meets(end: np.ndarray, piece: Piece, other: Piece, near: float) -> bool:
    """An end of a piece is on another piece, or near that piece's end.

    The corners of a box are sharp. A 0 also has straight sides, but only over three fifths of its height: the gap
    between side and top is a fifth of the height, more than ``CORNER`` allows.
    """
    start, along = other.ends[0], other.ends[1] - other.ends[0]
    length = max(float(np.hypot(*along)), 1e-6)
    at = float((end - start) @ along) / length
    off = abs(float(along[0] * (end - start)[1] - along[1] * (end - start)[0])) / length
    within = min(near, CORNER * other.length + 0.6 * piece.thickness + 3)
    return -within <= at <= length + within and off <= min(near, CORNER * piece.length + 3) + 0.6 * other.thickness


def _strength(view: _Turned, chosen: list[Piece], floor: float, shape: tuple[int, ...]) -> np.ndarray:
    """Strength of the chosen lines at their pixels: float32 [H, W] of the picture, 0 elsewhere."""
    strength = np.zeros(view.marks.shape, np.float32)
    for piece in chosen:
        _lay(strength, view, view.labels == piece.label, floor)
    flags = cv2.WARP_INVERSE_MAP | cv2.INTER_NEAREST
    return cv2.warpAffine(strength, view.matrix, shape[::-1], flags=flags)


def _lay(strength: np.ndarray, view: _Turned, part: np.ndarray, floor: float) -> None:
    """Writes one line into `strength` with its usual width and strength, so that a pen stroke along part of the line
    exceeds both and remains."""
    rows, columns = np.flatnonzero(part.any(1)), np.flatnonzero(part.any(0))
    top, left = rows[0], columns[0]
    window = slice(top, rows[-1] + 1), slice(left, columns[-1] + 1)
    marks = view.marks[window]
    core = part[window] & (marks > floor)
    thick = core.sum(0)
    seen = np.flatnonzero(thick)
    if not len(seen):
        return
    usual = float(np.median(thick[seen]))
    plain = seen[thick[seen] <= 1.3 * usual + 1]  # no ink beside the line
    middles = (core[:, plain] * np.arange(len(core))[:, None]).sum(0) / thick[plain]
    blocks = np.array_split(np.arange(len(plain)), max(1, len(plain) // BLOCK))
    middle = np.interp(
        np.arange(core.shape[1]), [np.median(plain[one]) for one in blocks], [np.median(middles[one]) for one in blocks]
    )
    reach = usual / 2 + max(1.5, 0.15 * usual)
    first = max(0, top - 4)
    at = np.arange(first, min(len(strength), rows[-1] + 5))
    band = np.abs(at[:, None] - top - middle) <= reach
    values = marks[:, plain][core[:, plain]]
    into = strength[first : first + len(at), window[1]]
    np.maximum(into, np.where(band, np.float32(np.quantile(values, 0.8)), 0), out=into)


def _bridged(ink: np.ndarray, angle: float, thickness: float) -> np.ndarray:
    """Pixels with ink on both sides of a line at `angle`, so that a stroke crosses the line there: bool [H, W]."""
    reach = 1.8 * thickness + 8
    bridged = np.zeros_like(ink)
    for lean in (-50, -25, 0, 25, 50):
        direction = np.radians(angle + 90 + lean)
        step = reach / np.cos(np.radians(lean)) / 2 * np.array([np.cos(direction), np.sin(direction)])
        middle = np.ceil(np.abs(step)).astype(int)
        kernel = np.zeros(2 * middle[::-1] + 1, np.uint8)
        ends = [tuple(int(value) for value in np.round(middle + sign * step)) for sign in (-1, 1)]
        cv2.line(kernel, *ends, 1, 1)
        bridged |= cv2.morphologyEx(ink, cv2.MORPH_CLOSE, kernel)
    return bridged > 0
