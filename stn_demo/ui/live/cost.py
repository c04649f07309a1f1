"""The cost of one forward pass, counted instead of timed, so that it is the same on every machine."""

from __future__ import annotations

import functools
from typing import Any

import torch
from torch import Tensor, nn

from ...model import ModelConfig, build_model
from ...model.classifier import Size

# Measured on one core of 2.9 GHz: 1.5 million operations 1.8 ms (the seed's network), 22 million 4 ms, 68 million 11 ms,
# 300 million 61 ms, 2,050 million 127 ms, 3,200 million 232 ms.
LIGHT = 40e6  # operations per image; heavier networks wait for lighter ones
MOST_CLASSES = 100
MOST = 1e9  # heavier uploaded networks are refused


@functools.lru_cache(maxsize=512)
def operations(config: ModelConfig) -> int:
    """Floating-point operations of one forward pass of one image, in convolutions and linear layers: two for each weight that an
    output takes part in, as ``torch.utils.flop_counter`` counts them. That one imports 800 modules, 2.5 s of the app's start.
    """
    count = 0

    def add(layer: nn.Module, _: tuple[Any, ...], output: Tensor) -> None:
        nonlocal count
        assert isinstance(layer, (nn.Conv2d, nn.Linear))
        count += 2 * output.numel() * layer.weight[0].numel()

    with torch.random.fork_rng(devices=[]), torch.no_grad():
        model = build_model(config).eval()
        for layer in model.modules():
            if isinstance(layer, (nn.Conv2d, nn.Linear)):
                layer.register_forward_hook(add)
        model(torch.zeros(1, *config.shape))
    return count


def is_light(config: ModelConfig) -> bool:
    return operations(config) <= LIGHT


def unfit(config: ModelConfig) -> str | None:
    """The error message for a network that this page cannot show live; None if it can."""
    if config.classes > MOST_CLASSES or not all(map(_square, (config.input_size, config.output_size))):
        return f"This page shows networks with square images and at most {MOST_CLASSES} classes."
    count = operations(config)
    if count <= MOST:
        return None
    return (
        f"This network takes {count / 1e6:,.0f} million operations for one picture; the limit for live use is "
        f"{MOST / 1e6:,.0f} million. A smaller input_size makes it faster."
    )


def _square(size: Size) -> bool:
    return isinstance(size, int) or len(set(size)) == 1
