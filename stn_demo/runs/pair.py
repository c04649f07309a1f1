"""A network and, optionally, its plain twin, trained in turn on the same batches."""

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

TRIAL = 1.0  # seconds of trial training by which the speed is measured
SUFFIXES = dict(zip(ROLES, ("", "twin_"), strict=True))  # prefixes of the reported fields


class Pair:
    """Trains a network and, with ``twin``, its plain twin.

    ``states``: saved states by role, as ``states()`` returns them, to resume from; empty to begin a new run. Raises
    ValueError as ``Trainer`` does.
    """

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
            self.trainers["twin"].batches = self._first.batches = SharedBatches(
                self._first.batches, self._first.batches.labels
            )
        self.digits = len(self._first.batches.labels)
        self.reported = self.step  # the last step that ``report`` covered

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
        """Training time of both networks together."""
        return sum(trainer.seconds for trainer in self.trainers.values())

    @property
    def bytes(self) -> int:
        """Size of the weights of both networks."""
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
        """Statistics of the steps since the last report.

        Returns:
            from, step, learning_rate, seconds, samples_per_second (of both networks in turn), loss and accuracy; for
            the twin, twin_loss and twin_accuracy.

        Raises:
            TrainingStopped: as ``Trainer.report``, for either network.
        """
        fields: dict[str, Any] = {"from": self.reported, "step": self.step}
        self.reported, each = self.step, 0.0
        for role, trainer in self.trainers.items():
            try:
                event = trainer.report()
            except TrainingStopped as fault:
                if role != "twin":
                    raise
                raise TrainingStopped("diverged_twin", fault.state, step=fault.state.step) from None
            fields |= {SUFFIXES[role] + "loss": event.loss, SUFFIXES[role] + "accuracy": event.accuracy}
            fields.setdefault("learning_rate", event.learning_rate)
            each += 1 / event.samples_per_second
        return fields | {"seconds": self.seconds, "samples_per_second": 1 / each}

    def models(self) -> dict[str, Network]:
        """Copies of the current networks, by role."""
        return {role: trainer.result() for role, trainer in self.trainers.items()}

    def states(self) -> dict[str, State]:
        return {role: trainer.state() for role, trainer in self.trainers.items()}

    def accuracy(self, blocks: Iterable[tuple[Tensor, Tensor]]) -> dict[str, float]:
        """accuracy and twin_accuracy, 0 to 1, on blocks of images and labels, see ``evaluation.test_blocks``."""
        models, right, count = self.models(), dict.fromkeys(self.trainers, 0), 0
        with torch.no_grad():
            for images, labels in blocks:
                count += len(labels)
                for role, model in models.items():
                    right[role] += int((model(images).argmax(1) == labels).sum())
        return {SUFFIXES[role] + "accuracy": hits / count for role, hits in right.items()}


class SharedBatches:
    """Batches for several networks that train in turn: each batch is made only once."""

    def __init__(self, batches: Callable[[int], Batch], labels: Tensor):
        self._batches = batches
        self._last: tuple[int, Batch] | None = None
        self.labels = labels

    def __call__(self, step: int) -> Batch:
        if self._last is None or self._last[0] != step:
            self._last = step, self._batches(step)
        return self._last[1]


def finite(models: dict[str, Network]) -> bool:
    """Whether all weights are finite numbers."""
    return all(math.isfinite(float(value.detach().sum())) for model in models.values() for value in model.parameters())


def timed(trial: Pair, minutes: float) -> TrainingSettings:
    """The settings of ``trial`` with as many epochs as this machine trains in ``minutes``. ``trial`` is used up by the
    measurement.

    The resulting number of steps is stored with the run, because a schedule based on a clock could not be repeated.
    """
    for _ in range(3):  # the first steps are slow
        trial.advance()
    before, start = trial.step, time.perf_counter()
    while (spent := time.perf_counter() - start) < TRIAL:
        trial.advance()
    seen = 60 * minutes / spent * (trial.step - before) * trial.settings.batch_size
    return trial.settings.but(epochs=min(10_000.0, max(1e-3, seen / trial.digits)))
