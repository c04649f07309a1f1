"""The spatial transformer: localization network, grid generator and sampler (paper figure 2)."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from .classifier import Size, height_width
from .grids import GridGenerator
from .sampler import Sampler


class Transform(NamedTuple):
    """What one transformer did to a batch.

    Attributes:
        theta: [N, num_params].
        grid: [N, H', W', 2] in input coordinates.
        warped: [N, C, H', W'], the input of the rest of the network.
        looks: [N, looks, num_params], theta after each look; the last is ``theta``.
    """

    theta: Tensor
    grid: Tensor
    warped: Tensor
    looks: Tensor


class SpatialTransformer(nn.Module):
    """A module that can be inserted anywhere in a network.

    ``forward`` takes an image or a feature map [N, C, H, W] with any number of channels and returns it warped: [N, C,
    *output_size], where ``output_size`` is (height, width) or the side of a square, px; or [N, C, H, W] if it is None.
    H and W may differ.

    With ``looks`` above 1 the same localization network is applied again to what the current theta reads, at the size
    of the input, and its output is composed with that theta (Lin & Lucey 2017, Inverse Compositional Spatial
    Transformer Networks, section 4). Every look samples the original input, so nothing is warped twice.

    Raises:
        ValueError: more than one look with a grid generator that does not compose.
    """

    def __init__(
        self,
        localization: nn.Module,
        grid: GridGenerator,
        sampler: Sampler,
        output_size: Size | None = None,
        looks: int = 1,
    ):
        super().__init__()
        if looks > 1 and not grid.composes:
            raise ValueError(f"{type(grid).__name__} takes one look, not {looks}: its transforms do not compose.")
        self.localization, self.grid, self.sampler = localization, grid, sampler
        self.output_size, self.looks = output_size, looks

    def forward(self, x: Tensor) -> Tensor:
        return self.trace(x).warped

    def trace(
        self, x: Tensor, theta: Tensor | None = None, sampler: Sampler | None = None, looks: int = 0
    ) -> Transform:
        """``forward`` with its intermediate results.

        Args:
            x: [N, C, H, W].
            theta: [N, num_params], replaces the prediction of the localization network; a row with a NaN keeps its
                prediction. If no row has one, the localization network does not run. All looks of a replaced row show
                its theta.
            sampler: replaces the transformer's own sampler.
            looks: replaces the transformer's number of looks; 0: keep it.
        """
        count = looks or self.looks
        if theta is None:
            thetas = self._predicted(x, count)
        elif not (kept := theta.isnan().any(dim=1)).any():
            thetas = theta.to(x)[:, None].expand(-1, count, -1)
        else:
            predicted = self._predicted(x, count)
            thetas = torch.where(kept[:, None, None], predicted, theta.to(predicted)[:, None])
        grid, warped = self.read(x, thetas[:, -1], self.output_size, sampler)
        return Transform(thetas[:, -1], grid, warped, thetas)

    def _predicted(self, x: Tensor, count: int) -> Tensor:
        """Tensor[N, count, num_params]: theta after each look."""
        thetas = [self.localization(x)]
        for _ in range(count - 1):
            _, warped = self.read(x, thetas[-1])
            further = self.localization(warped)
            with torch.autocast(x.device.type, enabled=False):
                thetas.append(self.grid.compose(thetas[-1], further))
        return torch.stack(thetas, dim=1)

    def read(
        self, x: Tensor, theta: Tensor, size: Size | None = None, sampler: Sampler | None = None
    ) -> tuple[Tensor, Tensor]:
        """The grid [N, H', W', 2] of ``theta``, and ``x`` sampled there [N, C, H', W'], with ``size`` or the size of
        ``x``.
        """
        height, width = x.shape[-2:] if size is None else height_width(size)
        with torch.autocast(x.device.type, enabled=False):  # half precision would misplace pixels
            grid = self.grid(theta, height, width)
            return grid, (sampler or self.sampler)(x.to(grid.dtype), grid)
