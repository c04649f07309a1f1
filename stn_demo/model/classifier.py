"""The classifiers. Each is a sequence of named stages, so that a transformer can be inserted before any of them:
"input" before the first, "conv1" and "conv2" after the first and second convolutional block.

The classifier normalises its input itself, after sampling, so that the zeros outside the image have the same black as
the background. A network that normalises first gets a grey border around every zoomed-out image, and learns to zoom out
(PyTorch tutorials issue 1117).
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from .pooling import MaxPool2d, max_pool

MEAN, STD = 0.1307, 0.3081  # over MNIST's training pixels


class Normalize(nn.Module):
    """[0, 1] -> zero mean and unit variance over MNIST."""

    def forward(self, x: Tensor) -> Tensor:
        return (x - MEAN) / STD


class ConvBlock(nn.Module):
    """Convolution without padding, 2 x 2 max pooling, ReLU: [N, C, H, W] -> [N, out, (H - k + 1) // 2, (W - k + 1) //
    2].
    """

    def __init__(self, in_channels: int, out_channels: int, kernel: int):
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, kernel)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(max_pool(self.conv(x)))


class Classifier(nn.Module):
    """A sequence of stages. ``stages[point]`` is the stage after the point; ``shapes[point]`` = (channels, height,
    width) there.
    """

    def __init__(self, stages: dict[str, nn.Module], shapes: dict[str, tuple[int, int, int]]):
        super().__init__()
        self.stages = nn.ModuleDict(stages)
        self.shapes = shapes

    def forward(self, x: Tensor) -> Tensor:
        """[N, in_channels, height, width] in [0, 1] -> log-probabilities [N, classes]."""
        for stage in self.stages.values():
            x = stage(x)
        return x


Size = int | tuple[int, int]  # side of a square, px, or (height, width)


def height_width(size: Size) -> tuple[int, int]:
    return (size, size) if isinstance(size, int) else (size[0], size[1])


def _two_blocks(
    size: Size, in_channels: int, classes: int, first: tuple[int, int], second: tuple[int, int], hidden: int | None
) -> Classifier:
    """Normalisation, two blocks of (channels, kernel), then linear layers, with ``hidden`` units if given."""
    whole = height_width(size)
    size1 = (whole[0] - first[1] + 1) // 2, (whole[1] - first[1] + 1) // 2
    size2 = (size1[0] - second[1] + 1) // 2, (size1[1] - second[1] + 1) // 2
    flat = second[0] * size2[0] * size2[1]
    head: list[nn.Module] = [nn.Linear(flat, classes)]
    if hidden is not None:
        head = [nn.Linear(flat, hidden), nn.ReLU(), nn.Linear(hidden, classes)]
    return Classifier(
        {
            "input": nn.Sequential(Normalize(), ConvBlock(in_channels, *first)),
            "conv1": ConvBlock(first[0], *second),
            "conv2": nn.Sequential(nn.Flatten(), *head, nn.LogSoftmax(dim=1)),
        },
        {"input": (in_channels, *whole), "conv1": (first[0], *size1), "conv2": (second[0], *size2)},
    )


def seed_classifier(size: Size, in_channels: int = 1, classes: int = 10) -> Classifier:
    """``Net`` of the PyTorch tutorial: conv 1->10 k5, pool, conv 10->20 k5, pool, fc 320->50->10 (at 28 x 28)."""
    return _two_blocks(size, in_channels, classes, (10, 5), (20, 5), hidden=50)


def cnn_classifier(size: Size, in_channels: int = 1, classes: int = 10) -> Classifier:
    """The paper's CNN (appendix A.4): 9 x 9 and 7 x 7 convolutions with 32 and 64 filters, each followed by 2 x 2 max
    pooling, and one linear layer; about 105,000 parameters at 28 x 28.
    """
    return _two_blocks(size, in_channels, classes, (32, 9), (64, 7), hidden=None)


def batch_normed(
    in_channels: int, out_channels: int, kernel: int = 3, stride: int = 1, padding: int = 1
) -> nn.Sequential:
    """Convolution, batch normalisation (Ioffe & Szegedy 2015), ReLU."""
    convolution = nn.Conv2d(in_channels, out_channels, kernel, stride, padding, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(out_channels), nn.ReLU())


def deep_classifier(size: Size, in_channels: int = 1, classes: int = 10) -> Classifier:
    """The classifier for our version of the paper's table: four 3 x 3 convolutions with 32 to 96 filters (the first 4 x
    4, stride 2), all with batch normalisation; further ones for larger images; then 128 hidden units. 280,000
    parameters at 28 x 28.
    """
    whole = height_width(size)
    size1 = whole[0] // 4, whole[1] // 4
    size2 = last = size1[0] // 2, size1[1] // 2
    tail: list[nn.Module] = []
    while max(last) > 4:
        by = 2 if last[0] > 4 else 1, 2 if last[1] > 4 else 1
        tail += [batch_normed(96, 96), MaxPool2d(by)]
        last = last[0] // by[0], last[1] // by[1]
    tail += [nn.Flatten(), nn.Linear(96 * last[0] * last[1], 128), nn.ReLU(), nn.Linear(128, classes)]
    tail += [nn.LogSoftmax(dim=1)]
    return Classifier(
        {
            "input": nn.Sequential(
                Normalize(), batch_normed(in_channels, 32, 4, stride=2), batch_normed(32, 64), MaxPool2d(2)
            ),
            "conv1": nn.Sequential(batch_normed(64, 96), batch_normed(96, 96), MaxPool2d(2)),
            "conv2": nn.Sequential(*tail),
        },
        {"input": (in_channels, *whole), "conv1": (64, *size1), "conv2": (96, *size2)},
    )


def fcn_classifier(size: Size, in_channels: int = 1, classes: int = 10) -> Classifier:
    """The paper's FCN (appendix A.4): two hidden fully connected layers with 8 to 256 units, as many as 400,000
    parameters allow. It has no feature maps, so it can have a transformer at its input only.
    """
    height, width = height_width(size)
    values = in_channels * height * width
    hidden = min(256, max(8, 280_000 // values))
    layers = [Normalize(), nn.Flatten(), nn.Linear(values, hidden), nn.ReLU(), nn.Linear(hidden, hidden)]
    layers += [nn.ReLU(), nn.Linear(hidden, classes), nn.LogSoftmax(dim=1)]
    return Classifier({"input": nn.Sequential(*layers)}, {"input": (in_channels, height, width)})


CLASSIFIERS = {"seed": seed_classifier, "cnn": cnn_classifier, "deep": deep_classifier, "fcn": fcn_classifier}
# smallest input side, px, that leaves at least one pixel for the decision
SMALLEST = {"seed": 16, "cnn": 24, "deep": 8, "fcn": 8}
_BLOCKS = ("input", "conv1", "conv2")
POINTS = {"seed": _BLOCKS, "cnn": _BLOCKS, "deep": _BLOCKS, "fcn": ("input",)}
