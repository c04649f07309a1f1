"""One training run on disk: its files, and how to read them.

    run.json               what the run is: id, name, created, settings, steps, twin, minutes, digits, device;
                           terminal: path of the checkpoint that a training in a terminal will write
    status.json            its status: state, step, steps, seconds, accuracy, message, ...
    log.jsonl              one JSON object per line: start, step, test, rate
    latest.safetensors     the current network; latest-twin.safetensors: its plain twin
    snapshots/             <step>.safetensors and <step>-twin.safetensors, at log-spaced steps
    state/                 <step>.network and <step>.twin: all that resuming needs (not for a training in a terminal)
    lock                   held by the training process as long as it lives
    reserve                bytes that are freed when the disk is full, so that the last status can still be written

The training process writes everything except the name in run.json.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
from pathlib import Path
from typing import Any

from ..checkpoints import SUFFIX, write_whole
from ..faults import RunError
from ..names import RUN_ID
from ..training.state import State
from . import locks

ID = re.compile(RUN_ID)
TWIN = "-twin"
GENERATION = 1_000_000  # a cursor into a log is the log's generation times this number, plus a number of lines
ROLES = ("network", "twin")


class RunFolder:
    """The run in the folder ``path``; the folder's name is the run's id."""

    def __init__(self, path: str | os.PathLike[str]):
        self.path = Path(path)
        self.id = self.path.name
        self.log = self.path / "log.jsonl"
        self.snapshot_folder, self.state_folder = self.path / "snapshots", self.path / "state"
        self.lock, self.reserve = self.path / "lock", self.path / "reserve"

    def alive(self) -> bool:
        """Whether a process trains the run or holds it paused."""
        return locks.held(self.lock)

    def about(self) -> dict[str, Any]:
        """The content of run.json. RunError if there is no such run."""
        try:
            about = json.loads((self.path / "run.json").read_bytes())
            return {**about, "id": self.id, "settings": dict(about["settings"])}
        except (OSError, ValueError, KeyError, TypeError):
            raise RunError("unknown_run", run=self.id) from None

    def write_about(self, about: dict[str, Any]) -> None:
        """Write run.json. CheckpointError if it cannot be written; the old content stays."""
        write_whole(self.path / "run.json", json.dumps(about, indent=1).encode())

    def amend(self, **changes: object) -> dict[str, Any]:
        """Change fields of run.json and return its new content; the app and the training process both call this.
        CheckpointError or OSError if it cannot be written.
        """
        with locks.locked(self.path / ".json-lock"):
            about = {**self.about(), **changes}
            self.write_about(about)
        return about

    def status(self) -> dict[str, Any]:
        """The content of status.json; empty if there is none."""
        try:
            return dict(json.loads((self.path / "status.json").read_bytes()))
        except (OSError, ValueError, TypeError):
            return {}

    def write_status(self, status: dict[str, Any]) -> None:
        """Write status.json. OSError if it cannot be written; the old content stays."""
        replace(self.path / "status.json", json.dumps(status).encode())

    def events(self, since: int = 0) -> tuple[list[dict[str, Any]], int]:
        """The lines of the log after the cursor ``since``, and the cursor after them.

        If the log was cut since then (a run that is resumed after a fault returns to its last saved state), all lines
        from "start" on.
        """
        try:
            lines = self.log.read_bytes().split(b"\n")[:-1]  # after the last newline: nothing, or an incomplete line
        except OSError:
            lines = []
        if not lines:
            return [], 0
        generation = self.generation(lines)
        if since // GENERATION != generation or not 0 <= since % GENERATION <= len(lines):
            since = 0
        fresh = [json.loads(line) for line in lines[since % GENERATION :]]
        return fresh, generation * GENERATION + len(lines)

    @staticmethod
    def generation(lines: list[bytes]) -> int:
        """How many times the log was cut; its first line holds this number."""
        return int(json.loads(lines[0]).get("generation", 0)) if lines else 0

    def snapshots(self, twin: bool = False) -> list[int]:
        """The steps at which the network was saved, in ascending order."""
        ending = (TWIN if twin else "") + SUFFIX
        names = (path.name.removesuffix(ending) for path in self.snapshot_folder.glob(f"*{ending}"))
        return sorted(int(name) for name in names if name.isdigit())

    def network(self, step: int | str, twin: bool = False) -> Path:
        """The path of the network at a step, or of the current network for "latest"."""
        ending = (TWIN if twin else "") + SUFFIX
        return self.path / f"latest{ending}" if step == "latest" else self.snapshot_folder / f"{step}{ending}"

    def state(self, step: int, role: str) -> Path:
        """The path of the saved training state at ``step``; ``role``: "network" or "twin"."""
        return self.state_folder / f"{step}.{role}"

    def last_state(self, twin: bool) -> int | None:
        """The newest step for which all state files exist; None if there is none. (The files of a step are written one
        after the other, and the older ones are removed after that.)
        """
        steps = [
            {int(path.stem) for path in self.state_folder.glob(f"*.{role}") if path.stem.isdigit()}
            for role in ROLES[: 1 + twin]
        ]
        return max(set.intersection(*steps), default=None)

    def load_states(self, step: int, twin: bool) -> dict[str, State]:
        """The states at a step, by role. CheckpointError if one cannot be read."""
        return {role: State.load(self.state(step, role)) for role in ROLES[: 1 + twin]}

    def sweep(self) -> None:
        """Remove temporary files that a killed process left behind."""
        for folder in (self.path, self.snapshot_folder, self.state_folder):
            for path in folder.glob(".*.part"):
                path.unlink(missing_ok=True)

    def size(self) -> int:
        """Bytes on the disk."""
        total = 0
        for folder, _, names in os.walk(self.path):
            for name in names:
                with contextlib.suppress(FileNotFoundError):  # removed in the meantime
                    total += os.lstat(os.path.join(folder, name)).st_size
        return total

    def thin(self, kept: int) -> None:
        """Keep about ``kept`` of the snapshots, including the first and the last."""
        steps = self.snapshots()
        places = {round(i * (len(steps) - 1) / max(1, kept - 1)) for i in range(kept)}
        for place, step in enumerate(steps):
            if place not in places:
                for twin in (False, True):
                    self.network(step, twin).unlink(missing_ok=True)

    def delete(self) -> None:
        """Remove the run: first rename the folder, so that the run disappears at once, then delete its files."""
        away = self.path.with_name(f".deleted-{self.id}")
        shutil.rmtree(away, ignore_errors=True)
        self.path.rename(away)
        shutil.rmtree(away, ignore_errors=True)


def replace(path: Path, data: bytes) -> None:
    """Write a file atomically: readers see either the old or the new content. For files with a single writer.

    Does not wait for the disk: after a power cut the file may hold the older content. OSError if it cannot be written.
    """
    temporary = path.with_name(f".{path.name}.part")
    try:
        temporary.write_bytes(data)
        os.replace(temporary, path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
