"""The events that a training run reports."""

from __future__ import annotations

from dataclasses import dataclass

from ..faults import sentence
from ..model import Network
from .evaluation import Evaluation
from .state import State


@dataclass(frozen=True)
class Step:
    """Progress of the run. ``loss`` and ``accuracy`` (0 to 1) are means over the distorted training digits since the
    last such event; ``samples_per_second`` covers the same steps, for all processes together.
    """

    step: int
    steps: int
    loss: float
    accuracy: float
    samples_per_second: float
    learning_rate: float
    seconds: float


@dataclass(frozen=True)
class Evaluated:
    """The network (with averaged weights, if the run averages) was measured on the digits ``split``, "test" or
    "holdout", distorted as in training.
    """

    step: int
    split: str
    result: Evaluation


@dataclass(frozen=True)
class Snapshot:
    """The state from which the run can be resumed at ``step``."""

    step: int
    state: State


@dataclass(frozen=True)
class Finished:
    """The training is done.

    Attributes:
        model: the trained network (with averaged weights, if the run averages), in eval mode, on the CPU.
        seconds: training time, without evaluations.
    """

    step: int
    seconds: float
    model: Network
    state: State


Event = Step | Evaluated | Snapshot | Finished


class TrainingStopped(RuntimeError):
    """The training diverged; the message says why and what to change, in one or two sentences.

    Attributes:
        state: the last good state.
        kind, values: the key "diverged_..." in ``faults.SENTENCES``, and the values of its fields.
    """

    def __init__(self, kind: str, state: State, **values: object):
        super().__init__(sentence(kind, **values))
        self.state, self.kind, self.values = state, kind, values
