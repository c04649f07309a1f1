"""Localization networks: an image or feature map -> theta (paper section 3.1).

Every one ends in a linear layer with zero weights, whose bias is the identity of the grid generator. So an untrained
transformer passes its input through unchanged.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .classifier import Size, batch_normed, height_width
from .pooling import MaxPool2d, max_pool


class Regressor(nn.Linear):
    """The last layer: ``features`` -> theta; its initial output is ``identity`` for any input. Computes in the
    precision of its weights even under autocast.
    """

    def __init__(self, features: int, identity: Tensor):
        super().__init__(features, len(identity))
        nn.init.zeros_(self.weight)
        self.bias.data.copy_(identity)

    def forward(self, x: Tensor) -> Tensor:
        with torch.autocast(x.device.type, enabled=False):
            return super().forward(x.to(self.weight.dtype))


class Localization(nn.Module):
    """Base class of the localization networks; a subclass implements ``predict``.

    Args of every subclass:
        in_channels, size: of the input; ``size`` is the side of a square, px, or (height, width).
        identity: Tensor[num_params], the initial theta.

    Raises:
        ValueError: ``forward`` gets anything but [N, in_channels, height, width].
    """

    def __init__(self, in_channels: int, size: Size, identity: Tensor | None = None):
        super().__init__()
        self.takes = (in_channels, *height_width(size))

    def forward(self, x: Tensor) -> Tensor:
        """[N, in_channels, height, width] -> theta [N, num_params]."""
        if x.dim() != 4 or tuple(x.shape[1:]) != self.takes:
            wanted = ", ".join(map(str, self.takes))
            raise ValueError(f"This localization network takes [N, {wanted}], not {list(x.shape)}.")
        return self.predict(x)

    def predict(self, x: Tensor) -> Tensor:
        raise TypeError(f"{type(self).__name__} does not define how it predicts theta.")


class SeedLocalization(Localization):
    """The seed network's: conv 1->8 k7, pool, ReLU, conv 8->10 k5, pool, ReLU, fc 90->32, ReLU, fc 32->theta.

    Takes ``[N, in_channels, height, width]``. Maps under 20 px are padded, because each convolution would otherwise
    shrink them too much.
    """

    def __init__(self, in_channels: int, size: Size, identity: Tensor):
        super().__init__(in_channels, size)
        sides = height_width(size)
        self.padded = min(sides) < 20
        self.conv1 = nn.Conv2d(in_channels, 8, 7, padding=3 if self.padded else 0)
        self.conv2 = nn.Conv2d(8, 10, 5, padding=2 if self.padded else 0)
        rows, columns = (-(-side // 4) if self.padded else ((side - 6) // 2 - 4) // 2 for side in sides)
        self.fc = nn.Linear(10 * rows * columns, 32)
        self.theta = Regressor(32, identity)

    def predict(self, x: Tensor) -> Tensor:
        x = F.relu(max_pool(self.conv1(x), ceil_mode=self.padded))
        x = F.relu(max_pool(self.conv2(x), ceil_mode=self.padded))
        return self.theta(F.relu(self.fc(x.flatten(1))))


class PaperLocalization(Localization):
    """The paper's convolutional localization network for distorted MNIST (appendix A.4): at half resolution, two 5 x 5
    convolutions with 20 filters, 2 x 2 max pooling between them, and 20 hidden units.

    Takes ``[N, in_channels, height, width]``. Maps under 28 px are read at full resolution and padded.
    """

    def __init__(self, in_channels: int, size: Size, identity: Tensor):
        super().__init__(in_channels, size)
        sides = height_width(size)
        self.small = min(sides) < 28
        self.conv1 = nn.Conv2d(in_channels, 20, 5, padding=2 if self.small else 0)
        self.conv2 = nn.Conv2d(20, 20, 5, padding=2 if self.small else 0)
        left = [-(-side // 2) if self.small else (side // 2 - 4) // 2 - 4 for side in sides]
        self.pool_last = self.small or max(left) > 6  # keep the hidden layer small
        rows, columns = (-(-side // 2) if self.pool_last else side for side in left)
        self.fc = nn.Linear(20 * rows * columns, 20)
        self.theta = Regressor(20, identity)

    def predict(self, x: Tensor) -> Tensor:
        if not self.small:
            x = max_pool(x)
        x = max_pool(F.relu(self.conv1(x)), ceil_mode=self.small)
        x = F.relu(self.conv2(x))
        if self.pool_last:
            x = max_pool(x, ceil_mode=True)
        return self.theta(F.relu(self.fc(x.flatten(1))))


def _halved(sides: tuple[int, int], above: int) -> tuple[MaxPool2d, tuple[int, int]]:
    """A max pooling that halves each side that is larger than ``above``, and the sides after it."""
    by = 2 if sides[0] > above else 1, 2 if sides[1] > above else 1
    return MaxPool2d(by), (sides[0] // by[0], sides[1] // by[1])


class DeepLocalization(Localization):
    """The localization network for our version of the paper's table: at half resolution, one 5 x 5 convolution with 16
    filters and 3 x 3 convolutions with 32, all with batch normalisation, max pooling between them down to at most 7 x
    7; 32 hidden units.

    Takes ``[N, in_channels, height, width]``. Maps under 16 px are read at full resolution.
    """

    def __init__(self, in_channels: int, size: Size, identity: Tensor):
        super().__init__(in_channels, size)
        layers: list[nn.Module] = []
        sides = height_width(size)
        if min(sides) >= 16:
            layers.append(nn.AvgPool2d(2))
            sides = sides[0] // 2, sides[1] // 2
        pool, sides = _halved(sides, above=1)
        layers += [batch_normed(in_channels, 16, 5, padding=2), pool, batch_normed(16, 32)]
        while max(sides) > 7:
            pool, sides = _halved(sides, above=7)
            layers += [pool, batch_normed(32, 32)]
        self.features = nn.Sequential(*layers, nn.Flatten())
        self.fc = nn.Linear(32 * sides[0] * sides[1], 32)
        self.theta = Regressor(32, identity)

    def predict(self, x: Tensor) -> Tensor:
        return self.theta(F.relu(self.fc(self.features(x))))


class WideLocalization(Localization):
    """The localization network for turning digits upright: a 5 x 5 convolution with 16 filters at stride 2 and 3 x 3
    convolutions with 32 and 48, all with batch normalisation, max pooling between them down to at most 4 x 4; 64 hidden
    units. 68,500 parameters at 28 x 28.

    Takes ``[N, in_channels, height, width]``. Maps under 16 px are read at full resolution.
    """

    def __init__(self, in_channels: int, size: Size, identity: Tensor):
        super().__init__(in_channels, size)
        sides = height_width(size)
        stride = 2 if min(sides) >= 16 else 1
        layers = [batch_normed(in_channels, 16, 5, stride, 2), batch_normed(16, 32), MaxPool2d(2, ceil_mode=True)]
        layers.append(batch_normed(32, 48))
        strided = [-(-side // stride) for side in sides]
        rows, columns = (-(-side // 2) for side in strided)
        while max(rows, columns) > 4:
            layers.append(MaxPool2d(2, ceil_mode=True))  # keeps at least one pixel
            rows, columns = -(-rows // 2), -(-columns // 2)
        self.features = nn.Sequential(*layers, nn.Flatten())
        self.fc = nn.Linear(48 * rows * columns, 64)
        self.theta = Regressor(64, identity)

    def predict(self, x: Tensor) -> Tensor:
        return self.theta(F.relu(self.fc(self.features(x))))


class MlpLocalization(Localization):
    """A multilayer perceptron with two hidden layers of 32 units (the paper's ST-FCN, appendix A.4).

    Takes ``[N, in_channels, height, width]`` of any size.
    """

    def __init__(self, in_channels: int, size: Size, identity: Tensor):
        super().__init__(in_channels, size)
        height, width = height_width(size)
        self.fc1 = nn.Linear(in_channels * height * width, 32)
        self.fc2 = nn.Linear(32, 32)
        self.theta = Regressor(32, identity)

    def predict(self, x: Tensor) -> Tensor:
        return self.theta(F.relu(self.fc2(F.relu(self.fc1(x.flatten(1))))))


LOCALIZATIONS: dict[str, type[Localization]] = {
    "seed": SeedLocalization,
    "paper": PaperLocalization,
    "deep": DeepLocalization,
    "wide": WideLocalization,
    "mlp": MlpLocalization,
}
