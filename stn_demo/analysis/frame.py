"""One forward pass, and everything that the page draws about it.

All numbers and images of a ``Frame`` come from the same pass, through the same posing, transformer and sampler that are
used in training. Scenes are processed as a batch.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple
from weakref import WeakKeyDictionary

import torch
from torch import Tensor

from ..data.pose import DIGIT, Pose, pose_images, pose_matrices
from ..model import Network, Sampler
from ..model.grids import GridGenerator
from . import colours, decompose
from .computed import MAPS, Computed, compute
from .gradient import Push, pushes
from .inspection import Inspection, look_into
from .outline import theta_of_corners
from .recorded import Program, Programs
from .scene import Grab, Scene

MOST_AT_REST = 1024  # digits remembered for one network
_at_rest: WeakKeyDictionary[Network, dict[bytes, Tensor]] = WeakKeyDictionary()  # digit: theta


class Look(NamedTuple):
    """One look of the transformer: outline and warped, see ``Frame``: what its theta reads."""

    outline: Tensor
    warped: Tensor


@dataclass(frozen=True)
class Frame:
    """The result of one scene. S: side of the network's input, O: side of the warped output, px.

    Attributes:
        input, warped: [S, S] and [O, O] in [0, 1], the inputs of the network and of its classifier; [3, S, S] and
            [3, O, O] for a colour picture and a network with 3 channels.
        grid, outline: [O, O, 2] and [4 k, 2], where each output pixel, and the edge of the output (clockwise from its
            top left corner), is read; normalised input coordinates. k is 1 unless the edge is curved.
        theta: the theta in use; predicted: the network's own theta (both empty without a transformer).
        probs, twin_probs: [classes], of the network, and of its twin in the same pose (or None).
        applied, undone, residual, predicted_parts: see ``decompose``; None if undefined.
        rest: parts of theta for the digit as drawn.
        followed: how the frame moved from there: parts of ``undone`` after the inverse of ``rest``. The network's
            correction of a digit that is drawn at a slant is in ``rest`` and does not count here.
        left: the part of ``applied`` that the frame did not follow: ``followed`` after ``left`` is ``applied``.
        looks: one ``Look`` for each look of the transformer at the input; the last one is in use. Empty if theta is
            replaced.
        bend: root mean square distance, px, of theta from an affine map.
        density: [S, S], the contribution of each input pixel to the sum of the warped image; None unless requested.
        inspect: see ``inspection``; None unless requested.
        push: the gradient of the loss, see ``gradient.Push``; None unless requested, and without a transformer.
    """

    input: Tensor
    warped: Tensor
    grid: Tensor
    outline: Tensor
    theta: list[float]
    predicted: list[float]
    probs: Tensor
    twin_probs: Tensor | None
    applied: dict[str, float] | None
    undone: dict[str, float] | None
    residual: dict[str, float] | None
    predicted_parts: dict[str, float] | None
    bend: float
    density: Tensor | None
    inspect: Inspection | None
    push: Push | None = None
    rest: dict[str, float] | None = None
    followed: dict[str, float] | None = None
    left: dict[str, float] | None = None
    looks: tuple[Look, ...] = ()


def frames(
    model: Network,
    scenes: list[Scene],
    twin: Network | None = None,
    sampler: Sampler | None = None,
    programs: Programs | None = None,
) -> list[Frame]:
    """One ``Frame`` for each scene; their digits have equal shapes. ``sampler`` replaces the model's own; ``programs``: see
    ``recorded``, used for a single scene without a ``sampler``.

    Raises:
        ValueError: the ``grab`` of a scene does not fit the model's transform.
    """
    with torch.no_grad():
        return _frames(model, scenes, twin, sampler, programs if len(scenes) == 1 and sampler is None else None)


def _frames(
    model: Network, scenes: list[Scene], twin: Network | None, sampler: Sampler | None, programs: Programs | None
) -> list[Frame]:
    size, output = model.config.side, model.config.output_side
    precision = next(model.parameters()).dtype  # float32, or float64 for a reference
    digits = torch.stack([colours.planes(scene.digit) for scene in scenes]).to(precision) / 255
    poses = [scene.pose for scene in scenes]
    matrices = pose_matrices(poses, size)
    posed = pose_images(digits, poses, size, matrices)
    inputs = colours.in_channels(posed, model.config.in_channels)
    in_colour = digits.shape[1] == inputs.shape[1] == 3
    applied = decompose.pose_matrix(matrices.float(), DIGIT)
    first = model.input_transformer
    wanted = None
    if first is not None and any(scene.grab for scene in scenes):
        wanted = torch.stack([_wanted(first.grid, scene.grab, size, output) for scene in scenes])
    if programs and (program := programs.get(model)):
        found = program.frame(inputs, applied, _at_rest_by(program, model, scenes[0].digit), wanted)
    else:
        looks = at_rest = inputs.new_zeros(len(scenes), 0)
        if first is not None:
            looks, at_rest = _posed_and_at_rest(model, inputs, [scene.digit for scene in scenes])
        found = compute(model, inputs, applied, looks, at_rest, wanted, sampler if first is not None else None)
    twin_probs = None if twin is None else _twin_probs(twin, posed, digits, poses, programs)
    closer = _closer(None if first is None else sampler or first.sampler, inputs, found.grid, scenes)
    pushed = _pushed(model, scenes, inputs, found.theta, found.probs, sampler) if first is not None else {}
    return _assembled(found, scenes, inputs, twin_probs, closer, pushed, in_colour)


def _assembled(
    found: Computed,
    scenes: list[Scene],
    inputs: Tensor,
    twin_probs: Tensor | None,
    closer: list[tuple[Tensor | None, Inspection | None]],
    pushed: dict[int, Push],
    in_colour: bool,
) -> list[Frame]:
    parts, thetas, predicted, bends = (
        _in_words(found.words),
        found.theta.tolist(),
        found.predicted.tolist(),
        found.bend.tolist(),
    )
    seen, warped = (colours.shown(images, in_colour) for images in (inputs, found.warped))
    looks = found.looks if in_colour else found.looks[:, :, 0]
    return [
        Frame(
            input=seen[i],
            warped=warped[i],
            grid=found.grid[i],
            outline=found.outline[i],
            theta=thetas[i],
            predicted=predicted[i],
            probs=found.probs[i],
            twin_probs=None if twin_probs is None else twin_probs[i],
            bend=bends[i],
            density=closer[i][0],
            inspect=closer[i][1],
            push=pushed.get(i),
            looks=() if scene.grab else tuple(map(Look, found.look_outlines[i], looks[i])),
            **parts[i],
        )
        for i, scene in enumerate(scenes)
    ]


def _closer(
    reader: Sampler | None, inputs: Tensor, grids: Tensor, scenes: list[Scene]
) -> list[tuple[Tensor | None, Inspection | None]]:
    """``look_into`` each scene; the value of a pixel in colour is the mean of its channels."""
    pixels = inputs if inputs.shape[1] == 1 else inputs.mean(1, keepdim=True)
    return [
        look_into(reader, pixels[i : i + 1], grids[i : i + 1], scene.density, scene.inspect)
        for i, scene in enumerate(scenes)
    ]


def _twin_probs(twin: Network, posed: Tensor, digits: Tensor, poses: list[Pose], programs: Programs | None) -> Tensor:
    """Probabilities [N, classes] of the twin, for the same poses in a frame of its own size."""
    side = twin.config.side
    if side != posed.shape[-1]:
        if digits.shape[1] == 3:  # a picture fills the same part of every frame
            digits = colours.resized(digits, round(digits.shape[-1] * side / posed.shape[-1]))
        posed = pose_images(digits, poses, side)
    inputs = colours.in_channels(posed, twin.config.in_channels)
    if programs and (program := programs.twin(twin)):
        return program.probs(inputs)
    return twin(inputs).exp()


def _posed_and_at_rest(model: Network, inputs: Tensor, digits: list[Tensor]) -> tuple[Tensor, Tensor]:
    """Theta [N, looks, P] after each look at ``inputs``, and theta [N, P] of the digits as drawn, computed in the same batch.
    The latter is cached, because a digit stays the same while it is rotated.
    """
    kept = _at_rest.setdefault(model, {})
    keys = [digit.numpy().tobytes() for digit in digits]
    new = {key: digit for key, digit in zip(keys, digits, strict=True) if key not in kept}
    found = {key: kept[key] for key in keys if key not in new}
    both = torch.cat([inputs, _as_drawn(model, list(new.values()))]) if new else inputs
    looks = model.transformer().trace(both).looks
    if new:
        found |= zip(new, looks[-len(new) :, -1], strict=True)
        _remember(kept, {key: found[key] for key in new})
    return looks[: len(inputs)], torch.stack([found[key] for key in keys])


def _at_rest_by(program: Program, model: Network, digit: Tensor) -> Tensor:
    """The latter [1, P] by a recorded program; [1, 0] without a transformer."""
    if "input" not in model.transformers:
        return torch.zeros(1, 0)
    kept, key = _at_rest.setdefault(model, {}), digit.numpy().tobytes()
    if (found := kept.get(key)) is None:
        found = program.theta(_as_drawn(model, [digit]))[0]
        _remember(kept, {key: found})
    return found[None]


def _as_drawn(model: Network, digits: list[Tensor]) -> Tensor:
    """The inputs of ``model`` for digits that are not posed."""
    images = torch.stack([colours.planes(digit) for digit in digits]).to(next(model.parameters())) / 255
    return colours.in_channels(pose_images(images, [Pose()] * len(digits), model.config.side), model.config.in_channels)


def _remember(kept: dict[bytes, Tensor], new: dict[bytes, Tensor]) -> None:
    if len(kept) + len(new) > MOST_AT_REST:
        kept.clear()
    kept.update(new)


def _pushed(
    model: Network, scenes: list[Scene], inputs: Tensor, theta: Tensor, probs: Tensor, sampler: Sampler | None
) -> dict[int, Push]:
    """The ``Push`` of each scene that requests one, by its index."""
    asked = [i for i, scene in enumerate(scenes) if scene.gradient]
    if not asked:
        return {}
    best = probs.argmax(dim=1).tolist()
    chosen = [scene.target for scene in scenes]
    targets = [best[i] if (target := chosen[i]) is None else target for i in asked]
    return dict(zip(asked, pushes(model, inputs[asked], theta[asked], targets, sampler), strict=True))


def _in_words(found: Tensor) -> list[dict[str, dict[str, float] | None]]:
    """``Computed.words`` by name, for each scene; None for a map of NaN."""
    rows = [[None if math.isnan(row[0]) else decompose.named(row) for row in each] for each in found.tolist()]
    rows += [[None] * found.shape[1]] * (len(MAPS) - len(rows))
    return [dict(zip(MAPS, each, strict=True)) for each in zip(*rows, strict=True)]


def _wanted(grid: GridGenerator, grab: Grab | None, size: int, output: int) -> Tensor:
    """The theta [num_params] of a grab; NaN if there is no grab."""
    if not grab:
        return torch.full((grid.num_params,), torch.nan)
    if "theta" in grab:
        if len(grab["theta"]) != grid.num_params:
            raise ValueError(f"This transform takes {grid.num_params} parameters, not {len(grab['theta'])}.")
        return torch.tensor(grab["theta"], dtype=torch.float32)
    if "corners" in grab:
        if grid.num_params != 8:
            raise ValueError("Only a projective transform can be set by its four corners.")
        return theta_of_corners(torch.tensor(grab["corners"], dtype=torch.float32))
    return decompose.theta_from_parts(grid, grab["parts"], size, output)
