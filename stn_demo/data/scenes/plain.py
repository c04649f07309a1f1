"""Groups without printed marks: drawings, photographs, shadows, desks, rims of scans; and pictures without a digit.

Each function takes (random, look, number) and returns the sheet and the picture of it.
"""

from __future__ import annotations

import numpy as np
from PIL import Image

from .family import Family
from .sheet import Colour, Point, Sheet


def begun(random: np.random.Generator, look: Family) -> tuple[Sheet, float, Colour]:
    """An empty sheet, its shorter side in px, and the colour of the ink."""
    sheet = Sheet(random, *look.one(random, look.sides), look.one(random, look.papers))
    return sheet, min(sheet.width, sheet.height), look.one(random, look.inks)


def written(
    sheet: Sheet, look: Family, label: int, side: float, ink: Colour, *, centre: Point | None = None
) -> tuple[float, float]:
    """Write a digit of the look's height at `centre` (px; default: anywhere); returns its height and pen width, px."""
    random = sheet.random
    height = random.uniform(*look.height) * side
    pen = max(2.0, height * random.uniform(*look.pen))
    if centre is None:
        corner = [random.uniform(0.04 * side, total - height - 0.04 * side) for total in (sheet.width, sheet.height)]
    else:
        corner = [middle - height / 2 for middle in centre]
    sheet.write(label, corner, height, pen, ink, styles=look.styles, strength=random.uniform(*look.opacity))
    return height, pen


def taken(sheet: Sheet, look: Family, light: bool = True) -> Image.Image:
    """A photograph of the sheet: uneven light, blur, grain, JPEG."""
    random = sheet.random
    if light:
        sheet.light(random.uniform(*look.light))
    sheet.grain(random.uniform(*look.grain), random.uniform(0, 1.5))
    blur = random.uniform(*look.blur) * max(sheet.width, sheet.height) / 1000
    return sheet.photograph(blur, int(random.integers(*look.quality)))


def drawing(random: np.random.Generator, look: Family, number: int) -> tuple[Sheet, Image.Image]:
    """A drawing on a screen: one colour on another, dark on light or light on dark, small or large."""
    side = int(random.choice((28, 56, 112, 280, 560)))
    dark, light = random.uniform(0, 70), random.uniform(190, 255)
    paper, ink = (light, dark) if random.random() < 0.5 else (dark, light)
    sheet = Sheet(random, side, side, (paper,) * 3)
    height = side * random.uniform(0.55, 0.9)
    corner = random.uniform(0, side - height, 2)
    pen = max(side / 28, height * random.uniform(*look.pen))
    sheet.write(number % 10, corner, height, pen, (ink,) * 3, styles=look.styles)
    return sheet, sheet.photograph()


def photo(random: np.random.Generator, look: Family, number: int) -> tuple[Sheet, Image.Image]:
    """A sheet photographed from close up."""
    sheet, side, ink = begun(random, look)
    written(sheet, look, number % 10, side, ink)
    return sheet, taken(sheet, look)


def shadow(random: np.random.Generator, look: Family, number: int) -> tuple[Sheet, Image.Image]:
    """The same, with the edge of a shadow across it."""
    sheet, side, ink = begun(random, look)
    written(sheet, look, number % 10, side, ink)
    sheet.shadow(random.uniform(*look.dark), random.uniform(0.01, 0.3) * side)
    return sheet, taken(sheet, look)


def desk(random: np.random.Generator, look: Family, number: int) -> tuple[Sheet, Image.Image]:
    """A tilted sheet that does not fill the picture: the desk is visible on one to four sides."""
    sheet, side, ink = begun(random, look)
    paper = tuple(sheet.pixels[0, 0])
    sheet.pixels[:] = look.one(random, look.desks)
    sheet.grain(4, 6)
    margins = random.uniform(0.05, 0.2, 4) * side * (random.random(4) < 0.7)
    margins[random.integers(4)] = random.uniform(0.08, 0.2) * side
    box = np.array([margins[0], margins[1], sheet.width - margins[2], sheet.height - margins[3]])
    middle = (box[:2] + box[2:]) / 2
    half = (box[2:] - box[:2]) / 2
    angle = np.radians(random.uniform(*look.tilt) * 2)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    corners = [middle + turn @ (half * signs) for signs in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
    sheet.polygon(corners, paper)
    written(sheet, look, number % 10, 0.6 * side, ink, centre=middle)
    return sheet, taken(sheet, look)


def rim(random: np.random.Generator, look: Family, number: int) -> tuple[Sheet, Image.Image]:
    """A scan with an open lid: a dark band along one to three edges."""
    sheet, side, ink = begun(random, look)
    inner = min(sheet.width, sheet.height) * 0.75
    middle = np.array([sheet.width, sheet.height]) / 2 + random.uniform(-0.05, 0.05, 2) * side
    written(sheet, look, number % 10, inner, ink, centre=middle)
    dark = (random.uniform(0, 60),) * 3
    width, height = sheet.width, sheet.height
    for edge in random.permutation(4)[: random.integers(1, 4)]:
        near, far = random.uniform(0.01, 0.07, 2) * side
        band = {
            0: [(0, 0), (width, 0), (width, near), (0, far)],
            1: [(0, height), (width, height), (width, height - near), (0, height - far)],
            2: [(0, 0), (near, 0), (far, height), (0, height)],
            3: [(width, 0), (width - near, 0), (width - far, height), (width, height)],
        }[int(edge)]
        sheet.polygon(band, dark)
    return sheet, taken(sheet, look, light=False)


def edges(random: np.random.Generator, look: Family, number: int) -> tuple[Sheet, Image.Image]:
    """A digit cropped so closely that it touches all four edges of the picture."""
    side = int(random.choice((60, 120, 240, 480)))
    sheet = Sheet(random, 2 * side, 2 * side, look.one(random, look.papers))
    ink = look.one(random, look.inks)
    if random.random() < 0.3:
        ink, sheet.pixels[:] = tuple(sheet.pixels[0, 0]), ink
    pen = max(2.5, side * random.uniform(*look.pen) * 1.2)
    sheet.write(number % 10, (side / 2, side / 2), side, pen, ink, styles=look.styles)
    sheet.grain(random.uniform(*look.grain) / 2)
    left, top, right, bottom = (round(value) for value in sheet.boxes[0])
    right, bottom = max(right, left + 12), max(bottom, top + 12)
    sheet.pixels, sheet.ink = sheet.pixels[top:bottom, left:right], sheet.ink[top:bottom, left:right]
    sheet.width, sheet.height = right - left, bottom - top
    sheet.boxes = [(0.0, 0.0, float(right - left), float(bottom - top))]
    return sheet, sheet.photograph(0.3)


def faint(random: np.random.Generator, look: Family, number: int) -> tuple[Sheet, Image.Image]:
    """Part of the digit is fainter than the rest, as if written with less pressure."""
    sheet, side, ink = begun(random, look)
    untouched = sheet.pixels.copy()
    written(sheet, look, number % 10, side, ink)
    left, top, right, bottom = sheet.boxes[0]
    y, x = np.mgrid[: sheet.height, : sheet.width]
    angle = random.uniform(0, 2 * np.pi)
    along = ((x - (left + right) / 2) * np.cos(angle) + (y - (top + bottom) / 2) * np.sin(angle)) / (bottom - top)
    fading = np.clip(along * 4, 0, 1) * random.uniform(0.4, 0.6)
    sheet.pixels += fading[..., None].astype(np.float32) * (untouched - sheet.pixels)
    return sheet, taken(sheet, look)


def nothing(random: np.random.Generator, look: Family, number: int) -> tuple[Sheet, Image.Image]:
    """No digit: blank paper, a slab, a scribble, rules, a shadow, or the edge of a desk."""
    sheet, side, ink = begun(random, look)
    kind = number % 6
    size = side * random.uniform(0.3, 0.6)
    left, top = (random.uniform(0.05, 0.95) * (total - size) for total in (sheet.width, sheet.height))
    if kind == 1:
        sheet.polygon([(left, top), (left + size, top), (left + size, top + size * 0.8), (left, top + size * 0.8)], ink)
    elif kind == 2:
        turns = np.linspace(0, random.uniform(20, 32), 160)
        xs = left + size * (0.5 + 0.4 * np.sin(turns * 1.3 + random.uniform(0, 6)) + random.normal(0, 0.03, 160))
        ys = top + size * (0.5 + 0.4 * np.cos(turns) + random.normal(0, 0.03, 160))
        points = np.stack((xs, ys), 1)
        sheet.lay(sheet.path(np.stack((points[:-1], points[1:]), 1), size * random.uniform(0.03, 0.06)), ink)
    elif kind == 3:
        for y in np.arange(0.1, 1, 0.12) * sheet.height:
            sheet.line((0, y), (sheet.width, y + random.uniform(-3, 3)), 3, look.one(random, look.rules))
    elif kind == 4:
        sheet.shadow(random.uniform(*look.dark), random.uniform(0.01, 0.3) * side)
    elif kind == 5:
        edge = random.uniform(0.2, 0.5) * sheet.width
        sheet.polygon([(0, 0), (edge, 0), (edge + 20, sheet.height), (0, sheet.height)], look.one(random, look.desks))
    return sheet, taken(sheet, look)
