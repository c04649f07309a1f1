"""Ink on paper: whether the ink is darker or lighter than the paper, which pixels are paper only, and MNIST's form of
the ink.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

CONTRAST = 0.06  # fraction of full brightness; fainter marks belong to the paper
NOISES = 6.0  # ink must stand out from the paper's grain by this factor
TAIL = 0.004  # fraction of the picture that even a thin stroke covers
WIDEST = 0.25  # fraction of the picture's shorter side; wider areas are paper, shadow or desk
SLAB = 0.7  # a large mark that fills more than this fraction of its box is not a digit
SPECK = 0.06  # fraction of the largest mark's ink; smaller marks are dust
MAP = 100  # cells per side in which connected marks are found
BOX, FRAME = 20, 28  # px: longest side of the ink, side of the digit
THIN, WANTED = 1.7, 2.2  # px in the digit: strokes thinner than the first are thickened to the second


def ink(grey: Tensor) -> Tensor | None:
    """The ink at each pixel of a picture: [H, W] in [0, 1], for ``grey`` [H, W] in [0, 1]; None if it is blank.

    The paper is the quadratic surface that fits the picture best, without its marks (iteratively reweighted least
    squares, Holland & Welsch 1977), starting at the border. Ink is on the side of it that has the longer tail. If that
    finds nothing, or a solid slab (there is a shadow, or a desk shows), the paper is what closing or opening leaves of
    the picture (Serra 1982): they remove exactly what is narrower than ``WIDEST``.
    """
    rest = grey - _surface(grey)
    share = max(1, round(TAIL * rest.numel()))
    dark = (-rest).flatten().topk(share).values.mean() > rest.flatten().topk(share).values.mean()
    flat = _marks(-rest if dark else rest)
    if flat is not None and not flat.slab:
        return flat.strength
    found = [marks for hat in _hats(grey) if (marks := _marks(hat - hat.median())) is not None]
    if not found:
        return None if flat is None else flat.strength
    # the gaps between strokes are marks of the opposite brightness, but lie within the box of the ink
    return max(found, key=lambda marks: marks.box).strength


class _Marks(NamedTuple):
    strength: Tensor  # [H, W] in [0, 1]
    box: int  # px, area of the box around it
    slab: bool  # larger and more solid than any digit


def _marks(rest: Tensor) -> _Marks | None:
    """The ink in ``rest`` [H, W], the difference from the paper, ink positive; None if nothing stands out enough."""
    grain = float(rest.abs().median()) * 1.4826
    full = float(rest.flatten().topk(max(1, round(TAIL * rest.numel()))).values.mean())
    if full < max(CONTRAST, min(NOISES * grain, 0.5)):
        return None
    floor = max(0.25 * full, min(3 * grain, 0.6 * full))
    strength = _without_specks(((rest - floor) / (0.85 * full - floor)).clamp(0, 1))
    if not strength.amax() > 0.5:  # also true for NaN
        return None
    rows, columns = (strength > 0.3).any(1).nonzero(), (strength > 0.3).any(0).nonzero()
    sides = int(rows[-1] - rows[0]) + 1, int(columns[-1] - columns[0]) + 1
    box = sides[0] * sides[1]
    wide = sides[0] > 0.3 * rest.shape[0] and sides[1] > 0.3 * rest.shape[1]
    return _Marks(strength, box, wide and float((strength > 0.3).sum()) > SLAB * box)


def _hats(grey: Tensor) -> tuple[Tensor, Tensor]:
    """How much darker, and how much lighter, each pixel is than the areas wider than ``WIDEST`` around it."""
    reach = max(1, round(WIDEST * min(grey.shape) / 2))
    calm = F.avg_pool2d(
        F.pad(grey[None, None], (1,) * 4, mode="replicate"), 3, 1
    )  # smoothed, because single pixels decide below

    def highest(picture: Tensor) -> Tensor:
        across = F.max_pool2d(picture, (1, 2 * reach + 1), 1, (0, reach))
        return F.max_pool2d(across, (2 * reach + 1, 1), 1, (reach, 0))

    closed, opened = -highest(-highest(calm)), highest(-highest(-calm))
    return (closed - calm)[0, 0], (calm - opened)[0, 0]


def prepared(strength: Tensor) -> Tensor:
    """Ink [H, W] in [0, 1] -> a digit [28, 28]: longest side 20 px, centre of mass in the middle, hairlines thickened."""
    rows, columns = (strength > 0.3).any(1).nonzero()[:, 0], (strength > 0.3).any(0).nonzero()[:, 0]
    cut = strength[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    scale = max(cut.shape) / BOX  # pixels of the picture per pixel of the digit
    missing = WANTED - _thickness(cut) / scale
    if missing > WANTED - THIN and scale > 1:
        reach = max(1, round(missing * scale / 2))
        cut = F.max_pool2d(F.pad(cut, (reach,) * 4)[None, None], 2 * reach + 1, 1, reach)[0, 0]
        scale = max(cut.shape) / BOX
    height, width = (max(1, min(BOX, round(side / scale))) for side in cut.shape)
    small = area_resized(cut, height, width)
    small = (small / small.flatten().topk(max(1, small.numel() // 20)).values.mean().clamp(min=1e-6)).clamp(0, 1)
    return _centred(small)


def area_resized(picture: Tensor, height: int, width: int) -> Tensor:
    """[H, W] -> [height, width]: each pixel is the mean over its area; enlarged bilinearly."""
    if height <= picture.shape[0] and width <= picture.shape[1]:
        return F.interpolate(picture[None, None], (height, width), mode="area")[0, 0]
    return F.interpolate(picture[None, None], (height, width), mode="bilinear", antialias=True)[0, 0]


def _surface(grey: Tensor) -> Tensor:
    height, width = grey.shape
    y, x = torch.meshgrid(torch.linspace(-1, 1, height), torch.linspace(-1, 1, width), indexing="ij")
    terms = torch.stack([torch.ones_like(x), x, y, x * x, x * y, y * y], dim=-1).view(-1, 6).double()
    values = grey.flatten().double()
    edge = (torch.maximum(x.abs(), y.abs()) > 0.88).flatten()
    # the border shows the brightness of the paper; the surface then extends to similar pixels
    ground = values[edge].median()
    spread = (values[edge] - ground).abs().median().clamp(min=0.02)
    weights = 1 / (1 + ((values - ground) / (4 * spread)) ** 2)
    surface = values
    for _ in range(6):
        weighted = terms * weights[:, None]
        solution = torch.linalg.solve(
            weighted.T @ terms + 1e-6 * torch.eye(6, dtype=torch.float64), weighted.T @ values
        )
        surface = terms @ solution
        rest = values - surface
        spread = rest[weights > 0.5].abs().median().clamp(min=0.008) if (weights > 0.5).any() else spread
        weights = 1 / (1 + (rest / (2.5 * spread)) ** 2)
    return surface.view(height, width).float()


def _without_specks(strength: Tensor) -> Tensor:
    """Drop marks with little ink, and marks at the picture's edge if there is a good one elsewhere."""
    coarse = -(-max(strength.shape) // MAP)
    labels = _connected(F.max_pool2d(strength[None, None], coarse, ceil_mode=True)[0, 0] > 0.3)
    labels = labels.repeat_interleave(coarse, 0).repeat_interleave(coarse, 1)[: strength.shape[0], : strength.shape[1]]
    names, index = labels.unique(return_inverse=True)
    masses = torch.zeros(len(names)).index_add_(0, index.flatten(), strength.flatten())
    masses[names == 0] = 0
    rim = torch.cat([index[0], index[-1], index[:, 0], index[:, -1]]).unique()
    hanging = torch.zeros(len(names), dtype=torch.bool)
    hanging[rim] = True
    free = masses * ~hanging
    if free.max() > 0.3 * masses.max():
        masses = free
    kept = masses > SPECK * masses.max()
    near = F.max_pool2d(kept[index][None, None].float(), 3, 1, 1)[0, 0]  # includes the soft edge of each mark
    return strength * near


def _connected(mask: Tensor) -> Tensor:
    """Labels [H, W] of the 8-connected marks of ``mask``, 0 where it is false: the largest index spreads over each
    mark.
    """
    labels = torch.arange(1, mask.numel() + 1, dtype=torch.float32).view(mask.shape) * mask
    while True:
        before = labels
        for _ in range(32):
            labels = F.max_pool2d(labels[None, None], 3, 1, 1)[0, 0] * mask
        if torch.equal(labels, before):
            return labels.long()


def _thickness(strength: Tensor) -> float:
    """Mean width of the strokes, px: twice the area over the length of the outline."""
    solid = F.pad((strength > 0.5).float(), (1, 1, 1, 1))
    outline = (solid[1:] - solid[:-1]).abs().sum() + (solid[:, 1:] - solid[:, :-1]).abs().sum()
    return float(2 * solid.sum() / (outline * 0.8).clamp(min=1))  # an outline on a square raster is 4 / pi too long


def _centred(small: Tensor) -> Tensor:
    height, width = small.shape
    y = (small.sum(1) * torch.arange(height)).sum() / small.sum()
    x = (small.sum(0) * torch.arange(width)).sum() / small.sum()
    frame = torch.zeros(FRAME, FRAME)
    top, left = (FRAME - height) // 2, (FRAME - width) // 2
    frame[top : top + height, left : left + width] = small
    middle = (FRAME - 1) / 2
    shift = torch.stack([x + left - middle, y + top - middle]) * 2 / FRAME
    theta = torch.tensor([[1.0, 0, 0], [0, 1.0, 0]])
    theta[:, 2] = shift
    grid = F.affine_grid(theta[None], [1, 1, FRAME, FRAME], align_corners=False)
    return F.grid_sample(frame[None, None], grid, align_corners=False)[0, 0]
