"""Colour pictures as inputs of networks: converted to the number of channels and the size that a network takes."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

LUMA = (0.299, 0.587, 0.114)  # ITU-R BT.601, as Pillow converts colours to grey


def in_channels(images: Tensor, channels: int) -> Tensor:
    """``images`` [N, 1 or 3, H, W] in ``channels`` channels: grey is repeated in each channel; colours stay colours for
    3 channels, otherwise they become grey.
    """
    if images.shape[1] == channels:
        return images
    if images.shape[1] == 3:
        images = (images * images.new_tensor(LUMA)[:, None, None]).sum(1, keepdim=True)
    return images.expand(-1, channels, -1, -1)


def resized(images: Tensor, side: int) -> Tensor:
    """``images`` [N, C, n, n] in [0, 1] with ``side`` px, antialiased."""
    if images.shape[-1] == side:
        return images
    return F.interpolate(images, (side, side), mode="bilinear", antialias=True).clamp(0, 1)


def fitted(picture: Tensor, side: int, channels: int) -> Tensor:
    """A colour picture, uint8 [3, n, n], as ``scene.Scene.digit``: uint8 [3, side, side] for a network with 3 channels,
    otherwise [side, side].
    """
    found = resized(in_channels(picture[None].float() / 255, 3 if channels == 3 else 1), side)
    return (found[0] * 255).round().to(torch.uint8).squeeze(0)


def planes(digit: Tensor) -> Tensor:
    """``scene.Scene.digit`` with a dimension for channels: [1 or 3, n, n]."""
    return digit[None] if digit.dim() == 2 else digit


def shown(images: Tensor, in_colour: bool) -> Tensor:
    """What is drawn of a network's images [N, C, H, W]: [N, 3, H, W] in colour, otherwise the first channel [N, H, W]."""
    return images if in_colour else images[:, 0]
