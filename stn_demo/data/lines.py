"""Long straight lines on a picture: rules, squares, tables, the boxes of a form. None of them is a digit.

Lines of a sheet run in two directions, each askew by some angle. The picture is turned until they are level; what
is long, thin and level there is a line if it crosses the whole picture, or if both its ends meet other lines, as the
sides of a box do. A line's own strength is then taken away, and strokes that cross it are joined again.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

STEEPEST = 45  # degrees
PERSPECTIVE = 6  # degrees that two directions of a sheet may differ from a right angle
LEAST_LENGTH = 0.055  # of the picture's longer side: shorter pieces are not looked at
THICKEST = 0.05  # of the picture's shorter side
ACROSS = 0.85  # of the way across the picture: a line this long is a rule
SLENDER = 30  # times as long as it is thick, and HALF the way across
HALF = 0.6
OVERSHOOT = 1.3  # ink on a line is this much stronger than the line


class Piece(NamedTuple):
    """A straight, thin mark. ends: float [2, 2], (x, y) in the picture; share: its length over the way across the
    picture along it; thickness: px; across: it crosses the picture; turned: index of its direction; label: its
    number among the pieces of that direction."""

    ends: np.ndarray
    length: float
    share: float
    thickness: float
    direction: int
    label: int


class _Turned(NamedTuple):
    """The picture turned so that one direction of lines is level."""

    matrix: np.ndarray
    marks: np.ndarray  # contrast [h, w]
    labels: np.ndarray  # int32 [h, w], which piece covers a pixel, 0 none


def without_lines(marks: np.ndarray, floor: float) -> tuple[np.ndarray, np.ndarray]:
    """Takes straight lines away: contrast float32 [H, W] -> (contrast without them, bool [H, W] where they were).

    `floor` is the contrast from which a pixel may belong to a mark.
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
    """The angles, degrees, of the lines that are nearest to level and to upright (0 and 90 where none stand out).

    Sharpness of the projections: turned by the right angle, a line falls into few rows. The sharper of the two
    directions decides; the other is square to it, give or take what perspective does.
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
    sharpness *= 1 - 0.003 * np.abs(angles)  # where nothing stands out, the picture's own axes
    first = int(sharpness.max(1).argmax())
    best = float(angles[sharpness[first].argmax()])
    other = np.where(np.abs(angles - best) <= PERSPECTIVE, sharpness[1 - first], -1)
    pair = [best, float(angles[other.argmax()])]
    level, upright = pair if first == 0 else pair[::-1]
    return level, upright + 90


def _matrix(shape: tuple[int, ...], angle: float, size: tuple[int, int]) -> np.ndarray:
    """Turns a picture so that lines at `angle` degrees (clockwise from level, y down) become level; middle to middle."""
    matrix = cv2.getRotationMatrix2D(((shape[1] - 1) / 2, (shape[0] - 1) / 2), angle, 1)
    matrix[:, 2] += (size[0] - shape[1]) / 2, (size[1] - shape[0]) / 2
    return matrix


def _pieces(marks: np.ndarray, floor: float, angle: float, index: int) -> tuple[_Turned, list[Piece]]:
    """Straight level pieces of the picture turned by `angle`."""
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
    # a line that leans by a degree stays within its own thickness over this length, if a pixel is added above and below
    level = cv2.morphologyEx(cv2.dilate(thin, np.ones((3, 1), np.uint8)), cv2.MORPH_OPEN, np.ones((1, least), np.uint8))
    reach = 2 * least  # nothing may be linked to what lies beyond the picture
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
        thickness = core.sum() / max(1, columns.sum())
        if columns.sum() < 0.8 * wide or thickness > thickest or wide < 4 * thickness:
            continue
        rows = [np.flatnonzero(part[:, part.any(0)][:, side]).mean() + top for side in (0, -1)]
        ends = np.array([[left, rows[0]], [left + wide - 1, rows[1]]])
        middle = min(len(way) - 1, round(float(np.mean(rows))))
        share = wide / max(1.0, float(way[middle]))
        pieces.append(Piece(ends @ back[:, :2].T + back[:, 2], wide, share, float(thickness), index, label))
    return _Turned(matrix, turned, labels), pieces


def _way(shape: tuple[int, ...], matrix: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """[h]: how many pixels of each row of the turned picture belong to the picture."""
    inside = cv2.warpAffine(np.ones(shape, np.float32), matrix, size)
    return (inside > 0.5).sum(1)


def _lines(pieces: list[Piece], shape: tuple[int, ...]) -> list[Piece]:
    """Those pieces that are lines: they cross the picture, or both their ends meet lines of the other direction."""
    near = 0.012 * max(shape) + 3
    rules = [p for p in pieces if p.share > ACROSS]
    slender = [p for p in pieces if HALF < p.share <= ACROSS and p.length > SLENDER * p.thickness]
    for direction in (0, 1):  # a sheet that ends within the picture has several rules; one may be a stroke of the pen
        parallel = [p for p in slender if p.direction == direction]
        rules += parallel if len(parallel) >= 3 else []
    rules += [p for p in pieces if any(_continues(p, other, near) for other in pieces)]
    known = {id(piece) for piece in rules}
    chosen = list(pieces)
    while True:
        kept = [
            piece
            for piece in chosen
            if id(piece) in known or all(_bound(end, piece, chosen, near, shape) for end in piece.ends)
        ]
        if len(kept) == len(chosen):
            return kept
        chosen = kept


def _continues(piece: Piece, other: Piece, near: float) -> bool:
    """Both are parts of one rule, which something interrupts."""
    if piece is other or piece.direction != other.direction or piece.share + other.share < HALF:
        return False
    along = piece.ends[1] - piece.ends[0] if piece.length > other.length else other.ends[1] - other.ends[0]
    along = along / max(float(np.hypot(*along)), 1e-6)
    between = other.ends - piece.ends.mean(0)
    off = np.abs(along[0] * between[:, 1] - along[1] * between[:, 0])
    places = np.concatenate([(piece.ends - piece.ends[0]) @ along, (other.ends - piece.ends[0]) @ along])
    span = float(np.ptp(places)) / piece.length * piece.share
    return bool(off.max() < near) and span > ACROSS


def _bound(end: np.ndarray, piece: Piece, chosen: list[Piece], near: float, shape: tuple[int, ...]) -> bool:
    """An end of a piece lies at a line of the other direction, or at the edge of the picture."""
    height, width = shape
    if min(end[0], end[1], width - 1 - end[0], height - 1 - end[1]) < 3:
        return piece.share > 0.15
    return any(_meets(end, other, near) for other in chosen if other.direction != piece.direction)


def _meets(point: np.ndarray, piece: Piece, near: float) -> bool:
    """The point lies on the piece, or at its end."""
    start, along = piece.ends[0], piece.ends[1] - piece.ends[0]
    length = max(float(np.hypot(*along)), 1e-6)
    at = float((point - start) @ along) / length
    off = abs(float(along[0] * (point - start)[1] - along[1] * (point - start)[0])) / length
    return -near <= at <= length + near and off <= near + piece.thickness


def _strength(view: _Turned, chosen: list[Piece], floor: float, shape: tuple[int, ...]) -> np.ndarray:
    """How strong the chosen lines are where they lie: float32 [H, W] of the picture, 0 elsewhere."""
    strength = np.zeros(view.marks.shape, np.float32)
    for piece in chosen:
        part = view.labels == piece.label
        values = view.marks[part]
        values = values[values > floor]
        strength[part] = np.quantile(values, 0.8) if len(values) else floor
    if chosen:
        edge = max(2, round(0.25 * max(piece.thickness for piece in chosen)))
        strength = cv2.dilate(strength, np.ones((2 * edge + 1, 3), np.uint8))
    flags = cv2.WARP_INVERSE_MAP | cv2.INTER_NEAREST
    return cv2.warpAffine(strength, view.matrix, shape[::-1], flags=flags)


def _bridged(ink: np.ndarray, angle: float, thickness: float) -> np.ndarray:
    """Where ink lies at both sides of lines at `angle`, so that a stroke crosses them: bool [H, W]."""
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
