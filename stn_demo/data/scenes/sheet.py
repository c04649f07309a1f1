"""A sheet of paper in the making: ink, printed marks, light and camera, as float arrays [H, W, 3], 0 to 255."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from .. import handwriting

Point = Sequence[float] | np.ndarray  # x, y, px
Colour = Sequence[float] | np.ndarray  # RGB, 0 to 255
Draw = Callable[[ImageDraw.ImageDraw, int, int, int], None]

FINE = 3  # marks are drawn enlarged by this factor and averaged, for smooth edges


class Patch(NamedTuple):
    """The coverage of a part of the picture: [h, w], 0 to 1, and its position."""

    rows: slice
    columns: slice
    cover: np.ndarray


class Sheet:
    """A picture of H x W pixels and the digits on it so far.

    pixels: float32 [H, W, 3], 0 to 255. ink: float32 [H, W], coverage by digits, 0 to 1. labels, boxes: the value of
    each digit and its box (left, top, right, bottom), px, in the order of writing.
    """

    def __init__(self, random: np.random.Generator, width: int, height: int, colour: Colour):
        self.random, self.width, self.height = random, width, height
        self.pixels = np.empty((height, width, 3), np.float32)
        self.pixels[:] = colour
        self.ink = np.zeros((height, width), np.float32)
        self.labels: list[int] = []
        self.boxes: list[tuple[float, float, float, float]] = []

    def lay(self, patch: Patch, colour: Colour, strength: float = 1.0) -> None:
        """Cover a patch of the picture with a colour; `strength` is its opacity."""
        part = self.pixels[patch.rows, patch.columns]
        part += strength * patch.cover[..., None] * (np.asarray(colour, np.float32) - part)

    def cover(self, draw: Draw, box: Sequence[float] | None = None) -> Patch:
        """The coverage by what `draw(pen, scale, left, top)` draws with Pillow inside `box` (default: everywhere)."""
        left, top, right, bottom = (0, 0, self.width, self.height) if box is None else map(int, box)
        left, top = max(left, 0), max(top, 0)
        right, bottom = max(min(right, self.width), left + 1), max(min(bottom, self.height), top + 1)
        layer = Image.new("L", ((right - left) * FINE, (bottom - top) * FINE))
        draw(ImageDraw.Draw(layer), FINE, left, top)
        cover = np.asarray(layer.reduce(FINE), np.float32) / 255
        return Patch(slice(top, bottom), slice(left, right), cover)

    def line(self, start: Point, end: Point, width: float, colour: Colour, strength: float = 1.0) -> None:
        """A straight line with flat ends, px."""
        margin = width + 2
        box = [min(start[0], end[0]) - margin, min(start[1], end[1]) - margin]
        box += [max(start[0], end[0]) + margin, max(start[1], end[1]) + margin]

        def draw(pen: ImageDraw.ImageDraw, scale: int, left: int, top: int) -> None:
            points = [((x - left) * scale, (y - top) * scale) for x, y in (start, end)]
            pen.line(points, 255, max(1, round(width * scale)))

        self.lay(self.cover(draw, box), colour, strength)

    def outline(self, points: Sequence[Point], width: float, colour: Colour) -> None:
        """A closed outline through the points, px."""
        for start, end in zip(points, [*points[1:], points[0]], strict=True):
            self.line(start, end, width, colour)

    def polygon(self, points: Sequence[Point], colour: Colour) -> None:
        """A filled polygon, px."""

        def draw(pen: ImageDraw.ImageDraw, scale: int, left: int, top: int) -> None:
            pen.polygon([((x - left) * scale, (y - top) * scale) for x, y in points], 255)

        self.lay(self.cover(draw), colour)

    def path(self, segments: np.ndarray, width: float | np.ndarray) -> Patch:
        """Coverage by straight pen strokes with round ends; segments [S, 2, 2] (x, y) px, widths px."""
        widths = np.broadcast_to(width, len(segments))
        margin = float(widths.max()) + 2
        low, high = segments.min((0, 1)) - margin, segments.max((0, 1)) + margin

        def draw(pen: ImageDraw.ImageDraw, scale: int, left: int, top: int) -> None:
            for segment, wide in zip(segments, widths, strict=True):
                points = [((x - left) * scale, (y - top) * scale) for x, y in segment]
                reach = wide * scale / 2
                pen.line(points, 255, max(1, round(2 * reach)))
                for x, y in points:
                    pen.ellipse([x - reach, y - reach, x + reach, y + reach], 255)

        return self.cover(draw, (*low, *high))

    def write(
        self,
        label: int,
        corner: Point,
        height: float,
        pen: float,
        colour: Colour,
        *,
        styles: slice = slice(None),
        strength: float = 1.0,
    ) -> None:
        """Write a digit: longest side `height` px (pen included), top left at `corner` px, pen `pen` px wide.

        `strength` is the ink's opacity; `styles` selects styles of handwriting (see handwriting.segments).
        """
        path = handwriting.segments(label, int(self.random.integers(1 << 31)), styles).numpy().astype(float)
        path = path * (height - pen) + np.asarray(corner) + pen / 2
        patch = self.path(path, pen)
        self.lay(patch, colour, strength)
        part = self.ink[patch.rows, patch.columns]
        np.maximum(part, patch.cover, out=part)
        low, high = path.min((0, 1)) - pen / 2, path.max((0, 1)) + pen / 2
        self.labels.append(label)
        self.boxes.append((*low.tolist(), *high.tolist()))

    def light(self, strength: float) -> None:
        """Uneven light: a gradient and a fall-off towards the corners; `strength` is the largest change, 0 to 1."""
        y, x = np.mgrid[-1 : 1 : self.height * 1j, -1 : 1 : self.width * 1j]
        a, b, c = self.random.uniform(-1, 1, 3)
        field = a * x + b * y - abs(c) * (x * x + y * y)
        field = (field - field.max()) / max(np.ptp(field), 1e-6)
        self.pixels *= (1 + strength * field)[..., None].astype(np.float32)

    def shadow(self, dark: float, soft: float) -> None:
        """A shadow over one side of the picture: brightness times `dark`, with an edge `soft` px wide."""
        angle = self.random.uniform(0, 2 * np.pi)
        y, x = np.mgrid[: self.height, : self.width]
        at = (x - self.width / 2) * np.cos(angle) + (y - self.height / 2) * np.sin(angle)
        at = at - self.random.uniform(-0.25, 0.25) * min(self.width, self.height)
        inside = np.clip(at / soft + 0.5, 0, 1)
        self.pixels *= (1 - (1 - dark) * inside)[..., None].astype(np.float32)

    def grain(self, sigma: float, coarse: float = 0.0) -> None:
        """Noise of each pixel, and of patches about 8 px wide."""
        self.pixels += sigma * self.random.standard_normal((self.height, self.width, 1), np.float32)
        if coarse:
            small = self.random.normal(0, coarse, (self.height // 8 + 2, self.width // 8 + 2))
            field = Image.fromarray(small.astype(np.float32)).resize(
                (self.width, self.height), Image.Resampling.BICUBIC
            )
            self.pixels += np.asarray(field)[..., None]

    def photograph(self, blur: float = 0.0, quality: int | None = None) -> Image.Image:
        """The picture as RGB, blurred by `blur` px and, with `quality`, compressed as a JPEG."""
        image = Image.fromarray(self.pixels.clip(0, 255).round().astype(np.uint8))
        if blur:
            image = image.filter(ImageFilter.GaussianBlur(blur))
        if quality is None:
            return image
        file = io.BytesIO()
        image.save(file, "JPEG", quality=quality)
        return Image.open(io.BytesIO(file.getvalue())).convert("RGB")
