"""Two families of appearance: one for tuning the preparation, one reserved for measuring it."""

from __future__ import annotations

from typing import NamedTuple, TypeVar

import numpy as np

Colour = tuple[float, float, float]
Choice = TypeVar("Choice")


class Family(NamedTuple):
    """Ranges are (low, high), uniform; colours are RGB, 0 to 255; lengths are fractions of the picture's shorter side
    unless stated otherwise.
    """

    seed: int
    styles: slice  # which styles of handwriting.SKELETONS are used
    sides: tuple[tuple[int, int], ...]  # width, height, px
    papers: tuple[Colour, ...]
    inks: tuple[Colour, ...]
    rules: tuple[Colour, ...]  # printed lines
    desks: tuple[Colour, ...]
    height: tuple[float, float]  # height of a single digit on a sheet
    pen: tuple[float, float]  # fraction of the digit's height
    opacity: tuple[float, float]  # opacity of the ink
    tilt: tuple[float, float]  # degrees
    spacing: tuple[float, float]  # distance of the rules, in heights of the digit
    rule: tuple[float, float]  # width of a rule, in widths of the pen
    dark: tuple[float, float]  # brightness in a shadow
    light: tuple[float, float]  # unevenness of the light
    blur: tuple[float, float]  # px per 1,000 px of the picture
    grain: tuple[float, float]
    quality: tuple[int, int]  # of the JPEG

    def one(self, random: np.random.Generator, values: tuple[Choice, ...]) -> Choice:
        return values[int(random.integers(len(values)))]


SEEN = Family(
    seed=1,
    styles=slice(0, None, 2),
    sides=((640, 480), (480, 640), (900, 700), (600, 800), (500, 500)),
    papers=((250, 250, 248), (235, 228, 210), (222, 214, 200), (205, 208, 212), (240, 236, 190)),
    inks=((30, 30, 35), (40, 50, 140), (60, 60, 140), (90, 90, 95), (150, 40, 45)),
    rules=((150, 140, 130), (120, 150, 190), (190, 170, 165), (100, 100, 100)),
    desks=((90, 60, 40), (40, 40, 45), (130, 100, 70)),
    height=(0.2, 0.6),
    pen=(0.05, 0.12),
    opacity=(0.8, 1.0),
    tilt=(-3, 3),
    spacing=(0.6, 1.4),
    rule=(0.3, 0.9),
    dark=(0.5, 0.75),
    light=(0.05, 0.3),
    blur=(0.5, 1.5),
    grain=(1, 5),
    quality=(60, 92),
)

UNSEEN = Family(
    seed=2,
    styles=slice(1, None, 2),
    sides=((800, 600), (560, 750), (720, 720), (1000, 560), (450, 600)),
    papers=((246, 248, 252), (228, 220, 205), (214, 205, 180), (196, 204, 196), (242, 228, 226)),
    inks=((15, 20, 25), (25, 60, 160), (70, 80, 100), (105, 100, 110), (20, 100, 60), (130, 30, 90)),
    rules=((160, 185, 215), (215, 160, 160), (135, 130, 140), (170, 195, 170), (85, 95, 120)),
    desks=((60, 45, 35), (25, 30, 30), (150, 120, 90), (80, 95, 110)),
    height=(0.16, 0.7),
    pen=(0.045, 0.14),
    opacity=(0.7, 0.97),
    tilt=(-5, 5),
    spacing=(0.5, 1.6),
    rule=(0.25, 1.0),
    dark=(0.45, 0.8),
    light=(0.0, 0.35),
    blur=(0.3, 1.8),
    grain=(0.5, 6),
    quality=(50, 95),
)

FAMILIES = {"seen": SEEN, "unseen": UNSEEN}
