"""The format in which every data set is held in memory."""

from typing import NamedTuple

from torch import Tensor


class Digits(NamedTuple):
    """Handwritten digits: white ink on black, 28 x 28 pixels. Or the user's own pictures, see ``data.folder``.

    images: uint8 [N, 28, 28], 0 = background, 255 = full ink; pictures: uint8 [N, channels, side, side].
    labels: int64 [N], 0..9; for pictures, their class.
    """

    images: Tensor
    labels: Tensor


def as_floats(images: Tensor) -> Tensor:
    """``Digits.images``, or some of them, as input of a network: float [N, channels, side, side] in [0, 1]."""
    return (images[:, None] if images.dim() == 3 else images).float() / 255
