"""Train to the end and yield events."""

from __future__ import annotations

from collections.abc import Iterator

from ..data.digits import Digits
from .distributed import Group
from .evaluation import evaluate
from .events import Evaluated, Event, Finished, Snapshot
from .settings import TrainingSettings
from .state import State
from .trainer import Trainer


def train(
    settings: TrainingSettings,
    digits: Digits,
    *,
    test: Digits | None = None,
    resume_from: State | None = None,
    group: Group = Group(),
    report_every: int = 20,
    evaluate_every: int = 0,
    snapshot_every: int = 0,
) -> Iterator[Event]:
    """Train and yield events: a ``Step`` every ``report_every`` steps; a ``Snapshot`` every ``snapshot_every`` steps
    (0: none); an ``Evaluated`` on the held-out digits, else on ``test``, every ``evaluate_every`` steps (0: none); and
    ``Finished``.

    The intervals do not change the weights. Raises as ``Trainer`` and ``Trainer.report`` do.
    """
    trainer = Trainer(settings, digits, resume_from=resume_from, group=group)
    yield from run(trainer, test, report_every, evaluate_every, snapshot_every)


def run(
    trainer: Trainer,
    test: Digits | None = None,
    report_every: int = 20,
    evaluate_every: int = 0,
    snapshot_every: int = 0,
) -> Iterator[Event]:
    """``train`` for an existing trainer. Between two events its state may be read and its learning rate changed."""

    def due(every: int) -> bool:
        return bool(every) and (trainer.step % every == 0 or trainer.done)

    name, measured = ("holdout", trainer.holdout) if trainer.settings.holdout else ("test", test)
    while not trainer.done:
        trainer.advance()
        if any(map(due, (report_every, evaluate_every, snapshot_every))):
            yield trainer.report()
        if due(snapshot_every):
            yield Snapshot(trainer.step, trainer.state())
        if due(evaluate_every) and measured is not None:
            yield Evaluated(trainer.step, name, evaluate(trainer.result(), measured, trainer.settings.distort))
    yield Finished(trainer.step, trainer.seconds, trainer.result(), trainer.state())
