"""A short training run on generated digits, and comparisons of weights."""

import torch

from stn_demo.training import TrainingSettings, train
from stn_demo.training.events import Finished, Snapshot

SHORT = TrainingSettings(data="handwriting", batch_size=32, epochs=1.25, averaging=0.9, learning_rate=3e-3)


def assert_same(one: dict, other: dict):
    assert one.keys() == other.keys()
    for name, value in one.items():
        assert torch.equal(value.cpu(), other[name].cpu()), name


def finished(*args, **options) -> Finished:
    return next(event for event in train(*args, **options) if isinstance(event, Finished))


def states_of(*args) -> dict:
    """The state of a run after each step."""
    return {event.step: event.state for event in train(*args, snapshot_every=1) if isinstance(event, Snapshot)}
