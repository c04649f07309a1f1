"""Train from settings to a finished checkpoint: ``python -m stn_demo train`` after its options are read."""

from __future__ import annotations

import datetime
import os
import platform
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

import torch

from .. import checkpoints
from ..analysis import zoom
from ..data.digits import Digits
from ..data.distortions import Distortion
from ..runs.recorder import Recorder
from ..runs.store import RunStore
from ..training.datasets import load_digits, load_pictures
from ..training.distributed import Group, joined
from ..training.evaluation import evaluate
from ..training.events import Finished, TrainingStopped
from ..training.loop import run
from ..training.settings import FOLDER, TrainingSettings
from ..training.state import State
from ..training.trainer import Trainer
from .progress import Progress, duration

SAVE_EVERY = 20.0  # seconds between two saved states
TRIAL_STEPS = 40
ZOOMED = 1000  # undistorted test digits on which the scale of the frame is measured


class Interrupted(Exception):
    """The run was stopped by a signal; the message contains the step."""


@dataclass(frozen=True)
class Job:
    """One training.

    Attributes:
        recipe: settings to train with; None: those of the run to resume.
        output: the checkpoint to write.
        changes: settings that differ from the recipe.
        minutes: train as many epochs as this machine manages in this time.
        runs: folder of runs in which the page finds the training; None: do not record it.
        alone: train in this process only, even under torchrun.
    """

    recipe: TrainingSettings | None
    output: Path
    changes: dict[str, Any] = field(default_factory=dict[str, Any])
    data_root: str | None = None
    device: str = "auto"
    minutes: float | None = None
    resume: bool = False
    restart: bool = False
    quiet: bool = False
    report_every: int = 20
    evaluate_every: float = 0.0
    runs: Path | None = None
    alone: bool = False

    @property
    def state_path(self) -> Path:
        return self.output.with_suffix(".state")


def train_to_file(job: Job) -> Path:
    """Train, measure on the test digits and write ``job.output``. Under torchrun all processes train together.

    The state is saved next to the output at most every 20 s, and when the run is interrupted (SIGINT, SIGTERM).

    Raises:
        ValueError: settings, data or files that do not fit, as one sentence.
        TrainingStopped: the training diverged; its last good state was saved.
        Interrupted: it was stopped by a signal; its state was saved.
    """
    with joined(job.device, job.alone) as group, _stop_signals() as signals:
        settings, state = _prepared(job, group)
        progress = Progress(quiet=job.quiet or not group.leads)
        digits, test = _data(settings, job.data_root, progress.say)
        if job.minutes is not None:
            settings = settings.but(epochs=epochs_in(job.minutes, settings, digits, group))
        trainer = Trainer(settings, digits, resume_from=state, group=group)
        weights = sum(value.numel() for value in trainer.model.parameters())
        where = f"{group.device}, {torch.get_num_threads()} threads" if group.device.type == "cpu" else group.device
        progress.say(f"{weights:,} weights, {trainer.steps} steps of {settings.batch_size} pictures on {where}")
        every = round(job.evaluate_every * trainer.steps / settings.epochs)
        recorded = job.runs and group.leads and settings.data != FOLDER  # the page shows digits only
        recorder = Recorder(RunStore(job.runs), job.output, trainer) if recorded else None
        if recorder and recorder.fault:
            progress.say(recorder.fault)
        saved = time.monotonic()
        try:
            for event in run(trainer, test, job.report_every, every):
                progress.show(event)
                if recorder:
                    recorder.show(event)
                if isinstance(event, Finished):
                    continue
                if group.any(bool(signals)):
                    raise Interrupted(f"Stopped at step {trainer.step} of {trainer.steps}")
                if group.leads and time.monotonic() - saved > SAVE_EVERY:
                    trainer.state().save(job.state_path)
                    saved = time.monotonic()
        except (Interrupted, TrainingStopped) as error:
            progress.close()
            if group.leads:
                state = error.state if isinstance(error, TrainingStopped) else trainer.state()
                state.save(job.state_path)
            if recorder:
                recorder.end("stopped") if isinstance(error, Interrupted) else recorder.end("failed", error)
            raise
        assert isinstance(event, Finished)  # the last event of a run that was not interrupted
        if group.leads:
            progress.say("measuring on the test pictures ...")
            provenance = _provenance(settings, event, digits, test, group)
            checkpoints.save(job.output, event.model, provenance)
            job.state_path.unlink(missing_ok=True)
            for name, percent in provenance["test_error"].items():
                progress.say(f"test error, {name}: {percent:.2f} %")
            progress.say(f"wrote {job.output} after {duration(event.seconds)} of training")
            if recorder:
                recorder.end("done", test_error=list(provenance["test_error"].values())[-1], digits=len(test.labels))
    return job.output


def _data(settings: TrainingSettings, root: str | None, say: Callable[[str], None]) -> tuple[Digits, Digits]:
    if settings.data == FOLDER:
        return load_pictures(settings, root, say)
    return load_digits(settings.data, train=True, root=root), load_digits(settings.data, train=False, root=root)


def _prepared(job: Job, group: Group) -> tuple[TrainingSettings, State | None]:
    """The settings, and the state to resume from. Anything that can fail before the training fails here."""
    if job.resume:
        if not job.state_path.is_file():
            raise ValueError(f"There is no interrupted run at {job.state_path}; leave out --resume.")
        state = State.load(job.state_path)
        return (job.recipe or state.settings).but(**job.changes), state
    # collective over all processes, so that each has checked before the first one writes there
    if group.any(job.state_path.exists()) and not job.restart:
        raise ValueError(
            f"There is an interrupted run at {job.state_path}; continue it with --resume, or start again with --restart."
        )
    if job.recipe is None:
        raise ValueError("No recipe is given; choose one with --recipe.")
    settings = job.recipe.but(**job.changes)
    if group.leads:
        try:
            job.output.parent.mkdir(parents=True, exist_ok=True)
            if job.output.is_dir():
                raise ValueError(f"{job.output} is a folder; give the name of a file.")
        except OSError as error:
            raise ValueError(f"{job.output.parent} cannot be created: {error.strerror}.") from None
        checkpoints.write_whole(job.state_path, b"")  # fails now if it cannot be written
        job.state_path.unlink()
    return settings, None


def epochs_in(minutes: float, settings: TrainingSettings, digits: Digits, group: Group = Group()) -> float:
    """How many epochs of ``settings`` this machine trains in ``minutes``, measured on the first steps of a trial run.

    The number of steps is then fixed, because a schedule based on a clock could not be repeated.
    """
    trainer = Trainer(settings, digits, group=group)
    for _ in range(5):  # the first steps are slow
        trainer.advance()
    trainer.report()
    for _ in range(TRIAL_STEPS):
        trainer.advance()
    rate = group.total(torch.tensor(trainer.report().samples_per_second, device=group.device)).item() / group.processes
    return max(60 * minutes * rate / len(trainer.batches.labels), 1e-3)


@contextmanager
def _stop_signals() -> Iterator[list[int]]:
    """A list to which each SIGINT and SIGTERM is appended. A second Ctrl-C ends the process at once."""
    signals: list[int] = []

    def note(number: int, frame: object) -> None:
        signals.append(number)
        signal.signal(number, previous[number])

    previous: dict[int, Any] = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield signals
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _provenance(
    settings: TrainingSettings, end: Finished, digits: Digits, test: Digits, group: Group
) -> dict[str, Any]:
    """The origin of a checkpoint: what is needed to train it again, and its measured error."""
    whole = settings.distort.picture == settings.model.input_size
    plain = Distortion(frame=settings.distort.frame, picture=settings.distort.picture)
    tests = {"none": evaluate(end.model, test, plain)} if whole else {}
    name = settings.distortion if isinstance(settings.distortion, str) else "as trained"
    tests[name] = evaluate(end.model, test, settings.distort)
    return {
        "data": settings.data,
        "distortion": settings.to_dict()["distortion"],
        "seed": settings.seed,
        "epochs": settings.epochs,
        "settings": settings.to_dict(),
        "training_digits": len(digits.labels) - settings.holdout,
        "training_seconds": round(end.seconds, 1),
        "processes": group.processes,
        "threads": torch.get_num_threads(),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} CPUs",
        "device": group.device.type,
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "versions": {"python": platform.python_version()}
        | {package: metadata.version(package) for package in ("torch", "torchvision", "safetensors", "numpy")},
        "test_error": {name: round(result.error, 4) for name, result in tests.items()},  # percent
        "test_digits": len(test.labels),
        "zoom": zoom.measure(end.model, Digits(test.images[:ZOOMED], test.labels[:ZOOMED])),
    }
