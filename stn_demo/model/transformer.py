"""The spatial transformer: localization, grid generator and sampler, composed (paper figure 2)."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from .grids import GridGenerator
from .sampler import Sampler


class Transform(NamedTuple):
    """What one transformer did to a batch.

    theta [N, num_params]; grid [N, H', W', 2] in input coordinates; warped [N, C, H', W'], what the rest of the
    network sees.
    """

    theta: Tensor
    grid: Tensor
    warped: Tensor


class SpatialTransformer(nn.Module):
    """A module that can stand anywhere in a network.

    ``forward`` takes an image or a feature map [N, C, H, W] with any number of channels and gives it back warped:
    [N, C, output_size, output_size], or [N, C, H, W] where ``output_size`` is None.
    """

    def __init__(self, localization: nn.Module, grid: GridGenerator, sampler: Sampler, output_size: int | None = None):
        super().__init__()
        self.localization, self.grid, self.sampler = localization, grid, sampler
        self.output_size = output_size

    def forward(self, x: Tensor) -> Tensor:
        return self.trace(x).warped

    def trace(self, x: Tensor, theta: Tensor | None = None, sampler: Sampler | None = None) -> Transform:
        """``forward`` with everything that happened on the way.

        Args:
            x: [N, C, H, W].
            theta: overrules the localization network: [N, num_params]; a row with a NaN keeps its prediction.
            sampler: reads instead of the transformer's own sampler.
        """
        predicted = self.localization(x)
        if theta is not None:
            kept = theta.isnan().any(dim=1, keepdim=True)
            predicted = torch.where(kept, predicted, theta.to(predicted))
        height, width = x.shape[-2:] if self.output_size is None else (self.output_size,) * 2
        with torch.autocast(x.device.type, enabled=False):  # half precision would misplace pixels
            grid = self.grid(predicted, height, width)
            return Transform(predicted, grid, (sampler or self.sampler)(x.to(grid.dtype), grid))
