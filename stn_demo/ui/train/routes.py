"""The routes of the Train page: start and control runs, watch, rewind and save them.

The runs are managed by ``runs.Runs``, which trains in a separate process; no route takes long. Work on the disk is done
in threads, work with torch in the engine's thread, a few milliseconds at a time, so that live frames are not delayed.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import FastAPI, Query, Request
from fastapi.responses import JSONResponse, Response

from ...faults import RunError, why
from ...limits import LARGEST_REQUEST
from ...names import CHECKPOINT, LONGEST_CHECKPOINT
from .. import http
from ..live.request import parse, read_request
from . import log as run_log
from . import plotly_script
from .service import TrainingService, running, version

if TYPE_CHECKING:
    from ...runs.runs import Runs  # loads torch

Action = Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]

MOST_SAVED = 64  # networks
NAME = "A name has letters, digits, dots, dashes and underscores, and starts with a letter or a digit."
RESERVED = ("run-", "upload-", "untrained-")
WATCHERS = ("replay",)  # actions that are allowed even if training is closed
CLOSED = {
    "closed": "Training is switched off on this page (--no-training); you can still watch and rewind.",
    "owner": "Only the owner of this page may train; everybody can watch and rewind.",
}
ARRIVING = 2.0  # seconds during which a page that opens has other work to do
FILE = {"X-Content-Type-Options": "nosniff"}


class Refused(ValueError):
    """The request cannot be fulfilled; ``code`` names the sentence in the catalogue."""

    def __init__(self, code: str, message: str):
        super().__init__(message)
        self.code = code


def add(app: FastAPI, training: TrainingService) -> None:
    """Add the routes. Call this before the page's files are mounted at the same path."""
    _add_watching(app, training)
    plotly_script.add(app)
    _add_driving(app, training)
    _add_taking(app, training)


def _add_watching(app: FastAPI, training: TrainingService) -> None:
    @app.get("/stn/train", response_model=None)
    async def overview(request: Request) -> dict[str, Any]:
        side, runs = await training.batcher.ready(), await training.listed()
        training.prepare()
        problem, closed = None, training.closed_for(request.scope)
        try:
            await training.call(lambda runs: runs.check())
        except ValueError as error:
            problem = _described(error)
        return {
            "allowed": closed is None,
            "closed": closed,
            "problem": problem,
            "runs": [run_log.summary(run) for run in runs],
            "version": version(runs),
            "running": running(runs),
            "presets": side.form.presets(),
            "choices": await asyncio.to_thread(side.form.choices, training.options),
        }

    @app.get("/stn/train/networks", response_model=None)
    async def networks() -> dict[str, Any]:
        training.prepare(ARRIVING)  # every page requests this when it opens
        runs = [run_log.brief(run) for run in await training.listed() if run.get("steps")]
        return {"models": training.status.values["models"], "runs": runs}

    @app.get("/stn/train/log", response_model=None)
    async def log(id: str = "", since: int = 0) -> dict[str, Any] | JSONResponse:
        about: dict[str, Any] = {}
        if since >= 0:
            runs = await training.listed()
            about = {"version": version(runs), "running": running(runs)}
        if not id:
            return about
        try:
            return {**about, **await training.call(run_log.changes, id, since)}
        except ValueError as error:
            # a page requests its run until this answer reports that the run was deleted, so it is not an HTTP error
            return JSONResponse({**about, "error": _described(error)})

    @app.get("/stn/train/strip")
    async def strip(id: str = "", step: str = "latest", seen: str = "", preset: str = "") -> Response:
        """The ten digits of a run, or of a preset before its run begins."""
        try:
            side = await training.batcher.ready()
            name = f"run-{id}-{step}" if id else f"untrained-{preset}"
            run = await training.call(lambda runs: runs.status(id) if id else side.form.begun(preset))
            version, message = await side.strips.strip(name, run)
        except ValueError:  # deleted, or not yet written
            version = seen
        if version == seen:
            return Response(status_code=204)
        return Response(message, media_type="application/octet-stream", headers={"Cache-Control": "no-store"})


def _actions(training: TrainingService) -> dict[str, Action]:
    """The actions that change runs, by name: each takes the JSON object of a POST and returns one."""

    async def start(values: dict[str, Any]) -> dict[str, Any]:
        side = await training.batcher.ready()
        asked = side.form.read(values)
        try:
            await asyncio.to_thread(side.memory.check, asked["settings"], asked["twin"])
        except MemoryError as error:
            raise Refused("run_memory", str(error)) from None
        return {"id": await training.call(lambda runs: runs.start(**asked))}

    async def reset(values: dict[str, Any]) -> dict[str, Any]:
        seed = values.get("seed")
        if seed is not None:
            seed = int(_number(values, "seed", 0, 2**31 - 1))
        return {"id": await training.call(lambda runs: runs.reset(_id(values), seed=seed))}

    async def rate(values: dict[str, Any]) -> dict[str, Any]:
        return await training.call(lambda runs: runs.set_rate(_id(values), _number(values, "rate", 1e-9, 100))) or {}

    async def rename(values: dict[str, Any]) -> dict[str, Any]:
        return await training.call(lambda runs: runs.rename(_id(values), _text(values, "name"))) or {}

    async def save(values: dict[str, Any]) -> dict[str, Any]:
        return await _save(training, values)

    def plain(name: str) -> Action:
        async def work(values: dict[str, Any]) -> dict[str, Any]:
            await training.call(lambda runs: getattr(runs, name)(_id(values)))
            return {"id": _id(values)}

        return work

    actions = {"start": start, "reset": reset, "rate": rate, "rename": rename, "save": save}
    return actions | {name: plain(name) for name in ("pause", "resume", "step", "stop", "delete")}


async def _save(training: TrainingService, values: dict[str, Any]) -> dict[str, Any]:
    """Save a network of a run as a checkpoint of the given name."""
    id, step, name, twin = _id(values), _step(values), _text(values, "name"), values.get("twin") is True
    if not CHECKPOINT.fullmatch(name):
        raise Refused("run_name", NAME)
    if name.startswith(RESERVED):
        raise Refused("run_name_reserved", f"Names that begin with {', '.join(RESERVED)} are reserved for the page.")
    folder = training.options.uploads

    def work(runs: Runs) -> None:
        if len(list(folder.glob("*.safetensors"))) >= MOST_SAVED:
            raise Refused("run_networks_full", f"There are already {MOST_SAVED} saved networks; remove one first.")
        if any((one / f"{name}.safetensors").exists() for one in (folder, training.options.checkpoints)):
            raise Refused("run_name_taken", f"There is already a network called {name}; choose another name.")
        runs.save(id, step, name, folder, twin=twin)

    await training.call(work)
    await training.status.refresh(training.batcher)
    return {"name": name}


def _add_driving(app: FastAPI, training: TrainingService) -> None:
    def route(name: str, action: Action) -> None:
        async def posted(request: Request) -> dict[str, Any] | JSONResponse:
            try:
                return await action(await _posted(request, training, name))
            except (ValueError, OSError) as error:
                training.changed()
                known = getattr(error, "run", None) or running(await training.listed())
                return _refuse(error, running=known)
            finally:
                training.changed()

        app.add_api_route(f"/stn/train/{name}", posted, methods=["POST"], response_model=None)

    for name, action in _actions(training).items():
        route(name, action)


def _add_taking(app: FastAPI, training: TrainingService) -> None:
    drawing = asyncio.Semaphore(1)

    @app.get("/stn/train/export")
    async def export(id: str, kind: Annotated[str, Query(alias="format")] = "json") -> Response:
        try:
            text = await training.call(run_log.exported, id, kind)
        except ValueError as error:
            return _refuse(error)
        media = {"csv": "text/csv", "json": "application/json"}[kind]
        return Response(
            text, media_type=media, headers={**FILE, "Content-Disposition": f'attachment; filename="{id}.{kind}"'}
        )

    @app.get("/stn/train/download")
    async def download(id: str, step: str = "latest", twin: bool = False) -> Response:
        name = f"{id}-{step}{'-twin' if twin else ''}"

        def work(runs: Runs) -> bytes:
            with tempfile.TemporaryDirectory() as folder:
                return Path(runs.save(id, _step({"step": step}), name, folder, twin=twin)).read_bytes()

        try:
            data = await training.call(work)
        except (ValueError, OSError) as error:
            return _refuse(error)
        headers = {**FILE, "Content-Disposition": f'attachment; filename="{name}.safetensors"'}
        return Response(data, media_type="application/octet-stream", headers=headers)

    @app.post("/stn/train/replay")
    async def replay(request: Request) -> Response:
        try:
            side, values = await training.batcher.ready(), await _posted(request, training, "replay")
            asked = read_request({**values, "id": 0, "model": None, "twin": None}, training.batcher.defaults)
            run = await training.call(
                lambda runs: {**runs.status(_id(values)), "snapshots": runs.snapshots(_id(values))}
            )
            async with drawing:
                data, kind = await side.replay.animation(training.batcher, run, asked, values.get("format"))
        except (ValueError, OSError) as error:
            return _refuse(error)
        return Response(data, media_type=kind, headers=FILE)


async def _posted(request: Request, training: TrainingService, name: str) -> dict[str, Any]:
    """The JSON object of a POST, if the visitor may send it."""
    closed = training.closed_for(request.scope)
    if closed is not None and name not in WATCHERS:
        raise Refused(f"train_{closed}", CLOSED[closed])
    text = await http.body(request, LARGEST_REQUEST)
    return parse(text)


def _refuse(error: Exception, **more: object) -> JSONResponse:
    return http.answer({"error": _described(error), **more})


def _described(error: Exception) -> dict[str, Any]:
    """The sentence of a RunError, StateError, Refused or of settings that do not fit each other."""
    if isinstance(error, OSError):
        error = RunError("disk_other", **why(error))
    about = {"code": getattr(error, "code", "run_settings"), "message": str(error)}
    if isinstance(error, RunError):
        about |= {"code": f"run_{error.code}", "kind": error.kind, "values": error.values}
    return about


def _id(values: dict[str, Any]) -> str:
    return _text(values, "id")


def _text(values: dict[str, Any], name: str) -> str:
    value = values.get(name)
    if not isinstance(value, str) or len(value) > LONGEST_CHECKPOINT:
        raise Refused("bad_request", f"{name} is not a text of at most {LONGEST_CHECKPOINT} characters.")
    return value.strip()


def _step(values: dict[str, Any]) -> int | str:
    step = values.get("step", "latest")
    if step == "latest":
        return step
    if not isinstance(step, (int, str)) or isinstance(step, bool) or not str(step).isdecimal() or len(str(step)) > 9:
        raise Refused("bad_request", 'step is the number of a snapshot, or "latest".')
    return int(step)


def _number(values: dict[str, Any], name: str, least: float, most: float) -> float:
    value = values.get(name)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not least <= value <= most:
        raise Refused("bad_request", f"{name} is a number from {least:g} to {most:g}.")
    return value
