"""The one shape in which every data set of the engine is held in memory."""

from typing import NamedTuple

from torch import Tensor


class Digits(NamedTuple):
    """Handwritten digits: white ink on black, 28 x 28 pixels.

    images: uint8 [N, 28, 28], 0 = background, 255 = full ink.
    labels: int64 [N], 0..9.
    """

    images: Tensor
    labels: Tensor
