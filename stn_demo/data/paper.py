"""MNIST's form of ink that was cut out of a picture."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

BOX, FRAME = 20, 28  # px: longest side of the ink, side of the digit
THIN, WANTED = 1.7, 2.2  # px in the digit: strokes thinner than the first are thickened to the second


def prepared(strength: Tensor) -> Tensor:
    """Ink [H, W] in [0, 1] -> a digit [28, 28]: longest side 20 px, centre of mass in the middle, hairlines thickened."""
    rows, columns = (strength > 0.3).any(1).nonzero()[:, 0], (strength > 0.3).any(0).nonzero()[:, 0]
    cut = strength[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    scale = max(cut.shape) / BOX  # pixels of the picture per pixel of the digit
    missing = WANTED - _thickness(cut) / scale
    if missing > WANTED - THIN and scale > 1:
        reach = max(1, round(missing * scale / 2))
        wide = 2 * reach + 1
        across = F.max_pool2d(F.pad(cut, (reach,) * 4)[None], (1, wide), 1, (0, reach))
        cut = F.max_pool2d(across, (wide, 1), 1, (reach, 0))[0]
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
