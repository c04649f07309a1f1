"""The tensors of a frame, from posed pictures. ``frame`` calls this for a batch, and ``recorded`` records it.

Inputs and outputs are tensors only, so that the same code runs in Python and as a recorded program.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from ..model import Network, Sampler
from ..model.grids import GridGenerator
from ..model.transformer import SpatialTransformer
from . import decompose
from .outline import CORNERS, outline_of, untouched_grid

MAPS = (
    "applied",
    "undone",
    "residual",
    "predicted_parts",
    "rest",
    "followed",
    "left",
)  # of a ``frame.Frame``: decompositions


class Computed(NamedTuple):
    """N frames. C, O: channels and side of the warped output, P: length of theta, L: number of looks, 0 for a transformer that
    looks once.

    Attributes:
        warped: [N, C, O, O]; grid: [N, O, O, 2]; outline: [N, 4 k, 2]; theta, predicted: [N, P]; probs: [N, classes]; bend: [N];
            as in ``frame.Frame``. P = 0 without a transformer at the input.
        words: [len(MAPS), N, 6], the ``decompose.factors`` of each map, NaN if undefined; only the first map without a
            transformer.
        looks, look_outlines: [N, L, C, O, O] and [N, L, 4 k, 2], what each look reads and where.
    """

    warped: Tensor
    grid: Tensor
    outline: Tensor
    theta: Tensor
    predicted: Tensor
    probs: Tensor
    words: Tensor
    bend: Tensor
    looks: Tensor
    look_outlines: Tensor


def compute(
    model: Network,
    inputs: Tensor,
    applied: Tensor,
    looks: Tensor,
    at_rest: Tensor,
    wanted: Tensor | None = None,
    sampler: Sampler | None = None,
) -> Computed:
    """
    Args:
        inputs: [N, C, S, S], posed.
        applied: [N, 3, 3], the poses in px of the digit, see ``decompose.pose_matrix``.
        looks: [N, looks, P], theta of the network after each look at ``inputs``; ignored without a transformer.
        at_rest: [N, P], theta of the network for the digits as drawn; ignored without a transformer.
        wanted: [N, P], replaces theta; rows of NaN keep the network's own.
        sampler: replaces the sampler of the transformer.
    """
    if "input" not in model.transformers:
        return _untouched(model, inputs, applied)
    first, output = model.transformer(), model.config.output_side
    own = looks[:, -1]
    theta = own if wanted is None else torch.where(wanted.isnan().any(dim=1, keepdim=True), own, wanted)
    trace = model.trace(inputs, theta, sampler)  # theta is given, so the localization network does not run again
    grid, theta = trace.transforms[0].grid, trace.transforms[0].theta
    found, bend = maps(first.grid, applied, theta.float(), own.float(), at_rest.float(), model.config.side, output)
    words = decompose.factors(torch.cat(list(found.values()))).unflatten(0, (len(MAPS), -1))
    if looks.shape[1] == 1:
        looks = looks[:, :0]
    return Computed(
        warped=trace.transforms[0].warped,
        grid=grid,
        outline=outline_of(first.grid, theta.float()),
        theta=theta,
        predicted=own,
        probs=trace.log_probs.exp(),
        words=words,
        bend=bend,
        looks=_read(first, inputs, looks, output, sampler),
        look_outlines=outline_of(first.grid, looks.flatten(0, 1).float()).unflatten(0, looks.shape[:2]),
    )


def _read(first: SpatialTransformer, inputs: Tensor, looks: Tensor, output: int, sampler: Sampler | None) -> Tensor:
    """What each look reads [N, L, C, O, O]."""
    if looks.shape[1] == 0:
        return inputs.new_zeros(len(inputs), 0, inputs.shape[1], output, output)
    repeated = inputs.repeat_interleave(looks.shape[1], 0)
    return first.read(repeated, looks.flatten(0, 1), output, sampler)[1].unflatten(0, looks.shape[:2])


def _untouched(model: Network, inputs: Tensor, applied: Tensor) -> Computed:
    count, side = len(inputs), inputs.shape[-1]
    nothing = inputs.new_zeros(count, 0)
    return Computed(
        warped=inputs,
        grid=untouched_grid(inputs),
        outline=CORNERS.expand(count, -1, -1),
        theta=nothing,
        predicted=nothing,
        probs=model(inputs).exp(),
        words=decompose.factors(applied)[None],
        bend=inputs.new_zeros(count),
        looks=inputs.new_zeros(count, 0, inputs.shape[1], side, side),
        look_outlines=inputs.new_zeros(count, 0, 4, 2),
    )


def maps(
    grid: GridGenerator, applied: Tensor, theta: Tensor, own: Tensor, at_rest: Tensor, size: int, output: int
) -> tuple[dict[str, Tensor], Tensor]:
    """The affine maps [N, 3, 3] that a ``frame.Frame`` decomposes, by the names in ``MAPS``, and its ``bend`` [N].

    Args:
        applied: the pose.
        theta: the theta in use.
        own: the theta that the network predicts for the posed digit.
        at_rest: the theta that it predicts for the digit as drawn.
    """
    three, bends = decompose.theta_matrix(grid, torch.cat([theta, own, at_rest]), size, output)
    undone, wanted, rest = three.tensor_split(3)
    bend = bends.tensor_split(3)[0]
    found = applied, undone, decompose.left_over(applied, undone), wanted, rest
    return dict(zip(MAPS, (*found, *decompose.followed(applied, undone, rest)), strict=True)), bend
