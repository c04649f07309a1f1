"""Finished training runs as files, for the Train page without a server: the answers of its routes, and the weights of
the snapshots, which the worker runs with the graph of the run's network.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ... import checkpoints
from ...analysis import graph_file, parity
from ...faults import NOTHING
from ...model import Network
from ...runs.folder import ROLES
from ...runs.runs import Runs
from ...training.settings import TrainingSettings
from ..live.samples import Samples
from ..train import log, strip
from . import losses, networks
from .data import NO_MNIST, as_json

MOST = 24  # snapshots of a run that are published: the first, the last, and others between them
SCENES = 2  # random scenes on which each snapshot is compared with its graph


class NoRun(ValueError):
    """A run cannot be published; the message names those that can."""


@dataclass
class Recorded:
    """One finished run, in the form that ``train.log`` reads, without data about the machine that trained it.

    Attributes:
        run: its status; steps: the published snapshots, ascending, the last is the end of the training.
    """

    runs: Runs
    run: dict[str, Any]
    steps: list[int]

    def status(self, id: str) -> dict[str, Any]:
        still = {"alive": False, "controlled": False, "resumable": False}
        return {name: value for name, value in self.run.items() if name != "terminal"} | still | NOTHING

    def events(self, id: str, since: int) -> tuple[list[dict[str, Any]], int]:
        return self.runs.events(id, since)

    def snapshots(self, id: str) -> list[int]:
        return self.steps

    @property
    def id(self) -> str:
        return self.run["id"]

    @property
    def roles(self) -> tuple[str, ...]:
        return ROLES[: 1 + bool(self.run.get("twin"))]

    def load(self, step: int, role: str) -> Network:
        """The network, or its plain twin, at a published step. CheckpointError if its file is damaged."""
        return checkpoints.load(self.runs.path(self.id, step, role == "twin"))


def chosen(ids: Iterable[str], folder: Path | None) -> list[Recorded]:
    """The runs of these ids in ``folder`` (default: see ``runs.store.default_folder``).

    Raises:
        NoRun: there is no such run, or it was not trained to its end; the message names the runs that can be published.
    """
    runs = Runs(folder)
    found = {run["id"]: run for run in runs.all()}
    done = {id: run for id, run in found.items() if run["state"] == "done" and len(runs.snapshots(id)) > 1}
    for id in ids:
        if id not in done:
            why = "was not trained to its end" if id in found else "is not there"
            names = ", ".join(f"{one} ({run.get('name') or 'no name'})" for one, run in done.items())
            raise NoRun(f"The run {id} {why}. Finished runs in {runs.store.folder}: {names or 'none'}.")
    return [Recorded(runs, done[id], thinned(runs.snapshots(id))) for id in dict.fromkeys(ids)]


def thinned(steps: list[int], most: int = MOST) -> list[int]:
    """At most ``most`` of the steps, evenly spaced among them, with the first and the last."""
    if len(steps) <= most:
        return steps
    return [steps[round(i * (len(steps) - 1) / (most - 1))] for i in range(most)]


def index(published: list[Recorded]) -> dict[str, Any]:
    """What ``index.json`` says about the runs: their summaries for the Train page, and how the worker runs their networks:
    as in ``networks.index``, but with "*" for the step in the address of the weights."""
    recorded = {}
    for one in published:
        entries = {}
        for role in one.roles:
            network = one.load(one.steps[-1], role)
            where = f"runs/{one.id}/*{'-twin' if role == 'twin' else ''}.bin"
            entries[role] = networks.entry(network, where)
        recorded[one.id] = {"steps": one.steps, **entries}
    return {"runs": [log.summary(one.status(one.id)) for one in published], "recorded": recorded}


def files(published: list[Recorded], say: Callable[[str], None]) -> Iterator[tuple[str, bytes]]:
    """(address below the data folder, content) of every file of the runs. Each snapshot is compared with its graph on
    ``SCENES`` random scenes. Raises graph_file.ExportError, also if they differ."""
    cache, asked, samples = graph_file.Cache(), parity.scenes(SCENES), Samples(NO_MNIST)
    for one in published:
        where = f"runs/{one.id}"
        yield f"{where}/log.json", as_json(log.changes(one, one.id, 0))
        for kind in ("json", "csv"):
            yield f"{where}/export.{kind}", log.exported(one, one.id, kind).encode()
        digits = strip.posed(TrainingSettings.from_dict(one.run["settings"]), samples.handwriting)
        held: dict[str, dict[str, bytes]] = {}
        for step in one.steps:
            pair = {role: one.load(step, role) for role in one.roles}
            for role, network in pair.items():
                if role not in held:
                    held[role], where_of = networks.graphs(network, cache), networks.addresses(network)
                    for kind, content in held[role].items():
                        yield where_of[kind], content
                    losses.compare(network, cache, asked)
                    yield from losses.of_network(network, cache)
                networks.compared(network, held[role], asked)
                yield f"{where}/{step}{'-twin' if role == 'twin' else ''}.bin", graph_file.pack_weights(network)
            yield f"{where}/{step}.strip", strip.whole(pair["network"], pair.get("twin"), digits, str(step))
        say(f"run {one.id}: {len(one.steps)} snapshots, each compared with its graph on {SCENES} scenes")
