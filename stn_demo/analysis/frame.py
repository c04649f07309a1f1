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
from ..model.transformer import SpatialTransformer, Transform
from . import colours, decompose
from .gradient import Push, pushes
from .inspection import look_into
from .outline import CORNERS, outline_of, theta_of_corners, untouched_grid

MOST_AT_REST = 1024  # digits remembered for one network
_at_rest: WeakKeyDictionary[Network, dict[bytes, Tensor]] = WeakKeyDictionary()  # digit: theta


@dataclass(frozen=True)
class Scene:
    """What a visitor asks to see.

    Attributes:
        digit: uint8 [28, 28], white on black; or a picture for a network with classes of its own, [n, n] or, in colour,
            [3, n, n].
        pose: the pose of the digit.
        grab: replaces theta: {"theta": num_params numbers}, {"parts": see ``decompose.PARTS``} or {"corners": four (x,
            y) in normalised input coordinates, where the output's corners are read}; None: theta of the network.
        density: whether to compute the read density.
        inspect: ("warped" | "input", x, y), a pixel to inspect, or None.
        gradient: whether to compute the gradient of the loss with respect to the grid and theta.
        target: the correct digit, 0 to 9, for the loss; None: the most probable digit.
    """

    digit: Tensor
    pose: Pose = Pose()
    grab: dict | None = None
    density: bool = False
    inspect: tuple[str, int, int] | None = None
    gradient: bool = False
    target: int | None = None


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
    applied: dict[str, float]
    undone: dict[str, float] | None
    residual: dict[str, float] | None
    predicted_parts: dict[str, float] | None
    bend: float
    density: Tensor | None
    inspect: dict | None
    push: Push | None = None
    rest: dict[str, float] | None = None
    followed: dict[str, float] | None = None
    left: dict[str, float] | None = None
    looks: tuple[Look, ...] = ()


def frames(
    model: Network, scenes: list[Scene], twin: Network | None = None, sampler: Sampler | None = None
) -> list[Frame]:
    """One ``Frame`` for each scene; their digits have equal shapes. ``sampler`` replaces the model's own.

    Raises:
        ValueError: the ``grab`` of a scene does not fit the model's transform.
    """
    with torch.no_grad():
        return _frames(model, scenes, twin, sampler)


def _frames(model: Network, scenes: list[Scene], twin: Network | None, sampler: Sampler | None) -> list[Frame]:
    count, size, output = len(scenes), model.config.side, model.config.output_side
    precision = next(model.parameters()).dtype  # float32, or float64 for a reference
    digits = torch.stack([colours.planes(scene.digit) for scene in scenes]).to(precision) / 255
    poses = [scene.pose for scene in scenes]
    matrices = pose_matrices(poses, size)
    posed = pose_images(digits, poses, size, matrices)
    inputs = colours.in_channels(posed, model.config.in_channels)
    in_colour = digits.shape[1] == inputs.shape[1] == 3
    first = model.transformers["input"] if "input" in model.transformers else None  # noqa: SIM401 (it has no get)
    wanted = own = at_rest = None
    if first is not None:
        both, at_rest = _posed_and_at_rest(model, inputs, [scene.digit for scene in scenes])
        own = both.theta[:count]
        if any(scene.grab for scene in scenes):
            wanted = torch.stack([_wanted(first.grid, scene.grab, size, output) for scene in scenes])
    given = own if wanted is None else torch.where(wanted.isnan().any(dim=1, keepdim=True), own, wanted)
    # theta is given, so the localization network does not run again
    trace = model.trace(inputs, given, sampler if first is not None else None)
    twin_probs = [None] * count if twin is None else _twin_probs(twin, posed, digits, poses)
    applied = decompose.pose_matrix(matrices.float(), DIGIT)
    words, looked = {}, [()] * count
    predicted, bend = [[]] * count, [0.0] * count
    if first is None:
        transform, outline = _untouched(inputs), CORNERS.expand(count, -1, -1)
        words["applied"] = applied
    else:
        transform = trace.transforms[0]
        outline = outline_of(first.grid, transform.theta.float())
        words, bends = maps(first.grid, applied, transform.theta.float(), own.float(), at_rest.float(), size, output)
        predicted, bend = own.tolist(), bends.tolist()
        looked = _looks(first, inputs, both.looks[:count], output, sampler, in_colour)
    parts = _in_words(words, count)
    thetas, probs = transform.theta.tolist(), trace.log_probs.exp()
    closer = _closer(None if first is None else sampler or first.sampler, inputs, transform.grid, scenes)
    pushed = _pushed(model, scenes, inputs, transform.theta, probs, sampler) if first is not None else {}
    seen, warped = (colours.shown(images, in_colour) for images in (inputs, transform.warped))
    return [
        Frame(
            input=seen[i],
            warped=warped[i],
            grid=transform.grid[i],
            outline=outline[i],
            theta=thetas[i],
            predicted=predicted[i],
            probs=probs[i],
            twin_probs=twin_probs[i],
            bend=bend[i],
            density=closer[i][0],
            inspect=closer[i][1],
            push=pushed.get(i),
            looks=() if scene.grab else looked[i],
            **parts[i],
        )
        for i, scene in enumerate(scenes)
    ]


def _closer(reader: Sampler | None, inputs: Tensor, grids: Tensor, scenes: list[Scene]) -> list[tuple]:
    """``look_into`` each scene; the value of a pixel in colour is the mean of its channels."""
    pixels = inputs if inputs.shape[1] == 1 else inputs.mean(1, keepdim=True)
    return [
        look_into(reader, pixels[i : i + 1], grids[i : i + 1], scene.density, scene.inspect)
        for i, scene in enumerate(scenes)
    ]


def _twin_probs(twin: Network, posed: Tensor, digits: Tensor, poses: list[Pose]) -> Tensor:
    """Probabilities [N, classes] of the twin, for the same poses in a frame of its own size."""
    side = twin.config.side
    if side != posed.shape[-1]:
        if digits.shape[1] == 3:  # a picture fills the same part of every frame
            digits = colours.resized(digits, round(digits.shape[-1] * side / posed.shape[-1]))
        posed = pose_images(digits, poses, side)
    return twin(colours.in_channels(posed, twin.config.in_channels)).exp()


def _posed_and_at_rest(model: Network, inputs: Tensor, digits: list[Tensor]) -> tuple[Transform, Tensor]:
    """The transform of ``inputs``, and theta [N, P] of the digits as drawn, computed in the same batch. The latter is
    cached, because a digit stays the same while it is rotated; the transform has the uncached ones at its end.
    """
    kept = _at_rest.setdefault(model, {})
    keys = [digit.numpy().tobytes() for digit in digits]
    new = {key: digit for key, digit in zip(keys, digits, strict=True) if key not in kept}
    found = {key: kept[key] for key in keys if key not in new}
    if new:
        images = torch.stack([colours.planes(digit) for digit in new.values()]).to(inputs) / 255
        images = pose_images(images, [Pose()] * len(new), model.config.side)
        images = colours.in_channels(images, model.config.in_channels)
        inputs = torch.cat([inputs, images])
    both = model.transformers["input"].trace(inputs)
    if new:
        found |= zip(new, both.theta[-len(new) :], strict=True)
        if len(kept) + len(new) > MOST_AT_REST:
            kept.clear()
        kept.update({key: found[key] for key in new})
    return both, torch.stack([found[key] for key in keys])


def _pushed(
    model: Network, scenes: list[Scene], inputs: Tensor, theta: Tensor, probs: Tensor, sampler: Sampler | None
) -> dict[int, Push]:
    """The ``Push`` of each scene that requests one, by its index."""
    asked = [i for i, scene in enumerate(scenes) if scene.gradient]
    if not asked:
        return {}
    best = probs.argmax(dim=1).tolist()
    targets = [best[i] if scenes[i].target is None else scenes[i].target for i in asked]
    return dict(zip(asked, pushes(model, inputs[asked], theta[asked], targets, sampler), strict=True))


def _untouched(inputs: Tensor) -> Transform:
    nothing = inputs.new_zeros(len(inputs), 1, 0)
    return Transform(nothing[:, 0], untouched_grid(inputs), inputs, nothing)


MAPS = (
    "applied",
    "undone",
    "residual",
    "predicted_parts",
    "rest",
    "followed",
    "left",
)  # of a ``Frame``: decompositions


def maps(
    grid: GridGenerator, applied: Tensor, theta: Tensor, own: Tensor, at_rest: Tensor, size: int, output: int
) -> tuple[dict[str, Tensor], Tensor]:
    """The affine maps [N, 3, 3] that a ``Frame`` decomposes, by the names in ``MAPS``, and its ``bend`` [N].

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


def _in_words(found: dict[str, Tensor], count: int) -> list[dict[str, dict[str, float] | None]]:
    """The ``decompose.parts`` of each of ``count`` scenes by name, computed together; None for a map of NaN."""
    rows = decompose.factors(torch.cat(list(found.values()))).tolist()
    words = [None if math.isnan(row[0]) else decompose.named(row) for row in rows]
    said = {name: words[count * index : count * (index + 1)] for index, name in enumerate(found)}
    return [{name: said[name][i] if name in said else None for name in MAPS} for i in range(count)]


def _looks(
    first: SpatialTransformer, inputs: Tensor, thetas: Tensor, output: int, sampler: Sampler | None, in_colour: bool
) -> list[tuple[Look, ...]]:
    """The looks of each scene, from ``thetas`` [N, looks, num_params]; empty for a transformer with one look."""
    if thetas.shape[1] == 1:
        return [()] * len(inputs)
    count, looks = thetas.shape[:2]
    every = thetas.flatten(0, 1)
    outlines = outline_of(first.grid, every.float()).unflatten(0, (count, looks))
    warped = first.read(inputs.repeat_interleave(looks, 0), every, output, sampler)[1]
    warped = colours.shown(warped, in_colour).unflatten(0, (count, looks))
    return [tuple(map(Look, outlines[i], warped[i])) for i in range(count)]


def _wanted(grid: GridGenerator, grab: dict | None, size: int, output: int) -> Tensor:
    """The theta [num_params] that a grab asks for; NaN if there is no grab."""
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
