"""The routes of the Train page: start and drive runs, watch them, rewind them, keep them.

The runs themselves live in ``training.runs``, which trains in a process of its own; nothing here takes long. What touches
the disk goes through threads, what touches torch through the engine's, a few milliseconds at a time, so that the stage
stays as live as before.
"""

from __future__ import annotations

import asyncio
import functools
import gzip
import importlib.metadata
import importlib.util
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

from fastapi import FastAPI, Query, Request
from fastapi.responses import JSONResponse, Response

from ...faults import RunError, why
from ...names import CHECKPOINT, LONGEST_CHECKPOINT
from .. import http
from ..live.request import parse, read_request
from . import log as run_log
from .service import TrainingService, running, version

MOST_BODY = 256 * 1024
MOST_SAVED = 64  # networks
WATCHERS = ("replay",)  # what a visitor may post where training is closed
CLOSED = {
    "closed": "Training is closed on this page (--no-training); watching and rewinding are not.",
    "owner": "Only the owner of this page trains on it; everybody may watch and rewind.",
}
ARRIVING = 2.0  # seconds in which a page that opens has enough to do
FILE = {"X-Content-Type-Options": "nosniff"}


class Refused(ValueError):
    """What was asked cannot be; ``code`` names the sentence in the catalogue."""

    def __init__(self, code: str, message: str):
        super().__init__(message)
        self.code = code


def add(app: FastAPI, training: TrainingService) -> None:
    """Add the routes. They come before the files of the page, which are mounted at the same path."""
    _add_watching(app, training)
    _add_plotly(app)
    _add_driving(app, training)
    _add_taking(app, training)


def _add_watching(app: FastAPI, training: TrainingService) -> None:
    @app.get("/stn/train")
    async def overview(request: Request):
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

    @app.get("/stn/train/networks")
    async def networks():
        training.prepare(ARRIVING)  # every page asks this when it opens
        runs = [run_log.brief(run) for run in await training.listed() if run.get("steps")]
        return {"models": training.status.values["models"], "runs": runs}

    @app.get("/stn/train/log")
    async def log(id: str = "", since: int = 0):
        about = {}
        if since >= 0:
            runs = await training.listed()
            about = {"version": version(runs), "running": running(runs)}
        if not id:
            return about
        try:
            return {**about, **await training.call(run_log.news, id, since)}
        except ValueError as error:
            # a page asks after its run until it hears that this was deleted: an answer, no fault of the page's
            return JSONResponse({**about, "error": _described(error)})

    @app.get("/stn/train/strip")
    async def strip(id: str = "", step: str = "latest", seen: str = "", preset: str = ""):
        """Of a run, or of what a run of a preset begins with."""
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


def _add_plotly(app: FastAPI) -> None:
    @app.get("/stn/plotly.js")
    async def plotly(request: Request):
        tag, plain, packed = await asyncio.to_thread(_plotly)
        headers = {"Cache-Control": "public, max-age=31536000, immutable", "ETag": tag, "Vary": "Accept-Encoding"}
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        if "gzip" in request.headers.get("accept-encoding", ""):
            return Response(packed, media_type="text/javascript", headers={**headers, "Content-Encoding": "gzip"})
        return Response(plain, media_type="text/javascript", headers=headers)


def _actions(training: TrainingService) -> dict[str, Callable]:
    """The actions that change runs, by name: each takes the JSON object of a POST and returns one."""

    async def start(values: dict) -> dict:
        side = await training.batcher.ready()
        asked = side.form.read(values)
        try:
            await asyncio.to_thread(side.memory.check, asked["settings"], asked["twin"])
        except MemoryError as error:
            raise Refused("run_memory", str(error)) from None
        return {"id": await training.call(lambda runs: runs.start(**asked))}

    async def reset(values: dict) -> dict:
        seed = values.get("seed")
        if seed is not None:
            seed = int(_number(values, "seed", 0, 2**31 - 1))
        return {"id": await training.call(lambda runs: runs.reset(_id(values), seed=seed))}

    async def rate(values: dict) -> dict:
        return await training.call(lambda runs: runs.set_rate(_id(values), _number(values, "rate", 1e-9, 100))) or {}

    async def rename(values: dict) -> dict:
        return await training.call(lambda runs: runs.rename(_id(values), _text(values, "name"))) or {}

    async def save(values: dict) -> dict:
        id, step, name, twin = _id(values), _step(values), _text(values, "name"), values.get("twin") is True
        if not CHECKPOINT.fullmatch(name):
            raise Refused(
                "run_name", "A name has letters, digits, dots, dashes and underscores, and starts with a letter."
            )
        if name.startswith(("run-", "upload-", "untrained-")):
            sentence = "Names with run-, upload- or untrained- in front are given by the page; choose another name."
            raise Refused("run_name_reserved", sentence)
        folder = training.options.uploads

        def work(runs) -> None:
            if len(list(folder.glob("*.safetensors"))) >= MOST_SAVED:
                raise Refused("run_networks_full", f"There are {MOST_SAVED} saved networks; remove one first.")
            if any((one / f"{name}.safetensors").exists() for one in (folder, training.options.checkpoints)):
                raise Refused("run_name_taken", f"There is a network called {name} already; choose another name.")
            runs.save(id, step, name, folder, twin=twin)

        await training.call(work)
        await training.status.refresh(training.batcher)
        return {"name": name}

    def plain(name: str) -> Callable:
        async def work(values: dict) -> dict:
            await training.call(lambda runs: getattr(runs, name)(_id(values)))
            return {"id": _id(values)}

        return work

    actions = {"start": start, "reset": reset, "rate": rate, "rename": rename, "save": save}
    return actions | {name: plain(name) for name in ("pause", "resume", "step", "stop", "delete")}


def _add_driving(app: FastAPI, training: TrainingService) -> None:
    def route(name: str, action: Callable) -> None:
        async def posted(request: Request):
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
    async def export(id: str, kind: Annotated[str, Query(alias="format")] = "json"):
        try:
            text = await training.call(run_log.exported, id, kind)
        except ValueError as error:
            return _refuse(error)
        media = {"csv": "text/csv", "json": "application/json"}[kind]
        return Response(
            text, media_type=media, headers={**FILE, "Content-Disposition": f'attachment; filename="{id}.{kind}"'}
        )

    @app.get("/stn/train/download")
    async def download(id: str, step: str = "latest", twin: bool = False):
        name = f"{id}-{step}{'-twin' if twin else ''}"

        def work(runs) -> bytes:
            with tempfile.TemporaryDirectory() as folder:
                return Path(runs.save(id, _step({"step": step}), name, folder, twin=twin)).read_bytes()

        try:
            data = await training.call(work)
        except (ValueError, OSError) as error:
            return _refuse(error)
        headers = {**FILE, "Content-Disposition": f'attachment; filename="{name}.safetensors"'}
        return Response(data, media_type="application/octet-stream", headers=headers)

    @app.post("/stn/train/replay")
    async def replay(request: Request):
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


async def _posted(request: Request, training: TrainingService, name: str) -> dict:
    """The JSON object of a POST, if it may be asked at all."""
    closed = training.closed_for(request.scope)
    if closed is not None and name not in WATCHERS:
        raise Refused(f"train_{closed}", CLOSED[closed])
    text = await http.body(request, MOST_BODY)
    return parse(text)


def _refuse(error: Exception, **more) -> JSONResponse:
    return http.answer({"error": _described(error), **more})


def _described(error: Exception) -> dict:
    """The sentence of a RunError, StateError, Refused or of settings that do not fit each other."""
    if isinstance(error, OSError):
        error = RunError("disk_other", **why(error))
    about = {"code": getattr(error, "code", "run_settings"), "message": str(error)}
    if isinstance(error, RunError):
        about |= {"code": f"run_{error.code}", "kind": error.kind, "values": error.values}
    return about


def _id(values: dict) -> str:
    return _text(values, "id")


def _text(values: dict, name: str) -> str:
    value = values.get(name)
    if not isinstance(value, str) or len(value) > LONGEST_CHECKPOINT:
        raise Refused("bad_request", f"{name} is not a text of at most {LONGEST_CHECKPOINT} characters.")
    return value.strip()


def _step(values: dict) -> int | str:
    step = values.get("step", "latest")
    if step == "latest":
        return step
    if not isinstance(step, (int, str)) or isinstance(step, bool) or not str(step).isdecimal() or len(str(step)) > 9:
        raise Refused("bad_request", 'step is the number of a snapshot, or "latest".')
    return int(step)


def _number(values: dict, name: str, least: float, most: float) -> float:
    value = values.get(name)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not least <= value <= most:
        raise Refused("bad_request", f"{name} is a number from {least:g} to {most:g}.")
    return value


@functools.cache
def _plotly() -> tuple[str, bytes, bytes]:
    """Plotly's script as the plotly package brings it: its tag, its text, the same packed."""
    package = Path(importlib.util.find_spec("plotly").origin).parent  # found without importing it
    plain = (package / "package_data" / "plotly.min.js").read_bytes()
    version = importlib.metadata.version("plotly")
    return f'"{version}"', plain, gzip.compress(plain, 6)
