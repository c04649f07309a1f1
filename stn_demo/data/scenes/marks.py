"""Groups with printed marks: ruled and squared paper, form boxes, tables, panels; and pictures with several digits.

Each function takes (random, look, number) and returns the sheet and the picture of it.
"""

from __future__ import annotations

import numpy as np
from PIL import Image

from .family import Family
from .plain import begun, taken
from .sheet import Colour, Sheet


def ruled(random: np.random.Generator, look: Family, number: int) -> tuple[Sheet, Image.Image]:
    """Ruled paper, slightly tilted; sometimes with a coloured margin line."""
    sheet, _, ink = begun(random, look)
    _digit_among(sheet, look, number, ink, both=False)
    return sheet, taken(sheet, look)


def squared(random: np.random.Generator, look: Family, number: int) -> tuple[Sheet, Image.Image]:
    """Squared paper; the squares are between a third of the digit and its full size."""
    sheet, _, ink = begun(random, look)
    _digit_among(sheet, look, number, ink, both=True)
    return sheet, taken(sheet, look)


def _digit_among(sheet: Sheet, look: Family, number: int, ink: Colour, *, both: bool) -> None:
    random, side = sheet.random, min(sheet.width, sheet.height)
    height = random.uniform(look.height[0], 0.75 * look.height[1]) * side
    pen = max(2.5, height * random.uniform(*look.pen))
    spacing = height * random.uniform(*look.spacing) * (0.6 if both else 1)
    width = max(1.0, pen * random.uniform(*look.rule))
    slope = np.tan(np.radians(random.uniform(*look.tilt)))
    colour = look.one(random, look.rules)
    reach = max(sheet.width, sheet.height)
    for at in np.arange(-reach, 2 * reach, spacing) + random.uniform(0, spacing):
        sheet.line((0, at), (sheet.width, at + slope * sheet.width), width, colour)
        if both:
            sheet.line((at, 0), (at - slope * sheet.height, sheet.height), width, colour)
    if not both and random.random() < 0.3:
        at = random.uniform(0.08, 0.16) * sheet.width
        sheet.line((at, 0), (at - slope * sheet.height, sheet.height), width, (210, 110, 110))
    corner = [random.uniform(0.05 * side, total - height - 0.05 * side) for total in (sheet.width, sheet.height)]
    strength = random.uniform(*look.opacity)
    sheet.write(number % 10, corner, height, pen, ink, styles=look.styles, strength=strength)


def boxed(random: np.random.Generator, look: Family, number: int) -> tuple[Sheet, Image.Image]:
    """A form box around the digit, alone or in a row of boxes with common sides."""
    sheet, side, ink = begun(random, look)
    count = int(random.choice((1, 1, 3, 5)))
    cell = min(random.uniform(0.3, 0.75) * side, 0.9 * sheet.width / count)
    tall = min(cell * random.uniform(1, 1.35), 0.9 * sheet.height)
    left = random.uniform(0.03 * sheet.width, 0.97 * sheet.width - count * cell)
    top = random.uniform(0.03 * sheet.height, 0.97 * sheet.height - tall)
    height = cell * random.uniform(0.5, 0.82)
    pen = max(2.5, height * random.uniform(*look.pen))
    width = max(1.5, pen * random.uniform(0.3, 1.0))
    slope = np.tan(np.radians(random.uniform(*look.tilt) / 2))
    colour = look.one(random, look.rules) if random.random() < 0.5 else (20, 20, 20)

    def at(x: float, y: float) -> tuple[float, float]:
        return left + x - slope * y, top + y + slope * x

    for index in range(count):
        x = index * cell
        sheet.outline([at(x, 0), at(x + cell, 0), at(x + cell, tall), at(x, tall)], width, colour)
    place = int(random.integers(count))
    free = np.array([cell - height, tall - height])
    corner = at(*(np.array([place * cell, 0]) + free * random.uniform(0.2, 0.8, 2)))
    sheet.write(number % 10, corner, height, pen, ink, styles=look.styles, strength=random.uniform(*look.opacity))
    return sheet, taken(sheet, look)


def table(random: np.random.Generator, look: Family, number: int) -> tuple[Sheet, Image.Image]:
    """A table with lines across the whole picture; the digit is in one cell and may touch a line."""
    sheet, side, ink = begun(random, look)
    cell = np.array([random.uniform(0.35, 0.6), random.uniform(0.3, 0.5)]) * side
    height = cell.min() * random.uniform(0.6, 0.95)
    pen = max(2.5, height * random.uniform(*look.pen))
    width = max(1.5, pen * random.uniform(0.3, 0.9))
    slope = np.tan(np.radians(random.uniform(*look.tilt) / 2))
    colour = look.one(random, look.rules)
    offset = random.uniform(0.05, 0.4, 2) * side
    for x in np.arange(offset[0], sheet.width, cell[0]):
        sheet.line((x, 0), (x - slope * sheet.height, sheet.height), width, colour)
    for y in np.arange(offset[1], sheet.height, cell[1]):
        sheet.line((0, y), (sheet.width, y + slope * sheet.width), width, colour)
    corner = offset + (cell - height) * random.uniform(0, 1, 2)
    corner = np.minimum(corner, [sheet.width - height - 2, sheet.height - height - 2])
    sheet.write(number % 10, corner, height, pen, ink, styles=look.styles, strength=random.uniform(*look.opacity))
    return sheet, taken(sheet, look)


def panel(random: np.random.Generator, look: Family, number: int) -> tuple[Sheet, Image.Image]:
    """A light digit on a dark panel on a light page, or a dark digit on a light panel on a dark page; with or without a
    frame.
    """
    sheet, side, _ = begun(random, look)
    light, dark = (random.uniform(200, 255),) * 3, tuple(random.uniform(0, 90, 3))
    inside, page = (dark, light) if random.random() < 0.7 else (light, dark)
    sheet.pixels[:] = page
    size = np.array([random.uniform(0.45, 0.8), random.uniform(0.5, 0.85)]) * side
    middle = [
        random.uniform(0.55 * length, total - 0.55 * length)
        for length, total in zip(size, (sheet.width, sheet.height), strict=True)
    ]
    angle = np.radians(random.uniform(*look.tilt))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    corners = [middle + turn @ (size / 2 * signs) for signs in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
    sheet.polygon(corners, inside)
    if random.random() < 0.3:
        sheet.outline([tuple(corner) for corner in corners], 0.012 * side, (128, 128, 128))
    height = size.min() * random.uniform(0.5, 0.8)
    pen = max(2.5, height * random.uniform(*look.pen) * 1.3)
    ink = light if inside is dark else dark
    sheet.write(number % 10, np.array(middle) - height / 2, height, pen, ink, styles=look.styles)
    return sheet, taken(sheet, look)


def several(random: np.random.Generator, look: Family, number: int) -> tuple[Sheet, Image.Image]:
    """Two to six digits side by side or in two lines."""
    sheet, _, ink = begun(random, look)
    count = 2 + number % 5
    lines = 1 if count < 4 else int(random.integers(1, 3))
    each = -(-count // lines)
    cell = min(0.9 * sheet.width / each, 0.8 * sheet.height / lines)
    height = cell * random.uniform(0.6, 0.8)
    pen = max(2.0, height * random.uniform(*look.pen))
    left = random.uniform(0.02, 0.08) * sheet.width
    top = (sheet.height - lines * cell) / 2
    strength = random.uniform(*look.opacity)
    for index in range(count):
        column, line = index % each, index // each
        corner = np.array([left + column * cell, top + line * cell]) + (cell - height) * random.uniform(0.3, 0.7, 2)
        label = int(random.integers(10))
        sheet.write(label, corner, height, pen, ink, styles=look.styles, strength=strength)
    return sheet, taken(sheet, look)
