"""One training run on the disk: which file is where, and how it is read.

    run.json               what it is: id, name, created, settings, steps, twin, minutes, digits, device;
                           terminal: the checkpoint that a training in a terminal is to make
    status.json            how it stands: state, step, steps, seconds, accuracy, message, ...
    log.jsonl              what happened, a JSON object a line: start, step, test, rate
    latest.safetensors     the network now; latest-twin.safetensors its plain twin
    snapshots/             <step>.safetensors and <step>-twin.safetensors, at log-spaced steps
    state/                 <step>.network and <step>.twin: all that going on needs (not of a terminal's)
    lock                   held by the process that trains it, for as long as that lives
    reserve                bytes given up on a full disk, so that the run can still say so

The process that trains it writes everything but the name in run.json.
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
from ..training.state import State
from . import locks

ID = re.compile(r"[a-z0-9-]{1,40}")
TWIN = "-twin"
GENERATION = 1_000_000  # a cursor into a log is its generation times this, plus a number of lines
ROLES = ("network", "twin")


class RunFolder:
    """The run in the folder ``path``; its name is the run's id."""

    def __init__(self, path: str | os.PathLike[str]):
        self.path = Path(path)
        self.id = self.path.name
        self.log = self.path / "log.jsonl"
        self.snapshot_folder, self.state_folder = self.path / "snapshots", self.path / "state"
        self.lock, self.reserve = self.path / "lock", self.path / "reserve"

    def alive(self) -> bool:
        """Whether a process trains it, or holds it paused."""
        return locks.held(self.lock)

    def about(self) -> dict[str, Any]:
        """run.json. RunError where there is no such run."""
        try:
            about = json.loads((self.path / "run.json").read_bytes())
            return {**about, "id": self.id, "settings": dict(about["settings"])}
        except (OSError, ValueError, KeyError, TypeError):
            raise RunError("unknown_run", run=self.id) from None

    def write_about(self, about: dict[str, Any]) -> None:
        """CheckpointError where it cannot be written; what was there stays."""
        write_whole(self.path / "run.json", json.dumps(about, indent=1).encode())

    def amend(self, **news: object) -> dict[str, Any]:
        """Change run.json, as the app and the process of the run both do; how it is then. CheckpointError or
        OSError where it cannot be written."""
        with locks.locked(self.path / ".json-lock"):
            about = {**self.about(), **news}
            self.write_about(about)
        return about

    def status(self) -> dict[str, Any]:
        """status.json; empty where there is none."""
        try:
            return dict(json.loads((self.path / "status.json").read_bytes()))
        except (OSError, ValueError, TypeError):
            return {}

    def write_status(self, status: dict[str, Any]) -> None:
        """OSError where it cannot be written; what was there stays."""
        replace(self.path / "status.json", json.dumps(status).encode())

    def events(self, since: int = 0) -> tuple[list[dict[str, Any]], int]:
        """The lines of the log after the cursor ``since``, and the cursor after them. Where the log was cut
        since (a run resumed after a fault goes back to its last state), all lines from "start" on."""
        try:
            lines = self.log.read_bytes().split(b"\n")[:-1]  # after the last newline: nothing, or a torn line
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
        """How often the log was cut; its first line says so."""
        return int(json.loads(lines[0]).get("generation", 0)) if lines else 0

    def snapshots(self, twin: bool = False) -> list[int]:
        """The steps of which the network was kept."""
        ending = (TWIN if twin else "") + SUFFIX
        names = (path.name.removesuffix(ending) for path in self.snapshot_folder.glob(f"*{ending}"))
        return sorted(int(name) for name in names if name.isdigit())

    def network(self, step: int | str, twin: bool = False) -> Path:
        """Where the network of a step lies, or "latest", the network now."""
        ending = (TWIN if twin else "") + SUFFIX
        return self.path / f"latest{ending}" if step == "latest" else self.snapshot_folder / f"{step}{ending}"

    def state(self, step: int, role: str) -> Path:
        """Where all that going on from ``step`` needs lies, of the "network" or its "twin"."""
        return self.state_folder / f"{step}.{role}"

    def last_state(self, twin: bool) -> int | None:
        """The newest step to go on from: that of which all files are there. (They are written one after the
        other, and the older ones removed only then.)"""
        steps = [
            {int(path.stem) for path in self.state_folder.glob(f"*.{role}") if path.stem.isdigit()}
            for role in ROLES[: 1 + twin]
        ]
        return max(set.intersection(*steps), default=None)

    def load_states(self, step: int, twin: bool) -> dict[str, State]:
        """The states of a step, by role. CheckpointError where one cannot be read."""
        return {role: State.load(self.state(step, role)) for role in ROLES[: 1 + twin]}

    def sweep(self) -> None:
        """Remove what a killed process left half-written."""
        for folder in (self.path, self.snapshot_folder, self.state_folder):
            for path in folder.glob(".*.part"):
                path.unlink(missing_ok=True)

    def size(self) -> int:
        """Bytes on the disk."""
        total = 0
        for folder, _, names in os.walk(self.path):
            for name in names:
                with contextlib.suppress(FileNotFoundError):  # it was removed meanwhile
                    total += os.lstat(os.path.join(folder, name)).st_size
        return total

    def thin(self, kept: int) -> None:
        """Keep about ``kept`` of the snapshots, the first and the last among them."""
        steps = self.snapshots()
        places = {round(i * (len(steps) - 1) / max(1, kept - 1)) for i in range(kept)}
        for place, step in enumerate(steps):
            if place not in places:
                for twin in (False, True):
                    self.network(step, twin).unlink(missing_ok=True)

    def delete(self) -> None:
        """Remove the run: at once for whoever looks, then file by file."""
        away = self.path.with_name(f".deleted-{self.id}")
        shutil.rmtree(away, ignore_errors=True)
        self.path.rename(away)
        shutil.rmtree(away, ignore_errors=True)


def replace(path: Path, data: bytes) -> None:
    """Write a file that has one writer, so that readers see either the old or the new content. Without
    waiting for the disk: after a power cut it may be the older one. OSError where it cannot be written."""
    temporary = path.with_name(f".{path.name}.part")
    try:
        temporary.write_bytes(data)
        os.replace(temporary, path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
