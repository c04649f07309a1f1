"""Finds the digits on a decoded picture: grey or colour, opaque or transparent. ``cutting`` handles one grey picture."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from . import paper
from .refused import NO_DIGIT, PictureError

LUMA = (0.299, 0.587, 0.114)  # ITU-R BT.601, as in Pillow's own grey
LIKE_BEST = 0.6  # of the best digit's score: the first digit that reaches it is selected by default
Box = tuple[float, float, float, float]


class Found(NamedTuple):
    """What is on a picture. N digits in reading order, N >= 1.

    digits: float32 [N, 28, 28] in [0, 1]. boxes: (left, top, right, bottom) of each, as fractions of the picture.
    first: index of the digit selected by default. colours: uint8 [h, w, 3], the picture, upright, on an opaque
    background, at most 640 px a side. flat: uint8 [h, w], its ink without shadows, lines and frames. cuts: each digit
    as it was cut out, float32 [height, width] in [0, 1].
    """

    digits: Tensor
    boxes: list[Box]
    first: int
    colours: Tensor
    flat: Tensor
    cuts: list[Tensor]


def find(colours: Tensor, alpha: Tensor | None, box: Box | None = None) -> Found:
    """The digits on a picture: colours [1 or 3, h, w] and opacity [h, w] in [0, 1]. With `box`, all ink in it is one
    digit.

    Raises:
        PictureError: no_opencv, blank, lines, slab, scribble.
    """
    try:
        from . import cutting, hidden  # noqa: PLC0415  import OpenCV, which training does not need
    except ImportError:
        missing = "Finding a digit on a picture needs OpenCV; run: pip install opencv-python-headless"
        raise PictureError("no_opencv", missing) from None
    why = None
    plain = grey(colours)
    view: Tensor | None = plain
    while view is not None:
        seen = on_ground(view, alpha).clamp(0, 1).contiguous().numpy()
        found = cutting.cut(seen)
        why = why or found.refused
        cuts = found.digits if box is None else cutting.by_hand(seen, found.flat, box)
        prepared = [(cut, torch.from_numpy(cut.ink)) for cut in cuts if (cut.ink > 0.5).any()]
        if prepared:
            digits = torch.stack([paper.prepared(ink).clamp(0, 1) for _, ink in prepared])
            scores = [cut.score for cut, _ in prepared]
            first = next(i for i, score in enumerate(scores) if score >= LIKE_BEST * max(scores))
            flat = torch.from_numpy(found.flat / max(float(found.flat.max()), 1e-6) * 255).byte()
            boxes, inks = [cut.box for cut, _ in prepared], [ink for _, ink in prepared]
            return Found(digits, boxes, first, _shown(colours, alpha), flat, inks)
        channel = hidden.channel(colours.numpy(), plain.numpy()) if view is plain else None
        view = None if channel is None else torch.from_numpy(channel)
    code = "blank" if box is not None else why or "blank"
    raise PictureError(code, NO_DIGIT[code], _shown(colours, alpha))


def grey(colours: Tensor) -> Tensor:
    """[1 or 3, h, w] -> [h, w]."""
    luma = torch.tensor(LUMA) if len(colours) == 3 else torch.ones(1)
    return (colours * luma[:, None, None]).sum(0)


def on_ground(grey: Tensor, alpha: Tensor | None) -> Tensor:
    """The picture [H, W] on an opaque background: of the paper's brightness if it shows paper, else the opposite of its
    ink."""
    if alpha is None:
        return grey
    if not (alpha > 0.5).any():  # nearly transparent everywhere: the opacity itself is the ink
        return alpha
    return grey * alpha + _ground(grey, alpha) * (1 - alpha)


def _ground(grey: Tensor, alpha: Tensor) -> float:
    solid = alpha > 0.5
    seen = grey[solid]
    rows, columns = solid.any(1).nonzero(), solid.any(0).nonzero()
    box = (rows[-1] - rows[0] + 1) * (columns[-1] - columns[0] + 1)
    # a sheet of paper fills its bounding box and varies in brightness; ink alone has one colour and fills little of it
    has_paper = len(seen) > 0.7 * float(box) and float(seen.std()) > 0.1
    return float(seen.median()) if has_paper else float(seen.mean() < 0.5)


def _shown(colours: Tensor, alpha: Tensor | None) -> Tensor:
    """The picture for display: uint8 [h, w, 3]."""
    if alpha is not None and (alpha > 0.5).any():
        colours = colours * alpha + _ground(grey(colours), alpha) * (1 - alpha)
    elif alpha is not None:
        colours = alpha[None]
    return (colours.expand(3, -1, -1).permute(1, 2, 0) * 255).round().clamp(0, 255).byte()
