"""The whole frame of one scene as a single graph, for programs other than the page: ``export --frame``."""

from __future__ import annotations

import torch
from torch import Tensor

from ..model import ModelConfig, Network
from ..model.grids import GRIDS
from .graph import LOOKS, POSED, STRAIGHT, NetworkGraph, inputs_of
from .scene import Scene
from .word_graphs import GrabGraph, WordsGraph, grab_inputs

FRAME_INPUTS = (*POSED, "grab", "grab_theta", "grab_parts", "grab_corners")
FRAME_OUTPUTS = ("input", "warped", "grid", "outline", "theta", "predicted", "probs", "words", "bend", *LOOKS)


class FrameGraph(NetworkGraph):
    """``forward(*inputs)`` -> the tensors of one ``frame.Frame``, in the order of ``FRAME_OUTPUTS``.

    Inputs as in ``WarpGraph``, but grab [3]: at most one is 1, the others 0: theta is taken from ``grab_theta`` [P],
    ``grab_parts`` [6] (see ``decompose.PARTS``) or ``grab_corners`` [4, 2] (projective only). Outputs as in ``WarpGraph`` and
    ``word_graphs.WordsGraph``.
    """

    def __init__(self, network: Network):
        super().__init__(network)
        self.words = WordsGraph(network.config)
        self.grabbed = GrabGraph(network.config)

    def examples(self) -> tuple[Tensor, ...]:
        *posed, theta = self.posed()
        return (*posed, torch.zeros(3), theta, *self.grabbed.examples())

    def forward(
        self,
        digit: Tensor,
        pose: Tensor,
        corners: Tensor,
        elastic: Tensor,
        grab: Tensor,
        grab_theta: Tensor,
        grab_parts: Tensor,
        grab_corners: Tensor,
    ) -> tuple[Tensor, ...]:
        wanted = grab_theta
        if self.first is not None:
            by_parts, by_corners = self.grabbed(grab_parts, grab_corners)
            wanted = torch.where(grab[1] > 0, by_parts, wanted)
            wanted = torch.where(grab[2] > 0, by_corners, wanted) if len(by_corners) else wanted
        given = grab.sum()
        image, warped, grid, outline, theta, own, applied, *looks = self.warp(
            digit, pose, corners, elastic, given, wanted
        )
        still = pose.new_tensor(STRAIGHT), torch.zeros_like(corners), torch.zeros_like(elastic)
        at_rest = self.warp(digit, *still, torch.zeros_like(given), wanted)[5]
        words, bend = self.words(applied, theta, own, at_rest)
        return (image, warped, grid, outline, theta, own, self.classify(warped), words, bend, *looks)


def frame_inputs(scene: Scene, config: ModelConfig) -> dict[str, Tensor]:
    """The inputs of a ``FrameGraph`` for a scene, by name. The graph ignores its density, inspect and gradient."""
    grab = scene.grab or {}
    length = GRIDS[config.transform]().num_params if "input" in config.placement else 0
    kinds = torch.tensor([float(name in grab) for name in ("theta", "parts", "corners")])
    theta = torch.tensor(grab.get("theta", [0] * length), dtype=torch.float32)
    by = {f"grab_{name}": value for name, value in grab_inputs(grab).items()}
    return inputs_of(scene) | {"grab": kinds, "grab_theta": theta} | by
