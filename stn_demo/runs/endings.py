"""The status of a run that ended before its last step."""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import Any

import torch

from ..checkpoints import CheckpointError
from ..data.mnist import DataError
from ..faults import RunError, status_fields, why
from ..training.events import TrainingStopped

NOT_PERMITTED = ("EACCES", "EPERM", "EROFS")  # errors other than disk-full


def explained(fault: Exception, saved_step: int | None, mnist_folder: Path) -> dict[str, Any]:
    """The fields code, kind, values and message for an exception that ended the training.

    Args:
        fault: the exception.
        saved_step: the step of the last saved state, from which the run can be resumed.
        mnist_folder: the folder that MNIST is read from.
    """
    line = (str(fault).splitlines() or [""])[0]
    if isinstance(fault, TrainingStopped):
        return status_fields(fault.kind, **{**fault.values, "step": saved_step})
    if isinstance(fault, RunError):
        return status_fields(fault.kind, **fault.values)
    if isinstance(fault, (CheckpointError, OSError)):
        words = why(fault)
        return status_fields("disk_refused" if words["errno"] in NOT_PERMITTED else "disk_training", **words)
    if isinstance(fault, DataError):
        return _data_fault(fault, line, mnist_folder)
    if isinstance(fault, ValueError):
        return status_fields("settings_other", why=line)
    return _unforeseen(fault, line.rstrip("."))


def _unforeseen(fault: Exception, why: str) -> dict[str, Any]:
    if isinstance(fault, (MemoryError, torch.cuda.OutOfMemoryError)):
        return status_fields("error_memory")
    traceback.print_exception(fault)  # for developers: the sentence does not say where it happened
    return status_fields("error_unforeseen", why=why) if why else status_fields("error_unexplained")


def _data_fault(fault: DataError, line: str, folder: Path) -> dict[str, Any]:
    if isinstance(fault.__cause__, PermissionError):
        return status_fields("data_folder", folder=str(folder), **why(fault.__cause__))
    return status_fields("data_download", why=line, folder=str(folder))


def lost(words: dict[str, Any]) -> dict[str, Any]:
    """The fields for a process that ended without writing a status; ``words``: see ``WorkerProcess.final_status``."""
    if "state" in words:
        return words
    if "signal" in words:
        return {"state": "lost", **status_fields("killed_signal", signal=words["signal"])}
    return {"state": "lost", **status_fields("killed_exit")}
