"""The routes of the Explore page: ready digits, pictures, links, exports."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Annotated

from fastapi import FastAPI, Query, Request
from fastapi.responses import JSONResponse

from .. import http
from ..live.batcher import Batcher
from ..live.request import RequestError, parse, read_request, read_state
from ..status import Status
from .pictures import Pictures

MOST_PICTURE = 20 * 1024 * 1024  # bytes of an upload
MOST_NETWORK = 64 << 20  # bytes, as checkpoints.LARGEST_FILE


def add(app: FastAPI, batcher: Batcher, pictures: Pictures, status: Status) -> None:
    """Add the routes."""
    _add_network(app, batcher, status)

    async def sampled(ask: Callable) -> JSONResponse:
        side = await batcher.ready()
        return JSONResponse(await asyncio.to_thread(ask, side.samples))

    @app.get("/stn/strip")
    async def strip():
        return await sampled(lambda samples: samples.strip())

    @app.get("/stn/random")
    async def random_digit(kind: Annotated[str, Query(alias="set")] = "handwriting"):
        return await sampled(lambda samples: samples.random(kind))

    @app.get("/stn/ready")
    async def ready(name: str = ""):
        absent = {"error": {"code": "no_digit", "message": "There is no digit of this name on this machine."}}
        return await sampled(lambda samples: samples.named(name) or absent)

    @app.get("/stn/draw")
    async def draw(distortion: str = "r"):
        return http.answer((await batcher.ready()).answers.random_pose(distortion))

    @app.post("/stn/picture")
    async def picture(request: Request, raw: bool = False):
        http.check_origin(request)
        data = await http.body(request, MOST_PICTURE)
        if data is None:
            return http.refuse(
                "too_large_bytes", f"The file is larger than {MOST_PICTURE >> 20} MB; give a smaller picture."
            )
        try:
            digit = await pictures.read(data, raw)
        except ValueError as error:
            return http.refuse(getattr(error, "code", "broken"), str(error))
        return {"digit": (await batcher.ready()).codec.as_base64(digit), "label": None}

    @app.post("/stn/link")
    async def link(request: Request):
        http.check_origin(request)
        text = await http.body(request, 256 * 1024)
        try:
            values = parse(text if text is not None else b" " * (257 * 1024))
            valid = read_state(values, batcher.defaults)
            await batcher.run(
                lambda engine: [engine.networks.get(valid[name]) for name in ("model", "twin") if valid[name]]
            )
            return {"state": valid, "problem": None}
        except RequestError as error:
            default = read_state({}, batcher.defaults)
            return {"state": default, "problem": {"code": error.code, "message": str(error)}}

    async def precise(request: Request, work: Callable) -> JSONResponse:
        http.check_origin(request)
        try:
            text = await http.body(request, 256 * 1024)
            asked = read_request(parse(text if text is not None else b" " * (257 * 1024)), batcher.defaults)
            return JSONResponse(await batcher.run(partial(work, asked)))
        except ValueError as error:
            return http.refuse(getattr(error, "code", "bad_request"), str(error))

    @app.post("/stn/export")
    async def export(request: Request):
        return await precise(request, (await batcher.ready()).answers.export)

    @app.post("/stn/code")
    async def code(request: Request):
        return await precise(request, (await batcher.ready()).answers.code)


def _add_network(app: FastAPI, batcher: Batcher, status: Status) -> None:
    """The route for a checkpoint of one's own."""

    @app.post("/stn/network")
    async def network(request: Request):
        data = await http.body(request, MOST_NETWORK)
        if data is None:
            return http.refuse("network_too_large", f"A checkpoint has at most {MOST_NETWORK >> 20} MB.")
        try:
            name = await batcher.run(lambda engine: engine.networks.add(data))
        except (ValueError, OSError) as error:
            return http.refuse("broken_model", str(error))
        await status.refresh(batcher)
        return {"name": name}
