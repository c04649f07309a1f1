"""The classifiers around the transformer. Each is a row of named stages, so that a transformer can stand before
any of them: "input" before the first, "conv1" and "conv2" after the first and second convolutional block.

Normalisation belongs to the classifier, after sampling: the zeros that a sampler reads outside the image are then
the same black as the background. Networks that normalise first see a grey frame around every zoomed-out picture,
and learn to zoom out (facts.md, traps; PyTorch tutorials issue 1117).
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

MEAN, STD = 0.1307, 0.3081  # of MNIST's training pixels


class Normalize(nn.Module):
    """[0, 1] -> zero mean and unit variance over MNIST."""

    def forward(self, x: Tensor) -> Tensor:
        return (x - MEAN) / STD


class ConvBlock(nn.Module):
    """Convolution without padding, 2 x 2 max pooling, ReLU: [N, C, S, S] -> [N, out, (S - k + 1) // 2, same]."""

    def __init__(self, in_channels: int, out_channels: int, kernel: int):
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, kernel)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(F.max_pool2d(self.conv(x), 2))


class Classifier(nn.Module):
    """Stages by name. ``stages[point]`` is what follows the point; ``shapes[point]`` = (channels, size) there."""

    def __init__(self, stages: dict[str, nn.Module], shapes: dict[str, tuple[int, int]]):
        super().__init__()
        self.stages = nn.ModuleDict(stages)
        self.shapes = shapes

    def forward(self, x: Tensor) -> Tensor:
        """[N, 1, S, S] in [0, 1] -> log-probabilities [N, 10]."""
        for stage in self.stages.values():
            x = stage(x)
        return x


def _two_blocks(size: int, first: tuple[int, int], second: tuple[int, int], hidden: int | None) -> Classifier:
    """Normalise, two blocks of (channels, kernel), then fully connected, through ``hidden`` units if given."""
    size1 = (size - first[1] + 1) // 2
    size2 = (size1 - second[1] + 1) // 2
    flat = second[0] * size2 * size2
    head = [nn.Linear(flat, 10)] if hidden is None else [nn.Linear(flat, hidden), nn.ReLU(), nn.Linear(hidden, 10)]
    return Classifier(
        {
            "input": nn.Sequential(Normalize(), ConvBlock(1, *first)),
            "conv1": ConvBlock(first[0], *second),
            "conv2": nn.Sequential(nn.Flatten(), *head, nn.LogSoftmax(dim=1)),
        },
        {"input": (1, size), "conv1": (first[0], size1), "conv2": (second[0], size2)},
    )


def seed_classifier(size: int) -> Classifier:
    """The seed's ``Net``: conv 1->10 k5, pool, conv 10->20 k5, pool, fc 320->50->10 (at 28 x 28)."""
    return _two_blocks(size, (10, 5), (20, 5), hidden=50)


def cnn_classifier(size: int) -> Classifier:
    """The paper's CNN (appendix A.4): 9 x 9 and 7 x 7 convolutions, each with a 2 x 2 max pooling, one linear
    layer; 32 and 64 filters, about 105,000 parameters at 28 x 28."""
    return _two_blocks(size, (32, 9), (64, 7), hidden=None)


def batch_normed(
    in_channels: int, out_channels: int, kernel: int = 3, stride: int = 1, padding: int = 1
) -> nn.Sequential:
    """Convolution, batch normalisation (Ioffe & Szegedy 2015), ReLU."""
    convolution = nn.Conv2d(in_channels, out_channels, kernel, stride, padding, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(out_channels), nn.ReLU())


def deep_classifier(size: int) -> Classifier:
    """Ours for the paper's table: four 3 x 3 convolutions of 32 to 96 filters (the first 4 x 4, at stride 2), each
    batch-normalised, a fifth where the picture is large, then 128 hidden units. 280,000 parameters at 28 x 28."""
    size1 = size // 2 // 2
    size2 = last = size1 // 2
    tail: list[nn.Module] = []
    while last > 4:
        tail += [batch_normed(96, 96), nn.MaxPool2d(2)]
        last //= 2
    tail += [nn.Flatten(), nn.Linear(96 * last * last, 128), nn.ReLU(), nn.Linear(128, 10), nn.LogSoftmax(dim=1)]
    return Classifier(
        {
            "input": nn.Sequential(
                Normalize(), batch_normed(1, 32, 4, stride=2), batch_normed(32, 64), nn.MaxPool2d(2)
            ),
            "conv1": nn.Sequential(batch_normed(64, 96), batch_normed(96, 96), nn.MaxPool2d(2)),
            "conv2": nn.Sequential(*tail),
        },
        {"input": (1, size), "conv1": (64, size1), "conv2": (96, size2)},
    )


def fcn_classifier(size: int) -> Classifier:
    """The paper's FCN (appendix A.4): two hidden fully connected layers, as wide as 400,000 parameters allow and
    at most 256. It has no feature maps: a transformer can stand at its input only."""
    hidden = min(256, 280_000 // (size * size))
    layers = [Normalize(), nn.Flatten(), nn.Linear(size * size, hidden), nn.ReLU(), nn.Linear(hidden, hidden)]
    layers += [nn.ReLU(), nn.Linear(hidden, 10), nn.LogSoftmax(dim=1)]
    return Classifier({"input": nn.Sequential(*layers)}, {"input": (1, size)})


CLASSIFIERS = {"seed": seed_classifier, "cnn": cnn_classifier, "deep": deep_classifier, "fcn": fcn_classifier}
SMALLEST = {"seed": 16, "cnn": 24, "deep": 8, "fcn": 8}  # px a side that leave each at least one pixel to decide by
_BLOCKS = ("input", "conv1", "conv2")
POINTS = {"seed": _BLOCKS, "cnn": _BLOCKS, "deep": _BLOCKS, "fcn": ("input",)}
