"""Records a training in a terminal as a run that the page can show. Read-only: the page cannot control it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

import torch

from ..checkpoints import CheckpointError
from ..faults import NOTHING, RunError, status_fields
from ..training.events import Evaluated, Event, Finished, Step, TrainingStopped
from ..training.trainer import Trainer
from . import locks
from .folder import RunFolder
from .journal import Journal
from .schedule import Schedule
from .store import RunStore, elsewhere

LATEST_EVERY = 0.7  # seconds


class Recorder:
    """Writes the events of ``trainer`` into a folder of runs.

    The run belongs to the training whose checkpoint is ``output``: a resumed training continues in the same run. If the
    disk refuses a write, ``fault`` says why and nothing more is recorded; the training itself continues.
    """

    def __init__(self, store: RunStore, output: os.PathLike[str], trainer: Trainer):
        self.trainer, self.fault = trainer, ""
        self._guarded(self._begin, store, os.path.abspath(output))

    def show(self, event: Event) -> None:
        """Record an event of ``training.run``."""
        self._guarded(self._write, event)

    def end(
        self, state: str, fault: TrainingStopped | None = None, test_error: float | None = None, digits: int = 0
    ) -> None:
        """Record how the training ended.

        Args:
            state: "done", "stopped" or "failed".
            fault: the fault, if it failed.
            test_error: the error on the test digits, percent, if measured.
            digits: number of test digits.
        """
        self._guarded(self._end, state, fault, test_error, digits)

    def _guarded(self, write: Callable[..., None], *arguments: object) -> None:
        if self.fault:
            return
        try:
            write(*arguments)
        except (OSError, CheckpointError, RunError) as error:
            self.fault = f"The page cannot show this run: {error}"

    def _begin(self, store: RunStore, output: str) -> None:
        trainer = self.trainer
        about = {"terminal": output, "settings": trainer.settings.to_dict(), "steps": trainer.steps}
        store.folder.mkdir(parents=True, exist_ok=True)
        run = self._earlier(store, output) if trainer.step else None
        if run is None:
            run = store.create({"name": os.path.splitext(os.path.basename(output))[0], **about})
        self._lock = locks.take(run.lock) if locks.supported() else None
        self.journal = Journal(run)
        self.journal.status |= run.status()
        self.journal.begin(trainer.step, sum(line["step"] <= trainer.step for line in run.events()[0]) or 1)
        size = 4 * sum(value.numel() for value in trainer.parameters.values())
        self.kept = sorted(Schedule(trainer.steps, trainer.settings.batch_size, size).snapshots)
        self.reported, self.shown = trainer.step, 0.0
        self._network()
        self.journal.update(state="running", step=trainer.step, steps=trainer.steps, **NOTHING)

    @staticmethod
    def _earlier(store: RunStore, output: str) -> RunFolder | None:
        runs = (run for run in reversed(store.all()) if run.about().get("terminal") == output)
        return next((run for run in runs if not run.alive()), None)

    def _write(self, event: Event) -> None:
        journal, trainer = self.journal, self.trainer
        if isinstance(event, Step):
            timing = {name: getattr(event, name) for name in ("learning_rate", "seconds", "samples_per_second")}
            line = {"from": self.reported, "step": event.step, "loss": event.loss, "accuracy": event.accuracy}
            journal.line("step", **line, **timing)
            self.reported = event.step
            left = event.seconds / event.step * (event.steps - event.step)
            journal.status |= {"loss": event.loss, "train_accuracy": event.accuracy}
            self._network()
            journal.update(step=event.step, seconds_left=left, top_rate=trainer.learning_rate, **timing)
        elif isinstance(event, Evaluated):
            accuracy, count = 1 - event.result.error / 100, event.result.count
            journal.line("test", step=event.step, accuracy=accuracy, test_digits=count)
            journal.update(accuracy=accuracy, test_digits=count)
        elif isinstance(event, Finished):
            journal.update(**status_fields("busy_testing"), seconds_left=0.0)

    def _network(self) -> None:
        """Write the network if it is due."""
        step = self.trainer.step
        due = [one for one in self.kept if one <= step]
        now = time.monotonic()
        if not due and now - self.shown < LATEST_EVERY and not self.trainer.done:
            return
        model = {"network": self.trainer.result()}
        if not all(torch.isfinite(value).all() for value in model["network"].parameters()):
            return
        settings = self.trainer.settings.to_dict()
        about = {"run": self.journal.folder.id, "step": step, "steps": self.trainer.steps}
        about |= {name: settings[name] for name in ("data", "distortion", "seed")}
        if due:
            self.kept = self.kept[len(due) :]
            self.journal.snapshot(model, about)
        self.journal.latest(model, about)
        self.shown = now

    def _end(self, state: str, fault: TrainingStopped | None, test_error: float | None, digits: int) -> None:
        if test_error is not None:
            measured = {"accuracy": 1 - test_error / 100, "test_digits": digits}
            self.journal.line("test", step=self.trainer.step, **measured, final=True)
            self.journal.status |= measured
        words = NOTHING if state == "done" else status_fields("foreign_terminal", **elsewhere(self.journal.folder))
        if fault is not None:
            words = status_fields(fault.kind, **fault.values)
        self.journal.close(state=state, **words)
        if self._lock is not None:
            os.close(self._lock)
