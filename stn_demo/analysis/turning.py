"""Whether the frame moves with the digit, for a transformer at the input: the slope of theta's rotation over the
digit's rotation, how consistent theta's rotations for one digit are, and how much of scale and shift is undone.

Theta is always compared with theta for the same digit as written. So the correction of a digit that is written at a
slant counts neither for nor against the network.
"""

from __future__ import annotations

import math
from dataclasses import replace

import torch
from torch import Tensor

from ..data.digits import Digits
from ..data.distortions import DISTORTIONS
from ..data.pose import affine_matrix, resample
from ..model import Network
from . import decompose

METHOD = 1
ANGLES = tuple(range(-90, 91, 15))  # degrees
PLACED = DISTORTIONS["pose"]  # distribution of scale and shift
AT_ONCE = 500


def measure(model: Network, digits: Digits, seed: int = 0) -> dict[str, float]:
    """Results for ``digits``, JSON-ready:

    * slope: of the line through (rotation of the digit, rotation of theta minus that for the digit as written, wrapped
    to +-180 degrees), over all digits at all of ``ANGLES``; 1 if all rotation is undone.
    * agreement, agreement_90: median and 90th percentile, degrees, of the deviation of that difference from the
    rotation of the digit, over all of ``ANGLES`` except 0.
    * unturned: median absolute rotation of theta for a digit as written, degrees.
    * scale, shift: R squared of what is undone, for poses drawn from ``PLACED`` with ``seed``: 1 minus the mean squared
    deviation over the variance of the given values, for the logarithm of the scale, and for the shift in x and y, px.
    Theta is again relative to that for the digit as written.
    """
    images = digits.images[:, None].float() / 255
    at_rest = answers(model, images, torch.zeros(len(images), 6).index_fill(1, torch.tensor([1, 2]), 1.0))
    turns = []
    for angle in ANGLES:
        params = torch.zeros(len(images), 6)
        params[:, 0], params[:, 1:3] = angle, 1.0
        turns.append(_angle(answers(model, images, params)))
    given = torch.tensor(ANGLES, dtype=torch.float64)[:, None]
    answered = _wrapped(torch.stack(turns) - _angle(at_rest))
    missed = _wrapped(answered - given).abs()[given[:, 0] != 0].flatten()
    middle = answered.mean()
    slope = (given * (answered - middle)).sum() / (given.square().sum() * len(images))
    scale, shift = _placing(model, images, at_rest, seed)
    return {
        "slope": round(float(slope), 4),
        "agreement": round(float(missed.median()), 2),
        "agreement_90": round(float(missed.sort().values[math.ceil(0.9 * len(missed)) - 1]), 2),
        "unturned": round(float(_angle(at_rest).abs().median()), 2),
        "scale": round(scale, 4),
        "shift": round(shift, 4),
        "digits": len(images),
    }


def answers(model: Network, images: Tensor, params: Tensor) -> Tensor:
    """float64 [N, 3, 3]: the affine map of theta, output -> frame, px from the middle, for ``images`` [N, 1, 28, 28] in
    the poses ``params`` [N, 6], see ``affine_matrix``.
    """
    return _of_pictures(model, resample(images, affine_matrix(params), None, model.config.side))


def _of_pictures(model: Network, pictures: Tensor) -> Tensor:
    config, first = model.config, model.transformer()
    with torch.inference_mode():
        theta = torch.cat([first.trace(part).theta for part in pictures.split(AT_ONCE)])
        return decompose.theta_matrix(first.grid, theta, config.side, config.output_side)[0].double()


def _placing(model: Network, images: Tensor, at_rest: Tensor, seed: int) -> tuple[float, float]:
    """R squared of scale and of shift."""
    distortion = replace(PLACED, frame=model.config.side)
    distorted = distortion(images, torch.Generator().manual_seed(seed))
    pose, answer = distorted.matrix.double(), _of_pictures(model, distorted.images)
    scale = _log_scale(answer) - _log_scale(at_rest)
    # where a digit that is only rotated and scaled would be read
    moved = (pose[:, :2, :2] @ at_rest[:, :2, 2:])[..., 0]
    shift = answer[:, :2, 2] - moved
    given = pose[:, :2, 0].norm(dim=1).log()
    return _r_squared(scale[:, None], given[:, None]), _r_squared(shift, pose[:, :2, 2])


def _r_squared(found: Tensor, given: Tensor) -> float:
    spread = (given - given.mean(0)).square().sum()
    return float(1 - (found - given).square().sum() / spread.clamp(min=1e-12))


def _angle(matrix: Tensor) -> Tensor:
    """The direction of the x axis, degrees, clockwise on the screen."""
    return torch.rad2deg(torch.atan2(matrix[:, 1, 0], matrix[:, 0, 0]))


def _log_scale(matrix: Tensor) -> Tensor:
    """Half the logarithm of the factor of the area."""
    return torch.linalg.det(matrix[:, :2, :2]).abs().clamp(min=1e-12).log() / 2


def _wrapped(degrees: Tensor) -> Tensor:
    return (degrees + 180) % 360 - 180
