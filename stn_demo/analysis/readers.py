"""How much each input pixel contributes to each output pixel.

A sampler is linear in its image, and each of its kernels is a product of one along x and one along y. Both are found by
sampling images that are 1 in one row (or column) and 0 elsewhere. So everything here holds for every mode and padding,
and needs no derivative.

Shapes: S is the side of the input, O of the output; ``grid`` is [1, O, O, 2]; ``x`` and ``y`` are integers as tensors.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from ..model import Sampler

THICK = 4  # width of a row's or column's image, px: the reach of a bicubic kernel
FARTHEST = 1000  # neighbours further outside the image than this, px, are not listed


def density(sampler: Sampler, grid: Tensor, size: int) -> Tensor:
    """The contribution of each input pixel to the sum of the warped image: Tensor[1, S, S]."""
    along_x, along_y = _separate(sampler, grid, size)
    return _folded(sampler, along_y.mT @ along_x)


def weights(sampler: Sampler, grid: Tensor, size: int, x: Tensor, y: Tensor) -> Tensor:
    """The weight of each input pixel in output pixel (x, y): Tensor[S, S], the derivative of that pixel."""
    along_x, along_y = _separate(sampler, _at(grid, x, y)[None, None, None], size)
    return _folded(sampler, along_y.mT @ along_x)[0]


def readers(sampler: Sampler, grid: Tensor, size: int, x: Tensor, y: Tensor) -> Tensor:
    """The weight of input pixel (x, y) in each output pixel: Tensor[O, O], found by sampling an image that is 1 there
    and 0 elsewhere.
    """
    line = torch.arange(size, device=grid.device)
    one = (line == y)[:, None] & (line == x)
    return sampler(one.to(grid.dtype)[None, None], grid)[0, 0]


def source(grid: Tensor, size: int, x: Tensor, y: Tensor) -> Tensor:
    """The position where output pixel (x, y) is read, in input pixels (centres at whole numbers): Tensor[2]."""
    return (_at(grid, x, y) + 1) * size / 2 - 0.5


def outside(sampler: Sampler, source: Tensor, size: int) -> Tensor:
    """The four input pixels around ``source`` [2]: Tensor[4, 4] of column, row, weight, and 1 if a bilinear sampler
    would read the pixel but it is outside the image. The weight is 0 unless the padding is zeros.
    """
    corner = source.floor()
    right, down = (source - corner).unbind()
    left, up = 1 - right, 1 - down
    place = corner + corner.new_tensor([[0, 0], [1, 0], [0, 1], [1, 1]])
    weight = torch.stack([left * up, right * up, left * down, right * down])
    inside = ((place >= 0) & (place < size)).all(dim=1)
    near = (place.abs() < FARTHEST).all(dim=1)  # false for NaN
    listed = near & ~inside & (sampler.mode == "bilinear")
    weight = weight * (sampler.padding == "zeros")
    return torch.cat([place, weight[:, None], listed[:, None].to(place)], dim=1)


def _at(grid: Tensor, x: Tensor, y: Tensor) -> Tensor:
    return grid[0].flatten(0, 1).index_select(0, (y * grid.shape[2] + x).view(1))[0]


def _separate(sampler: Sampler, grid: Tensor, size: int) -> tuple[Tensor, Tensor]:
    """The two factors [1, O * O, side] of the weights, along x and along y; ``side`` is S, or 2 S if the sampler
    doubles the resolution first.
    """
    doubles = sampler.mode == "deconvolution"
    reader = Sampler("bilinear", sampler.padding) if doubles else sampler
    side = 2 * size if doubles else size
    line = torch.arange(side, device=grid.device)
    columns = (line[:, None] == line).to(grid.dtype)[None, :, None].expand(-1, -1, THICK, -1)
    middle = torch.zeros_like(grid[..., 0])
    along_x = reader(columns, torch.stack([grid[..., 0], middle], dim=-1))
    along_y = reader(columns.mT, torch.stack([middle, grid[..., 1]], dim=-1))
    return along_x.flatten(2).mT, along_y.flatten(2).mT


def _folded(sampler: Sampler, weights: Tensor) -> Tensor:
    """Convert weights for the upsampled image into weights for the image itself [1, S, S]: the adjoint of ``Sampler``'s
    doubling.
    """
    if sampler.mode != "deconvolution":
        return weights
    padded = F.conv2d(weights[:, None], sampler.kernel, stride=2, padding=3)[:, 0]
    if sampler.padding == "zeros":
        return padded[:, 1:-1, 1:-1]
    for _ in range(2):  # weights beyond an edge belong to the edge pixel
        first, last = padded[:, :1] + padded[:, 1:2], padded[:, -2:-1] + padded[:, -1:]
        padded = torch.cat([first, padded[:, 2:-2], last], dim=1).mT
    return padded
