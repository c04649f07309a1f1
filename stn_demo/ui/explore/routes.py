"""The routes of the Explore page: ready digits, pictures, links, exports."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Annotated

from fastapi import FastAPI, Query, Request
from fastapi.responses import JSONResponse

from .. import http
from ..live import request as live_request
from ..live.batcher import Batcher
from ..live.request import RequestError, parse, read_request, read_state
from ..options import Options
from ..status import Status
from .pictures import Pictures

MOST_PICTURE = 20 * 1024 * 1024  # bytes of an upload
MOST_NETWORK = 64 << 20  # bytes, as checkpoints.LARGEST_FILE


def add(app: FastAPI, options: Options, batcher: Batcher, pictures: Pictures, status: Status) -> None:
    """Add the routes."""
    _add_network(app, batcher, status)
    samples: list = []

    async def sampled(ask: Callable) -> JSONResponse:
        def work():
            from ..live.samples import Samples

            if not samples:
                samples.append(Samples(options.data))
            return ask(samples[0])

        await batcher.ready()
        return JSONResponse(await asyncio.to_thread(work))

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
        await batcher.ready()
        return http.answer(await asyncio.to_thread(_draw, distortion))

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
        return {"digit": await asyncio.to_thread(_as_base64, digit), "label": None}

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
        return await precise(request, _export)

    @app.post("/stn/code")
    async def code(request: Request):
        return await precise(request, _code)


def _export(asked: live_request.Request, engine) -> dict:
    frame, _, model = engine.frame(asked)
    return {
        "model": asked.model,
        "transform": model.config.transform if frame.theta else None,
        "convention": "theta and grid map output to input; (x, y) in [-1, 1], edges at -1 and 1 (align_corners=False)",
        "pose": asked.pose,
        "theta": frame.theta,
        "predicted_theta": frame.predicted,
        "grid": frame.grid.tolist(),
        "probabilities": frame.probs.tolist(),
    }


def _code(asked: live_request.Request, engine) -> dict:
    from .snippet import snippet

    frame, scene, model = engine.frame(asked)
    return {"code": snippet(asked, scene, model, frame)}


def _draw(name: str) -> dict:
    import dataclasses
    import random

    from ...data.distortions import DISTORTIONS, draw_pose

    if name not in DISTORTIONS:
        return {"error": {"code": "bad_request", "message": f"Choose one of {', '.join(DISTORTIONS)}."}}
    return {"pose": dataclasses.asdict(draw_pose(DISTORTIONS[name], random.Random()))}


def _as_base64(digit) -> str:
    from ..live.codec import as_base64

    return as_base64(digit)


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
