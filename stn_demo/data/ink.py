"""Ink: what a round pen leaves on a square drawing pad, and the preparation of MNIST's digits.

The drawing pad and the generator of handwriting share this code, so that a drawn digit and a training digit have the
same ink.

Pixel coordinates are continuous: pixel i covers [i, i + 1] and has its centre at i + 0.5; y points down.
"""

import functools
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

BOX = 20 / 28
"""The longest side of prepared ink, as a fraction of the frame: 20 of 28 pixels, as in MNIST."""

PEN = (1.8 / 28, 3.2 / 28)
"""Pen widths of prepared ink, as fractions of the frame.

On MNIST's training images (twice the distance transform on the ridge, at fourfold size) the quantiles
5, 50, 95 % are 1.8, 2.5 and 4.0 px; above 3.2 px the small loops begin to fill.
"""

LARGEST_MAGNIFICATION = 5.0
"""Ink smaller than a fifth of the box is a dot or a slip; it is not enlarged to fill the frame."""

CROWDED = 0.5
"""Points closer than this to the previous one, px along the path, make no visible difference."""

VISIBLE = 0.5
"""Smallest coverage that counts as ink when the rest of an erased stroke is measured."""


BLOCK = 64
"""Segments of one drawing that are processed at a time."""

FARTHEST = 100.0
"""Largest coordinate of a point, in pads: a captured pointer may leave the pad, but not that far."""


class Stroke(NamedTuple):
    """One movement of the pen.

    points: float array [M, 2], M >= 1, (x, y) in pad units: 0..1 over the pad, x right, y down.
    width: width of the pen, as a fraction of the pad, 0.01..0.3.
    erase: whether the pen erases.
    """

    points: np.ndarray
    width: float
    erase: bool = False


def render(strokes: Sequence[Stroke], size: int = 28, prepare: bool = True) -> Tensor:
    """Draw strokes in their order: white ink on black, float32 [size, size] in [0, 1].

    The coverage of a pixel is clamp(0.5 + width / 2 - distance, 0, 1), in pixels: a pen with round caps and an edge
    that is one pixel soft. Overlapping strokes do not add up; an eraser multiplies by 1 - coverage.

    With `prepare` the ink gets MNIST's canonical form. It is computed from the ink and applied to the points, so that
    nothing is resampled: longest side 20 px (pen included), centre of mass in the middle of the frame, pen width within
    MNIST's range (for size 28; other sizes in proportion). Ink is enlarged at most five times, so a dot stays a dot.
    Without ink the result is black.

    Raises ValueError for points of a wrong shape, not finite or far off the pad, and for a width outside 0.01..0.3.
    """
    strokes = [_checked(stroke) for stroke in strokes]
    if all(stroke.erase for stroke in strokes):
        return torch.zeros(size, size)
    if prepare:
        return _Prepared(strokes, size).picture()
    lines, pens = [stroke.points * size for stroke in strokes], [stroke.width * size for stroke in strokes]
    return _draw(lines, pens, [stroke.erase for stroke in strokes], size)


def render_segments(starts: Tensor, ends: Tensor, widths: Tensor, size: int, softness: Tensor | float = 1.0) -> Tensor:
    """Draw N images of S straight pen strokes with round caps each.

    starts, ends: float [N, S, 2], (x, y) in pixels; equal ends make a dot.
    widths: float [N], or [N, S] for a pen that changes, in pixels.
    softness: width of the edge in pixels, a number or float [N].
    Returns float32 [N, size, size] in [0, 1].

    Squared distance to a segment at p, with unit direction u, length l and s = (p - start) . u: |p - start|^2 + t (t -
    2 s) where t = clamp(s, 0, l). Both |p - start|^2 and s are linear in (1, x, y, x^2 + y^2), so they are two matrix
    products for all pixels.
    """
    starts, ends, widths = starts.float(), ends.float(), widths.float()
    count, segments, _ = starts.shape
    # Coordinates relative to the middle of the frame are smaller, which reduces cancellation.
    starts, along = starts - size / 2, ends - starts
    length = along.norm(dim=-1, keepdim=True)
    unit = along / length.clamp_min(1e-12)

    pixels = _pixels(size, starts.device)
    square = (starts * starts).sum(-1, keepdim=True)
    from_start = torch.cat((square, -2 * starts, torch.ones_like(square)), -1)
    from_side = torch.cat((-(starts * unit).sum(-1, keepdim=True), unit), -1)

    def squared(part: slice = slice(None)) -> Tensor:
        """Squared distances [N, S, size * size] to some of the segments."""
        s = from_side[:, part] @ pixels[:3]
        t = torch.minimum(s.clamp_min(0), length[:, part])
        return (from_start[:, part] @ pixels).addcmul_(t, s.mul_(-2).add_(t))

    if widths.dim() == 1:
        # A single long drawing is processed in blocks that fit in the processor's cache, with the same result.
        block = BLOCK if count == 1 else segments
        nearest = squared(slice(block)).amin(1)
        for first in range(block, segments, block):
            nearest = torch.minimum(nearest, squared(slice(first, first + block)).amin(1))
        inside = widths[:, None] / 2 - nearest.clamp_min_(0).sqrt_()
    else:
        inside = (widths[..., None] / 2 - squared().clamp_min_(0).sqrt_()).amax(1)
    if isinstance(softness, Tensor):
        softness = softness[:, None]
    return inside.div_(softness).add_(0.5).clamp_(0, 1).view(count, size, size)


@functools.lru_cache(maxsize=16)
@torch.inference_mode(False)  # callers may be in any mode
def _pixels(size: int, device: torch.device) -> Tensor:
    """1, x, y and x^2 + y^2 of every pixel, relative to the middle of the frame: [4, size * size]. Do not write to it."""
    centres = torch.arange(size, dtype=torch.float32, device=device) + (0.5 - size / 2)
    y, x = (axis.reshape(-1) for axis in torch.meshgrid(centres, centres, indexing="ij"))
    return torch.stack((torch.ones_like(x), x, y, x * x + y * y))


class _Prepared:
    """Strokes in MNIST's canonical form: the pad point p is at `magnification` * p + `offset`, in pixels."""

    def __init__(self, strokes: list[Stroke], size: int):
        self.strokes = strokes
        self.size = size
        self.box = BOX * size
        self.magnification = LARGEST_MAGNIFICATION * size
        self.offset = np.zeros(2)
        self.blank = False
        self._fit_outline()
        if any(stroke.erase for stroke in strokes):
            self._fit_what_is_left()
        self._centre_mass()

    def picture(self) -> Tensor:
        return torch.zeros(self.size, self.size) if self.blank else self._drawn()

    def _pens(self) -> list[float]:
        """Width of each stroke in pixels; an eraser keeps its width relative to the drawing."""
        low, high = PEN[0] * self.size, PEN[1] * self.size
        widths = [(stroke, stroke.width * self.magnification) for stroke in self.strokes]
        return [width if stroke.erase else min(max(width, low), high) for stroke, width in widths]

    def _fit_outline(self) -> None:
        """Scale the longest side of everything that was drawn, erased or not, to the box."""
        drawn = [stroke.points for stroke in self.strokes if not stroke.erase]
        lows, highs = np.array([p.min(0) for p in drawn]), np.array([p.max(0) for p in drawn])
        longest = max(float((highs.max(0) - lows.min(0)).max()), 1e-9)

        def outline() -> tuple[np.ndarray, np.ndarray]:
            pens = [pen for stroke, pen in zip(self.strokes, self._pens(), strict=True) if not stroke.erase]
            half = np.array(pens)[:, None] / 2
            low, high = lows * self.magnification - half, highs * self.magnification + half
            return low.min(0), high.max(0)

        # The width of the pens depends slightly on the magnification; a few rounds converge.
        for _ in range(4):
            low, high = outline()
            added = float((high - low).max()) - longest * self.magnification
            self.magnification = min((self.box - added) / longest, LARGEST_MAGNIFICATION * self.size)
        low, high = outline()
        self.offset = self.size / 2 - (low + high) / 2

    def _fit_what_is_left(self) -> None:
        """The same for what the eraser left, which can only be measured on the image."""
        for _ in range(2):
            picture = self._drawn()
            if float(picture.max()) < VISIBLE:
                return
            low, high = np.array([_extent(picture.amax(0)), _extent(picture.amax(1))]).T
            factor = self.box / max(float((high - low).max()), 1e-6)
            factor = min(factor, LARGEST_MAGNIFICATION * self.size / self.magnification)
            self.magnification *= factor
            self.offset = self.size / 2 + factor * (self.offset - (low + high) / 2)
            if abs(factor - 1) < 0.01:  # usually only a slip inside the digit was erased
                return

    def _centre_mass(self) -> None:
        picture = self._drawn().double()
        self.blank = float(picture.max()) < VISIBLE
        if self.blank:
            return
        mass = picture.sum()
        centres = torch.arange(self.size, dtype=torch.float64) + 0.5
        middle = torch.stack((picture.sum(0) @ centres, picture.sum(1) @ centres)) / mass
        self.offset = self.offset + self.size / 2 - middle.numpy()

    def _drawn(self) -> Tensor:
        lines = [stroke.points * self.magnification + self.offset for stroke in self.strokes]
        return _draw(lines, self._pens(), [stroke.erase for stroke in self.strokes], self.size)


def _checked(stroke: Stroke) -> Stroke:
    points = np.asarray(stroke.points, dtype=np.float64)
    if points.ndim != 2 or points.shape[1] != 2 or len(points) == 0:
        raise ValueError(f"A stroke needs points [M, 2] with M >= 1, but has {points.shape}.")
    if not (np.abs(points) <= FARTHEST).all():  # also refuses NaN
        raise ValueError(f"A stroke has a point outside ±{FARTHEST:g}; points on the pad are 0 to 1.")
    if not 0.01 <= stroke.width <= 0.3:
        raise ValueError(f"The width of a stroke is {stroke.width}; give 0.01 to 0.3 of the pad.")
    return Stroke(points, float(stroke.width), bool(stroke.erase))


def _draw(lines: list[np.ndarray], widths: list[float], erase: list[bool], size: int) -> Tensor:
    """lines: [M, 2] arrays in pixels. Successive strokes with the same pen are drawn together."""
    picture = torch.zeros(size, size)
    first = 0
    while first < len(lines):
        last = first + 1
        while last < len(lines) and (widths[last], erase[last]) == (widths[first], erase[first]):
            last += 1
        group = [_without_crowding(line) for line in lines[first:last]]
        # A single point is a segment of length zero.
        starts = np.concatenate([line[: max(1, len(line) - 1)] for line in group])
        ends = np.concatenate([line[min(1, len(line) - 1) :] for line in group])
        coverage = render_segments(
            torch.from_numpy(starts)[None], torch.from_numpy(ends)[None], torch.tensor([widths[first]]), size
        )[0]
        picture = picture * (1 - coverage) if erase[first] else torch.maximum(picture, coverage)
        first = last
    return picture


def _extent(profile: Tensor) -> tuple[float, float]:
    """Where a profile of coverages [size] begins and ends, in pixels; the edges are where the coverage is 1/2."""
    values = np.pad(profile.numpy().astype(np.float64), 1)  # values[i] belongs to the coordinate i - 0.5
    seen = np.flatnonzero(values >= VISIBLE)
    first, last = seen[0], seen[-1]
    low = first - 0.5 - (values[first] - 0.5) / (values[first] - values[first - 1])
    high = last - 0.5 + (values[last] - 0.5) / (values[last] - values[last + 1])
    return float(low), float(high)


def _without_crowding(line: np.ndarray) -> np.ndarray:
    """Keep one point [M, 2] per half pixel of the path, and the last point: a slow pointer reports far more."""
    if len(line) < 3:
        return line
    travelled = np.cumsum(np.hypot(*np.diff(line, axis=0).T)) / CROWDED
    keep = np.empty(len(line), dtype=bool)
    keep[0] = keep[-1] = True
    buckets = np.floor(travelled)
    keep[1:-1] = buckets[:-1] > np.concatenate(([0.0], buckets[:-2]))
    return line[keep]
