"""Train the paper's whole table: every recipe of ``recipes.ZOO``, one after the other, in any number of processes.

Each process takes the next network that is neither finished nor being trained. So the work spreads over the processes
of torchrun, of several terminals or of several GPUs. An interrupted network is resumed.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from .. import checkpoints
from ..checkpoints import CheckpointError
from ..runs import locks
from ..training.settings import TrainingSettings
from .train import Job, train_to_file


def train_all(jobs: Iterable[Job], restart: bool, say: Callable[[str], None] = print) -> list[Path]:
    """Train those of ``jobs`` that are not done; returns the paths of the checkpoints that this process trained.

    A checkpoint counts as done whatever settings it was trained with, unless ``restart``. Raises as ``train_to_file``;
    the work of other processes continues.
    """
    trained = []
    for job in jobs:
        job.output.parent.mkdir(parents=True, exist_ok=True)
        with _claimed(job) as claimed:
            if not claimed:
                say(f"{job.output.stem}: another process trains it")
            elif job.output.exists() and not restart:
                say(f"{job.output.stem}: {_finished_text(job)}")
            else:
                say(f"{job.output.stem}:")
                again = not restart and job.state_path.exists()
                trained.append(train_to_file(replace(job, alone=True, resume=again, restart=restart)))
    return trained


@contextmanager
def _claimed(job: Job) -> Iterator[bool]:
    """Whether this process may train the job: no other process on this machine does. The claim ends with this process."""
    if not locks.supported():
        yield True
        return
    key = hashlib.blake2b(os.path.abspath(job.output).encode(), digest_size=8).hexdigest()
    claim = locks.take(Path(tempfile.gettempdir()) / f"stn_demo-{key}.lock")
    try:
        yield claim is not None
    finally:
        if claim is not None:
            os.close(claim)


def _finished_text(job: Job) -> str:
    try:
        written = checkpoints.read_info(job.output).provenance.get("settings", {})
        settings = TrainingSettings.from_dict(written)  # missing fields take their defaults
    except CheckpointError as error:
        return f"{error} Not changed; --restart trains it again."
    except ValueError:
        settings = None
    if job.recipe is not None and settings == job.recipe.but(**job.changes):
        return "done"
    return "done, but with other settings than the recipe has now; --restart trains it again"
