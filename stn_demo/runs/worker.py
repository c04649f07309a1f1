"""Trains one run and obeys orders: pause, resume, step (one step, then pause), stop, rate X, close.

Apart from a new learning rate, no order, and nothing that is written for observers, changes the resulting weights.
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
from ..faults import NOTHING, RunError, status_fields
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
FIRST, FIRST_EVERY = 3.0, 0.15  # during the first FIRST seconds, when most changes, FIRST_EVERY replaces both intervals


class Ended(Exception):
    """The run was ordered to end; ``why``: the fields that its status gets."""

    def __init__(self, why: dict[str, Any] = NOTHING):
        super().__init__()
        self.why = why


class Worker:
    """Trains the run in ``folder`` from its last saved state.

    Args:
        orders: a queue of lines; "close" ends the process.
        save_every: seconds between two saved states, about.
    """

    def __init__(self, folder: RunFolder, orders: queue.SimpleQueue[str], data: DataSource, save_every: float = 2.0):
        self.folder, self.orders, self.data, self.save_every = folder, orders, data, save_every
        self.journal = Journal(folder)
        self.paused, self.single, self.twin = False, False, False
        self._pair: Pair | None = None

    def run(self) -> bool:
        """Train until the last step, an order to end or a fault; whether the final status could be written."""
        try:
            self._prepare()
            while not self.pair.done:
                self._obey()
                self._advance()
            self._finish()
            final = {"state": "done", **NOTHING, "seconds_left": 0.0}
        except Ended as end:
            final = {"state": "stopped", **end.why}
        except Exception as fault:
            saved = self.folder.last_state(self.twin)
            final = {"state": "failed", **explained(fault, saved, self.data.folder)}
        return self.journal.close(**self._place(), **final)

    @property
    def pair(self) -> Pair:
        """The networks in training; set by ``_prepare``."""
        assert self._pair is not None
        return self._pair

    # -- before the first step

    def _prepare(self) -> None:
        self.journal.status |= self.folder.status()
        self.journal.update(state="starting", **NOTHING)
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
            self._report("busy_timing")
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
        self.spent, self.taken = 0.0, 0  # seconds and steps since this process began to train
        self._show()
        self._update_status(state="running", **NOTHING)

    def _load(self, name: str, count: int | None) -> tuple[Digits, Digits]:
        """Load the digits in a thread, so that an order to end need not wait for a download."""
        loaded: queue.SimpleQueue[tuple[Digits, Digits] | Exception] = queue.SimpleQueue()

        def load() -> None:
            try:
                loaded.put(self.data.load(name, count, self._report))
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
                        raise Ended(status_fields("closed_app") if later[-1] == "close" else NOTHING) from None
        while not self.orders.empty():
            later.append(self.orders.get())
        for order in later:
            self.orders.put(order)
        if isinstance(found, Exception):
            raise found
        return found

    def _states(self) -> dict[str, State]:
        """The saved states to resume from; empty for a new run."""
        step = self.folder.last_state(self.twin)
        try:
            return {} if step is None else self.folder.load_states(step, self.twin)
        except CheckpointError as fault:
            raise RunError("settings_state", why=str(fault)) from None

    def _report(self, kind: str) -> None:
        self.journal.update(**status_fields(kind))

    # -- orders

    def _obey(self) -> None:
        """Carry out the orders received so far; while paused, wait for the next."""
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
            raise Ended(status_fields("limit_reached", most=self.limit))

    def _follow(self, order: str, value: str) -> None:
        if order in ("stop", "close"):
            self._settle()
            raise Ended(status_fields("closed_app") if order == "close" else NOTHING)
        if order == "pause" and not self.paused:
            self._pause()
        elif order in ("resume", "step"):
            self.paused, self.single = False, order == "step"
            self._update_status(state="running")
        elif order == "rate":
            self._settle()
            self.pair.top_rate = float(value)
            self.journal.line("rate", step=self.pair.step, learning_rate=self.pair.top_rate)
            self._save()  # save at once: this learning rate already applies to the next step
            self._update_status()

    def _pause(self) -> None:
        self._settle()
        self.paused = True
        self._update_status(state="paused")

    def _settle(self) -> None:
        """Write everything, so that the process may pause or end here."""
        if self.pair.step > self.pair.reported:
            self._line()
        self._save()
        self._show()

    # -- one step, and reports about it

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
        if now - self.status_written > (FIRST_EVERY if first else STATUS_EVERY):
            self._update_status()

    def _line(self) -> None:
        """Log the steps since the last line. Raises TrainingStopped if the training has diverged."""
        line = self.pair.report()
        self.journal.line("step", **line)
        reported = ("loss", "twin_loss", "samples_per_second")
        self.journal.status |= {key: line[key] for key in reported if key in line}
        self.journal.status["train_accuracy"] = line["accuracy"]

    def _measure(self, count: int, **about: object) -> None:
        """Log the accuracy on the first ``count`` test digits, whose distortions are always the same."""
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
                raise Ended(status_fields("closed_app"))
            yield block

    def _finish(self) -> None:
        self._settle()
        self._update_status(state="running", **status_fields("busy_testing"))
        self._measure(len(self.test.labels), final=True)

    def _update_status(self, **changes: object) -> None:
        left = self.spent / self.taken * (self.pair.steps - self.pair.step) if self.taken else None
        self.journal.update(**{"seconds_left": left, **self._place(), **changes})
        self.status_written = time.monotonic()

    def _place(self) -> dict[str, Any]:
        """The position of the run in its schedule; empty before training has begun."""
        if self._pair is None:
            return {}
        about = {"step": self.pair.step, "steps": self.pair.steps, "seconds": self.pair.seconds}
        return about | {"learning_rate": self.pair.rate, "top_rate": self.pair.top_rate}

    def _show(self) -> None:
        if finite(models := self.pair.models()):  # a diverged network is not written; the next line reports it
            self.journal.latest(models, self._provenance())
        self.shown = time.monotonic()

    def _save(self) -> None:
        self.journal.save(self.pair.states())
        self.saved = time.monotonic()

    def _provenance(self) -> dict[str, Any]:
        settings = self.pair.settings.to_dict()
        about = {"run": self.folder.id, "step": self.pair.step, "steps": self.pair.steps}
        return about | {key: settings[key] for key in ("data", "distortion", "seed")}
