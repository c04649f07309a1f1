"""Weights of a network as one row of numbers, for the running mean of them."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def averaged(module: nn.Module) -> list[Tensor]:
    """What is averaged of it: the weights, and the running means and variances of batch normalisation."""
    return [*module.parameters(), *(value for value in module.buffers() if value.is_floating_point())]


@torch.no_grad()
def spread(row: Tensor, values: list[Tensor]) -> None:
    """Write ``row``, of at least as many numbers as there are in ``values``, into them, one after the other, in place: they
    keep their memory layout."""
    start = 0
    for value in values:
        value.copy_(row[start : start + value.numel()].view(value.shape))
        start += value.numel()
