"""Does its frame move with the digit? Of a transformer at the input: the slope of the turn that it answers on the turn that
was given, how well its answers to one and the same digit agree, and how much of scale and shift it undoes.

An answer is compared with the answer to the same digit when it is not posed, so that a digit written at a slant, which the
network straightens, counts neither for nor against it.
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
PLACED = DISTORTIONS["pose"]  # what is drawn from for scale and shift
AT_ONCE = 500


def measure(model: Network, digits: Digits, seed: int = 0) -> dict[str, float]:
    """Of ``digits``, JSON-ready:

    * slope: of the line through (angle given, answer less the answer to the digit as it was written, wrapped to +-180
      degrees), over all digits at all of ``ANGLES``; 1 where all turning is undone.
    * agreement, agreement_90: median and 90th percentile, degrees, of how far that difference is from the angle given, over
      all of ``ANGLES`` but 0.
    * unturned: the median size of the answer to a digit as it was written, degrees.
    * scale, shift: R squared of what is undone. Of poses drawn from ``PLACED`` by ``seed``: 1 less the mean squared miss over
      the variance of what was given, in the logarithm of the scale, and in px of the shift in x and y. The answer is again
      taken relative to the one for the digit as it was written.
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
    """float64 [N, 3, 3]: what theta does, output -> frame, px from the middle, for ``images`` [N, 1, 28, 28] in the poses
    ``params`` [N, 6], see ``affine_matrix``."""
    return _of_pictures(model, resample(images, affine_matrix(params), None, model.config.side))


def _of_pictures(model: Network, pictures: Tensor) -> Tensor:
    config, first = model.config, model.transformers["input"]
    with torch.inference_mode():
        theta = torch.cat([first.trace(part).theta for part in pictures.split(AT_ONCE)])
        return decompose.theta_matrix(first.grid, theta, config.side, config.output_side)[0].double()


def _placing(model: Network, images: Tensor, at_rest: Tensor, seed: int) -> tuple[float, float]:
    """R squared of scale and of shift."""
    distortion = replace(PLACED, frame=model.config.side)
    distorted = distortion(images, torch.Generator().manual_seed(seed))
    pose, answer = distorted.matrix.double(), _of_pictures(model, distorted.images)
    scale = _log_scale(answer) - _log_scale(at_rest)
    moved = (pose[:, :2, :2] @ at_rest[:, :2, 2:])[..., 0]  # where a digit only turned and scaled would be read
    shift = answer[:, :2, 2] - moved
    given = pose[:, :2, 0].norm(dim=1).log()
    return _r_squared(scale[:, None], given[:, None]), _r_squared(shift, pose[:, :2, 2])


def _r_squared(found: Tensor, given: Tensor) -> float:
    spread = (given - given.mean(0)).square().sum()
    return float(1 - (found - given).square().sum() / spread.clamp(min=1e-12))


def _angle(matrix: Tensor) -> Tensor:
    """Degrees, clockwise on the screen: where the x axis points."""
    return torch.rad2deg(torch.atan2(matrix[:, 1, 0], matrix[:, 0, 0]))


def _log_scale(matrix: Tensor) -> Tensor:
    """Of the factor by which the area of a small square grows, half its logarithm."""
    return torch.linalg.det(matrix[:, :2, :2]).abs().clamp(min=1e-12).log() / 2


def _wrapped(degrees: Tensor) -> Tensor:
    return (degrees + 180) % 360 - 180
