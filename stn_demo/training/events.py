"""What a training run tells whoever watches it."""

from __future__ import annotations

from dataclasses import dataclass

from ..faults import sentence
from ..model import Network
from .evaluation import Evaluation
from .state import State


@dataclass(frozen=True)
class Step:
    """Where the run is. ``loss`` and ``accuracy`` (0 to 1): means over the distorted training digits of the
    steps since the last such event; ``samples_per_second`` over the same steps, all processes together."""

    step: int
    steps: int
    loss: float
    accuracy: float
    samples_per_second: float
    learning_rate: float
    seconds: float


@dataclass(frozen=True)
class Evaluated:
    """The network (with averaged weights, where the run averages) measured on the digits ``split``: "test" or
    "holdout", distorted as in training."""

    step: int
    split: str
    result: Evaluation


@dataclass(frozen=True)
class Snapshot:
    """All that is needed to go on from ``step``."""

    step: int
    state: State


@dataclass(frozen=True)
class Finished:
    """The end: ``model`` is the trained network (with averaged weights, where the run averages), in eval
    mode, on the CPU; ``seconds`` the time spent training, evaluations not counted."""

    step: int
    seconds: float
    model: Network
    state: State


Event = Step | Evaluated | Snapshot | Finished


class TrainingStopped(RuntimeError):
    """The run cannot go on; the message says why and what to change, in one or two sentences.

    Attributes:
        state: the last good state, from before the fault.
        kind, values: which of the sentences "diverged_..." of ``faults.SENTENCES``, and the values of its fields.
    """

    def __init__(self, kind: str, state: State, **values: object):
        super().__init__(sentence(kind, **values))
        self.state, self.kind, self.values = state, kind, values
