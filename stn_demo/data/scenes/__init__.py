"""Generated pictures like those that people upload: generated handwriting among other marks.

``make`` returns one picture of a group (a kind of difficulty); ``GROUPS`` names the groups. The same arguments give the
same picture. The family "seen" is for tuning the preparation, "unseen" for measuring it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from PIL import Image

from . import marks, plain
from .family import FAMILIES, Family
from .sheet import Sheet


class Scene(NamedTuple):
    """A picture and the digits on it.

    image: RGB. labels: the digits from left to right, none in the group "nothing". boxes: their boxes, (left, top,
    right, bottom), px. ink: float64 [H, W] in [0, 1], the coverage of each pixel by digits.
    """

    image: Image.Image
    labels: tuple[int, ...]
    boxes: tuple[tuple[float, float, float, float], ...]
    ink: np.ndarray


GROUPS: dict[str, Callable[[np.random.Generator, Family, int], tuple[Sheet, Image.Image]]] = {
    "drawing": plain.drawing,
    "photo": plain.photo,
    "shadow": plain.shadow,
    "desk": plain.desk,
    "rim": plain.rim,
    "edges": plain.edges,
    "faint": plain.faint,
    "ruled": marks.ruled,
    "squared": marks.squared,
    "boxed": marks.boxed,
    "table": marks.table,
    "panel": marks.panel,
    "several": marks.several,
    "nothing": plain.nothing,
}


def make(group: str, number: int, family: str = "seen") -> Scene:
    """Picture `number` of a group; in groups with one digit per picture it is number % 10.

    Raises KeyError for an unknown group or family.
    """
    look = FAMILIES[family]
    random = np.random.default_rng((look.seed, list(GROUPS).index(group), number))
    sheet, image = GROUPS[group](random, look, number)
    order = sorted(range(len(sheet.labels)), key=lambda index: sheet.boxes[index][0])
    labels, boxes = tuple(sheet.labels[i] for i in order), tuple(sheet.boxes[i] for i in order)
    return Scene(image, labels, boxes, sheet.ink)


__all__ = ["GROUPS", "Scene", "Sheet", "make"]
