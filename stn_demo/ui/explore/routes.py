"""The routes of the Explore page: ready digits, pictures, links, exports."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import FastAPI, Query, Request
from fastapi.responses import JSONResponse
from starlette.types import Scope

from ...limits import LARGEST_PICTURE, LARGEST_REQUEST, LARGEST_UPLOADED_NETWORK
from ...names import CHECKPOINT
from .. import http
from ..live.batcher import Batcher
from ..live.request import RequestError, parse, read_request, read_state
from ..status import Status
from .pictures import Pictures

if TYPE_CHECKING:
    from ..live.networks import Networks  # loads torch
    from ..live.samples import Samples  # likewise


def add(app: FastAPI, batcher: Batcher, pictures: Pictures, status: Status, may_train: Callable[[Scope], bool]) -> None:
    """Add the routes. ``may_train(scope)``: whether the visitor may train."""
    _add_network(app, batcher, status, may_train)
    _add_digits(app, batcher, pictures)

    @app.post("/stn/link", response_model=None)
    async def link(request: Request) -> dict[str, Any]:
        text = await http.body(request, LARGEST_REQUEST)
        try:
            values = parse(text)
            valid = read_state(values, batcher.defaults)
            await batcher.run(
                lambda engine: [engine.networks.get(valid[name]) for name in ("model", "twin") if valid[name]]
            )
            return {"state": valid, "problem": None}
        except RequestError as error:
            default = read_state({}, batcher.defaults)
            return {"state": default, "problem": {"code": error.code, "message": str(error)}}

    async def precise(request: Request, work: Callable[..., dict[str, Any]]) -> JSONResponse:
        try:
            text = await http.body(request, LARGEST_REQUEST)
            asked = read_request(parse(text), batcher.defaults)
            return JSONResponse(await batcher.run(partial(work, asked)))
        except ValueError as error:
            return http.refuse(getattr(error, "code", "bad_request"), str(error))

    @app.post("/stn/export")
    async def export(request: Request) -> JSONResponse:
        return await precise(request, (await batcher.ready()).answers.export)

    @app.post("/stn/code")
    async def code(request: Request) -> JSONResponse:
        return await precise(request, (await batcher.ready()).answers.code)


def _add_digits(app: FastAPI, batcher: Batcher, pictures: Pictures) -> None:
    """The routes for ready digits, random poses and uploaded pictures."""

    async def sampled(ask: Callable[[Samples], dict[str, Any]]) -> JSONResponse:
        side = await batcher.ready()
        return JSONResponse(await asyncio.to_thread(ask, side.samples))

    @app.get("/stn/strip")
    async def strip() -> JSONResponse:
        return await sampled(lambda samples: samples.strip())

    @app.get("/stn/random")
    async def random_digit(kind: Annotated[str, Query(alias="set")] = "handwriting") -> JSONResponse:
        return await sampled(lambda samples: samples.random(kind))

    @app.get("/stn/ready")
    async def ready(name: str = "") -> JSONResponse:
        absent = {"error": {"code": "no_digit", "message": "There is no digit of this name on this machine."}}
        return await sampled(lambda samples: samples.named(name) or absent)

    @app.get("/stn/draw")
    async def draw(distortion: str = "r") -> JSONResponse:
        return http.answer((await batcher.ready()).answers.random_pose(distortion))

    @app.post("/stn/picture")
    async def picture(request: Request, raw: bool = False, box: str | None = None, model: str = "") -> JSONResponse:
        data = await http.body(request, LARGEST_PICTURE)
        if data is None:
            return http.refuse(
                "too_large_bytes", f"The file is larger than {LARGEST_PICTURE >> 20} MB; give a smaller picture."
            )
        try:
            answer = await pictures.in_colour(data, model) if CHECKPOINT.fullmatch(model) and not box else None
            answer = answer or await (pictures.raw(data) if raw else pictures.find(data, box))
        except ValueError as error:
            return http.refuse(getattr(error, "code", "broken"), str(error))
        return http.answer({"label": None, **answer})


def _add_network(app: FastAPI, batcher: Batcher, status: Status, may_train: Callable[[Scope], bool]) -> None:
    """The routes for the visitor's own checkpoints: upload, list, remove. Visitors who may train (``may_train(scope)``) can
    also remove networks that were saved from runs."""
    opening = asyncio.Semaphore(1)

    async def networks() -> Networks:
        return (await batcher.ready()).engine.networks

    @app.get("/stn/network", response_model=None)
    async def own_networks(request: Request) -> dict[str, Any]:
        kept = await networks()
        saved = await asyncio.to_thread(kept.saved_names) if may_train(request.scope) else []
        own = await asyncio.to_thread(kept.private.names, request.scope["visitor"])
        return {"own": own, "saved": saved}

    @app.post("/stn/network", response_model=None)
    async def send(request: Request) -> dict[str, Any] | JSONResponse:
        data = await http.body(request, LARGEST_UPLOADED_NETWORK)
        if data is None:
            return http.refuse("network_too_large", f"A checkpoint has at most {LARGEST_UPLOADED_NETWORK >> 20} MB.")
        kept = await networks()
        try:
            async with opening:
                name = await asyncio.to_thread(kept.private.add, data, request.scope["visitor"])
        except (ValueError, OSError) as error:
            return http.refuse("broken_model", str(error))
        return {"name": name}

    @app.post("/stn/network/remove", response_model=None)
    async def remove(request: Request) -> dict[str, Any] | JSONResponse:
        text = await http.body(request, 4096)
        try:
            name = parse(text if text is not None else b"").get("name")
        except RequestError as error:
            return http.refuse(error.code, str(error))
        kept, gone = await networks(), False
        if isinstance(name, str) and CHECKPOINT.fullmatch(name):
            gone = await asyncio.to_thread(kept.private.remove, name, request.scope["visitor"])
            if not gone and may_train(request.scope):
                gone = await asyncio.to_thread(kept.remove, name)
        if not gone:
            return http.refuse("unknown_model", "There is no network of this name that you may remove.")
        await status.refresh(batcher)
        return {"name": name}
