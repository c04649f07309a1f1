"""Two graphs without weights, for all networks with the same transform and the same sizes: the decompositions of a frame, and
the theta of a visitor who moves the frame by hand.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ..model import ModelConfig
from ..model.grids import GRIDS, ProjectiveGrid
from . import decompose
from .computed import MAPS, maps
from .graph import Exportable
from .outline import CORNERS, theta_of_corners
from .scene import Grab

WORDS_INPUTS, WORDS_OUTPUTS = ("applied", "theta", "predicted", "at_rest"), ("words", "bend")
GRAB_INPUTS, GRAB_OUTPUTS = ("parts", "corners"), ("by_parts", "by_corners")


class WordsGraph(Exportable):
    """``forward(applied [3, 3], theta [P], predicted [P], at_rest [P])`` -> words [len(MAPS), 6], the decompositions of a
    ``frame.Frame``, NaN if undefined; bend []. P: length of theta, 0 without a transformer at the input.
    """

    def __init__(self, config: ModelConfig):
        super().__init__()
        self.grid = GRIDS[config.transform]() if "input" in config.placement else None
        self.size, self.output = config.side, config.output_side

    def examples(self) -> tuple[Tensor, ...]:
        theta = torch.zeros(0) if self.grid is None else self.grid.identity()
        return torch.eye(3), theta, theta * 1.1, theta * 0.9

    def forward(self, applied: Tensor, theta: Tensor, predicted: Tensor, at_rest: Tensor) -> tuple[Tensor, Tensor]:
        if self.grid is None:
            none = torch.full((len(MAPS) - 1, len(decompose.PARTS)), torch.nan)
            return torch.cat([decompose.factors(applied[None]), none]), applied.new_zeros(())
        three = theta[None], predicted[None], at_rest[None]
        found, bend = maps(self.grid, applied[None], *three, self.size, self.output)
        return decompose.factors(torch.cat(list(found.values()))), bend[0]


class GrabGraph(Exportable):
    """``forward(parts [6], corners [4, 2])`` -> the theta [P] of these ``decompose.PARTS``; and that of these corners, for a
    projective transform only (else length 0). For networks with a transformer at their input.
    """

    def __init__(self, config: ModelConfig):
        super().__init__()
        self.grid = GRIDS[config.transform]()
        self.size, self.output = config.side, config.output_side

    def examples(self) -> tuple[Tensor, ...]:
        return torch.tensor([10.0, 1, 1, 0, 0, 0]), CORNERS.clone()

    def forward(self, parts: Tensor, corners: Tensor) -> tuple[Tensor, Tensor]:
        by_parts = decompose.theta_from_factors(self.grid, parts, self.size, self.output)
        return by_parts, theta_of_corners(corners) if isinstance(self.grid, ProjectiveGrid) else corners.new_zeros(0)


def grab_inputs(grab: Grab) -> dict[str, Tensor]:
    """The inputs of a ``GrabGraph`` by name; zeros for what ``grab`` does not give."""
    parts = [grab["parts"][name] for name in decompose.PARTS] if "parts" in grab else [0] * len(decompose.PARTS)
    values = parts, grab.get("corners", [[0, 0]] * 4)
    return {name: torch.tensor(value, dtype=torch.float32) for name, value in zip(GRAB_INPUTS, values, strict=True)}
