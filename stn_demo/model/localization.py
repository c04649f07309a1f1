"""Localization networks: an image or feature map -> theta (paper section 3.1).

Every one ends in a linear layer with zero weights whose bias is the grid generator's identity, so that an
untrained transformer passes its input through unchanged.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .classifier import batch_normed


class Regressor(nn.Linear):
    """The last layer: ``features`` -> theta, starting at ``identity`` whatever it is shown. In the precision of its
    weights also where the layers before it train in less."""

    def __init__(self, features: int, identity: Tensor):
        super().__init__(features, len(identity))
        nn.init.zeros_(self.weight)
        self.bias.data.copy_(identity)

    def forward(self, x: Tensor) -> Tensor:
        with torch.autocast(x.device.type, enabled=False):
            return super().forward(x.to(self.weight.dtype))


class SeedLocalization(nn.Module):
    """The seed model's: conv 1->8 k7, pool, ReLU, conv 8->10 k5, pool, ReLU, fc 90->32, ReLU, fc 32->theta.

    Takes ``[N, in_channels, size, size]``. Maps under 20 px, too small to lose a border at each convolution, are
    padded.
    """

    def __init__(self, in_channels: int, size: int, identity: Tensor):
        super().__init__()
        self.padded = size < 20
        self.conv1 = nn.Conv2d(in_channels, 8, 7, padding=3 if self.padded else 0)
        self.conv2 = nn.Conv2d(8, 10, 5, padding=2 if self.padded else 0)
        side = -(-size // 4) if self.padded else ((size - 6) // 2 - 4) // 2
        self.fc = nn.Linear(10 * side * side, 32)
        self.theta = Regressor(32, identity)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(F.max_pool2d(self.conv1(x), 2, ceil_mode=self.padded))
        x = F.relu(F.max_pool2d(self.conv2(x), 2, ceil_mode=self.padded))
        return self.theta(F.relu(self.fc(x.flatten(1))))


class PaperLocalization(nn.Module):
    """The paper's convolutional one for distorted MNIST (appendix A.4): at half resolution, two 5 x 5 convolutions
    of 20 filters with a 2 x 2 max pooling between them, and 20 hidden units.

    Takes ``[N, in_channels, size, size]``. Maps under 28 px are read at full resolution and padded.
    """

    def __init__(self, in_channels: int, size: int, identity: Tensor):
        super().__init__()
        self.small = size < 28
        self.conv1 = nn.Conv2d(in_channels, 20, 5, padding=2 if self.small else 0)
        self.conv2 = nn.Conv2d(20, 20, 5, padding=2 if self.small else 0)
        side = -(-size // 2) if self.small else (size // 2 - 4) // 2 - 4
        self.pool_last = self.small or side > 6  # keep the hidden layer small
        side = -(-side // 2) if self.pool_last else side
        self.fc = nn.Linear(20 * side * side, 20)
        self.theta = Regressor(20, identity)

    def forward(self, x: Tensor) -> Tensor:
        if not self.small:
            x = F.max_pool2d(x, 2)
        x = F.max_pool2d(F.relu(self.conv1(x)), 2, ceil_mode=self.small)
        x = F.relu(self.conv2(x))
        if self.pool_last:
            x = F.max_pool2d(x, 2, ceil_mode=True)
        return self.theta(F.relu(self.fc(x.flatten(1))))


class DeepLocalization(nn.Module):
    """Ours for the paper's table: at half resolution, a 5 x 5 convolution of 16 filters and 3 x 3 ones of 32, each
    batch-normalised, max pooling between them, down to at most 7 x 7; 32 hidden units.

    Takes ``[N, in_channels, size, size]``. Maps under 16 px are read at full resolution.
    """

    def __init__(self, in_channels: int, size: int, identity: Tensor):
        super().__init__()
        layers: list[nn.Module] = []
        if size >= 16:
            layers.append(nn.AvgPool2d(2))
            size //= 2
        layers += [batch_normed(in_channels, 16, 5, padding=2), nn.MaxPool2d(2), batch_normed(16, 32)]
        size //= 2
        while size > 7:
            layers += [nn.MaxPool2d(2), batch_normed(32, 32)]
            size //= 2
        self.features = nn.Sequential(*layers, nn.Flatten())
        self.fc = nn.Linear(32 * size * size, 32)
        self.theta = Regressor(32, identity)

    def forward(self, x: Tensor) -> Tensor:
        return self.theta(F.relu(self.fc(self.features(x))))


class WideLocalization(nn.Module):
    """Ours for turning digits upright: a 5 x 5 convolution of 16 filters at stride 2 and 3 x 3 ones of 32 and 48, each
    batch-normalised, max pooling between them and down to at most 4 x 4; 64 hidden units. 68,500 parameters at 28 x 28.

    Takes ``[N, in_channels, size, size]``. Maps under 16 px are read at full resolution.
    """

    def __init__(self, in_channels: int, size: int, identity: Tensor):
        super().__init__()
        stride = 2 if size >= 16 else 1
        size = -(-size // stride)
        layers = [batch_normed(in_channels, 16, 5, stride, 2), batch_normed(16, 32), nn.MaxPool2d(2, ceil_mode=True)]
        layers.append(batch_normed(32, 48))
        size = -(-size // 2)
        while size > 4:
            layers.append(nn.MaxPool2d(2, ceil_mode=True))
            size = -(-size // 2)
        self.features = nn.Sequential(*layers, nn.Flatten())
        self.fc = nn.Linear(48 * size * size, 64)
        self.theta = Regressor(64, identity)

    def forward(self, x: Tensor) -> Tensor:
        return self.theta(F.relu(self.fc(self.features(x))))


class MlpLocalization(nn.Module):
    """A multilayer perceptron with two hidden layers of 32 units (the paper's ST-FCN, appendix A.4).

    Takes ``[N, in_channels, size, size]`` of any size.
    """

    def __init__(self, in_channels: int, size: int, identity: Tensor):
        super().__init__()
        self.fc1 = nn.Linear(in_channels * size * size, 32)
        self.fc2 = nn.Linear(32, 32)
        self.theta = Regressor(32, identity)

    def forward(self, x: Tensor) -> Tensor:
        return self.theta(F.relu(self.fc2(F.relu(self.fc1(x.flatten(1))))))


LOCALIZATIONS: dict[str, type[nn.Module]] = {
    "seed": SeedLocalization,
    "paper": PaperLocalization,
    "deep": DeepLocalization,
    "wide": WideLocalization,
    "mlp": MlpLocalization,
}
