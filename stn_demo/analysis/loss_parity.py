"""Whether the graphs of the loss say what ``gradient`` and ``landscape`` say: the largest relative difference.

The reference is computed in float64, as in ``parity``. The derivative of a bilinear sampler jumps where a grid point crosses a
pixel's centre, and a rounding error can put a point on the other side; at the identity all points are there. It also jumps where a
unit of the classifier is at its kink. So theta is compared at up to three places beside the network's own: a graph that is wrong
differs at all of them.
"""

from __future__ import annotations

import copy
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from ..model import Network
from . import graph_run
from .frame import frames
from .gradient import loss_gradient
from .landscape import SIDE, landscape
from .scene import Scene

TOLERANCE = 1e-3  # relative
ASIDE = (0.01, -0.01, 0.02)  # theta is compared a little beside the network's, at one of these: see above
SMALL = 0.05  # nats (and nats per unit): differences of smaller losses and gradients are relative to this


def difference(network: Network, held: dict[str, bytes], asked: list[Scene], maps: int = 1) -> dict[str, float] | None:
    """The largest differences of "loss", "by_grid" and "by_theta" for these scenes, and of the "map" for the first ``maps``
    of them. None where onnxruntime is not installed.

    Args:
        network: with a transformer at its input whose sampler is ``held["slope"]``'s.
        held: the graphs "loss" and "row" with the network's weights, "step", "spread"; of the sampler: "slope", "read".
    """
    if not graph_run.is_installed():
        return None
    run = {name: graph_run.opened(model) for name, model in held.items()}
    exact, first = copy.deepcopy(network).double(), network.transformer()
    kernel = first.sampler.kernel[0, 0] if first.sampler.mode == "deconvolution" else torch.zeros(4, 4)
    worst = dict.fromkeys(("loss", "by_grid", "by_theta", "map"), 0.0)
    for index, frame in enumerate(frames(network, asked)):
        image = frame.input.expand(network.config.in_channels, -1, -1)[None]
        for aside in ASIDE:
            theta = torch.tensor(frame.theta)
            theta = theta + aside * torch.sin(torch.arange(len(theta)) * 2.1 + 1)
            with torch.no_grad():
                grid, warped = first.read(image, theta[None], network.config.output_side)
            place = _Place(frame.input, grid[0], warped[0, 0], theta, index % network.config.classes, kernel)
            expected = loss_gradient(exact, image.double(), theta[None].double(), torch.tensor([place.target]))
            apart = {name: _apart(got, getattr(expected, name)[0]) for name, got in _gradient(run, place).items()}
            if is_same(apart):
                break
        if index < maps:
            wanted = landscape(network, image[0], theta, place.target).loss
            apart["map"] = _apart(_map(run, place), wanted)
        worst |= {name: max(worst[name], value) for name, value in apart.items()}
    return worst


class _Place(NamedTuple):
    """The inputs of the graphs: image [S, S], what theta reads there, and the class that counts as correct."""

    image: Tensor
    grid: Tensor
    warped: Tensor
    theta: Tensor
    target: int
    kernel: Tensor


def is_same(found: dict[str, float]) -> bool:
    """Whether a ``difference`` is within the tolerance."""
    return all(value <= TOLERANCE for value in found.values())


def _gradient(run: dict[str, Any], place: _Place) -> dict[str, np.ndarray]:
    loss, by_warped = run["loss"](warped=place.warped, target=place.target)
    (by_grid,) = run["slope"](image=place.image, grid=place.grid, kernel=place.kernel, by_warped=by_warped)
    by_theta, _ = run["step"](theta=place.theta, by_grid=by_grid)
    return {"loss": loss, "by_grid": by_grid, "by_theta": by_theta}


def _map(run: dict[str, Any], place: _Place) -> np.ndarray:
    grids = run["spread"](theta=place.theta)[0]
    rows = [run["read"](image=place.image, grids=grids[row], kernel=place.kernel)[0] for row in range(SIDE)]
    return np.stack([run["row"](warped=row, target=place.target)[0] for row in rows])


def _apart(found: np.ndarray, expected: Tensor) -> float:
    wanted = expected.double().numpy()
    size = max(float(np.linalg.norm(wanted)), SMALL * wanted.size**0.5)
    return float(np.linalg.norm(found - wanted)) / size
