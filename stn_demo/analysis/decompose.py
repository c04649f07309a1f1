"""Decompose a transform into rotation, scale, shear and shift: both what was done to the digit and what the network
does about it.

All transforms are first expressed as affine maps in pixels from the middle of each image (y down):

* **applied**: the pose, digit -> frame;
* **undone**: theta, output -> frame. It maps in the same direction as the pose, so a network that undoes a pose
completely has the same numbers here as the pose;
* **residual**: digit -> output, the inverse of undone after applied: the pose of the digit in the classifier's input.
All zero (and scale 1) if everything was undone.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from ..data.pose import affine_matrix
from ..model.grids import (
    AffineGrid,
    AttentionGrid,
    GridGenerator,
    ProjectiveGrid,
    SimilarityGrid,
    ThinPlateSplineGrid,
    base_points,
)

PARTS = ("rotation", "scale_x", "scale_y", "shear", "shift_x", "shift_y")
# the points at which a non-affine map is compared with its affine part
FIT_POINTS = base_points(14, 14, torch.zeros(()))
_DESIGN = torch.cat([FIT_POINTS, torch.ones_like(FIT_POINTS[:, :1])], dim=1)
_SOLVE = torch.linalg.pinv(_DESIGN)
_CROSS = torch.tensor([[0.0, 0], [1, 0], [0, 1]])  # three points that determine an affine map
_COLUMNS = torch.tensor([[-1.0, 1, 0], [-1, 0, 1], [1, 0, 0]])  # images of these points -> the columns of the map
_TURN = torch.tensor([[0.0, 1], [-1, 0]])
_BOTTOM = torch.tensor([[[0.0, 0, 1]]])


def fit_affine(mapped: Tensor) -> tuple[Tensor, Tensor]:
    """The affine maps [N, 3, 3] that fit ``FIT_POINTS`` -> ``mapped`` [N, M, 2] best (least squares), and the root mean
    square error [N] of the fit. Exact for affine maps.
    """
    affine = _SOLVE @ mapped
    left = (_DESIGN @ affine - mapped).square().sum(-1).mean(-1).sqrt()
    return torch.cat([affine.mT, _BOTTOM.expand(len(mapped), 1, 3)], dim=1), left


def send(grid: GridGenerator, theta: Tensor, points: Tensor) -> Tensor:
    """``grid.at`` for ``points`` that are used for every frame: the weights of a spline for them are computed only
    once.
    """
    if isinstance(grid, ThinPlateSplineGrid):
        key = (grid.points_per_side, id(points))
        if key not in _kept:
            # An array, not a tensor: see model.grids. Keeping ``points`` makes sure that no other tensor gets its id.
            _kept[key] = points, grid.weights(points).numpy()
        return torch.from_numpy(_kept[key][1]) @ theta.view(-1, grid.num_params // 2, 2)
    return grid.at(theta, points)


_kept: dict[tuple[int, int], tuple[Tensor, np.ndarray]] = {}


def theta_matrix(grid: GridGenerator, theta: Tensor, size: int, output: int) -> tuple[Tensor, Tensor]:
    """The map of theta [N, num_params], output -> frame, in pixels from the middle: its affine part [N, 3, 3], and the
    root mean square distance, pixels, of the transform from it [N].

    ``size`` and ``output`` are the sides of the frame and of the warped output, px.
    """
    if isinstance(grid, (ProjectiveGrid, ThinPlateSplineGrid)):
        affine, bend = fit_affine(send(grid, theta, FIT_POINTS))
    else:
        affine = (_COLUMNS @ grid.at(theta, _CROSS)).mT
        affine = torch.cat([affine, _BOTTOM.expand(len(theta), 1, 3)], dim=1)
        bend = theta.new_zeros(len(theta))
    return affine * _to_pixels(size, output), bend * size / 2


def _to_pixels(size: float, output: float) -> Tensor:
    """Factors [3, 3] that convert an affine map, output -> frame, from normalised coordinates to pixels."""
    rows = [[a * b for b in (2 / output, 2 / output, 1.0)] for a in (size / 2, size / 2, 1.0)]
    return torch.tensor(rows)


def pose_matrix(matrix: Tensor, digit: int) -> Tensor:
    """The affine part [N, 3, 3] of poses ``matrix`` [N, 3, 3], digit -> frame, px, over a ``digit`` px square."""
    if bool((matrix[:, 2] == _BOTTOM[0]).all()):  # none has perspective
        return matrix
    return perspective_matrix(matrix, digit)


def perspective_matrix(matrix: Tensor, digit: int) -> Tensor:
    """``pose_matrix`` for poses that may have perspective."""
    mapped = (FIT_POINTS * digit / 2) @ matrix[:, :, :2].mT + matrix[:, None, :, 2]
    affine, _ = fit_affine(mapped[..., :2] / mapped[..., 2:])
    return affine * _to_pixels(2, digit)


def factors(matrix: Tensor) -> Tensor:
    """The factors [N, 6] of affine maps [N, 3, 3] = shift * rotation * scale * shear, in the order of ``PARTS``:
    degrees clockwise on the screen, factors, and pixels.

    A mirror image has a negative ``scale_y``. A map that collapses the x axis has rotation and shear 0. Rows with a NaN
    give NaN.
    """
    (a, b, x), (c, d, y) = (matrix[:, row].unbind(-1) for row in (0, 1))
    scale = (a * a + c * c).sqrt()
    collapsed = scale == 0
    divisor = torch.where(collapsed, 1.0, scale)
    cos, sin = torch.where(collapsed, 1.0, a / divisor), c / divisor
    rotation = torch.atan2(sin, cos) * (180 / math.pi)
    return torch.stack([rotation, scale, d * cos - b * sin, (b * cos + d * sin) / divisor, x, y], dim=-1)


def left_over(applied: Tensor, undone: Tensor) -> Tensor:
    """The residual, digit -> output [N, 3, 3], for pairs of maps [N, 3, 3]: the inverse of ``undone`` after
    ``applied``. NaN if ``undone`` has no inverse.
    """
    return _affine_inverse(undone) @ applied


def followed(applied: Tensor, undone: Tensor, rest: Tensor) -> tuple[Tensor, Tensor]:
    """How the frame moved with the digit, and the part of the pose that it did not follow; maps frame -> frame [N, 3,
    3].

    Args:
        applied: [N, 3, 3], the pose.
        undone: theta for the posed digit.
        rest: theta for the digit as drawn.

    Returns:
        followed: undone after the inverse of rest.
        left: the inverse of followed after applied, so that applied = followed after left: angles add, factors multiply
            (without shear), and the applied shift is the shift of left, rotated and scaled by followed, plus the shift
            of followed.

    Both are NaN if one of the two has no inverse.
    """
    moved = undone @ _affine_inverse(rest)
    missed = _affine_inverse(moved) @ applied
    return torch.where(missed.isnan(), torch.nan, moved), missed


def _affine_inverse(matrix: Tensor) -> Tensor:
    """Inverses of affine maps [N, 3, 3]; NaN if there is none."""
    linear, shift = matrix[:, :2].split((2, 1), dim=2)
    turn = _TURN.to(matrix)
    adjugate = turn @ linear.mT @ turn.mT  # [[d, -b], [-c, a]] of [[a, b], [c, d]]
    det = linear[:, :1] @ adjugate[:, :, :1]
    back = adjugate / torch.where(det.abs() >= 1e-9, det, torch.nan)
    return torch.cat([torch.cat([back, -(back @ shift)], dim=2), _BOTTOM.to(matrix).expand(len(matrix), 1, 3)], dim=1)


def parts(matrix: Tensor) -> list[dict[str, float]]:
    """``factors`` by name."""
    return [named(row) for row in factors(matrix).tolist()]


def named(values: list[float]) -> dict[str, float]:
    """One row of ``factors`` as a dict with the names in ``PARTS``."""
    return dict(zip(PARTS, values, strict=True))


def theta_from_parts(grid: GridGenerator, values: Mapping[str, float], size: int, output: int) -> Tensor:
    """The theta [num_params] of a transform family that is nearest to ``values`` (``PARTS``, output -> frame, px): the
    inverse of ``parts(theta_matrix(...))`` as far as the family allows. Attention keeps scale and shift only.
    """
    return theta_from_factors(grid, torch.tensor([values[name] for name in PARTS]), size, output)


def theta_from_factors(grid: GridGenerator, values: Tensor, size: int, output: int) -> Tensor:
    """``theta_from_parts`` for ``values`` [6] in the order of ``PARTS``."""
    affine = affine_matrix(values[None])[0, :2] * values.new_tensor([output / size, output / size, 2 / size])
    scale = (affine[0, 0] * affine[1, 1] - affine[0, 1] * affine[1, 0]).abs().sqrt()
    if isinstance(grid, AttentionGrid):
        return torch.stack([scale, affine[0, 2], affine[1, 2]])
    if isinstance(grid, SimilarityGrid):
        return torch.stack([scale, values[0] * (math.pi / 180), affine[0, 2], affine[1, 2]])
    if isinstance(grid, AffineGrid):
        return affine.flatten()
    if isinstance(grid, ProjectiveGrid):
        return torch.cat([affine.flatten(), values.new_zeros(2)])
    if isinstance(grid, ThinPlateSplineGrid):
        return (grid.control_points @ affine[:, :2].T + affine[:, 2]).flatten()
    raise TypeError(f"theta_from_factors does not know {type(grid).__name__}.")
