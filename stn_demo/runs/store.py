"""The folder of runs: list them, create one, and check that there is room for it."""

from __future__ import annotations

import datetime
import os
import secrets
import shlex
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..checkpoints import CheckpointError
from ..faults import RunError, why
from ..limits import LONGEST_TRAINING, MOST_FOR_RUNS
from ..names import LONGEST_RUN
from . import locks
from .folder import ID, RunFolder

KEPT = 8  # snapshots kept of a run that was thinned
PATIENCE = 2.0  # seconds to wait for a process that is just ending


@dataclass(frozen=True)
class Limits:
    """Limits of the folder of runs.

    Attributes:
        minutes: longest training time of one run.
        runs: most runs.
        bytes: most disk space for all runs; to make room for a new run, snapshots of the oldest are removed.
        free_bytes: free disk space that a new run requires.
    """

    minutes: float = LONGEST_TRAINING
    runs: int = 100
    bytes: int = MOST_FOR_RUNS << 20
    free_bytes: int = 100 << 20


def default_folder() -> Path:
    """``STN_DEMO_RUNS``, else ~/.cache/stn_demo/runs."""
    return Path(os.environ.get("STN_DEMO_RUNS") or Path.home() / ".cache" / "stn_demo" / "runs").expanduser()


class RunStore:
    """The runs in ``folder``, which is created with the first run."""

    def __init__(self, folder: str | os.PathLike[str] | None = None, limits: Limits = Limits()):
        self.folder = Path(folder).expanduser() if folder else default_folder()
        self.limits = limits

    def check(self) -> None:
        """RunError if the folder exists but cannot be read."""
        try:
            next(self.folder.iterdir(), None)
        except FileNotFoundError:
            pass  # created with the first run
        except OSError as error:
            raise RunError("folder_use", folder=str(self.folder), **why(error)) from None

    def all(self) -> list[RunFolder]:
        """Every run, oldest first."""
        try:
            paths = sorted(path for path in self.folder.iterdir() if ID.fullmatch(path.name))
        except OSError:
            return []
        return [RunFolder(path) for path in paths if path.is_dir()]

    def run(self, id: str) -> RunFolder:
        """The run of this id. RunError if there is none."""
        if not isinstance(id, str) or not ID.fullmatch(id) or not (self.folder / id).is_dir():
            raise RunError("unknown_run", run=str(id)[:40])
        return RunFolder(self.folder / id)

    def create(self, about: dict[str, Any]) -> RunFolder:
        """Create a run with this run.json, plus its id and date. The run appears complete or not at all. RunError if
        there is no room for it or it cannot be written.
        """
        self._check_room()
        now = datetime.datetime.now(datetime.timezone.utc)
        id = f"{now:%Y%m%d-%H%M%S}-{now.microsecond // 1000:03d}-{secrets.token_hex(2)}"
        new = RunFolder(self.folder / f".new-{id}")
        try:
            new.path.mkdir()
            new.write_about({"id": id, "created": now.isoformat(timespec="milliseconds"), **about})
            new.write_status({"state": "starting", "step": 0, "steps": about.get("steps")})
            new.path.rename(self.folder / id)
        except (OSError, CheckpointError) as error:
            shutil.rmtree(new.path, ignore_errors=True)
            raise RunError("disk_new", **why(error)) from None
        return self.run(id)

    @contextmanager
    def alone(self, own: str | None) -> Iterator[None]:
        """Within the block no other process starts a run in this folder, and none is being trained.

        Raises:
            RunError: a run is being trained (raised at once if it is ``own``, else after a wait), or the folder cannot
                be used.
        """
        if not locks.supported():
            raise RunError("platform_locks")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            lock = locks.take(self.folder / ".lock", PATIENCE)
        except OSError as error:
            raise RunError("folder_use", folder=str(self.folder), **why(error)) from None
        if lock is None:
            raise RunError("running_beginning")
        try:
            end = time.monotonic() + PATIENCE
            while busy := next((run for run in self.all() if run.alive()), None):
                # a process whose app has just ended needs a moment to save its run
                if busy.id == own or time.monotonic() > end:
                    raise RunError("running_other", busy.id, name=called(busy))
                time.sleep(0.05)
            yield
        finally:
            os.close(lock)

    def _check_room(self) -> None:
        """RunError if there are too many runs, or they take too much space."""
        runs, limits = self.all(), self.limits
        if len(runs) >= limits.runs:
            raise RunError("limit_runs", count=len(runs))
        sizes = [run.size() for run in runs]
        for place, run in enumerate(runs):
            if sum(sizes) > limits.bytes and not run.alive():
                run.thin(KEPT)
                sizes[place] = run.size()
        if (taken := sum(sizes)) > limits.bytes:
            raise RunError("limit_bytes", taken=taken >> 20, most=limits.bytes >> 20)
        free = shutil.disk_usage(self.folder).free
        if free < limits.free_bytes:
            raise RunError("disk_full", folder=str(self.folder), free=free >> 20, wanted=limits.free_bytes >> 20)


def called(run: RunFolder) -> str:
    """The name of a run for use in a sentence."""
    try:
        return run.about().get("name") or run.id
    except RunError:
        return run.id


def elsewhere(run: RunFolder) -> dict[str, Any]:
    """The values of "foreign_terminal", for a run that was started in a terminal and must be resumed there."""
    output = run.about()["terminal"]
    return {"name": called(run), "command": f"python -m stn_demo train --resume --output {shlex.quote(output)}"}


def checked_name(name: object) -> str:
    """A run's name with single spaces. RunError if it is too long or has unprintable characters."""
    text = " ".join(str(name).split()) if isinstance(name, str) else None
    if text is None or len(text) > LONGEST_RUN or not text.isprintable():
        raise RunError("name_run", most=LONGEST_RUN)
    return text
