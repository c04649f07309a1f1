"""The initial networks and digits of a run."""

from __future__ import annotations

import torch
from torch import nn

from ..data.digits import Digits
from ..faults import RunError
from ..model import Network, build_model
from ..model.classifier import CLASSIFIERS
from .batches import derived_seed
from .settings import TrainingSettings
from .stages import OWN


def untrained(settings: TrainingSettings) -> Network:
    """The network of a run before its first step."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derived_seed(settings.seed, "weights"))
        return build_model(settings.model)


def readers(settings: TrainingSettings) -> nn.ModuleDict:
    """The initial classifiers, by name, that belong to the run only."""
    names = sorted({stage.reader for stage in settings.stages} - {OWN})
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derived_seed(settings.seed, "readers"))
        model = settings.model
        shape = model.output_size, model.in_channels, model.classes
        return nn.ModuleDict({name: CLASSIFIERS[name](*shape) for name in names})


def split(digits: Digits, holdout: int) -> tuple[Digits, Digits]:
    """The training digits, and the last ``holdout`` of them, which are held out. RunError if none would be left."""
    kept = len(digits.labels) - holdout
    if kept < 1:
        raise RunError("settings_holdout", holdout=holdout, count=len(digits.labels))
    return Digits(*(part[:kept] for part in digits)), Digits(*(part[kept:] for part in digits))
