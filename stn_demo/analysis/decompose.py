"""A transform in words: rotation, scale, shear and shift, of what was done and of what the network does about it.

Everything is put into one shape first, an affine map in pixels from the middle of each picture (y down):

* **applied**: the pose, digit -> frame;
* **undone**: theta, output -> frame. It maps in the same sense as the pose, so a network that undoes a pose completely
  shows the pose's own numbers here;
* **residual**: digit -> output, the inverse of the second after the first: how the digit stands in what the classifier
  sees. All zero (and scale 1) where everything was undone.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from ..data.pose import affine_matrix
from ..model.grids import AffineGrid, AttentionGrid, GridGenerator, ProjectiveGrid, SimilarityGrid, base_points

PARTS = ("rotation", "scale_x", "scale_y", "shear", "shift_x", "shift_y")
FIT_POINTS = base_points(14, 14, torch.zeros(()))  # where a map that is not affine is compared with its affine part
_DESIGN = torch.cat([FIT_POINTS, torch.ones_like(FIT_POINTS[:, :1])], dim=1)
_SOLVE = torch.linalg.pinv(_DESIGN)


def fit_affine(mapped: Tensor) -> tuple[Tensor, Tensor]:
    """The affine maps [N, 3, 3] nearest to ``FIT_POINTS`` -> ``mapped`` [N, M, 2] in the least squares sense, and the root
    mean square [N] of what they leave over. Exact for affine maps."""
    affine = _SOLVE @ mapped
    left = (_DESIGN @ affine - mapped).square().sum(-1).mean(-1).sqrt()
    bottom = torch.tensor([0.0, 0, 1]).expand(len(mapped), 1, 3)
    return torch.cat([affine.mT, bottom], dim=1), left


def theta_matrix(grid: GridGenerator, theta: Tensor, size: int, output: int) -> tuple[Tensor, Tensor]:
    """What theta [N, num_params] does, output -> frame, in pixels from the middle: the affine part [N, 3, 3], and by
    how many pixels (root mean square) the transform bends away from it [N].

    ``size`` and ``output`` are the sides of the frame and of the warped output, px.
    """
    affine, bend = fit_affine(grid.at(theta, FIT_POINTS))
    rows, columns = torch.tensor([size / 2, size / 2, 1.0]), torch.tensor([2 / output, 2 / output, 1.0])
    return rows[:, None] * affine * columns, bend * size / 2


def pose_matrix(matrix: Tensor, digit: int) -> Tensor:
    """The affine part [N, 3, 3] of poses ``matrix`` [N, 3, 3], digit -> frame, px, over a ``digit`` px square."""
    mapped = (FIT_POINTS * digit / 2) @ matrix[:, :, :2].mT + matrix[:, None, :, 2]
    affine, _ = fit_affine(mapped[..., :2] / mapped[..., 2:])
    return affine * torch.tensor([2 / digit, 2 / digit, 1.0])


def parts(matrix: Tensor) -> list[dict[str, float]]:
    """The factors of affine maps [N, 3, 3] = shift * rotation * scale * shear, as ``PARTS``: degrees clockwise on the
    screen, factors, and pixels. A mirror image shows as a negative ``scale_y``; a map that collapses the x axis has
    rotation and shear 0."""
    (a, b, x), (c, d, y) = (row.unbind(-1) for row in matrix.double()[:, :2].unbind(1))
    scale_x = torch.hypot(a, c)
    length = torch.where(scale_x > 0, scale_x, 1.0)
    cos, sin = torch.where(scale_x > 0, a / length, 1.0), c / length
    angle, shear = torch.rad2deg(torch.atan2(sin, cos)), (b * cos + d * sin) / length
    columns = torch.stack([angle, scale_x, d * cos - b * sin, shear, x, y], dim=1)
    return [dict(zip(PARTS, row, strict=True)) for row in columns.tolist()]


def residual(applied: Tensor, undone: Tensor) -> list[dict[str, float] | None]:
    """``parts`` of digit -> output for pairs of maps [N, 3, 3]; None where theta collapses and has no inverse."""
    flat = torch.linalg.det(undone).abs() < 1e-9
    whole = torch.where(flat[:, None, None], torch.eye(3), undone)
    found = parts(torch.linalg.solve(whole, applied))
    return [None if collapsed else one for one, collapsed in zip(found, flat.tolist(), strict=True)]


def theta_from_parts(grid: GridGenerator, values: dict[str, float], size: int, output: int) -> Tensor:
    """The theta [num_params] of a transform family that comes nearest to ``values`` (as ``PARTS``, output -> frame, px):
    the inverse of ``parts(theta_matrix(...))`` as far as the family goes. Attention keeps scale and shift only."""
    matrix = affine_matrix(torch.tensor([[values[name] for name in PARTS]]))[0]
    affine = matrix[:2] * torch.tensor([output / size, output / size, 2 / size])
    if isinstance(grid, AttentionGrid):
        return torch.stack([affine[:, :2].det().abs().sqrt(), affine[0, 2], affine[1, 2]])
    if isinstance(grid, SimilarityGrid):
        scale, angle = affine[:, :2].det().abs().sqrt(), torch.tensor(math.radians(values["rotation"]))
        return torch.stack([scale, angle, affine[0, 2], affine[1, 2]])
    if isinstance(grid, AffineGrid):
        return affine.flatten()
    if isinstance(grid, ProjectiveGrid):
        return torch.cat([affine.flatten(), torch.zeros(2)])
    return (grid.control_points @ affine[:, :2].T + affine[:, 2]).flatten()
