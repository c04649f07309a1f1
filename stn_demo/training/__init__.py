"""Training: settings as data, a loop that yields events, and the evaluation of the result."""

from .evaluation import Evaluation, evaluate
from .events import Evaluated, Event, Finished, Snapshot, Step, TrainingStopped
from .loop import run, train
from .recipes import RECIPES
from .settings import TrainingSettings
from .state import State
from .trainer import Trainer

__all__ = [
    "RECIPES",
    "Evaluated",
    "Evaluation",
    "Event",
    "Finished",
    "Snapshot",
    "State",
    "Step",
    "Trainer",
    "TrainingSettings",
    "TrainingStopped",
    "evaluate",
    "run",
    "train",
]
