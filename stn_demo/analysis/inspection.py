"""A closer look at one scene: the read density, and how one output pixel is read, or which pixels read one input pixel."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from ..model import Sampler
from . import readers

Inspection = dict[str, Any]  # of a pixel, JSON: see ``_inspect_warped`` and ``_inspect_input``


def look_into(
    sampler: Sampler | None, image: Tensor, grid: Tensor, density: bool, pixel: tuple[str, int, int] | None
) -> tuple[Tensor | None, Inspection | None]:
    """The read density [S, S], if ``density``, and the inspection of ``pixel``, see ``scene.Scene``.

    Args:
        sampler: None if the network has no transformer.
        image: [1, 1, S, S], the input of the network.
        grid: [1, O, O, 2], where each output pixel is read.
    """
    if not density and pixel is None:
        return None, None
    if sampler is None:
        return torch.ones_like(image[0, 0]), None
    read = readers.density(sampler, grid, image.shape[-1])[0] if density else None
    found = None
    if pixel is not None:
        view, x, y = pixel
        look = _inspect_warped if view == "warped" else _inspect_input
        if max(x, y) < (grid.shape[1] if view == "warped" else image.shape[-1]):
            found = look(sampler, image, grid, x, y)
    return read, found


def _inspect_warped(sampler: Sampler, image: Tensor, grid: Tensor, x: int, y: int) -> Inspection:
    """How output pixel (x, y) was read: its value, the position ``source`` in input pixels (centres at whole numbers),
    and ``taps``: (input x, input y, weight, input value, 1 inside the image or 0 outside). Neighbours outside are
    listed with value 0.
    """
    place = torch.tensor(x), torch.tensor(y)
    weights = readers.weights(sampler, grid, image.shape[-1], *place)
    pixels = image[0, 0]
    taps = [
        [column, row, float(weights[row, column]), float(pixels[row, column]), 1]
        for row, column in weights.nonzero().tolist()
    ]
    source = readers.source(grid, image.shape[-1], *place)
    for column, row, weight, listed in readers.outside(sampler, source, image.shape[-1]).tolist():
        if listed:
            taps.append([int(column), int(row), weight, 0.0, 0])
    taps.sort(key=lambda tap: (tap[1], tap[0]))
    value = float(sampler(image, grid)[0, 0, y, x])
    return {"view": "warped", "x": x, "y": y, "value": value, "source": source.tolist(), "taps": taps}


def _inspect_input(sampler: Sampler, image: Tensor, grid: Tensor, x: int, y: int) -> Inspection:
    """Which output pixels read input pixel (x, y): ``taps``, (output x, output y, weight), and the ``total`` of the
    weights.
    """
    weights = readers.readers(sampler, grid, image.shape[-1], torch.tensor(x), torch.tensor(y))
    taps = [[column, row, float(weights[row, column])] for row, column in weights.nonzero().tolist()]
    value = float(image[0, 0, y, x])
    return {"view": "input", "x": x, "y": y, "value": value, "total": float(weights.sum()), "taps": taps}
