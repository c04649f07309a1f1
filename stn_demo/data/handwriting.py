"""Generated handwritten digits, similar to MNIST in size, position and ink.

Each digit starts from a skeleton of `skeletons.py`: a random mixture of its variants with random shifts of its control
points, corners more or less rounded, the whole bent, slanted, stretched and rotated, drawn with a random pen. The ink
is then prepared as in MNIST: longer side 20 pixels, centre of mass in the middle.
"""

from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import torch
from torch import Generator, Tensor

from .digits import Digits
from .ink import render_segments
from .skeletons import SKELETONS, UNLIKE_MNIST, Style

BATCH = 64  # digits drawn at once, so that the distances to their segments fit in the processor's cache
STEPS = 4  # straight segments per piece of curve
BOX = 20
FRAME = 28


class _Path(NamedTuple):
    """A style prepared for matrix products. K control points, S segments.

    variants [V, K, 2]; smooth [K], 0 at corners; tips [K], 1 where a stroke begins or ends; differences [K, K] gives
    the tangents (Catmull-Rom); starts and ends, each two matrices [S, K], give both ends of the segments from points
    and tangents (Hermite cubic).
    """

    variants: Tensor
    smooth: Tensor
    tips: Tensor
    differences: Tensor
    starts: tuple[Tensor, Tensor]
    ends: tuple[Tensor, Tensor]


def digits(count: int, seed: int = 0) -> Digits:
    """`count` digits in random order; each label occurs count / 10 times (rounded up or down).

    The same count and seed give the same bytes. Raises ValueError for a negative count.
    """
    return _digits(SKELETONS, count, seed)


def unlike_mnist(count: int, seed: int = 0) -> Digits:
    """`count` digits 1 and 4, half each, in styles that MNIST lacks (`skeletons.UNLIKE_MNIST`).

    The same count and seed give the same bytes. Raises ValueError for a negative count.
    """
    styles = {
        label: tuple(style for style in SKELETONS[label] if style.name in names)
        for label, names in UNLIKE_MNIST.items()
    }
    return _digits(styles, count, seed)


def _digits(skeletons: dict[int, tuple[Style, ...]], count: int, seed: int) -> Digits:
    if count < 0:
        raise ValueError(f"The number of digits is {count}; give 0 or more.")
    generator = Generator().manual_seed(seed)
    labels = torch.tensor(sorted(skeletons))[torch.arange(count) % len(skeletons)]
    labels = labels[torch.randperm(count, generator=generator)]
    images = torch.zeros(count, FRAME, FRAME, dtype=torch.uint8)
    for label, styles in skeletons.items():
        places = (labels == label).nonzero()[:, 0]
        if len(places) == 0:
            continue
        chosen = _choose(styles, len(places), generator)
        for number, style in enumerate(styles):
            for batch in places[chosen == number].split(BATCH):
                images[batch] = _write(style, len(batch), generator).mul_(255).round_().byte()
    return Digits(images, labels)


def sample(label: int, seed: int = 0) -> Tensor:
    """One tidy digit with a pen of medium width, for display: float32 [28, 28] in [0, 1].

    The same label and seed give the same image. Raises ValueError for a label outside 0..9.
    """
    if label not in SKELETONS:
        raise ValueError(f"A digit is one of 0 to 9, not {label}.")
    generator = Generator().manual_seed(seed)
    style = SKELETONS[label][int(_choose(SKELETONS[label], 1, generator))]
    return _write(style, 1, generator, carelessness=0.4)[0]


def segments(label: int, seed: int, styles: slice = slice(None), carelessness: float = 0.5) -> Tensor:
    """The path of the pen for one digit, to draw it at any size: float32 [S, 2, 2], start and end (x, y) of S straight
    segments, longest side 1, top left corner (0, 0).

    `styles` selects some of the digit's styles, of which one is used; `carelessness` scales the variation of `digits`.
    The same arguments give the same path. Raises ValueError for a label outside 0..9.
    """
    if label not in SKELETONS:
        raise ValueError(f"A digit is one of 0 to 9, not {label}.")
    generator = Generator().manual_seed(seed)
    chosen = SKELETONS[label][styles] or SKELETONS[label]
    style = chosen[int(_choose(chosen, 1, generator))]
    path = torch.stack(_written(style, *_random(1, generator, carelessness)), 2)[0]
    low, high = path.amin((0, 1)), path.amax((0, 1))
    return (path - low) / (high - low).max()


def _choose(styles: tuple[Style, ...], count: int, generator: Generator) -> Tensor:
    """-> int64 [count]: random indices of styles, in proportion to their weights."""
    weights = torch.tensor([style.weight for style in styles], dtype=torch.float32)
    return torch.multinomial(weights, count, replacement=True, generator=generator)


def _random(
    count: int, generator: Generator, carelessness: float
) -> tuple[Callable[..., Tensor], Callable[..., Tensor]]:
    """-> normal(*shape) and uniform(low, high, *shape), each for `count` digits: [count, *shape]."""

    def normal(*shape: int) -> Tensor:
        return carelessness * torch.randn(count, *shape, generator=generator)

    def uniform(low: float, high: float, *shape: int) -> Tensor:
        return low + (high - low) * torch.rand(count, *shape, generator=generator)

    return normal, uniform


def _write(style: Style, count: int, generator: Generator, carelessness: float = 1.0) -> Tensor:
    """-> float32 [count, 28, 28] in [0, 1]. Carelessness scales everything that is normally distributed."""
    normal, uniform = _random(count, generator, carelessness)
    starts, ends = _written(style, normal, uniform)
    both = torch.cat((starts, ends), 1)
    pen = (2.6 * torch.exp(0.3 * normal())).clamp(1.4, 7)
    low, high = both.amin(1), both.amax(1)
    scale = (BOX - pen) / (high - low).amax(1)
    # Put the corner of the ink on a whole pixel, as in MNIST, whose bitmaps were cropped and shrunk to the box.
    pixels = ((high - low) * scale[:, None] + pen[:, None] - 1e-3).ceil()
    corner = ((BOX - pixels) / 2).floor() + pen[:, None] / 2
    both = (both - low[:, None]) * scale[:, None, None] + corner[:, None]
    starts, ends = both.chunk(2, 1)
    ink = render_segments(starts, ends, pen, BOX, softness=uniform(0.9, 1.5))
    return _centred(ink)


def _written(style: Style, normal: Callable[..., Tensor], uniform: Callable[..., Tensor]) -> tuple[Tensor, Tensor]:
    """-> starts and ends of the straight segments of N digits, each [N, S, 2] (x, y), in heights of a digit."""
    path = _path(style)
    mixture = -torch.log(uniform(1e-6, 1, len(path.variants)))  # exponential: normalised, a flat Dirichlet
    mixture = mixture / mixture.sum(1, keepdim=True)
    points = torch.einsum("nv,vkc->nkc", mixture, path.variants)
    points = points + (0.025 + 0.025 * path.tips)[:, None] * normal(len(path.smooth), 2)
    roundness = path.smooth * uniform(0.7, 1.2, 1) + (1 - path.smooth) * uniform(0, 0.6, 1)
    tangents = (path.differences @ points) * roundness[..., None]
    starts = path.starts[0] @ points + path.starts[1] @ tangents
    ends = path.ends[0] @ points + path.ends[1] @ tangents
    starts, ends = _bent(torch.cat((starts, ends), 1), normal).chunk(2, 1)
    return starts, ends


def _bent(points: Tensor, normal: Callable[..., Tensor]) -> Tensor:
    """Random smooth change of whole digits, [N, P, 2]: bend and taper, slant, aspect ratio and rotation."""
    points = points - torch.tensor([0.3, 0.5])
    x, y = points[..., 0], points[..., 1]
    powers = torch.stack((x * x, x * y, y * y, x * y * y, y * y * y, x * x * y, x * x * x), -1)
    sizes = torch.tensor([0.25, 0.25, 0.25, 0.4, 0.4, 0.4, 0.4])[:, None]
    points = points + powers @ (normal(7, 2) * sizes)
    slant = 0.18 + 0.22 * normal()
    aspect = torch.exp(0.27 * normal())
    angle = 0.09 * normal()
    cos, sin = torch.cos(angle), torch.sin(angle)
    x, y = points[..., 0] * aspect[:, None], points[..., 1]
    x = x - slant[:, None] * y
    return torch.stack((cos[:, None] * x - sin[:, None] * y, sin[:, None] * x + cos[:, None] * y), -1)


def _centred(ink: Tensor) -> Tensor:
    """Move [N, 20, 20] into frames [N, 28, 28] by whole pixels, centre of mass on pixel 14 as in MNIST."""
    margin = FRAME - BOX
    pixels = torch.arange(BOX, dtype=torch.float32)
    mass = ink.sum((1, 2))
    wide = torch.nn.functional.pad(ink, (margin, margin, margin, margin))
    frame = torch.arange(FRAME)
    rows, columns = (
        frame + margin - (FRAME / 2 - ink.sum(axis) @ pixels / mass).round().long().clamp(0, margin)[:, None]
        for axis in (2, 1)
    )
    each = torch.arange(len(ink))[:, None, None]
    return wide[each, rows[:, :, None], columns[:, None, :]]


@cache
def _path(style: Style) -> _Path:
    variants, layouts = zip(*(_parsed(text) for text in style.variants), strict=True)
    assert len(set(layouts)) == 1, f"variants of one style differ in their points: {style.variants}"
    lengths, smooth = layouts[0]
    total = sum(lengths)
    differences = torch.zeros(total, total)
    u = torch.arange(STEPS + 1, dtype=torch.float32)[:, None] / STEPS
    # Hermite cubic: weights of both points and both tangents.
    basis = torch.cat((2 * u**3 - 3 * u**2 + 1, 3 * u**2 - 2 * u**3, u**3 - 2 * u**2 + u, u**3 - u**2), 1)
    pieces: list[int] = []
    first = 0
    tips = torch.zeros(total)
    for length in lengths:
        tips[[first, first + length - 1]] = 1
        for k in range(first, first + length):
            before, after = max(k - 1, first), min(k + 1, first + length - 1)
            differences[k, after] += 1 / max(after - before, 1)
            differences[k, before] -= 1 / max(after - before, 1)
        pieces += range(first, first + length - 1)
        first += length
    at_points = torch.zeros(len(pieces), STEPS + 1, total)
    at_tangents = torch.zeros(len(pieces), STEPS + 1, total)
    for number, k in enumerate(pieces):
        at_points[number, :, k], at_points[number, :, k + 1] = basis[:, 0], basis[:, 1]
        at_tangents[number, :, k], at_tangents[number, :, k + 1] = basis[:, 2], basis[:, 3]
    starts = at_points[:, :-1].reshape(-1, total), at_tangents[:, :-1].reshape(-1, total)
    ends = at_points[:, 1:].reshape(-1, total), at_tangents[:, 1:].reshape(-1, total)
    return _Path(torch.stack(variants), torch.tensor(smooth), tips, differences, starts, ends)


def _parsed(text: str) -> tuple[Tensor, tuple[tuple[int, ...], tuple[float, ...]]]:
    """-> control points [K, 2] in heights of the digit; points per stroke and smoothness per point."""
    points, lengths, smooth = [], [], []
    for stroke in text.split("/"):
        words = stroke.split()
        lengths.append(len(words))
        for word in words:
            smooth.append(0.0 if word.endswith("!") else 1.0)
            points.append([float(value) / 100 for value in word.rstrip("!").split(",")])
    return torch.tensor(points), (tuple(lengths), tuple(smooth))
