"""Where the output is read: its four corners, its edge, and the identity grid."""

from __future__ import annotations

import torch
from torch import Tensor

from ..data.pose import homography
from ..model.grids import GridGenerator, ThinPlateSplineGrid, base_points
from . import decompose

CORNERS = torch.tensor([[-1.0, -1], [1, -1], [1, 1], [-1, 1]])  # corners of the output, clockwise from the top left
_ALONG = torch.linspace(0, 1, 13)[:-1, None]
EDGE = torch.cat([a + (b - a) * _ALONG for a, b in zip(CORNERS, CORNERS.roll(-1, 0), strict=True)])


def untouched_grid(inputs: Tensor) -> Tensor:
    """The identity grid [N, S, S, 2] for ``inputs`` [N, 1, S, S]."""
    size = inputs.shape[-1]
    return base_points(size, size, inputs).view(1, size, size, 2).expand(len(inputs), -1, -1, -1)


def outline_of(grid: GridGenerator, theta: Tensor) -> Tensor:
    """Where the edge of the output is read [N, 4 k, 2]: its four corners, and for a curved edge also points between
    them.
    """
    return decompose.send(grid, theta, EDGE if isinstance(grid, ThinPlateSplineGrid) else CORNERS)


def theta_of_corners(corners: Tensor) -> Tensor:
    """The theta [8] of the projective transform that reads the output's corners at ``corners`` [4, 2] of the input."""
    matrix = homography(corners[None] - CORNERS, 2.0)[0]
    depth = torch.where(matrix[2, 2].abs() < 1e-6, 1e-6, matrix[2, 2])
    return (matrix / depth).flatten()[:8]
