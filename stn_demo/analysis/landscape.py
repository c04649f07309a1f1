"""The loss of one digit over rotation and scale of the frame: the surface on which gradient descent on theta moves.

The frame is the sampling grid of a given theta. It is rotated and scaled about the position where the middle of the
output is read; shift, shear and bending stay as in theta. So the map is a plane through theta, for every family of
transforms.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor

from ..model import Network, Sampler
from ..model.grids import GridGenerator
from . import decompose
from .gradient import check_transformer

SIDE = 21  # values of rotation and of scale
ROTATIONS = torch.linspace(-180, 180, SIDE)  # degrees
SCALES = torch.logspace(math.log2(0.4), math.log2(2.5), SIDE, base=2)  # factors, in equal steps of the logarithm
MIDDLE = torch.zeros(1, 2)
SMALLEST = 1e-3  # scale of theta below which the frame counts as a point, which cannot be scaled up again
CHUNK = 49  # images per batch of the classifier, so that its feature maps fit in the cache; SIDE * SIDE is a multiple


class Landscape(NamedTuple):
    """loss [SCALES, ROTATIONS] in nats; rotation (degrees) and scale of theta itself, which may be outside the map."""

    loss: Tensor
    rotation: float
    scale: float


@torch.no_grad()
def landscape(
    model: Network,
    image: Tensor,
    theta: Tensor,
    target: int,
    sampler: Sampler | None = None,
    read: Callable[[Tensor], Tensor] | None = None,
) -> Landscape:
    """The map around ``theta`` [num_params] for ``image`` [1, S, S] and the correct digit ``target``. Only the sampler
    and the classifier run, not the localization network. ``read``: does the same as ``classify`` of ``model``, for ``CHUNK``
    images.

    Raises:
        ValueError: the model has no transformer at its input, or theta shrinks the frame to a point.
    """
    check_transformer(model)
    first = model.transformer()
    grids, rotation, scale = spread(first.grid, theta, image.shape[-1], model.config.output_side)
    if not scale >= SMALLEST:
        raise ValueError("This theta reads a single point, so its frame cannot be rotated or scaled.")
    read = read or partial(classify, model)
    log_probs = [
        read((sampler or first.sampler)(image.expand(len(part), -1, -1, -1), part)) for part in grids.split(CHUNK)
    ]
    return Landscape(-torch.cat(log_probs)[:, target].view(SIDE, SIDE), float(rotation), float(scale))


def spread(generator: GridGenerator, theta: Tensor, size: int, output: int) -> tuple[Tensor, Tensor, Tensor]:
    """The grids of the map around ``theta`` [num_params], see ``turned``; rotation [], degrees, and scale [] of theta.
    ``size`` and ``output`` are the sides of the frame and of the warped output, px.
    """
    matrix, _ = decompose.theta_matrix(generator, theta[None], size, output)
    rotation, scale = decompose.factors(matrix)[0, :2].unbind()
    return turned(generator(theta[None], output, output)[0], theta, generator, rotation, scale), rotation, scale


def turned(
    grid: Tensor, theta: Tensor, generator: GridGenerator, rotation: Tensor | float, scale: Tensor | float
) -> Tensor:
    """Tensor[SIDE * SIDE, O, O, 2]: ``grid`` [O, O, 2], which has ``rotation`` and ``scale``, at each rotation and
    scale of the map, scale by scale.
    """
    centre = decompose.send(generator, theta[None], MIDDLE)[0, 0]
    angles = (ROTATIONS.to(theta) - rotation) * (math.pi / 180)
    factors = SCALES.to(theta)[:, None] / scale
    cos, sin = factors * angles.cos(), factors * angles.sin()
    turns = torch.stack([cos, -sin, sin, cos], dim=-1).view(-1, 1, 2, 2)
    return centre + (grid - centre) @ turns.mT


def classify(model: Network, warped: Tensor) -> Tensor:
    """Log-probabilities [N, 10] for the output of the transformer at the input [N, 1, O, O]."""
    x = warped
    for point, stage in model.classifier.stages.items():
        if point != "input" and point in model.transformers:
            x = model.transformer(point)(x)
        x = stage(x)
    return x
