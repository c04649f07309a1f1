"""The request for one frame: a digit, its pose, and what else to compute."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypedDict

from torch import Tensor

from ..data.pose import Pose


class Grab(TypedDict, total=False):
    """What replaces theta; one of:

    theta: num_params numbers.
    parts: see ``decompose.PARTS``, output -> frame, px.
    corners: four (x, y) in normalised input coordinates, where the output's corners are read.
    """

    theta: Sequence[float]
    parts: Mapping[str, float]
    corners: Sequence[Sequence[float]]


@dataclass(frozen=True)
class Scene:
    """A digit in a pose, and the requested outputs.

    Attributes:
        digit: uint8 [28, 28], white on black; or a picture for a network with classes of its own, [n, n] or, in colour,
            [3, n, n].
        pose: the pose of the digit.
        grab: replaces theta; None: theta of the network.
        density: whether to compute the read density.
        inspect: ("warped" | "input", x, y), a pixel to inspect, or None.
        gradient: whether to compute the gradient of the loss with respect to the grid and theta.
        target: the correct digit, 0 to 9, for the loss; None: the most probable digit.
    """

    digit: Tensor
    pose: Pose = Pose()
    grab: Grab | None = None
    density: bool = False
    inspect: tuple[str, int, int] | None = None
    gradient: bool = False
    target: int | None = None
