"""Five pictures from a bug report that an earlier version read wrongly, redrawn from its description."""

from __future__ import annotations

from PIL import Image, ImageDraw, ImageFilter


def _seven(
    pen: ImageDraw.ImageDraw, left: float, top: float, height: float, width: int, fill: int | tuple[int, int, int]
) -> None:
    points = [(left, top), (left + 0.6 * height, top), (left + 0.2 * height, top + height)]
    pen.line(points, fill, width, joint="curve")


def ruled() -> Image.Image:
    """A seven on ruled paper whose rules fall by 18 px; it was read as 0."""
    image = Image.new("RGB", (900, 1200), (222, 214, 200))
    pen = ImageDraw.Draw(image)
    for y in range(80, 1200, 80):
        pen.line([(0, y), (900, y + 18)], (150, 140, 130), 4)
    _seven(pen, 430, 560, 90, 5, (60, 60, 140))
    return image.filter(ImageFilter.GaussianBlur(1.2))


def boxed() -> Image.Image:
    """A grey seven in a black box; it was read as 0 or 8."""
    image = Image.new("L", (240, 190), 250)
    pen = ImageDraw.Draw(image)
    pen.rectangle([14, 14, 225, 175], outline=20, width=5)
    _seven(pen, 90, 50, 90, 6, 110)
    return image.convert("RGB")


def panel() -> Image.Image:
    """A white seven on a black panel on a white page."""
    image = Image.new("L", (640, 480), 255)
    pen = ImageDraw.Draw(image)
    pen.rectangle([150, 60, 500, 410], fill=0)
    _seven(pen, 250, 120, 230, 28, 255)
    return image.convert("RGB")


def faint() -> Image.Image:
    """A nine with a faint upper part; it was read as 1 with a probability of 1.00."""
    image = Image.new("L", (112, 112), 0)
    pen = ImageDraw.Draw(image)
    pen.ellipse([38, 18, 78, 58], outline=45, width=8)
    pen.line([(77, 40), (52, 96)], 120, 9)
    return image.filter(ImageFilter.GaussianBlur(2)).convert("RGB")


def pair() -> Image.Image:
    """Two sevens side by side; they were read as one 3 with a probability of .92."""
    image = Image.new("RGB", (480, 300), (245, 245, 245))
    pen = ImageDraw.Draw(image)
    for left in (110, 270):
        _seven(pen, left, 70, 160, 14, (30, 30, 40))
    return image


REPORTED = {
    "ruled": (ruled, (7,)),
    "boxed": (boxed, (7,)),
    "panel": (panel, (7,)),
    "faint": (faint, (9,)),
    "pair": (pair, (7, 7)),
}
"""Name -> (function that draws it, the digits on it from left to right)."""
