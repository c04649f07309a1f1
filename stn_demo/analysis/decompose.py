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
FIT_POINTS = base_points(14, 14, torch.zeros(()))  # where a map that is not affine is compared with its affine part
_DESIGN = torch.cat([FIT_POINTS, torch.ones_like(FIT_POINTS[:, :1])], dim=1)
_SOLVE = torch.linalg.pinv(_DESIGN)
_CROSS = torch.tensor([[0.0, 0], [1, 0], [0, 1]])  # three points that say all about an affine map
_BOTTOM = torch.tensor([[[0.0, 0, 1]]])


def fit_affine(mapped: Tensor) -> tuple[Tensor, Tensor]:
    """The affine maps [N, 3, 3] nearest to ``FIT_POINTS`` -> ``mapped`` [N, M, 2] in the least squares sense, and the root
    mean square [N] of what they leave over. Exact for affine maps."""
    affine = _SOLVE @ mapped
    left = (_DESIGN @ affine - mapped).square().sum(-1).mean(-1).sqrt()
    return torch.cat([affine.mT, _BOTTOM.expand(len(mapped), 1, 3)], dim=1), left


def send(grid: GridGenerator, theta: Tensor, points: Tensor) -> Tensor:
    """``grid.at`` for ``points`` that are asked for at every frame: a spline's weights for them are worked out once."""
    if isinstance(grid, ThinPlateSplineGrid):
        key = (grid.points_per_side, id(points))
        if key not in _kept:
            # an array, not a tensor: see model.grids. The points are held, so that no others get their id.
            _kept[key] = points, grid.weights(points).numpy()
        return torch.from_numpy(_kept[key][1]) @ theta.view(-1, grid.num_params // 2, 2)
    return grid.at(theta, points)


_kept: dict[tuple[int, int], tuple[Tensor, np.ndarray]] = {}


def theta_matrix(grid: GridGenerator, theta: Tensor, size: int, output: int) -> tuple[Tensor, Tensor]:
    """What theta [N, num_params] does, output -> frame, in pixels from the middle: the affine part [N, 3, 3], and by
    how many pixels (root mean square) the transform bends away from it [N].

    ``size`` and ``output`` are the sides of the frame and of the warped output, px.
    """
    if isinstance(grid, (ProjectiveGrid, ThinPlateSplineGrid)):
        affine, bend = fit_affine(send(grid, theta, FIT_POINTS))
    else:
        shift, right, down = grid.at(theta, _CROSS).unbind(1)
        affine = torch.stack([right - shift, down - shift, shift], dim=-1)
        affine = torch.cat([affine, _BOTTOM.expand(len(theta), 1, 3)], dim=1)
        bend = theta.new_zeros(len(theta))
    return affine * _to_pixels(size, output), bend * size / 2


def _to_pixels(size: float, output: float) -> Tensor:
    """Factors [3, 3] that take an affine map, output -> frame, from normalised coordinates to pixels."""
    rows = [[a * b for b in (2 / output, 2 / output, 1.0)] for a in (size / 2, size / 2, 1.0)]
    return torch.tensor(rows)


def pose_matrix(matrix: Tensor, digit: int) -> Tensor:
    """The affine part [N, 3, 3] of poses ``matrix`` [N, 3, 3], digit -> frame, px, over a ``digit`` px square."""
    if bool((matrix[:, 2] == _BOTTOM[0]).all()):  # no perspective in any of them
        return matrix
    mapped = (FIT_POINTS * digit / 2) @ matrix[:, :, :2].mT + matrix[:, None, :, 2]
    affine, _ = fit_affine(mapped[..., :2] / mapped[..., 2:])
    return affine * _to_pixels(2, digit)


def parts(matrix: Tensor) -> list[dict[str, float]]:
    """The factors of affine maps [N, 3, 3] = shift * rotation * scale * shear, as ``PARTS``: degrees clockwise on the
    screen, factors, and pixels. A mirror image shows as a negative ``scale_y``; a map that collapses the x axis has
    rotation and shear 0."""
    return [_parts(*row[0], *row[1]) for row in matrix.tolist()]


def residual(applied: Tensor, undone: Tensor) -> list[dict[str, float] | None]:
    """``parts`` of digit -> output for pairs of maps [N, 3, 3]; None where theta collapses and has no inverse."""
    return [_left_over(*pair) for pair in zip(applied.tolist(), undone.tolist(), strict=True)]


def followed(
    applied: Tensor, undone: Tensor, rest: Tensor
) -> tuple[list[dict[str, float] | None], list[dict[str, float] | None]]:
    """How the frame moved with the digit, and what of the pose it did not follow: ``parts`` of maps frame -> frame.

    ``applied`` [N, 3, 3] is the pose, ``undone`` theta for the posed digit, ``rest`` theta for the digit as it was drawn. Followed
    is undone after the inverse of rest; left is the inverse of followed after applied, so that

        applied = followed after left:  angles add up, factors multiply (where nothing is sheared), and the shift of left, turned
        and scaled as followed says, plus the shift of followed, is the shift that was applied.

    None where theta collapses and has no inverse.
    """
    found: list[dict[str, float] | None] = []
    rests: list[dict[str, float] | None] = []
    moved = undone.double() @ _affine_inverse(rest.double())
    missed = _affine_inverse(moved) @ applied.double()
    for frame, over in zip(moved, missed, strict=True):
        whole = bool(frame.isfinite().all() and over.isfinite().all())
        found.append(parts(frame[None])[0] if whole else None)
        rests.append(parts(over[None])[0] if whole else None)
    return found, rests


def _affine_inverse(matrix: Tensor) -> Tensor:
    """Of affine maps [N, 3, 3]; NaN where there is none."""
    det = torch.linalg.det(matrix)
    safe = torch.where(det.abs() < 1e-9, torch.nan, det)
    a, b, x, c, d, y = matrix[:, :2].flatten(1).unbind(1)
    linear = torch.stack([d, -b, -c, a], dim=1).view(-1, 2, 2) / safe[:, None, None]
    shift = -(linear @ torch.stack([x, y], dim=1)[:, :, None])
    return torch.cat([torch.cat([linear, shift], dim=2), _BOTTOM.to(matrix).expand(len(matrix), 1, 3)], dim=1)


# A handful of numbers for each scene: plain Python is done with them before torch has dispatched its first operation.


def _parts(a: float, b: float, x: float, c: float, d: float, y: float) -> dict[str, float]:
    scale = math.hypot(a, c)
    cos, sin = (a / scale, c / scale) if scale > 0 else (1.0, 0.0)
    shear = (b * cos + d * sin) / (scale if scale > 0 else 1.0)
    values = math.degrees(math.atan2(sin, cos)), scale, d * cos - b * sin, shear, x, y
    return dict(zip(PARTS, values, strict=True))


def _left_over(applied: list[list[float]], undone: list[list[float]]) -> dict[str, float] | None:
    """The inverse of ``undone`` after ``applied``."""
    (a, b, x), (c, d, y) = undone[:2]
    det = a * d - b * c
    if not abs(det) >= 1e-9:  # nor where it is no number
        return None
    (p, q, u), (r, s, v) = applied[:2]
    u, v = u - x, v - y
    inverse = d / det, -b / det, -c / det, a / det
    top = [inverse[0] * one + inverse[1] * other for one, other in ((p, r), (q, s), (u, v))]
    low = [inverse[2] * one + inverse[3] * other for one, other in ((p, r), (q, s), (u, v))]
    return _parts(*top, *low)


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
