"""The training runs of this app, for its routes."""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from collections.abc import Callable
from typing import Any, TypeVar

from starlette.types import Scope

from ...runs.process import WorkerProcess
from ...runs.states import AT_WORK
from ..live.batcher import Batcher
from ..options import Options
from ..status import Status

Result = TypeVar("Result")
LISTED_FOR = 1.0  # seconds for which a list of runs is reused; listing reads two files per run
BEGINNING = 6.0  # seconds of training


class TrainingService:
    """Access to the training runs of the app for its routes, without blocking the event loop."""

    def __init__(self, options: Options, batcher: Batcher, status: Status, spare: WorkerProcess | None = None):
        """``spare``: a process for the first run, which loads while the app does."""
        self.options, self.batcher, self.status, self.spare = options, batcher, status, spare
        self._listed: tuple[float, list[dict[str, Any]]] = (-1e9, [])
        self._preparing: asyncio.Task[None] | None = None

    def closed_for(self, scope: Scope) -> str | None:
        """Why this visitor may not train, as a key of the catalogue; None if they may."""
        who = self.options.who_trains
        if who == "everyone" or (who == "owner" and scope.get("owner")):
            return None
        return "closed" if who == "off" else "owner"

    def close(self) -> None:
        """Save the state of the run that is being trained, and end its process."""
        if self.batcher.side is not None:
            self.batcher.side.runs.close()

    async def call(self, work: Callable[..., Result], *args: object, **named: object) -> Result:
        """Call ``work(runs, ...)`` in a thread, once the runs are loaded."""
        side = await self.batcher.ready()
        return await asyncio.to_thread(work, side.runs, *args, **named)

    async def listed(self) -> list[dict[str, Any]]:
        """The status of every run, at most ``LISTED_FOR`` seconds old."""
        at, runs = self._listed
        if time.monotonic() - at > LISTED_FOR:
            runs = await self.call(lambda runs: runs.all())
            self._listed = time.monotonic(), runs
        return runs

    def prepare(self, delay: float = 0.0) -> None:
        """In ``delay`` seconds start a process for the next run: a visitor is here and may press Start."""
        if self.options.who_trains != "off" and (self._preparing is None or self._preparing.done()):
            self._preparing = asyncio.create_task(self._prepare(delay))

    async def _prepare(self, delay: float) -> None:
        await asyncio.sleep(delay)
        while any(map(beginning, await self.listed())):  # the beginning of a run needs both cores
            await asyncio.sleep(1.0)
        await self.call(lambda runs: runs.warm())

    def changed(self) -> None:
        """A run has changed, so the list of runs must be read again."""
        self._listed = (-1e9, [])

    async def train_first(self, status: Status) -> None:
        """On a machine without networks train the first ones, and report the progress to every page until the app is
        "ready".
        """
        side = await self.batcher.ready()
        if side.first.needed(self.options):
            await side.first.follow(self, status)
        else:
            status.set("ready")


def beginning(run: dict[str, Any]) -> bool:
    """Whether a run is in its first seconds, when a visitor waits for the grid to move."""
    return run["state"] == "starting" or (run["state"] == "running" and (run.get("seconds") or 0) < BEGINNING)


def running(runs: list[dict[str, Any]]) -> str | None:
    """The id of the run that is being trained, if one is."""
    return next((run["id"] for run in runs if run["state"] in AT_WORK), None)


def version(runs: list[dict[str, Any]]) -> str:
    """A value that changes whenever the list of runs should be read again."""
    key = json.dumps([[run["id"], run.get("name"), run["state"]] for run in runs])
    return hashlib.sha1(key.encode(), usedforsecurity=False).hexdigest()[:12]
