"""A run from start to checkpoint: what ``python -m stn_demo train`` does once its options are read."""

from __future__ import annotations

import datetime
import os
import platform
import signal
import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path

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

SAVE_EVERY = 20.0  # seconds between two saves of a run in progress
TRIAL_STEPS = 40
ZOOMED = 1000  # test digits, clean, on which the scale of the frame is measured


class Interrupted(Exception):
    """The run was told to stop; its state lies in the file that the message names."""


@dataclass(frozen=True)
class Job:
    """``recipe`` with ``changes``; None: the recipe is the run to resume. ``minutes`` sets the epochs by this
    machine's speed."""

    recipe: TrainingSettings | None
    output: Path
    changes: dict = field(default_factory=dict)
    data_root: str | None = None
    device: str = "auto"
    minutes: float | None = None
    resume: bool = False
    restart: bool = False
    quiet: bool = False
    report_every: int = 20
    evaluate_every: float = 0.0
    runs: Path | None = None  # folder in which the page finds it
    alone: bool = False  # by this process, whatever others torchrun has started

    @property
    def state_path(self) -> Path:
        return self.output.with_suffix(".state")


def train_to_file(job: Job) -> Path:
    """Train, measure on the test digits and write ``job.output``, under torchrun all processes together.

    A run in progress is saved beside it, at most every 20 s and when it is interrupted (SIGINT, SIGTERM).

    Raises:
        ValueError: settings, data or files that do not fit, as one sentence.
        TrainingStopped: the run failed; its last good state was saved.
        Interrupted: it was told to stop; its state was saved.
    """
    with joined(job.device, job.alone) as group, _stop_asked() as asked:
        settings, state = _prepared(job, group)
        progress = Progress(quiet=job.quiet or not group.leads)
        digits, test = _data(settings, job.data_root, progress.say)
        if job.minutes is not None:
            settings = settings.but(epochs=epochs_in(job.minutes, settings, digits, group))
        trainer = Trainer(settings, digits, resume_from=state, group=group)
        weights = sum(value.numel() for value in trainer.model.parameters())
        where = f"{group.device}, {torch.get_num_threads()} threads" if group.device.type == "cpu" else group.device
        progress.say(f"{weights:,} weights, {trainer.steps} steps of {settings.batch_size} digits on {where}")
        every = round(job.evaluate_every * trainer.steps / settings.epochs)
        recorded = job.runs and group.leads and settings.data != FOLDER  # the page draws digits
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
                if group.any(bool(asked)):
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
        if group.leads:
            progress.say("measuring on the test digits ...")
            provenance = _provenance(settings, event, digits, test, group)
            checkpoints.save(job.output, event.model, provenance)
            job.state_path.unlink(missing_ok=True)
            for name, error in provenance["test_error"].items():
                progress.say(f"test error, {name}: {error:.2f} %")
            progress.say(f"wrote {job.output} after {duration(event.seconds)} of training")
            if recorder:
                recorder.end("done", test_error=list(provenance["test_error"].values())[-1], digits=len(test.labels))
    return job.output


def _data(settings: TrainingSettings, root: str | None, say: Callable[[str], None]) -> tuple[Digits, Digits]:
    if settings.data == FOLDER:
        return load_pictures(settings, root, say)
    return load_digits(settings.data, train=True, root=root), load_digits(settings.data, train=False, root=root)


def _prepared(job: Job, group: Group) -> tuple[TrainingSettings, State | None]:
    """Everything that can go wrong before minutes are spent, goes wrong here."""
    if job.resume:
        if not job.state_path.is_file():
            raise ValueError(f"There is no interrupted run to resume at {job.state_path}; leave out --resume.")
        state = State.load(job.state_path)
        return (job.recipe or state.settings).but(**job.changes), state
    if job.state_path.exists() and not job.restart:
        raise ValueError(
            f"An interrupted run lies at {job.state_path}; go on with --resume, or begin again with --restart."
        )
    if job.recipe is None:
        raise ValueError("There is nothing to train; give --recipe.")
    settings = job.recipe.but(**job.changes)
    if group.leads:
        try:
            job.output.parent.mkdir(parents=True, exist_ok=True)
            if job.output.is_dir():
                raise ValueError(f"{job.output} is a folder; give the name of a file.")
        except OSError as error:
            raise ValueError(f"{job.output.parent} cannot be made: {error.strerror}.") from None
        checkpoints.write_whole(job.state_path, b"")  # can it be written at all?
        job.state_path.unlink()
    return settings, None


def epochs_in(minutes: float, settings: TrainingSettings, digits: Digits, group: Group = Group()) -> float:
    """How many epochs of ``settings`` this machine trains in ``minutes``: measured on the first steps of a
    run that is thrown away. (Known steps make a schedule, and a run that can be repeated; a clock makes
    neither.)"""
    trainer = Trainer(settings, digits, group=group)
    for _ in range(5):  # the first ones are slow
        trainer.advance()
    trainer.report()
    for _ in range(TRIAL_STEPS):
        trainer.advance()
    rate = group.total(torch.tensor(trainer.report().samples_per_second, device=group.device)).item() / group.processes
    return max(60 * minutes * rate / len(trainer.batches.labels), 1e-3)


@contextmanager
def _stop_asked():
    """A list that gets an entry when the process is told to stop; a second Ctrl-C stops it the hard way."""
    asked: list[int] = []

    def note(number: int, frame: object) -> None:
        asked.append(number)
        signal.signal(number, previous[number])

    previous = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _provenance(settings: TrainingSettings, end: Finished, digits: Digits, test: Digits, group: Group) -> dict:
    """Where a checkpoint comes from: enough to train it again, and what it then should measure."""
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
