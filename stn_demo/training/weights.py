"""The weights of a network as one flat tensor, for their running mean."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def averaged(module: nn.Module) -> list[Tensor]:
    """The tensors of ``module`` that are averaged: weights, and running means and variances of batch normalisation."""
    return [*module.parameters(), *(value for value in module.buffers() if value.is_floating_point())]


@torch.no_grad()
def spread(row: Tensor, values: list[Tensor]) -> None:
    """Copy the numbers of ``row`` into ``values``, one tensor after the other, in place, so that the tensors keep their memory
    layout. ``row`` has at least as many numbers as ``values``.
    """
    start = 0
    for value in values:
        value.copy_(row[start : start + value.numel()].view(value.shape))
        start += value.numel()
