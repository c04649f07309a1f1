"""Everything that the training process writes into the folder of its run."""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import replace as changed
from typing import Any

import torch
from safetensors.torch import save as pack_tensors

from .. import checkpoints
from ..checkpoints import CheckpointError, write_whole
from ..faults import NOTHING
from ..model import Network
from ..training.state import State
from .folder import ROLES, RunFolder, replace

LINES = "journal.lines"  # key in a saved state: number of lines in the log at that time
RESERVE = 128 << 10  # bytes
STATUS_FIELDS = (  # the fields of status.json
    "state", "step", "steps", "seconds", "samples_per_second", "seconds_left", "accuracy", "train_accuracy",
    "twin_accuracy", "loss", "twin_loss", "learning_rate", "top_rate", "test_digits", "message", "code", "kind",
    "values", "pid",
)  # fmt: skip


class Journal:
    """Writes the files of a run. Only the process that holds the folder's lock may use it.

    Attributes:
        status: the content of status.json; change it with ``update``.

    Every method raises CheckpointError or OSError if the disk refuses the write; the old content stays.
    """

    def __init__(self, folder: RunFolder):
        self.folder = folder
        self.status: dict[str, Any] = dict.fromkeys(STATUS_FIELDS) | NOTHING | {"step": 0, "seconds": 0.0}
        self._lines, self._log = 0, -1

    def update(self, **changes: object) -> None:
        """Update the status and write status.json."""
        self.status |= {**changes, "pid": os.getpid()}
        self.folder.write_status(self.status)

    def begin(self, step: int, lines: int) -> None:
        """Prepare the folder for training from ``step`` on, keeping the first ``lines`` lines of the log.

        Lines and snapshots of later steps, left by a process that was killed, are removed: they will be written again.
        """
        folder = self.folder
        for path in (folder.snapshot_folder, folder.state_folder):
            path.mkdir(exist_ok=True)
        folder.sweep()
        folder.reserve.write_bytes(os.urandom(RESERVE))  # random bytes, since some file systems compress
        old = folder.log.read_bytes().split(b"\n")[:-1] if folder.log.exists() else []
        start = {"kind": "start", "step": 0, "generation": folder.generation(old) + bool(old)}
        kept = [json.dumps(start).encode(), *old[1:lines]]
        write_whole(folder.log, b"\n".join(kept) + b"\n")
        self._lines = len(kept)
        for twin in (False, True):
            for later in folder.snapshots(twin):
                if later > step:
                    folder.network(later, twin).unlink()
        self._log = os.open(folder.log, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)

    def line(self, kind: str, **values: object) -> None:
        """Append a line to the log."""
        data = json.dumps({"kind": kind, **values}).encode() + b"\n"
        if os.write(self._log, data) < len(data):
            raise OSError("the disk is full")
        self._lines += 1

    def latest(self, models: dict[str, Network], provenance: dict[str, Any]) -> None:
        """Write the current networks, by role. Not synced to disk: this happens often, and losing one does no harm."""
        for role, model in models.items():
            tensors = {name: value.contiguous() for name, value in model.state_dict().items()}
            about = {"format": checkpoints.FORMAT, "config": model.config.to_json()}
            about["provenance"] = json.dumps(provenance)
            replace(self.folder.network("latest", role == "twin"), pack_tensors(tensors, about))

    def snapshot(self, models: dict[str, Network], provenance: dict[str, Any]) -> None:
        for role, model in models.items():
            checkpoints.save(self.folder.network(provenance["step"], role == "twin"), model, provenance)

    def save(self, states: dict[str, State]) -> None:
        """Write the training states with the current length of the log, then remove the older states."""
        os.fsync(self._log)
        step = next(iter(states.values())).step
        lines = torch.tensor(self._lines)
        for role, state in states.items():
            changed(state, tensors={**state.tensors, LINES: lines}).save(self.folder.state(step, role))
        for role in ROLES:
            for old in self.folder.state_folder.glob(f"*.{role}"):
                if old.stem != str(step):
                    old.unlink()

    def close(self, **changes: object) -> bool:
        """Write the final status, even on a full disk, and close the journal; whether it could be written."""
        if self._log >= 0:
            os.close(self._log)
            self._log = -1
        for spare in (self.folder.reserve, *self.folder.path.glob(".*.part")):
            with contextlib.suppress(OSError):
                spare.unlink(missing_ok=True)
        try:
            self.update(**changes)
        except (OSError, CheckpointError):
            return False
        return True
