"""Trains one run, and obeys orders meanwhile: pause, resume, step (one step, then pause), stop, rate X, close.

Nothing that it is told to do, or does for those who watch, changes the weights, but for a new learning rate.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterable, Iterator
from typing import Any

from torch import Tensor

from ..checkpoints import CheckpointError
from ..data.digits import Digits
from ..faults import NOTHING, RunError, told
from ..training.distributed import find_device
from ..training.evaluation import BLOCK, test_blocks
from ..training.settings import TrainingSettings
from ..training.state import State
from .data_source import DataSource
from .endings import explained
from .folder import RunFolder
from .journal import LINES, Journal
from .pair import Pair, finite, timed
from .parent import parent
from .schedule import Schedule

LATEST_EVERY, STATUS_EVERY = 0.7, 0.4  # seconds
FIRST, FIRST_EVERY = 3.0, 0.15  # in the first seconds, in which most moves, both are this


class Ended(Exception):
    """The run was told to end here; ``why``: what its status says of that."""

    def __init__(self, why: dict[str, Any] = NOTHING):
        super().__init__()
        self.why = why


class Worker:
    """One run, from where its folder says that it stands. ``orders`` gives lines; "close" ends the process.
    The state is saved about every ``save_every`` seconds."""

    def __init__(self, folder: RunFolder, orders: queue.SimpleQueue[str], data: DataSource, save_every: float = 2.0):
        self.folder, self.orders, self.data, self.save_every = folder, orders, data, save_every
        self.journal = Journal(folder)
        self.paused, self.single, self.twin = False, False, False
        self._pair: Pair | None = None

    def run(self) -> bool:
        """Train until the end, an order to end or a fault; whether status.json says how it went."""
        try:
            self._prepare()
            while not self.pair.done:
                self._obey()
                self._advance()
            self._finish()
            news = {"state": "done", **NOTHING, "seconds_left": 0.0}
        except Ended as end:
            news = {"state": "stopped", **end.why}
        except Exception as fault:
            saved = self.folder.last_state(self.twin)
            news = {"state": "failed", **explained(fault, saved, self.data.folder)}
        return self.journal.last_words(**self._place(), **news)

    @property
    def pair(self) -> Pair:
        """The networks in training; ``_prepare`` makes them."""
        assert self._pair is not None
        return self._pair

    # -- before the first step

    def _prepare(self) -> None:
        self.journal.status |= self.folder.status()
        self.journal.tell(state="starting", **NOTHING)
        about = self.folder.about()
        self.twin = bool(about.get("twin"))
        self.limit = about.get("longest_minutes")
        device, settings = (
            find_device(about.get("device") or "cpu"),
            TrainingSettings.from_dict(about["settings"]),
        )
        digits, self.test = self._load(settings.data, about.get("digits"))
        self._few: list[tuple[Tensor, Tensor]] | None = None
        if about.get("minutes") and not about.get("steps"):
            self._say("busy_timing")
            settings = timed(Pair(settings, digits, self.twin, device, {}), about["minutes"])
        states = self._states()
        self._pair = Pair(settings, digits, self.twin, device, states)
        if about.get("steps") != self.pair.steps:
            self.folder.amend(steps=self.pair.steps, settings=settings.to_dict())
        self.schedule = Schedule(self.pair.steps, settings.batch_size, self.pair.bytes)
        self.journal.begin(self.pair.step, int(states["network"].tensors[LINES]) if states else 1)
        if not states:
            self.journal.status |= dict.fromkeys(("accuracy", "twin_accuracy", "loss", "twin_loss", "seconds_left"))
            self.journal.snapshot(self.pair.models(), self._provenance())
            self._save()
        self.saved = time.monotonic()
        self.spent, self.taken = 0.0, 0  # seconds, and steps, since this process began to train
        self._show()
        self._tell(state="running", **NOTHING)

    def _load(self, name: str, count: int | None) -> tuple[Digits, Digits]:
        """The digits, from a thread of their own: an order to end does not wait for a download."""
        loaded: queue.SimpleQueue[tuple[Digits, Digits] | Exception] = queue.SimpleQueue()

        def load() -> None:
            try:
                loaded.put(self.data.load(name, count, self._say))
            except Exception as fault:
                loaded.put(fault)

        threading.Thread(target=load, daemon=True).start()
        later = []
        while True:
            try:
                found = loaded.get(timeout=0.1)
                break
            except queue.Empty:
                while not self.orders.empty():
                    later.append(self.orders.get())
                    if later[-1] in ("stop", "close"):
                        raise Ended(told("closed_app") if later[-1] == "close" else NOTHING) from None
        while not self.orders.empty():
            later.append(self.orders.get())
        for order in later:
            self.orders.put(order)
        if isinstance(found, Exception):
            raise found
        return found

    def _states(self) -> dict[str, State]:
        """Where to go on from; empty where there is nothing yet."""
        step = self.folder.last_state(self.twin)
        try:
            return {} if step is None else self.folder.load_states(step, self.twin)
        except CheckpointError as fault:
            raise RunError("settings_state", why=str(fault)) from None

    def _say(self, kind: str) -> None:
        self.journal.tell(**told(kind))

    # -- orders

    def _obey(self) -> None:
        """Do what was ordered; while paused, wait for orders."""
        if self.single:
            self.single = False
            self._pause()
        while not self.single:
            try:
                order = self.orders.get(block=self.paused)
            except queue.Empty:
                break
            self._follow(*order.partition(" ")[::2])
        if self.limit and self.pair.seconds >= 60 * self.limit:
            self._settle()
            raise Ended(told("limit_reached", most=self.limit))

    def _follow(self, order: str, value: str) -> None:
        if order in ("stop", "close"):
            self._settle()
            raise Ended(told("closed_app") if order == "close" else NOTHING)
        if order == "pause" and not self.paused:
            self._pause()
        elif order in ("resume", "step"):
            self.paused, self.single = False, order == "step"
            self._tell(state="running")
        elif order == "rate":
            self._settle()
            self.pair.top_rate = float(value)
            self.journal.line("rate", step=self.pair.step, learning_rate=self.pair.top_rate)
            self._save()  # at once: a rate that was in force for a single step is so for good
            self._tell()

    def _pause(self) -> None:
        self._settle()
        self.paused = True
        self._tell(state="paused")

    def _settle(self) -> None:
        """Write all there is to know, so that the process may rest or end here."""
        if self.pair.step > self.pair.reported:
            self._line()
        self._save()
        self._show()

    # -- a step, and what is told of it

    def _advance(self) -> None:
        start = time.monotonic()
        self.pair.advance()
        step = self.pair.step
        line = self.schedule.line(step)
        if line:
            self._line()
        if self.schedule.test(step):
            self._measure(BLOCK)
        if self.schedule.snapshot(step) and finite(models := self.pair.models()):
            self.journal.snapshot(models, self._provenance())
        now = time.monotonic()
        self.spent, self.taken = self.spent + now - start, self.taken + 1
        first = self.spent < FIRST
        if now - self.shown > (FIRST_EVERY if first else LATEST_EVERY):
            self._show()
        if line and now - self.saved > self.save_every:
            self._save()
        if now - self.told > (FIRST_EVERY if first else STATUS_EVERY):
            self._tell()

    def _line(self) -> None:
        """Report the steps since the last line. Raises TrainingStopped where they led nowhere."""
        line = self.pair.report()
        self.journal.line("step", **line)
        told = ("loss", "twin_loss", "samples_per_second")
        self.journal.status |= {key: line[key] for key in told if key in line}
        self.journal.status["train_accuracy"] = line["accuracy"]

    def _measure(self, count: int, **about: object) -> None:
        """A line with the accuracy on the first ``count`` test digits, distorted once for all."""
        test = Digits(*(part[:count] for part in self.test))
        blocks: Iterable[tuple[Tensor, Tensor]]
        if count > BLOCK:
            blocks = self._until_closed(test_blocks(test, self.pair.settings.distort))
        else:
            self._few = self._few or list(test_blocks(test, self.pair.settings.distort))
            blocks = self._few
        values = self.pair.accuracy(blocks) | {"test_digits": len(test.labels)}
        self.journal.line("test", step=self.pair.step, **values, **about)
        self.journal.status |= values

    def _until_closed(self, blocks: Iterable[tuple[Tensor, Tensor]]) -> Iterator[tuple[Tensor, Tensor]]:
        for block in blocks:
            if parent.gone.is_set():
                raise Ended(told("closed_app"))
            yield block

    def _finish(self) -> None:
        self._settle()
        self._tell(state="running", **told("busy_testing"))
        self._measure(len(self.test.labels), final=True)

    def _tell(self, **news: object) -> None:
        left = self.spent / self.taken * (self.pair.steps - self.pair.step) if self.taken else None
        self.journal.tell(**{"seconds_left": left, **self._place(), **news})
        self.told = time.monotonic()

    def _place(self) -> dict[str, Any]:
        """Where the run stands; nothing, before it does."""
        if self._pair is None:
            return {}
        about = {"step": self.pair.step, "steps": self.pair.steps, "seconds": self.pair.seconds}
        return about | {"learning_rate": self.pair.rate, "top_rate": self.pair.top_rate}

    def _show(self) -> None:
        if finite(models := self.pair.models()):  # one that has diverged is not shown; the next line says so
            self.journal.latest(models, self._provenance())
        self.shown = time.monotonic()

    def _save(self) -> None:
        self.journal.save(self.pair.states())
        self.saved = time.monotonic()

    def _provenance(self) -> dict[str, Any]:
        settings = self.pair.settings.to_dict()
        about = {"run": self.folder.id, "step": self.pair.step, "steps": self.pair.steps}
        return about | {key: settings[key] for key in ("data", "distortion", "seed")}
