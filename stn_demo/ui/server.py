"""The app: Gradio's page and our own lean routes beside it, on one port.

Importing this loads Gradio but not torch: torch comes in the engine's thread while the page is already up.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import gradio as gr
from fastapi import FastAPI, HTTPException, Request, WebSocket, WebSocketDisconnect
from fastapi.responses import JSONResponse, Response
from fastapi.staticfiles import StaticFiles

from . import page, state
from .live import Live
from .options import Options
from .status import Status

log = logging.getLogger(__name__)
HERE = Path(__file__).parent
MOST_PICTURE = 20 * 1024 * 1024  # bytes of an upload
MOST_VISITORS = 500  # open channels
MOST_PICTURES_AT_ONCE = 2


class Files(StaticFiles):
    """Static files that a browser asks about each time, so that a new version is never mixed with an old one."""

    async def get_response(self, path, scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "no-cache"
        return response


def build_app(options: Options) -> FastAPI:
    """The whole application, ready for uvicorn."""
    names = options.model_names()
    live = Live(page.defaults(names))
    status = Status(options)

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI):
        loading = asyncio.create_task(_load(options, live, status))
        yield
        loading.cancel()
        status.close()

    app = FastAPI(lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    app.mount("/stn/stage", Files(directory=HERE / "stage"))
    app.mount("/stn/strings", Files(directory=HERE / "strings"))
    _add_channel(app, live, status)
    _add_questions(app, options, live)
    blocks = page.build(options, live, status)
    return gr.mount_gradio_app(
        app,
        blocks,
        path="/",
        root_path=options.root_path,
        server_name=options.host,
        server_port=options.port,
        footer_links=["api"],
        run_history=False,
        ssr_mode=False,
        enable_monitoring=False,
        max_file_size=MOST_PICTURE,
        theme=page.theme(),
        css=page.CSS,
        head=page.HEAD,
    )


async def _load(options: Options, live: Live, status: Status) -> None:
    """Bring the engine up beside the page, and say how it goes."""

    def make():
        from .engine import Engine
        from .shelf import Shelf

        engine = Engine(Shelf(options.checkpoints, options.uploads))
        engine.shelf.warm(live.defaults)
        return engine

    try:
        await asyncio.to_thread(status.prepare)
        await live.load(make)
        await status.loaded(live)
    except asyncio.CancelledError:
        raise
    except Exception as error:
        log.exception("The engine could not be loaded")
        status.failed(str(error))


def _add_channel(app: FastAPI, live: Live, status: Status) -> None:
    @app.websocket("/stn/live")
    async def channel(socket: WebSocket):
        if not _same_origin(socket.headers):
            await socket.close(1008, "Open the page itself.")
            return
        if len(status.sockets) >= MOST_VISITORS:
            await socket.close(1013, "Too many visitors at this moment.")
            return
        await socket.accept()
        status.sockets.add(socket)
        try:
            await socket.send_text(status.text())
            while True:
                answer = await live.answer(await socket.receive_text())
                await (socket.send_bytes(answer) if isinstance(answer, bytes) else socket.send_text(answer))
        except (WebSocketDisconnect, RuntimeError, KeyError):  # gone, or sent bytes where text was due
            pass
        finally:
            status.sockets.discard(socket)


def _add_questions(app: FastAPI, options: Options, live: Live) -> None:
    decoding = asyncio.Semaphore(MOST_PICTURES_AT_ONCE)
    samples: list = []

    async def sampled(ask: Callable) -> JSONResponse:
        def work():
            from .samples import Samples

            if not samples:
                samples.append(Samples(options.data))
            return ask(samples[0])

        await live.ready()
        return JSONResponse(await asyncio.to_thread(work))

    @app.get("/stn/strip")
    async def strip():
        return await sampled(lambda samples: samples.strip())

    @app.get("/stn/random")
    async def random_digit(set: str = "handwriting"):
        return await sampled(lambda samples: samples.random(set))

    @app.get("/stn/draw")
    async def draw(distortion: str = "r"):
        await live.ready()
        return _answer(await asyncio.to_thread(_draw, distortion))

    @app.post("/stn/picture")
    async def picture(request: Request, raw: bool = False):
        _check_origin(request)
        data = await _body(request, MOST_PICTURE)
        if data is None:
            return _refuse("too_large_bytes", f"The file is larger than {MOST_PICTURE >> 20} MB; give a smaller picture.")
        await live.ready()
        async with decoding:
            return _answer(await asyncio.to_thread(_read_picture, data, raw))

    @app.post("/stn/link")
    async def link(request: Request):
        _check_origin(request)
        text = await _body(request, 256 * 1024)
        try:
            values = state.parse(text if text is not None else b" " * (257 * 1024))
            valid = state.read_state(values, live.defaults)
            await live.run(lambda engine: [engine.shelf.get(valid[name]) for name in ("model", "twin") if valid[name]])
            return {"state": valid, "problem": None}
        except state.StateError as error:
            default = state.read_state({}, live.defaults)
            return {"state": default, "problem": {"code": error.code, "message": str(error)}}

    async def precise(request: Request, work: Callable) -> JSONResponse:
        _check_origin(request)
        try:
            text = await _body(request, 256 * 1024)
            asked = state.read_request(state.parse(text if text is not None else b" " * (257 * 1024)), live.defaults)
            return JSONResponse(await live.run(partial(work, asked)))
        except ValueError as error:
            return _refuse(getattr(error, "code", "bad_request"), str(error))

    @app.post("/stn/export")
    async def export(request: Request):
        return await precise(request, _export)

    @app.post("/stn/code")
    async def code(request: Request):
        return await precise(request, _code)


def _export(asked: state.Request, engine) -> dict:
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


def _code(asked: state.Request, engine) -> dict:
    from .snippet import snippet

    frame, scene, model = engine.frame(asked)
    return {"code": snippet(asked, scene, model, frame)}


def _draw(name: str) -> dict:
    import dataclasses
    import random

    from ..data.distortions import DISTORTIONS, draw_pose

    if name not in DISTORTIONS:
        return {"error": {"code": "bad_request", "message": f"Choose one of {', '.join(DISTORTIONS)}."}}
    return {"pose": dataclasses.asdict(draw_pose(DISTORTIONS[name], random.Random()))}


def _read_picture(data: bytes, raw: bool) -> dict:
    from ..data import picture
    from .engine import as_base64

    try:
        return {"digit": as_base64(picture.read(data, raw=raw)), "label": None}
    except picture.PictureError as error:
        return {"error": {"code": error.code, "message": str(error)}}


def _answer(values: dict) -> JSONResponse:
    return JSONResponse(values, status_code=400 if "error" in values else 200)


def _refuse(code: str, message: str) -> JSONResponse:
    return _answer({"error": {"code": code, "message": message}})


async def _body(request: Request, most: int) -> bytes | None:
    """The body, or None where it is larger than ``most`` bytes; never holds more than that."""
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size <= most:
            chunks.append(chunk)
        elif size > 4 * most:
            raise HTTPException(413)
    return b"".join(chunks) if size <= most else None


def _same_origin(headers) -> bool:
    """Whether a browser's request comes from this very page; other programs send no Origin."""
    origin = headers.get("origin")
    return origin is None or urlsplit(origin).netloc in (headers.get("host"), headers.get("x-forwarded-host"))


def _check_origin(request: Request) -> None:
    if not _same_origin(request.headers):
        raise HTTPException(403)
