"""Estimate the memory that a training needs, so that one that does not fit can be refused before it starts.

The tensors that autograd keeps for the backward pass are measured on two small batches and scaled to the batch size.
The gradients, the optimizer's two moments, the averaged weights and the distorted images of a batch are added. Checked
against the peak of a real run: 7.4 GB for a batch of 65,536 at 28 px, estimated 8.5 GB.
"""

from __future__ import annotations

import math
import os
from pathlib import Path

import torch
from torch import Tensor

from ..model import Network, build_model
from .settings import TrainingSettings

BASE = 400 << 20  # bytes: a process with torch and the digits
SPARE = 0.9  # fraction of the available memory that a run may take
WORKSPACE = 1.25  # factor for the temporary tensors of a backward pass
COPIES = 5  # weights, gradients, two moments, averages


def needed(settings: TrainingSettings, twin: bool = False) -> int:
    """Estimated peak memory, bytes, of a training with these settings; ``twin``: with a plain twin."""
    with torch.random.fork_rng(devices=[]):
        model = build_model(settings.model)
    pixels = math.prod(settings.model.shape)
    sample = WORKSPACE * (_kept(model, 4) - _kept(model, 2)) / 2 + 4 * 4 * pixels
    weights = COPIES * 4 * sum(parameter.numel() for parameter in model.parameters())
    return round(BASE + (settings.batch_size * sample + weights) * (2 if twin else 1))


def available() -> int | None:
    """Bytes of free memory of this machine or container; None if unknown."""
    found = []
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        found += [1024 * int(line.split()[1]) for line in lines if line.startswith("MemAvailable:")]
    except (OSError, ValueError, IndexError):
        try:
            found.append(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
        except (ValueError, OSError, AttributeError):
            return None
    try:
        group = Path("/sys/fs/cgroup")
        most = (group / "memory.max").read_text().strip()
        if most != "max":
            found.append(max(0, int(most) - int((group / "memory.current").read_text())))
    except (OSError, ValueError):
        pass  # no such group: use the memory of the machine
    return min(found) if found else None


def check(settings: TrainingSettings, twin: bool = False) -> None:
    """Raises MemoryError, with a sentence, for settings that do not fit."""
    has, needs = available(), needed(settings, twin)
    if has is not None and needs > SPARE * has:
        raise MemoryError(
            f"This would take about {needs / 1e9:.1f} GB of memory, and {has / 1e9:.1f} GB are free; choose a smaller "
            "batch or a smaller network."
        )


def _kept(model: Network, count: int) -> int:
    """Bytes that autograd keeps for the backward pass of ``count`` pictures."""
    storages: dict[int, int] = {}
    kept: list[Tensor] = []  # keeps each storage alive, so that no address is used twice

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        storages[storage.data_ptr()] = storage.nbytes()
        kept.append(tensor)
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor), torch.random.fork_rng(devices=[]):
        model.train()(torch.rand(count, *model.config.shape))
    return sum(storages.values())
