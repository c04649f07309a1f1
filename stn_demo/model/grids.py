"""Grid generators: theta -> where in the input each output pixel is read (paper section 3.2).

Conventions, the same for every generator and everywhere in this project:

* theta maps **output** coordinates to **input** coordinates, as in the paper's equation 1. A scale of 0.5 in theta
therefore reads half of the input and shows it twice as large: it zooms *in*.
* Coordinates are (x, y) with x to the right, y **down**, and -1 and 1 at the outer *edges* of the image
(``align_corners=False``): pixel i of W is centred at (2 i + 1) / W - 1. Edges, unlike the centres of the corner pixels,
keep their position when the resolution changes. So one theta means the same crop on a 28 x 28 image, a 12 x 12 feature
map and a 60 x 60 output.
* Angles are in radians. Since y points down, a positive angle is a clockwise rotation on the screen.
"""

from __future__ import annotations

import functools
import math

import numpy as np
import torch
from torch import Tensor, nn


def base_points(height: int, width: int, like: Tensor) -> Tensor:
    """The pixel centres of a ``height`` x ``width`` image: Tensor[height * width, 2], (x, y), row by row, with the type
    and device of ``like``. Do not write to the result: several calls may share its memory.
    """
    return _as_tensor(_pixel_centres(height, width, like.dtype == torch.float64), like)


# Tables that do not depend on an image are cached as NumPy arrays. A tensor that is created while torch.export or
# torch.compile traces is a placeholder without values; a cached placeholder would break every later call.


@functools.lru_cache(maxsize=64)
def _pixel_centres(height: int, width: int, double: bool) -> np.ndarray:
    kind = np.float64 if double else np.float32
    y = (2 * np.arange(height, dtype=kind) + 1) / kind(height) - 1
    x = (2 * np.arange(width, dtype=kind) + 1) / kind(width) - 1
    return np.stack([np.tile(x, height), np.repeat(y, width)], axis=-1)


def _as_tensor(table: np.ndarray, like: Tensor) -> Tensor:
    return torch.from_numpy(table).to(like.device, like.dtype)


def transformed(points: Tensor, matrix: Tensor) -> Tensor:
    """``points`` [M, 2] or [N, M, 2], with a 1 as their third coordinate, times each ``matrix`` [N, R, 3]: Tensor[N, M, R].

    The same points for all are one matrix product [N R, 3] @ [3, M]. As N products of [M, 2] @ [2, R] it took 15 times as
    long (784 points, N = 64).
    """
    if points.dim() == 2:
        homogeneous = torch.cat([points, torch.ones_like(points[:, :1])], dim=1)
        return (matrix.flatten(0, 1) @ homogeneous.mT).unflatten(0, (-1, matrix.shape[1])).mT
    return points @ matrix[:, :, :2].mT + matrix[:, None, :, 2]


class GridGenerator(nn.Module):
    """Base class of the generators. A subclass defines the number of parameters, the identity (``identity``), and where
    theta maps any set of points (``at``).

    Attributes:
        num_params: length of theta.
        composes: whether the composition of two transforms is again in the family, see ``compose``.
    """

    num_params: int
    composes = False

    def identity(self) -> Tensor:
        """Tensor[num_params]: the theta that maps every point to itself."""
        raise TypeError(f"{type(self).__name__} does not define an identity.")

    def at(self, theta: Tensor, points: Tensor) -> Tensor:
        """Map ``points`` [M, 2] of the output to the input: Tensor[N, M, 2] for theta [N, num_params]."""
        raise TypeError(f"{type(self).__name__} does not define where it maps a point.")

    def check(self, theta: Tensor) -> None:
        """Raises ValueError unless theta is [N, num_params]."""
        if theta.dim() != 2 or theta.shape[1] != self.num_params:
            raise ValueError(
                f"{type(self).__name__} takes theta of shape [N, {self.num_params}], not {list(theta.shape)}."
            )

    def compose(self, outer: Tensor, inner: Tensor) -> Tensor:
        """The theta [N, num_params] that maps each point x to ``outer(inner(x))``: it reads the input where the grid of
        ``inner`` would read the image that ``outer`` has read. Only for families with ``composes``.
        """
        raise TypeError(f"The composition of two transforms of {type(self).__name__} is not in its family.")

    def forward(self, theta: Tensor, height: int, width: int) -> Tensor:
        """Sampling grid Tensor[N, height, width, 2] for ``theta`` [N, num_params], as ``F.grid_sample`` takes it.

        Raises:
            ValueError: theta is not [N, num_params].
        """
        self.check(theta)
        return self.at(theta, base_points(height, width, theta)).view(-1, height, width, 2)


class AffineGrid(GridGenerator):
    """Equation 1 of the paper. theta: the 2 x 3 matrix row by row, as ``F.affine_grid`` takes it."""

    num_params = 6
    composes = True

    def identity(self) -> Tensor:
        return torch.tensor([1.0, 0, 0, 0, 1, 0])

    def at(self, theta: Tensor, points: Tensor) -> Tensor:
        return transformed(points, theta.view(-1, 2, 3))

    def compose(self, outer: Tensor, inner: Tensor) -> Tensor:
        first, second = outer.view(-1, 2, 3), inner.view(-1, 2, 3)
        linear, shift = first[:, :, :2] @ second[:, :, :2], first[:, :, :2] @ second[:, :, 2:] + first[:, :, 2:]
        return torch.cat([linear, shift], dim=2).flatten(1)


class AttentionGrid(GridGenerator):
    """Equation 2 of the paper. theta: [s, tx, ty], isotropic scale and translation, no rotation."""

    num_params = 3

    def identity(self) -> Tensor:
        return torch.tensor([1.0, 0, 0])

    def at(self, theta: Tensor, points: Tensor) -> Tensor:
        return theta[:, None, :1] * points + theta[:, None, 1:]


class SimilarityGrid(GridGenerator):
    """theta: [s, phi, tx, ty] for the matrix [[s cos phi, -s sin phi, tx], [s sin phi, s cos phi, ty]]; phi in
    radians, clockwise on the screen."""

    num_params = 4
    composes = True

    def identity(self) -> Tensor:
        return torch.tensor([1.0, 0, 0, 0])

    def at(self, theta: Tensor, points: Tensor) -> Tensor:
        scale, phi, x, y = theta.split(1, dim=1)
        cos, sin = scale * phi.cos(), scale * phi.sin()
        return transformed(points, torch.cat([cos, -sin, x, sin, cos, y], dim=1).view(-1, 2, 3))

    def compose(self, outer: Tensor, inner: Tensor) -> Tensor:
        """Scales multiply and angles add. phi is wrapped to -pi to pi, with the gradient of the plain sum."""
        shift = self.at(outer, inner[:, None, 2:])[:, 0]
        phi = outer[:, 1:2] + inner[:, 1:2]
        phi = phi - 2 * math.pi * (phi.detach() / (2 * math.pi)).round()
        return torch.cat([outer[:, :1] * inner[:, :1], phi, shift], dim=1)


class ProjectiveGrid(GridGenerator):
    """theta: the first eight entries, row by row, of a homography with h33 = 1, in normalised coordinates
    (paper section 3.2; Hartley & Zisserman, Multiple View Geometry, section 2.3)."""

    num_params = 8
    composes = True
    smallest_depth = 1e-6  # a point on the horizon has depth 0: it is read far outside, instead of at NaN

    def identity(self) -> Tensor:
        return torch.tensor([1.0, 0, 0, 0, 1, 0, 0, 0])

    def at(self, theta: Tensor, points: Tensor) -> Tensor:
        mapped = transformed(points, self._matrix(theta))
        return mapped[..., :2] / self._off_zero(mapped[..., 2:])

    def compose(self, outer: Tensor, inner: Tensor) -> Tensor:
        """The product of the two homographies, divided by its h33 (by +-1e-6 if it is closer to 0)."""
        product = (self._matrix(outer) @ self._matrix(inner)).flatten(1)
        return product[:, :8] / self._off_zero(product[:, 8:])

    @staticmethod
    def _matrix(theta: Tensor) -> Tensor:
        return torch.cat([theta, torch.ones_like(theta[:, :1])], dim=1).view(-1, 3, 3)

    def _off_zero(self, depth: Tensor) -> Tensor:
        tiny = torch.where(depth < 0, -self.smallest_depth, self.smallest_depth).to(depth.dtype)
        return torch.where(depth.abs() < self.smallest_depth, tiny, depth)


class ThinPlateSplineGrid(GridGenerator):
    """The interpolating thin plate spline through ``points_per_side``^2 control points (paper section 3.2; Bookstein
    1989; equal to ``scipy.interpolate.RBFInterpolator(kernel="thin_plate_spline", degree=1)``).

    The control points are a regular grid over [-1, 1], including the corners. theta holds, row by row, the (x, y) in
    the input from which each of them is read. A spline is linear in its values, so the grid is the product of theta
    with a matrix that depends on the output points only.
    """

    control_points: Tensor

    def __init__(self, points_per_side: int = 4):
        super().__init__()
        if points_per_side < 2:
            raise ValueError(f"A thin plate spline needs at least 2 points per side, not {points_per_side}.")
        self.points_per_side, self.num_params = points_per_side, 2 * points_per_side**2
        control = torch.from_numpy(_control_points(points_per_side).astype(np.float32))
        self.control_points: Tensor
        self.register_buffer("control_points", control, persistent=False)

    def identity(self) -> Tensor:
        return self.control_points.detach().clone().flatten()

    def weights(self, points: Tensor) -> Tensor:
        """Tensor[M, control points]: the weight of each control point's value at each of ``points`` [M, 2]. ``points``
        are constants: no gradient flows to them, and no traced graph depends on them.
        """
        exact = points.detach().to("cpu", torch.float64).numpy()
        return _as_tensor(_spline_weights(exact, self.points_per_side), points)

    def at(self, theta: Tensor, points: Tensor) -> Tensor:
        return self._moved(self.weights(points), theta)

    def forward(self, theta: Tensor, height: int, width: int) -> Tensor:
        self.check(theta)
        weights = _as_tensor(_spline_table(height, width, self.points_per_side), theta)
        return self._moved(weights, theta).view(-1, height, width, 2)

    @staticmethod
    def _moved(weights: Tensor, theta: Tensor) -> Tensor:
        """``weights`` [M, K] times the control points of each theta [N, 2 K], as one matrix product: Tensor[N, M, 2]."""
        columns = theta.unflatten(1, (-1, 2)).mT.flatten(0, 1)
        return (columns @ weights.mT).unflatten(0, (-1, 2)).mT


def _control_points(points_per_side: int) -> np.ndarray:
    side = np.linspace(-1, 1, points_per_side)
    return np.stack([np.tile(side, points_per_side), np.repeat(side, points_per_side)], axis=-1)


def _spline_kernel(points: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """r^2 log r for each point and each centre; 0 at r = 0."""
    squared = np.square(points[:, None] - centres).sum(-1)
    return squared * np.log(np.where(squared > 0, squared, 1)) / 2


@functools.lru_cache(maxsize=8)
def _spline_solution(points_per_side: int) -> np.ndarray:
    """The inverse of [[K, P], [P^T, 0]], with P = [1, x, y], without the columns for the zeros. It solves Bookstein's
    equation [[K, P], [P^T, 0]] [w; a] = [values; 0] for the weights w and the affine part a.
    """
    control = _control_points(points_per_side)
    count = len(control)
    affine = np.concatenate([np.ones((count, 1)), control], axis=1)
    system = np.zeros((count + 3, count + 3))
    system[:-3, :-3] = _spline_kernel(control, control)
    system[:-3, -3:] = affine
    system[-3:, :-3] = affine.T
    return np.linalg.inv(system)[:, :-3]


def _spline_weights(points: np.ndarray, points_per_side: int) -> np.ndarray:
    kernel = _spline_kernel(points, _control_points(points_per_side))
    rows = np.concatenate([kernel, np.ones((len(points), 1)), points], axis=1)
    return rows @ _spline_solution(points_per_side)


@functools.lru_cache(maxsize=64)
def _spline_table(height: int, width: int, points_per_side: int) -> np.ndarray:
    """``_spline_weights`` of the pixel centres, in float32 for every theta: an exported graph holds this table, and a visitor
    downloads it."""
    return _spline_weights(_pixel_centres(height, width, True), points_per_side).astype(np.float32)


GRIDS: dict[str, type[GridGenerator]] = {
    "attention": AttentionGrid,
    "similarity": SimilarityGrid,
    "affine": AffineGrid,
    "projective": ProjectiveGrid,
    "tps": ThinPlateSplineGrid,
}
