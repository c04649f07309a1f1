"""Finds connected marks on a flattened picture and decides which can be digits, by size, thickness and length of stroke."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from .components import components
from .lines import without_lines
from .median import of_sorted

CONTRAST = 0.06  # fainter marks belong to the paper
FAINT = 0.035  # lowest contrast of a part of a stroke that is connected to a stronger part
NOISES = 6.0  # lowest contrast of ink over the noise of the paper
TAIL = 0.004  # of the picture's area: a thin stroke covers at least this much
SMALLEST = 0.035  # of the picture's longer side: smaller marks are dust
CORNER = 0.1  # of the picture's longer side: on ruled paper, smaller marks at the edge are parts of lines
LIKE = 0.45  # of the best digit's longer side: smaller marks beside it are not digits
SOLID = 0.42  # of a mark's longer side: a mark this thick is a solid area ("slab")
CONTACT = 0.6  # of a mark's longer side: a mark that touches the picture's edge over this length continues beyond it
FLATTEST = 7  # width over height: a flatter mark is a remainder of a ruled line
TANGLED = 5.0  # length of stroke over a mark's longer side: more is a scribble
REMAINS = 0.5  # of the usual ink: near a line, fainter pixels are remainders of the line
STRONGEST = 0.9  # quantile of the ink away from lines: ink on a line is taken to be no stronger
LEAST_REST = 0.2  # fraction of its ink that is left of a slender 0 whose sides were removed as lines; of a box none is
MOST_DEEP = 0.2  # fraction of that rest that may lie farther inside than the stroke width; in a box most does
MOST_HOLES = 3  # holes of a digit: an 8 has two, and one may be accidental
HOLES = 9  # more holes than this are a scribble

Box = tuple[int, int, int, int]  # left, top, right, bottom, px


class Mark(NamedTuple):
    """Something that may be a digit. box: left, top, right, bottom, px, right and bottom exclusive.

    mask: bool [H, W] of the box; strength: its contrast; thickness: of its thickest stroke, px; rim: it touches the
    picture's edge; what: "digit", "slab" or "scribble".
    """

    box: Box
    mask: np.ndarray
    strength: float
    thickness: float
    rim: bool
    what: str

    @property
    def height(self) -> int:
        return self.box[3] - self.box[1]

    @property
    def width(self) -> int:
        return self.box[2] - self.box[0]

    @property
    def longest(self) -> int:
        return max(self.height, self.width)


class Found(NamedTuple):
    """The marks of one polarity. marks: see Mark; contrast: float32 [H, W] without lines; lines: number of pixels of
    lines."""

    marks: list[Mark]
    contrast: np.ndarray
    lines: int


def find(contrast: np.ndarray) -> Found | None:
    """Marks in a picture's contrast, float32 [H, W] in [0, 1]; None if nothing stands out from the paper."""
    ordered = np.sort(contrast, axis=None)
    grain = 1.4826 * of_sorted(ordered)
    full = float(ordered[-max(1, round(TAIL * contrast.size)) :].mean())
    if full < max(CONTRAST, min(NOISES * grain, 0.5)):
        return None
    floor = max(FAINT, min(3 * grain, 0.5 * full), 0.12 * full)
    clean, lines = without_lines(contrast, floor)
    clean = _with_closed_strokes(contrast, _without_remains(clean, lines, floor), lines, floor)
    marks = _marks(clean, floor)
    if lines.any():  # drop remainders of ruled lines in the picture's corners
        marks = [mark for mark in marks if not mark.rim or mark.longest > CORNER * max(contrast.shape)]
    marks = _framed(without_rims(marks))
    if lines.any() and not marks:  # a digit may be one straight line; one that ends at the edge is a rule
        clean, marks = contrast, _framed(_marks(contrast, floor))
        marks = marks if len(marks) == 1 and not marks[0].rim else []
    return Found(_joined(marks, contrast.shape), clean, int(lines.sum()))


def _with_closed_strokes(contrast: np.ndarray, clean: np.ndarray, lines: np.ndarray, floor: float) -> np.ndarray:
    """Restore a slender 0 whose straight sides were taken for those of a box.

    Its sides are a part of its ink, and the rest lies along its outline; the digit in a box lies deeper inside, and an
    empty box has no rest.
    """
    if not lines.any():
        return clean
    height, width = contrast.shape
    ink = contrast > floor
    _, labels, stats = components(ink.astype(np.uint8))
    for label in np.unique(labels[lines & ink]):
        left, top, wide, high = (int(value) for value in stats[label][:4])
        if min(left, top, width - left - wide, height - top - high) <= 1 or max(wide, high) < SMALLEST * max(
            height, width
        ):
            continue
        window = slice(top, top + high), slice(left, left + wide)
        mask = labels[window] == label
        rest = mask & (clean[window] > floor)
        if rest.sum() < LEAST_REST * mask.sum() or _deep_inside(mask, rest) > MOST_DEEP:
            continue
        clean = clean.copy()
        clean[window] = np.where(mask, contrast[window], clean[window])
    return clean


def _deep_inside(mask: np.ndarray, rest: np.ndarray) -> float:
    """Share of the pixels `rest` that lie farther inside the outline of a mark than its strokes are thick."""
    background = np.pad(~mask, 1, constant_values=True).astype(np.uint8)
    _, labels = cv2.connectedComponents(background, connectivity=4)
    inside = (labels != labels[0, 0]).astype(np.uint8)
    depth = cv2.distanceTransform(inside, cv2.DIST_L2, 3)[1:-1, 1:-1]
    return float((depth[rest] > 1.6 * _mean_thickness(mask) + 1).mean())


def _without_remains(clean: np.ndarray, lines: np.ndarray, floor: float) -> np.ndarray:
    """Remove remainders of lines: near a line, pixels fainter than half of the ink elsewhere. Ink on a line is as dark as
    both together; it becomes as dark as the ink elsewhere."""
    if not lines.any():
        return clean
    near = cv2.dilate(lines.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    ink = clean[~near & (clean > 2 * floor)]
    if ink.size < TAIL * clean.size / 4:
        return clean
    least, most = REMAINS * float(np.quantile(ink, 0.7)), float(np.quantile(ink, STRONGEST))
    return np.where(near, np.where(clean < least, np.float32(0), np.minimum(clean, np.float32(most))), clean)


def _marks(contrast: np.ndarray, floor: float) -> list[Mark]:
    """Connected components above `floor` that have a strong part."""
    height, width = contrast.shape
    count, labels, stats = components((contrast > floor).astype(np.uint8))
    least = max(3.0, SMALLEST * max(contrast.shape) * 0.4)
    marks = []
    for label in range(1, count):
        left, top, wide, high = (int(value) for value in stats[label][:4])
        if max(wide, high) < least or wide > FLATTEST * high:
            continue
        mask = labels[top : top + high, left : left + wide] == label
        part = contrast[top : top + high, left : left + wide]
        strength = float(np.quantile(part[mask], 0.9))
        if strength < max(CONTRAST, 1.3 * floor):
            continue
        mask = mask & (part > max(floor, 0.2 * strength))
        edges = [mask[:, 0], mask[0], mask[:, -1], mask[-1]]
        outside = (left <= 1, top <= 1, left + wide >= width - 1, top + high >= height - 1)
        touching = sum(int(edge.sum()) for edge, out in zip(edges, outside, strict=True) if out)
        if touching > CONTACT * max(wide, high):
            continue
        marks.append(described((left, top, left + wide, top + high), mask, strength, any(outside)))
    return marks


def without_rims(marks: list[Mark]) -> list[Mark]:
    """Drops marks that touch the picture's edge if there is a good mark that does not."""
    free = [mark for mark in marks if not mark.rim]
    if free and max(m.longest for m in free) > 0.12 * max(m.longest for m in marks):
        return free
    return marks


def described(box: Box, mask: np.ndarray, strength: float, rim: bool) -> Mark:
    padded = np.pad(mask.astype(np.uint8), 1)
    thickness = 2 * float(cv2.distanceTransform(padded, cv2.DIST_L2, 3).max())
    longest = max(mask.shape)
    area = int(mask.sum())
    what = "digit"
    if thickness > SOLID * longest and longest > 8 and min(mask.shape) > 0.3 * longest:
        what = "slab"
    elif longest > 30 and (area > TANGLED * longest * _mean_thickness(mask) or holes(padded) > HOLES):
        what = "scribble"
    return Mark(box, mask, strength, thickness, rim, what)


def _mean_thickness(mask: np.ndarray) -> float:
    """Twice the area over the length of the outline. On a square raster the outline is too long by a factor of 4 / pi."""
    padded = np.pad(mask, 1)
    outline = np.count_nonzero(padded[1:] != padded[:-1]) + np.count_nonzero(padded[:, 1:] != padded[:, :-1])
    return float(2 * np.count_nonzero(mask) / max(1.0, 0.8 * outline))


def holes(padded: np.ndarray) -> int:
    """Number of holes of more than 6 px in a mark, uint8 [H, W] with a margin."""
    count, _, stats, _ = cv2.connectedComponentsWithStats(1 - padded, connectivity=4)
    return int((stats[1:count, cv2.CC_STAT_AREA] > 6).sum()) - 1


def _framed(marks: list[Mark]) -> list[Mark]:
    """Drops frames: thin outlines with something large inside them."""
    kept = []
    for outer in marks:
        fill = outer.mask.mean()
        inside = [m for m in marks if m is not outer and within(m.box, outer.box) and m.longest > 0.3 * outer.longest]
        if fill < 0.4 and inside and _encloses(outer, inside):
            continue
        kept.append(outer)
    return kept


def within(box: Box, outer: Box, slack: int = 0) -> bool:
    return (
        box[0] >= outer[0] - slack
        and box[1] >= outer[1] - slack
        and box[2] <= outer[2] + slack
        and box[3] <= outer[3] + slack
    )


def _encloses(outer: Mark, inside: list[Mark]) -> bool:
    """One of the marks is in a hole of the outer one."""
    background = np.pad(~outer.mask, 1, constant_values=True).astype(np.uint8)
    _, labels = cv2.connectedComponents(background, connectivity=4)
    for mark in inside:
        x, y = (mark.box[0] + mark.box[2]) // 2 - outer.box[0] + 1, (mark.box[1] + mark.box[3]) // 2 - outer.box[1] + 1
        ys, xs = np.nonzero(mark.mask)
        x, y = xs[0] + mark.box[0] - outer.box[0] + 1, ys[0] + mark.box[1] - outer.box[1] + 1
        if labels[y, x] != labels[0, 0] and labels[y, x] != 0:
            return True
    return False


def _joined(marks: list[Mark], shape: tuple[int, ...]) -> list[Mark]:
    """Merges marks that belong to one digit, such as the bar of a 5 or an interrupted stroke; drops small ones."""
    marks = sorted(marks, key=lambda mark: -mark.longest)
    done: list[Mark] = []
    while marks:
        mark = marks.pop(0)
        for index, other in enumerate(done):
            if _belongs(mark, other):
                done[index] = _union(other, mark)
                break
        else:
            done.append(mark)
    return [mark for mark in done if mark.longest >= SMALLEST * max(shape)]


def _belongs(small: Mark, large: Mark) -> bool:
    if "slab" in (small.what, large.what) or small.strength < 0.3 * large.strength:
        return False
    across = min(small.box[2], large.box[2]) - max(small.box[0], large.box[0])
    down = min(small.box[3], large.box[3]) - max(small.box[1], large.box[1])
    if across > 0.5 * small.width and down > 0.5 * small.height:
        return small.longest < 0.5 * large.longest and not large.rim  # within it
    gap = max(-across, -down, 0)
    stroke = min(small.thickness, large.thickness)
    if small.longest < 0.75 * large.longest and gap < max(1.5 * stroke, 3):
        return True
    beside = across > 0.5 * min(small.width, large.width)
    return beside and small.height < 0.5 * large.height and gap < 0.2 * large.height


def _union(one: Mark, other: Mark) -> Mark:
    box = (
        min(one.box[0], other.box[0]), min(one.box[1], other.box[1]),
        max(one.box[2], other.box[2]), max(one.box[3], other.box[3]),
    )  # fmt: skip
    mask = np.zeros((box[3] - box[1], box[2] - box[0]), bool)
    for mark in (one, other):
        left, top = mark.box[0] - box[0], mark.box[1] - box[1]
        mask[top : top + mark.height, left : left + mark.width] |= mark.mask
    return described(box, mask, max(one.strength, other.strength), one.rim or other.rim)
