"""A whole network: a classifier with spatial transformers inserted at chosen points."""

from __future__ import annotations

from typing import NamedTuple, cast

from torch import Tensor, nn

from .classifier import CLASSIFIERS, Size
from .config import ModelConfig
from .grids import GRIDS
from .localization import LOCALIZATIONS
from .sampler import Sampler
from .transformer import SpatialTransformer, Transform


class Trace(NamedTuple):
    """One forward pass with its intermediate results: log_probs [N, classes], and a ``Transform`` for each transformer,
    in the order in which they run.
    """

    log_probs: Tensor
    transforms: list[Transform]


class Network(nn.Module):
    """The network that a ``ModelConfig`` describes.

    ``forward`` takes images [N, in_channels, height, width] in [0, 1] on a black background, and returns
    log-probabilities [N, classes].
    """

    def __init__(self, config: ModelConfig):
        super().__init__()
        self.config = config
        self.classifier = CLASSIFIERS[config.classifier](config.output_size, config.in_channels, config.classes)
        self.transformers = nn.ModuleDict()
        for point in config.placement:
            channels, height, width = self.classifier.shapes[point]
            self.transformers[point] = build_transformer(
                config.shape if point == "input" else (channels, height, width),
                transform=config.transform,
                localization=config.localization,
                sampler=config.sampler,
                padding=config.padding,
                output_size=(height, width),
                looks=config.looks,
            )

    def forward(self, x: Tensor) -> Tensor:
        return self.trace(x).log_probs

    def transformer(self, point: str = "input") -> SpatialTransformer:
        """The transformer at ``point``. KeyError if there is none."""
        return cast(SpatialTransformer, self.transformers[point])

    @property
    def input_transformer(self) -> SpatialTransformer | None:
        """The transformer at the input, or None."""
        return self.transformer() if "input" in self.transformers else None

    def trace(self, x: Tensor, theta: Tensor | None = None, sampler: Sampler | None = None) -> Trace:
        """``forward`` with its intermediate results. ``theta`` and ``sampler`` replace those of the first transformer,
        see ``SpatialTransformer.trace``.
        """
        if x.dim() != 4 or tuple(x.shape[1:]) != self.config.shape:
            wanted = ", ".join(map(str, self.config.shape))
            raise ValueError(f"This network takes images of shape [N, {wanted}], not {list(x.shape)}.")
        transforms: list[Transform] = []
        for point, stage in self.classifier.stages.items():
            if point in self.transformers:
                first = not transforms
                transforms.append(
                    self.transformer(point).trace(x, theta if first else None, sampler if first else None)
                )
                x = transforms[-1].warped
            x = stage(x)
        return Trace(x, transforms)


def build_transformer(
    shape: tuple[int, int, int],
    transform: str = "affine",
    localization: str = "seed",
    sampler: str = "bilinear",
    padding: str = "zeros",
    output_size: Size | None = None,
    looks: int = 1,
) -> SpatialTransformer:
    """An untrained transformer for images or feature maps of ``shape`` = (channels, height, width): it passes its input
    through. The other arguments are those of ``ModelConfig``; ``output_size`` None keeps height and width.

    Raises:
        ValueError: more than one look with a transform that does not compose.
        KeyError: an unknown transform or localization network.
    """
    grid = GRIDS[transform]()
    network = LOCALIZATIONS[localization](shape[0], (shape[1], shape[2]), grid.identity())
    return SpatialTransformer(network, grid, Sampler(sampler, padding), output_size, looks)


def build_model(config: ModelConfig) -> Network:
    """The network that ``config`` describes, initialised from torch's global generator; its transformers start at the
    identity.
    """
    return Network(config)
