"""A whole network: a classifier with spatial transformers at chosen points."""

from __future__ import annotations

from typing import NamedTuple, cast

from torch import Tensor, nn

from .classifier import CLASSIFIERS
from .config import ModelConfig
from .grids import GRIDS
from .localization import LOCALIZATIONS
from .sampler import Sampler
from .transformer import SpatialTransformer, Transform


class Trace(NamedTuple):
    """One forward pass with everything that happened: log_probs [N, 10], and a ``Transform`` for each transformer,
    in the order of the data's way through the network."""

    log_probs: Tensor
    transforms: list[Transform]


class Network(nn.Module):
    """See ``ModelConfig`` for what it is made of.

    ``forward`` takes images [N, 1, input_size, input_size] in [0, 1], white on black, and gives log-probabilities
    [N, 10].
    """

    def __init__(self, config: ModelConfig):
        super().__init__()
        self.config = config
        self.classifier = CLASSIFIERS[config.classifier](config.output_size)
        self.transformers = nn.ModuleDict()
        for point in config.placement:
            channels, size = self.classifier.shapes[point]
            taken = config.input_size if point == "input" else size
            grid = GRIDS[config.transform]()
            self.transformers[point] = SpatialTransformer(
                LOCALIZATIONS[config.localization](channels, taken, grid.identity()),
                grid,
                Sampler(config.sampler, config.padding),
                output_size=size,
                looks=config.looks,
            )

    def forward(self, x: Tensor) -> Tensor:
        return self.trace(x).log_probs

    def trace(self, x: Tensor, theta: Tensor | None = None, sampler: Sampler | None = None) -> Trace:
        """``forward`` with everything that happened on the way.

        ``theta`` and ``sampler`` overrule the first transformer's, see ``SpatialTransformer.trace``.
        """
        if x.dim() != 4 or x.shape[1:] != (1, self.config.input_size, self.config.input_size):
            size = self.config.input_size
            raise ValueError(f"This network takes images of shape [N, 1, {size}, {size}], not {list(x.shape)}.")
        transforms: list[Transform] = []
        for point, stage in self.classifier.stages.items():
            if point in self.transformers:
                first = not transforms
                transformer = cast(SpatialTransformer, self.transformers[point])
                transforms.append(transformer.trace(x, theta if first else None, sampler if first else None))
                x = transforms[-1].warped
            x = stage(x)
        return Trace(x, transforms)


def build_model(config: ModelConfig) -> Network:
    """The network that ``config`` describes, freshly initialised from torch's global generator; its transformers
    start at the identity."""
    return Network(config)
