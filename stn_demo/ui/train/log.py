"""Reports about runs, small enough to be requested twice a second."""

from __future__ import annotations

import csv
import io
import json
from typing import Any, Protocol

STEP = ("step", "loss", "accuracy", "twin_loss", "twin_accuracy")
TEST = ("step", "accuracy", "twin_accuracy")
RATE = ("step", "learning_rate")  # columns of the changes of the learning rate
MOST_POINTS = 1500  # points of a curve; more than the pixels of a screen
STATUS = (
    "id", "name", "created", "state", "step", "steps", "seconds", "samples_per_second", "seconds_left", "accuracy",
    "twin_accuracy", "loss", "learning_rate", "top_rate", "message", "twin", "settings", "minutes", "resumable", "controlled", "alive",
    "code", "kind", "values", "device", "digits",
)  # fmt: skip
EXPORTED = (
    "kind",
    "step",
    "loss",
    "accuracy",
    "twin_loss",
    "twin_accuracy",
    "learning_rate",
    "seconds",
    "samples_per_second",
)


class Reports(Protocol):
    """What can be read of runs, see ``runs.runs.Runs``: the runs of an app, or one that is published."""

    def status(self, id: str) -> dict[str, Any]: ...

    def events(self, id: str, since: int) -> tuple[list[dict[str, Any]], int]: ...

    def snapshots(self, id: str) -> list[int]: ...


def summary(run: dict[str, Any]) -> dict[str, Any]:
    """The entry of a run in the list of runs; ``terminal``: whether it was started in a terminal."""
    return {name: run.get(name) for name in STATUS} | {"terminal": "terminal" in run}


def brief(run: dict[str, Any]) -> dict[str, Any]:
    """A run in a list of networks."""
    return {name: run.get(name) for name in ("id", "name", "created", "accuracy", "twin", "twin_accuracy")}


def changes(runs: Reports, id: str, since: int) -> dict[str, Any]:
    """The status of run ``id``, its snapshots, and its curves after the cursor ``since`` of its log, as columns.
    ``restarted``: the curves replace all earlier ones. A negative ``since`` requests no curves. A long log is thinned to
    evenly spaced steps. Raises RunError.
    """
    run = runs.status(id)
    if since < 0:
        return {"run": summary(run)}
    events, following = runs.events(id, since)
    steps = [event for event in events if event.get("kind") == "step"]
    every = max(1, -(-len(steps) // MOST_POINTS))
    tests, rates = ([event for event in events if event.get("kind") == kind] for kind in ("test", "rate"))
    return {
        "run": summary(run),
        "next": following,
        "restarted": any(event.get("kind") == "start" for event in events),
        "steps": _columns(steps[every - 1 :: every], STEP),
        "tests": _columns(tests, TEST),
        "rates": _columns(rates, RATE),
        "snapshots": runs.snapshots(id),
    }


def exported(runs: Reports, id: str, kind: str) -> str:
    """The whole run as text: "json" with its settings, or "csv", one event per line. Raises ValueError."""
    run = runs.status(id)
    events, _ = runs.events(id, 0)
    if kind == "json":
        return json.dumps({**summary(run), "snapshots": runs.snapshots(id), "events": events}, indent=1)
    if kind != "csv":
        raise ValueError("A run is exported as json or as csv.")
    text = io.StringIO()
    table = csv.DictWriter(text, EXPORTED, extrasaction="ignore", lineterminator="\n")
    table.writeheader()
    table.writerows(event for event in events if event.get("kind") in ("step", "test"))
    return text.getvalue()


def _columns(events: list[dict[str, Any]], names: tuple[str, ...]) -> dict[str, list[Any]]:
    return {name: [_short(event.get(name)) for event in events] for name in names}


def _short(value: Any) -> Any:
    return float(f"{value:.5g}") if isinstance(value, float) else value
