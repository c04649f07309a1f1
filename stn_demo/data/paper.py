"""Ink on paper: which side of the brightness is ink, what of the picture is only paper, and the ink put in MNIST's form."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

CONTRAST = 0.06  # of full brightness: fainter marks than this are the paper's own
NOISES = 6.0  # times the paper's grain that ink must stand out by
SPECK = 0.06  # of the largest mark's ink: smaller marks are dust
MAP = 100  # cells a side in which marks are told apart
BOX, FRAME = 20, 28  # px: longest side of the ink, side of the digit
THIN, WANTED = 1.7, 2.2  # px in the digit: strokes thinner than the one are thickened to the other


def ink(grey: Tensor) -> Tensor | None:
    """How much ink lies at each pixel of a picture: [H, W] in [0, 1], for ``grey`` [H, W] in [0, 1]; None for a blank one.

    The paper is the quadratic surface that fits the picture best, marks aside (iteratively reweighted least squares,
    Holland & Welsch 1977), beginning at the border; ink lies on the side of it that has the longer tail.
    """
    rest = grey - _surface(grey)
    grain = float(rest.abs().median()) * 1.4826
    share = max(1, round(0.004 * rest.numel()))  # a thin stroke covers this much at least
    tails = rest.flatten().topk(share).values.mean(), (-rest).flatten().topk(share).values.mean()
    if tails[1] > tails[0]:
        rest = -rest
    full = float(max(tails))
    if full < max(CONTRAST, min(NOISES * grain, 0.5)):
        return None
    floor = max(0.25 * full, min(3 * grain, 0.6 * full))
    strength = ((rest - floor) / (0.85 * full - floor)).clamp(0, 1)
    strength = _without_specks(strength)
    return strength if strength.amax() > 0.5 else None


def prepared(strength: Tensor) -> Tensor:
    """Ink [H, W] in [0, 1] -> a digit [28, 28]: longest side 20 px, centre of mass in the middle, hairlines thickened."""
    rows, columns = (strength > 0.3).any(1).nonzero()[:, 0], (strength > 0.3).any(0).nonzero()[:, 0]
    cut = strength[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    scale = max(cut.shape) / BOX  # source pixels per pixel of the digit
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
    """[H, W] -> [height, width], each pixel the mean over its area; enlarged bilinearly."""
    if height <= picture.shape[0] and width <= picture.shape[1]:
        return F.interpolate(picture[None, None], (height, width), mode="area")[0, 0]
    return F.interpolate(picture[None, None], (height, width), mode="bilinear", antialias=True)[0, 0]


def _surface(grey: Tensor) -> Tensor:
    height, width = grey.shape
    y, x = torch.meshgrid(torch.linspace(-1, 1, height), torch.linspace(-1, 1, width), indexing="ij")
    terms = torch.stack([torch.ones_like(x), x, y, x * x, x * y, y * y], dim=-1).view(-1, 6).double()
    values = grey.flatten().double()
    edge = (torch.maximum(x.abs(), y.abs()) > 0.88).flatten()
    # the border says which brightness is paper; the surface then grows from what looks like it
    ground = values[edge].median()
    spread = (values[edge] - ground).abs().median().clamp(min=0.02)
    weights = 1 / (1 + ((values - ground) / (4 * spread)) ** 2)
    surface = values
    for _ in range(6):
        weighted = terms * weights[:, None]
        solution = torch.linalg.solve(weighted.T @ terms + 1e-6 * torch.eye(6, dtype=torch.float64), weighted.T @ values)
        surface = terms @ solution
        rest = values - surface
        spread = rest[weights > 0.5].abs().median().clamp(min=0.008) if (weights > 0.5).any() else spread
        weights = 1 / (1 + (rest / (2.5 * spread)) ** 2)
    return surface.view(height, width).float()


def _without_specks(strength: Tensor) -> Tensor:
    """Drop marks with little ink, and what hangs on the picture's edge where there is a good mark that does not."""
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
    near = F.max_pool2d(kept[index][None, None].float(), 3, 1, 1)[0, 0]  # with the soft edge of each mark
    return strength * near


def _connected(mask: Tensor) -> Tensor:
    """Labels [H, W] of the 8-connected marks of ``mask``, 0 where it is false: the largest index spreads over each."""
    labels = torch.arange(1, mask.numel() + 1, dtype=torch.float32).view(mask.shape) * mask
    while True:
        before = labels
        for _ in range(32):
            labels = F.max_pool2d(labels[None, None], 3, 1, 1)[0, 0] * mask
        if torch.equal(labels, before):
            return labels.long()


def _thickness(strength: Tensor) -> float:
    """Mean width of the strokes, px: twice the area over the length of its outline."""
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
