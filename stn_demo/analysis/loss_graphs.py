"""The gradient and the map of the loss as graphs of tensors, exported to ONNX for machines without Python.

The chain rule of ``gradient``, a factor in each graph, so that any sampler can be put between network and grid generator:

    LossGraph        what the classifier sees -> the loss, and its derivative by each pixel
    SlopeGraph       the sampler: from there to each grid point (Jaderberg et al. 2015, equations 6 and 7)
    StepGraph        the grid generator: from there to theta, and one step of gradient descent

and of ``landscape``, whose map has SIDE rows:

    SpreadGraph      theta -> the grids of the whole map
    ReadRowGraph     the sampler: the pictures of one row
    LossRowGraph     the classifier: their losses

All derivatives come from autograd and the project's own modules (see ``derived``). C: channels of the network's input; S, O: sides
of the input and of the warped output, px; P: length of theta. In a network of several channels all are equal.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from ..model import ModelConfig, Network, Sampler
from ..model.grids import GRIDS
from . import derived, gradient, graph_file
from .graph import Exportable
from .landscape import SIDE, SMALLEST, classify, spread
from .outline import untouched_grid
from .reading_graph import WithKernel

LOSS_INPUTS, LOSS_OUTPUTS = ("warped", "target"), ("loss", "by_warped")
SLOPE_INPUTS, SLOPE_OUTPUTS = ("image", "grid", "kernel", "by_warped"), ("by_grid",)
STEP_INPUTS, STEP_OUTPUTS = ("theta", "by_grid"), ("by_theta", "following")
SPREAD_INPUTS, SPREAD_OUTPUTS = ("theta",), ("grids", "rotation", "scale", "able")
READ_INPUTS, READ_OUTPUTS = ("image", "grids", "kernel"), ("warped",)
ROW_INPUTS, ROW_OUTPUTS = ("warped", "target"), ("loss",)


class LossGraph(Exportable):
    """``forward(warped [O, O], target [])`` -> the loss [], -log p of the class ``target`` in nats, and its derivative [O, O] by
    each pixel."""

    def __init__(self, network: Network):
        super().__init__()
        self.network = network.requires_grad_(False)
        weights = graph_file.weights(network)
        # in a list, so that it is not a part of the module and has no weights of its own
        self.program = [derived.recorded(self._with_slope, weights, *self.examples())]

    def examples(self) -> tuple[Tensor, ...]:
        side = self.network.config.output_side
        return torch.rand(side, side), torch.tensor(0)

    def forward(self, warped: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        return self.program[0](graph_file.weights(self.network, attached=True), warped, target)

    def _with_slope(self, weights: dict[str, Tensor], warped: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        reader = _Classifier(self.network)
        named = {graph_file.PREFIX + name: value for name, value in weights.items()}

        def loss(pixels: Tensor) -> Tensor:
            return -torch.func.functional_call(reader, named, (pixels[None],))[0].index_select(0, target.view(1))[0]

        slope, value = torch.func.grad_and_value(loss)(warped)
        return value, slope


class LossRowGraph(Exportable):
    """``forward(warped [SIDE, O, O], target [])`` -> the losses [SIDE]."""

    def __init__(self, network: Network):
        super().__init__()
        self.network = network

    def examples(self) -> tuple[Tensor, ...]:
        side = self.network.config.output_side
        return torch.rand(SIDE, side, side), torch.tensor(0)

    def forward(self, warped: Tensor, target: Tensor) -> Tensor:
        return -_log_probs(self.network, warped).index_select(1, target.view(1))[:, 0]


class _Classifier(nn.Module):
    """``forward(warped [N, O, O])`` -> log-probabilities [N, classes]."""

    def __init__(self, network: Network):
        super().__init__()
        self.network = network

    def forward(self, warped: Tensor) -> Tensor:
        return _log_probs(self.network, warped)


def _log_probs(network: Network, warped: Tensor) -> Tensor:
    return classify(network, warped[:, None].expand(-1, network.config.in_channels, -1, -1))


class StepGraph(Exportable):
    """``forward(theta [P], by_grid [O, O, 2])`` -> the derivative of the loss by theta [P], and theta after one step of gradient
    descent [P]."""

    def __init__(self, config: ModelConfig):
        super().__init__()
        self.grid, self.output = GRIDS[config.transform](), config.output_side
        self.program = [derived.recorded(self._pulled, *self.examples())]

    def examples(self) -> tuple[Tensor, ...]:
        return self.grid.identity(), torch.rand(self.output, self.output, 2)

    def forward(self, theta: Tensor, by_grid: Tensor) -> tuple[Tensor, Tensor]:
        return self.program[0](theta, by_grid)

    def _pulled(self, theta: Tensor, by_grid: Tensor) -> tuple[Tensor, Tensor]:
        pull = torch.func.vjp(lambda one: self.grid(one[None], self.output, self.output)[0], theta)[1]
        (by_theta,) = pull(by_grid)
        return by_theta, gradient.stepped(theta[None], by_theta[None])[0]


class SpreadGraph(Exportable):
    """``forward(theta [P])`` -> the grids of the map [SIDE, SIDE, O, O, 2]; rotation [], degrees, and scale [] of theta; and
    whether there is a map around it: 1 or 0."""

    def __init__(self, config: ModelConfig):
        super().__init__()
        self.grid, self.size, self.output = GRIDS[config.transform](), config.side, config.output_side

    def examples(self) -> tuple[Tensor, ...]:
        return (self.grid.identity(),)

    def forward(self, theta: Tensor) -> tuple[Tensor, ...]:
        grids, rotation, scale = spread(self.grid, theta, self.size, self.output)
        return grids.unflatten(0, (SIDE, SIDE)), rotation, scale, (scale >= SMALLEST).float()


class SlopeGraph(Exportable):
    """``forward(image [S, S], grid [O, O, 2], kernel [4, 4], by_warped [O, O])`` -> the derivative of the loss by each grid point
    [O, O, 2], for one kind of sampler and any S and O. kernel: as in ``graph.ReadingGraph``."""

    def __init__(self, mode: str, padding: str):
        super().__init__()
        self.mode, self.padding = mode, padding
        self.program = [derived.recorded(self._pulled, *self.examples(), any_size=True)]

    def examples(self) -> tuple[Tensor, ...]:
        grid = untouched_grid(torch.zeros(1, 1, 20, 20))[0]
        return torch.rand(28, 28), grid.clone(), torch.full((4, 4), 0.25), torch.rand(20, 20)

    def forward(self, image: Tensor, grid: Tensor, kernel: Tensor, by_warped: Tensor) -> Tensor:
        return self.program[0](image, grid, kernel, by_warped)

    def _pulled(self, image: Tensor, grid: Tensor, kernel: Tensor, by_warped: Tensor) -> Tensor:
        sampler = _sampler(self.mode, self.padding, kernel)
        pull = torch.func.vjp(lambda points: sampler(image[None, None], points[None])[0, 0], grid)[1]
        return pull(by_warped)[0]


class ReadRowGraph(Exportable):
    """``forward(image [S, S], grids [SIDE, O, O, 2], kernel [4, 4])`` -> what one kind of sampler reads there [SIDE, O, O]."""

    def __init__(self, mode: str, padding: str):
        super().__init__()
        self.mode, self.padding = mode, padding

    def examples(self) -> tuple[Tensor, ...]:
        return torch.rand(28, 28), torch.rand(SIDE, 20, 20, 2), torch.full((4, 4), 0.25)

    def forward(self, image: Tensor, grids: Tensor, kernel: Tensor) -> Tensor:
        read = _sampler(self.mode, self.padding, kernel)
        return read(image.expand(SIDE, 1, -1, -1), grids)[:, 0]


def _sampler(mode: str, padding: str, kernel: Tensor) -> Sampler:
    return WithKernel(padding, kernel) if mode == "deconvolution" else Sampler(mode, padding).requires_grad_(False)


def classifier_of(config: ModelConfig) -> ModelConfig:
    """The smallest config with the same classifier, whose weights are the first of the network's: a plain network, unless there
    are transformers on feature maps. Several configs share its graphs."""
    if set(config.placement) != {"input"}:
        return config
    kept = {
        name: getattr(config, name) for name in ("classifier", "output_size", "in_channels", "classes", "class_names")
    }
    return ModelConfig(**kept, input_size=config.output_size, placement=())


def generator_of(config: ModelConfig) -> tuple[str, int, int]:
    """What the graphs of the grid generator depend on: the transform, S and O."""
    return config.transform, config.side, config.output_side


def of_classifier(cache: graph_file.Cache, config: ModelConfig) -> dict[str, bytes]:
    """The graphs "loss" and "row" for all networks whose ``classifier_of`` is ``config``; they refer to the weights of the
    network. Raises graph_file.ExportError."""

    def make(
        kind: Callable[[Network], Exportable], inputs: tuple[str, ...], outputs: tuple[str, ...]
    ) -> Callable[[], bytes]:
        def written() -> bytes:
            network = graph_file.stand_in(config)
            model = graph_file.exported(kind(network), inputs, outputs)
            graph_file.take_weights_out(model, network, all_of_them=False)
            return model.SerializeToString()

        return written

    asked = f"classifier {config.to_json()}"
    return {
        "loss": _kept(cache, f"loss {asked}", make(LossGraph, LOSS_INPUTS, LOSS_OUTPUTS)),
        "row": _kept(cache, f"row {asked}", make(LossRowGraph, ROW_INPUTS, ROW_OUTPUTS)),
    }


def of_generator(cache: graph_file.Cache, config: ModelConfig) -> dict[str, bytes]:
    """The graphs "step" and "spread" for all networks with the same ``generator_of``. Raises graph_file.ExportError."""
    asked = f"generator {generator_of(config)}"
    return {
        "step": _kept(cache, f"step {asked}", lambda: _written(StepGraph(config), STEP_INPUTS, STEP_OUTPUTS)),
        "spread": _kept(cache, f"spread {asked}", lambda: _written(SpreadGraph(config), SPREAD_INPUTS, SPREAD_OUTPUTS)),
    }


def of_sampler(cache: graph_file.Cache, mode: str, padding: str) -> dict[str, bytes]:
    """The graphs "slope" and "row" for this kind of sampler. Raises graph_file.ExportError."""
    size, output = torch.export.Dim("size", min=8, max=256), torch.export.Dim("output", min=8, max=256)
    image, grid = {0: size, 1: size}, {0: output, 1: output}
    slope = {"image": image, "grid": grid, "kernel": {}, "by_warped": grid}
    row = {"image": image, "grids": {1: output, 2: output}, "kernel": {}}
    asked = f"sampler {mode} {padding}"

    def slopes() -> bytes:
        return _written(SlopeGraph(mode, padding), SLOPE_INPUTS, SLOPE_OUTPUTS, slope)

    def rows() -> bytes:
        return _written(ReadRowGraph(mode, padding), READ_INPUTS, READ_OUTPUTS, row)

    return {"slope": _kept(cache, f"slope {asked}", slopes), "row": _kept(cache, f"row {asked}", rows)}


def _written(
    module: Exportable,
    inputs: tuple[str, ...],
    outputs: tuple[str, ...],
    shapes: dict[str, dict[int, Any]] | None = None,
) -> bytes:
    return graph_file.exported(module, inputs, outputs, shapes).SerializeToString()


def _kept(cache: graph_file.Cache, asked: str, make: Callable[[], bytes]) -> bytes:
    return cache.kept(f"{asked} {graph_file.digest_of(derived.__file__, gradient.__file__, __file__)}", make)
