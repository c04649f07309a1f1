"""Several processes that train one network together, started by torchrun."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from ..names import DEVICE


@dataclass(frozen=True)
class Group:
    """The processes that train together: this one has ``rank`` 0 to ``processes`` - 1; rank 0 writes and prints. The
    default is a single process.
    """

    rank: int = 0
    processes: int = 1
    device: torch.device = torch.device("cpu")

    @property
    def leads(self) -> bool:
        return self.rank == 0

    def wrap(self, model: nn.Module) -> nn.Module:
        """The module to call in training; its gradients are averaged over all processes."""
        if self.processes == 1:
            return model
        return DistributedDataParallel(model, device_ids=[self.device] if self.device.type == "cuda" else None)

    def total(self, values: Tensor) -> Tensor:
        """``values`` summed over all processes, in place."""
        if self.processes > 1:
            dist.all_reduce(values)
        return values

    def any(self, yes: bool) -> bool:
        """Whether ``yes`` is true in any process."""
        return bool(self.total(torch.tensor(float(yes), device=self.device)) > 0)


@contextmanager
def joined(device: str = "auto", alone: bool = False) -> Iterator[Group]:
    """The ``Group`` of this process: from torchrun's environment (gloo on a CPU, nccl on GPUs), unless ``alone``.
    Device "auto": a GPU if there is one.

    Raises:
        ValueError: this machine has no such device.
    """
    rank, processes = int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1"))
    place = find_device(device, int(os.environ.get("LOCAL_RANK", "0")))
    if processes == 1 or alone:
        yield Group(device=place)
        return
    if place.type == "cuda":
        torch.cuda.set_device(place)
    dist.init_process_group("nccl" if place.type == "cuda" else "gloo")
    try:
        yield Group(rank, processes, place)
    finally:
        dist.destroy_process_group()


def find_device(device: str, index: int = 0) -> torch.device:
    """The device named "auto", "cpu", "cuda" (the GPU ``index``), "cuda:1" or "mps" (the GPU of Apple).

    Raises:
        ValueError: the name is unknown, or this machine has no such device.
    """
    if not DEVICE.fullmatch(device):
        raise ValueError(f"The device {device!r} is unknown; choose auto, cpu, cuda, cuda:N or mps.")
    gpus = torch.cuda.device_count()
    if device == "auto":
        device = "cuda" if gpus else "cpu"
    found = torch.device(device)
    if found.type == "cuda":
        found = torch.device("cuda", index if found.index is None else found.index)
        if found.index >= gpus:
            raise ValueError(f"There is no GPU {found.index} here ({gpus} found); choose cpu.")
    elif found.type == "mps" and not torch.backends.mps.is_available():
        raise ValueError("There is no Apple GPU (mps) here; choose cpu.")
    return found


def is_there(device: str) -> bool:
    """Whether ``find_device`` finds a device of this name on this machine."""
    try:
        find_device(device)
    except ValueError:
        return False
    return True
