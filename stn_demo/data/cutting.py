"""Finds the digits on a grey picture and cuts each of them out as ink."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from . import bold, disc, filling, flat, marks
from .marks import Mark

SIDE = (224, 640)  # px: pictures are enlarged or reduced until the longer side lies between these
PART = 0.5  # of the picture's longer side: smaller marks within a digit that fills the picture are parts of it
BOLD = 0.3  # of the picture's area: a digit that fills its picture and covers more has holes as large as digits
CLEAR = 0.12  # marks deeper than this are not compared by depth: the grain of a desk has less
FULLER = 1.15  # ratio of ink after to ink before from which a part was missing
GAINED = 0.6  # contrast of a pixel of such a part before, as a fraction of its contrast after, at most
SHALLOW = 0.25  # fraction of the best digit's depth; a mark below it is not a further digit
LARGE = 0.2  # of the picture's longer side: a bold digit is at least this large; the corner of a panel is smaller
MOST = 64  # digits on a picture; any further ones are ignored


class Cut(NamedTuple):
    """A digit on a picture. box: left, top, right, bottom as fractions of the picture; ink: float32 [h, w] in [0, 1]."""

    box: tuple[float, float, float, float]
    ink: np.ndarray
    score: float


class Cuts(NamedTuple):
    """digits: in reading order. flat: float32 [H, W] in [0, 1], the ink of the whole picture without shadows and ruled
    lines. refused: None, or why there is no digit: "blank", "lines", "slab", "scribble". lines: there are ruled
    lines. dark: the digits are darker than their paper."""

    digits: list[Cut]
    flat: np.ndarray
    refused: str | None
    lines: bool = False
    dark: bool = False


def cut(grey: np.ndarray) -> Cuts:
    """Finds the digits on a picture, float32 [H, W] in [0, 1]."""
    whole = filling.find(grey)
    grey = _sized(grey)
    if (alone := bold.find(grey)) is not None:
        contrast, mark = alone
        return Cuts([Cut(_shares(mark.box, grey.shape), ink(contrast, mark), 1.0)], contrast, None)
    cuts = _cut(grey, whole, flat.contrast(grey))
    if cuts.digits:
        return _fuller(grey, cuts) if cuts.dark and not cuts.lines else cuts
    if cuts.refused != "blank":
        return cuts
    again = _cut(grey, None, flat.contrast(grey, has_thin_strokes=False))  # perhaps a bold digit
    tall = [one for one in again.digits if max(one.ink.shape) > LARGE * max(grey.shape)]
    return again._replace(digits=tall) if tall else cuts


def _cut(grey: np.ndarray, whole: np.ndarray | None, contrasts: tuple[np.ndarray, ...]) -> Cuts:
    """``cut`` for a picture, its ink if one digit fills it, and its contrast from ``flat``."""
    polarities = [marks.find(contrast) for contrast in contrasts]  # dark marks, light marks
    found = [polarity for polarity in polarities if polarity is not None]
    if not found and whole is None:
        return Cuts([], np.zeros_like(grey), "blank")
    chosen = [(mark, polarity) for polarity in found for mark in polarity.marks]
    calm = cv2.GaussianBlur(grey, (0, 0), 1.0)
    depths = {id(mark): flat.depth(calm, mark.mask, mark.box[:2]) for mark, _ in chosen if mark.what == "digit"}
    digits = _outermost([one for one in chosen if depths.get(id(one[0]), 0) > flat.DEEP])
    odd = [m for m, _ in chosen if m.what == "scribble" and flat.depth(calm, m.mask, m.box[:2]) > flat.DEEP]
    if whole is not None:  # grain in its ink is not a scribble
        odd = [mark for mark in odd if _on(whole, mark, grey.shape) < 0.7]
    digits = [(m, p) for m, p in digits if not any(marks.within(m.box, tangle.box, 2) for tangle in odd)]
    if whole is not None and (whole > 0.5).mean() > BOLD:  # marks in its holes are not digits; a frame is thinner
        digits = [(mark, polarity) for mark, polarity in digits if _on(whole, mark, grey.shape) > 0.3]
    lines = any(polarity.lines for polarity in found)
    if whole is not None and not odd and all(_is_part(mark, whole, grey.shape, lines) for mark, _ in digits):
        return Cuts([Cut((0.0, 0.0, 1.0, 1.0), whole, 1.0)], whole, None)
    if not digits:
        odd = [mark for mark, _ in chosen if mark.what != "digit"]
        what = max(odd, key=lambda mark: mark.longest).what if odd else ("lines" if lines else "blank")
        return Cuts([], found[0].contrast, what, lines)
    scores = {id(mark): _score(mark, grey.shape) * min(1.0, depths[id(mark)] / CLEAR) for mark, _ in digits}
    best, polarity = max(digits, key=lambda pair: scores[id(pair[0])])
    same = [mark for mark, other in digits if other is polarity]
    like = [m for m in same if m.longest > marks.LIKE * best.longest and m.strength > 0.4 * best.strength]
    like = [m for m in like if depths[id(m)] > SHALLOW * depths[id(best)]]
    cuts = [
        Cut(_shares(mark.box, grey.shape), ink(polarity.contrast, mark), scores[id(mark)])
        for mark in _in_order(like)[:MOST]
    ]
    return Cuts(cuts, polarity.contrast, None, lines, polarity is polarities[0])


def _fuller(grey: np.ndarray, cuts: Cuts) -> Cuts:
    """The same digits with their parts on the other side of a shadow's edge, if a part was missing."""
    contrast, area = flat.across_shadows(grey), _area(cuts)
    if ((contrast > marks.CONTRAST) & (cuts.flat < GAINED * contrast)).sum() < (FULLER - 1) * area:
        return cuts  # too little ink was missing
    again = _cut(grey, None, (contrast,))
    held = all(any(_contains(new.box, old.box) for new in again.digits) for old in cuts.digits)
    if held and not again.lines and 0 < len(again.digits) <= len(cuts.digits) and _area(again) > FULLER * area:
        return again
    return cuts


def _area(cuts: Cuts) -> int:
    """Number of pixels of ink of all digits."""
    return sum(int((one.ink > 0.5).sum()) for one in cuts.digits)


def _contains(outer: tuple[float, ...], box: tuple[float, ...], slack: float = 0.01) -> bool:
    return all(outer[i] <= box[i] + slack and outer[i + 2] >= box[i + 2] - slack for i in (0, 1))


def _shares(box: tuple[int, int, int, int], shape: tuple[int, ...]) -> tuple[float, float, float, float]:
    """A box in px as fractions of the picture."""
    height, width = shape
    return box[0] / width, box[1] / height, box[2] / width, box[3] / height


def _is_part(mark: Mark, whole: np.ndarray, shape: tuple[int, ...], lines: bool) -> bool:
    """A mark is a part of the digit that fills the picture: it touches the edge, is small, or lies on its ink."""
    return mark.rim or (not lines and (mark.longest < PART * max(shape) or _on(whole, mark, shape) > 0.7))


def _on(whole: np.ndarray, mark: Mark, shape: tuple[int, ...]) -> float:
    """Mean ink of ``whole`` [h, w] on a mark of the picture of ``shape``."""
    left, top, right, bottom = mark.box
    seen = cv2.resize(whole, shape[::-1], interpolation=cv2.INTER_LINEAR)[top:bottom, left:right]
    return float(seen[mark.mask].mean())


def by_hand(grey: np.ndarray, flat: np.ndarray, box: tuple[float, float, float, float]) -> list[Cut]:
    """All ink within a box (fractions of the picture) as one digit; an empty list if there is no ink.

    grey: float32 [H, W] in [0, 1]; flat: its ink (see ``Cuts``), of any size. If the box has no ink in `flat`, because it
    was classified as lines or paper, that part of the picture is flattened again by itself.
    """
    taken = _all_ink(_part(flat, box))
    if taken is None:
        part = np.ascontiguousarray(_part(grey, box))
        if min(part.shape) >= 4:
            taken = _all_ink(cut(part).flat)
    return [] if taken is None else [Cut(box, taken, 1.0)]


def _part(plane: np.ndarray, box: tuple[float, float, float, float]) -> np.ndarray:
    height, width = plane.shape
    left, right = (round(min(max(share, 0.0), 1.0) * width) for share in box[::2])
    top, bottom = (round(min(max(share, 0.0), 1.0) * height) for share in box[1::2])
    return plane[top:bottom, left:right]


def _all_ink(flat: np.ndarray) -> np.ndarray | None:
    if flat.size < 16 or float(flat.max()) < marks.CONTRAST:
        return None
    mask = flat > 0.25 * float(np.quantile(flat, 0.98))
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if not len(rows):
        return None
    inner = (columns[0], rows[0], columns[-1] + 1, rows[-1] + 1)
    mask = mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return ink(flat, marks.described(inner, mask, float(np.quantile(flat[flat > 0], 0.95)), False))


def ink(contrast: np.ndarray, mark: Mark) -> np.ndarray:
    """Ink of a mark at each pixel of its box plus a margin: float32 [h, w] in [0, 1].

    Contrast is divided by the local strength of the stroke, so that a faint part becomes as black as the rest.
    """
    margin = 2
    left, top, right, bottom = mark.box
    part = np.zeros((bottom - top + 2 * margin, right - left + 2 * margin), np.float32)
    mask = np.zeros(part.shape, np.uint8)
    mask[margin:-margin, margin:-margin] = mark.mask
    rows = slice(max(0, top - margin), min(contrast.shape[0], bottom + margin))
    columns = slice(max(0, left - margin), min(contrast.shape[1], right + margin))
    into = slice(rows.start - top + margin, rows.stop - top + margin)
    across = slice(columns.start - left + margin, columns.stop - left + margin)
    part[into, across] = contrast[rows, columns]
    part *= cv2.dilate(mask, np.ones((3, 3), np.uint8))
    reach = max(3, round(1.5 * mark.thickness)) | 1
    local = np.maximum(cv2.blur(disc.dilated(part, reach), (reach, reach)), 0.25 * mark.strength)
    return ((part / local - 0.25) / 0.45).clip(0, 1)


def _sized(grey: np.ndarray) -> np.ndarray:
    longest = max(grey.shape)
    scale = min(1.0, SIDE[1] / longest) if longest > SIDE[0] else SIDE[0] / longest
    if scale == 1:
        return np.ascontiguousarray(grey, np.float32)
    size = tuple(max(4, round(side * scale)) for side in grey.shape[::-1])
    return cv2.resize(grey, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)


def _score(mark: Mark, shape: tuple[int, ...]) -> float:
    return mark.longest / max(shape) * min(1.0, mark.strength * 2) * (0.5 if mark.rim else 1.0)


def _outermost(pairs: list[tuple[Mark, marks.Found]]) -> list[tuple[Mark, marks.Found]]:
    """Drops marks of the other polarity within a digit's box: they are gaps between its strokes."""
    return [
        (mark, polarity)
        for mark, polarity in pairs
        if not any(
            other is not polarity and larger.longest >= mark.longest and marks.within(mark.box, larger.box, 2)
            for larger, other in pairs
        )
    ]


def _in_order(found: list[Mark]) -> list[Mark]:
    """Line by line, from left to right."""
    rest, order = sorted(found, key=lambda mark: mark.box[1]), []
    while rest:
        first = rest[0]
        line = [mark for mark in rest if (mark.box[1] + mark.box[3]) / 2 < first.box[3]]
        order += sorted(line or [first], key=lambda mark: mark.box[0])
        rest = [mark for mark in rest if mark not in (line or [first])]
    return order
