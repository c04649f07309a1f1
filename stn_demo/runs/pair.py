"""A network and, if wanted, its plain twin, trained side by side on the same batches."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor

from ..data.digits import Digits
from ..model import Network
from ..training.batches import Batch
from ..training.distributed import Group
from ..training.events import TrainingStopped
from ..training.settings import TrainingSettings
from ..training.state import State
from ..training.trainer import Trainer
from .folder import ROLES

TRIAL = 1.0  # seconds of training that a run of so many minutes is measured by
SUFFIXES = dict(zip(ROLES, ("", "twin_"), strict=True))  # of what is reported


class Pair:
    """``states``, by role, as ``states()`` gave them, to go on from; none to begin. ValueError as
    ``Trainer``."""

    def __init__(
        self,
        settings: TrainingSettings,
        digits: Digits,
        twin: bool,
        device: torch.device,
        states: dict[str, State],
    ):
        self.settings = settings
        self.trainers: dict[str, Trainer] = {}
        for role in ROLES[: 1 + twin]:
            # the twin is the network without its transformers
            own = settings.twin() if role == "twin" else settings
            self.trainers[role] = Trainer(own, digits, resume_from=states.get(role), group=Group(device=device))
        self._first = self.trainers["network"]
        if twin:
            self.trainers["twin"].batches = self._first.batches = Once(self._first.batches, self._first.batches.labels)
        self.digits = len(self._first.batches.labels)
        self.reported = self.step  # steps that ``report`` has told of

    @property
    def step(self) -> int:
        return self._first.step

    @property
    def steps(self) -> int:
        return self._first.steps

    @property
    def done(self) -> bool:
        return self._first.done

    @property
    def seconds(self) -> float:
        """Spent training, both together."""
        return sum(trainer.seconds for trainer in self.trainers.values())

    @property
    def bytes(self) -> int:
        """Of the weights of both."""
        weights = (value for trainer in self.trainers.values() for value in trainer.parameters.values())
        return sum(4 * value.numel() for value in weights)

    @property
    def rate(self) -> float:
        """The learning rate of the next step."""
        return 0.0 if self.done else self._first.rate()

    @property
    def top_rate(self) -> float:
        """The learning rate at the top of the schedule; may be set between two steps."""
        return self._first.learning_rate

    @top_rate.setter
    def top_rate(self, rate: float) -> None:
        for trainer in self.trainers.values():
            trainer.learning_rate = rate

    def advance(self) -> None:
        for trainer in self.trainers.values():
            trainer.advance()

    def report(self) -> dict[str, Any]:
        """The steps since the last report: from, step, learning_rate, seconds, samples_per_second (of both,
        taking turns); loss and accuracy, and the twin's as twin_loss and twin_accuracy. Raises
        TrainingStopped as ``Trainer.report`` does, for either."""
        told: dict[str, Any] = {"from": self.reported, "step": self.step}
        self.reported, each = self.step, 0.0
        for role, trainer in self.trainers.items():
            try:
                event = trainer.report()
            except TrainingStopped as fault:
                if role != "twin":
                    raise
                raise TrainingStopped("diverged_twin", fault.state, step=fault.state.step) from None
            told |= {SUFFIXES[role] + "loss": event.loss, SUFFIXES[role] + "accuracy": event.accuracy}
            told.setdefault("learning_rate", event.learning_rate)
            each += 1 / event.samples_per_second
        return told | {"seconds": self.seconds, "samples_per_second": 1 / each}

    def models(self) -> dict[str, Network]:
        """Copies of the networks as they are now, by role."""
        return {role: trainer.result() for role, trainer in self.trainers.items()}

    def states(self) -> dict[str, State]:
        return {role: trainer.state() for role, trainer in self.trainers.items()}

    def accuracy(self, blocks: Iterable[tuple[Tensor, Tensor]]) -> dict[str, float]:
        """accuracy and twin_accuracy, 0 to 1, on blocks of images and labels, see
        ``evaluation.test_blocks``."""
        models, right, count = self.models(), dict.fromkeys(self.trainers, 0), 0
        with torch.no_grad():
            for images, labels in blocks:
                count += len(labels)
                for role, model in models.items():
                    right[role] += int((model(images).argmax(1) == labels).sum())
        return {SUFFIXES[role] + "accuracy": hits / count for role, hits in right.items()}


class Once:
    """Batches for several networks that train in turn: each is made once."""

    def __init__(self, batches: Callable[[int], Batch], labels: Tensor):
        self._batches = batches
        self._last: tuple[int, Batch] | None = None
        self.labels = labels

    def __call__(self, step: int) -> Batch:
        if self._last is None or self._last[0] != step:
            self._last = step, self._batches(step)
        return self._last[1]


def finite(models: dict[str, Network]) -> bool:
    """Whether all weights are numbers."""
    return all(math.isfinite(float(value.detach().sum())) for model in models.values() for value in model.parameters())


def timed(trial: Pair, minutes: float) -> TrainingSettings:
    """The settings of ``trial``, which is spent on it, with as many epochs as this machine trains in
    ``minutes``. (The number of steps is kept with the run: a clock makes no schedule that can be
    repeated.)"""
    for _ in range(3):  # the first ones are slow
        trial.advance()
    before, start = trial.step, time.perf_counter()
    while (spent := time.perf_counter() - start) < TRIAL:
        trial.advance()
    seen = 60 * minutes / spent * (trial.step - before) * trial.settings.batch_size
    return trial.settings.but(epochs=min(10_000.0, max(1e-3, seen / trial.digits)))
