"""Removes long straight lines from a picture: ruled or squared paper, tables, the boxes of a form.

``straight`` finds straight, thin pieces. A piece is a line if it crosses the whole picture, or if both its ends meet other
lines, as the sides of a box do. The strength of each line is then subtracted, and strokes
that cross it are joined again.
"""

from __future__ import annotations

import cv2
import numpy as np

from . import straight
from .median import median
from .straight import Piece, Turned

THICK = 0.05  # of the picture's shorter side: a thicker piece is a line only if it crosses the picture
ACROSS = 0.85  # of the distance across the picture: a piece this long is a ruled line
SLENDER = 30  # length over thickness of a ruled line that is shorter than ACROSS and longer than HALF
HALF = 0.6  # of the distance across the picture
UPRIGHT = 20  # degrees: boxes rotated by more cannot be distinguished from pen strokes
SIDE = 7  # length over thickness of a side of a box
BETWEEN = 12  # length over thickness of a piece that ends at ruled lines, such as a column line of a table
CORNER = 0.06  # of a side's length: gap between two sides of a box at their corner, at most
BLOCK = 40  # columns over which a line is assumed to be straight
OVERSHOOT = 1.3  # ink on a line is at least this many times as strong as the line


def without_lines(marks: np.ndarray, floor: float) -> tuple[np.ndarray, np.ndarray]:
    """Removes straight lines: contrast float32 [H, W] -> (contrast without them, bool [H, W] where they were).

    `floor` is the lowest contrast of a pixel that belongs to a mark.
    """
    angles = straight.directions(marks > floor)
    views, pieces = [], []
    for index, angle in enumerate(angles):
        view, found = straight.find(marks, floor, angle, index)
        views.append(view)
        pieces += found
    lines = _lines(pieces, marks.shape)
    if not lines:
        return marks, np.zeros(marks.shape, bool)
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


def _strength(view: Turned, chosen: list[Piece], floor: float, shape: tuple[int, ...]) -> np.ndarray:
    """Strength of the chosen lines at their pixels: float32 [H, W] of the picture, 0 elsewhere."""
    strength = np.zeros(view.marks.shape, np.float32)
    for piece in chosen:
        _lay(strength, view, view.labels == piece.label, floor)
    flags = cv2.WARP_INVERSE_MAP | cv2.INTER_NEAREST
    return cv2.warpAffine(strength, view.matrix, shape[::-1], flags=flags)


def _lay(strength: np.ndarray, view: Turned, part: np.ndarray, floor: float) -> None:
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
    usual = median(thick[seen])
    plain = seen[thick[seen] <= 1.3 * usual + 1]  # no ink beside the line
    middles = (core[:, plain] * np.arange(len(core))[:, None]).sum(0) / thick[plain]
    blocks = np.array_split(np.arange(len(plain)), max(1, len(plain) // BLOCK))
    middle = np.interp(
        np.arange(core.shape[1]),
        [median(plain[one]) for one in blocks],
        [median(middles[one]) for one in blocks],
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
        first, last = (np.round(middle + sign * step).astype(int).tolist() for sign in (-1, 1))
        cv2.line(kernel, first, last, 1, 1)
        bridged |= cv2.morphologyEx(ink, cv2.MORPH_CLOSE, kernel)
    return bridged > 0
