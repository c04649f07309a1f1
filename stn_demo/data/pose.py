"""A digit in a pose: how a 28 x 28 digit is rotated, stretched and placed in a frame, with a single resampling.

The page and the training use the same code. A pose is applied to the digit, so its matrix maps digit to frame; theta of
the network maps its output to the frame. A transformer that undoes a pose completely therefore has a theta equal to the
pose: it reads where the digit was put.

Units: pixels, degrees and factors. Origin: the middle of the image, y down, so that positive angles are clockwise on
the screen.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from ..model.grids import ThinPlateSplineGrid, base_points, transformed

DIGIT = 28  # side of a digit before it is posed, px
NO_CORNERS = ((0.0, 0.0),) * 4
_SPLINE = ThinPlateSplineGrid(4)


@dataclass(frozen=True)
class Pose:
    """A pose. Its parts are applied to the digit in this order: shear, scale, rotation, shift, perspective, elastic.

    Attributes:
        rotation: degrees, clockwise on the screen.
        scale: factor; 2 is twice as large.
        shift_x, shift_y: pixels to the right, pixels down.
        shear: horizontal shift per unit of height (tan of the angle); the lower part moves right.
        corners: shift of each corner of the frame, (x, y) px: top left, top right, bottom right, bottom left.
        elastic: standard deviation of the shift of each of 4 x 4 control points of a thin plate spline, px.
        elastic_seed: seed of these random shifts.
    """

    rotation: float = 0.0
    scale: float = 1.0
    shift_x: float = 0.0
    shift_y: float = 0.0
    shear: float = 0.0
    corners: tuple[tuple[float, float], ...] = NO_CORNERS
    elastic: float = 0.0
    elastic_seed: int = 0

    def matrix(self, frame: int = DIGIT) -> Tensor:
        """The homography [3, 3], digit -> frame, px from the middle of each, without the elastic part."""
        return pose_matrices([self], frame)[0].float()

    def displacement(self) -> Tensor:
        """Tensor[16, 2]: the shift of the position where each control point of the frame is read, px."""
        if not self.elastic:
            return torch.zeros(16, 2)
        return self.elastic * torch.randn(16, 2, generator=torch.Generator().manual_seed(self.elastic_seed))


def pose_matrices(poses: Sequence[Pose], frame: int = DIGIT) -> Tensor:
    """``Pose.matrix`` for several poses in float64, [N, 3, 3], of float32 numbers. A network with four looks amplifies a rounding
    error of the image 25 times, so a pose is computed more exactly than an image."""
    rows = [(pose.rotation, pose.scale, pose.scale, pose.shear, pose.shift_x, pose.shift_y) for pose in poses]
    matrix = affine_matrix(torch.tensor(rows, dtype=torch.float32).double())
    moved = [index for index, pose in enumerate(poses) if any(map(any, pose.corners))]
    if moved:
        corners = torch.tensor([poses[index].corners for index in moved], dtype=torch.float32).double()
        matrix[moved] = homography(corners, frame) @ matrix[moved]
    return matrix


def affine_matrix(params: Tensor) -> Tensor:
    """Tensor[N, 3, 3] = shift * rotation * scale * shear, for params [N, 6] = rotation in degrees, scale x, scale y,
    shear, shift x, shift y. ``analysis.decompose`` is the inverse.
    """
    angle, scale_x, scale_y, shear, x, y = params.unbind(-1)
    cos, sin = (angle * (math.pi / 180)).cos(), (angle * (math.pi / 180)).sin()
    zero, one = torch.zeros_like(cos), torch.ones_like(cos)
    rows = [cos * scale_x, cos * scale_x * shear - sin * scale_y, x]
    rows += [sin * scale_x, sin * scale_x * shear + cos * scale_y, y, zero, zero, one]
    return torch.stack(rows, dim=-1).view(-1, 3, 3)


def homography(offsets: Tensor, frame: float) -> Tensor:
    """The projective map [N, 3, 3] that moves the corners of a ``frame`` px square by ``offsets`` [N, 4, 2] px (top
    left, top right, bottom right, bottom left); px from the middle, up to a factor.

    Hartley & Zisserman, Multiple View Geometry, section 2.3: three corners span all points, and the fourth, as a sum of
    them, fixes their weights; here with rows (x, y, 1) for points, for the square and for the moved corners.
    """
    half = frame / 2
    square = offsets.new_tensor([[-half, -half, 1], [half, -half, 1], [half, half, 1], [-half, half, 1]])
    moved = square + F.pad(offsets, (0, 1))
    weights = moved[:, 3:] @ inverse(moved[:, :3])
    weights = torch.where(weights.abs() < 1e-6, 1e-6, weights)  # three corners on a line: very flat, but not singular
    # the same for the square, inverted: its weights are frame^2 * (1, -1, 1), and the determinant of its rows is frame^2
    back = inverse(square[:3]) * offsets.new_tensor([1, -1, 1]) / frame**4
    return (back @ (weights.mT * moved[:, :3])).mT


def inverse(matrix: Tensor) -> Tensor:
    """The inverse of homographies [..., 3, 3] up to a factor, which does not matter for a homography: the adjugate. It
    exists for every matrix, so a collapsed pose gives an empty image instead of an error.
    """
    return torch.linalg.cross(matrix.roll(-1, -2), matrix.roll(-2, -2)).mT


def resample(images: Tensor, matrix: Tensor, elastic: Tensor | None, frame: int) -> Tensor:
    """Put digits into their frames, reading each digit once, bilinearly, with black outside.

    Args:
        images: [N, 1, 28, 28]; or pictures [N, C, n, n].
        matrix: [N, 3, 3], digit -> frame, px from the middle. The images are read in its precision and on its device.
        elastic: [N, 16, 2], the shift of the position where each control point of the frame is read, px; or None.
        frame: side of the frame, px.

    Returns:
        Tensor[N, C, frame, frame].
    """
    half, digit_half = frame / 2, images.shape[-1] / 2
    points = base_points(frame, frame, matrix)
    if elastic is not None:  # a spline is linear in its values and the identity for points that are not shifted
        points = points + _SPLINE(elastic.to(matrix).flatten(1) / half, frame, frame).flatten(1, 2)
    # frame -> digit, both normalised; one row per coordinate, so that a batch is a single product
    back = inverse(matrix) * matrix.new_tensor([half, half, 1.0])
    mapped = transformed(points, back)
    depth = mapped[..., 2:]
    # Points on or behind the horizon, which no camera would see, are read far outside.
    ahead = depth * back[:, None, 2:, 2].sign() > 1e-9
    read = torch.where(ahead, mapped[..., :2] / (torch.where(ahead, depth, 1.0) * digit_half), 10.0)
    grid = read.view(-1, frame, frame, 2)
    posed = F.grid_sample(images.to(grid), grid, mode="bilinear", padding_mode="zeros", align_corners=False)
    return posed.to(images)


def pose_images(images: Tensor, poses: Sequence[Pose], frame: int = DIGIT, matrices: Tensor | None = None) -> Tensor:
    """``images`` [N, C, n, n], each in its pose: Tensor[N, C, frame, frame], on the images' device. ``matrices``: the
    ``pose_matrices``, if already computed.
    """
    elastic = None
    if any(pose.elastic for pose in poses):
        elastic = torch.stack([pose.displacement() for pose in poses])
    matrices = pose_matrices(poses, frame) if matrices is None else matrices
    return resample(images, matrices, elastic, frame)
