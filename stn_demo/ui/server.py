"""The app: Gradio's page and our own lean routes beside it, on one port.

Importing this loads Gradio but not torch: torch comes in the engine's thread while the page is already up.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path

import gradio as gr
from fastapi import FastAPI, Request, WebSocket, WebSocketDisconnect
from fastapi.responses import JSONResponse, Response
from fastapi.staticfiles import StaticFiles

from ..child import Child
from . import guard, page, results_routes, state, training_routes
from .live import Live
from .options import Options
from .status import Status
from .training_desk import Training

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


def build_app(options: Options, spare: Child | None = None) -> FastAPI:
    """The whole application, ready for uvicorn. ``spare``: the process that is to train the first run."""
    names = options.model_names()
    live = Live(page.defaults(names))
    status = Status(options)
    training = Training(options, live, status, spare)

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI):
        loading = asyncio.create_task(_load(options, live, status, training))
        yield
        loading.cancel()
        status.close()
        await asyncio.to_thread(training.close)

    app = FastAPI(lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    app.mount("/stn/stage", Files(directory=HERE / "stage"))
    app.mount("/stn/strings", Files(directory=HERE / "strings"))
    training_routes.add(app, training)
    app.mount("/stn/train", Files(directory=HERE / "train"))
    results_routes.add(app, options, live)
    app.mount("/stn/results", Files(directory=HERE / "results"))
    _add_channel(app, live, status)
    _add_questions(app, options, live)
    blocks = page.build(options, live, status)
    # Gradio checks the paths that a request names only for Blocks that have been launched; mounting them does not count
    # as launching, so without this line a stranger could read any file of the server.
    blocks.has_launched = True
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


async def _load(options: Options, live: Live, status: Status, training: Training) -> None:
    """Bring the engine up beside the page, and say how it goes."""

    def make():
        from .engine import Engine
        from .shelf import Shelf

        engine = Engine(Shelf(options.checkpoints, options.uploads, training.open()))
        engine.shelf.warm(live.defaults)
        return engine

    try:
        await asyncio.to_thread(status.prepare)
        await live.load(make)
        gc.collect()
        gc.freeze()  # torch and Gradio are a million objects: looking through them again is a pause of many frames
        await status.loaded(live)
    except asyncio.CancelledError:
        raise
    except Exception as error:
        log.exception("The engine could not be loaded")
        status.failed(str(error))


def _add_channel(app: FastAPI, live: Live, status: Status) -> None:
    @app.websocket("/stn/live")
    async def channel(socket: WebSocket):
        if not guard.same_origin(socket.headers):
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
        return guard.answer(await asyncio.to_thread(_draw, distortion))

    @app.post("/stn/picture")
    async def picture(request: Request, raw: bool = False):
        guard.check_origin(request)
        data = await guard.body(request, MOST_PICTURE)
        if data is None:
            return guard.refuse(
                "too_large_bytes", f"The file is larger than {MOST_PICTURE >> 20} MB; give a smaller picture."
            )
        await live.ready()
        async with decoding:
            return guard.answer(await asyncio.to_thread(_read_picture, data, raw))

    @app.post("/stn/link")
    async def link(request: Request):
        guard.check_origin(request)
        text = await guard.body(request, 256 * 1024)
        try:
            values = state.parse(text if text is not None else b" " * (257 * 1024))
            valid = state.read_state(values, live.defaults)
            await live.run(lambda engine: [engine.shelf.get(valid[name]) for name in ("model", "twin") if valid[name]])
            return {"state": valid, "problem": None}
        except state.StateError as error:
            default = state.read_state({}, live.defaults)
            return {"state": default, "problem": {"code": error.code, "message": str(error)}}

    async def precise(request: Request, work: Callable) -> JSONResponse:
        guard.check_origin(request)
        try:
            text = await guard.body(request, 256 * 1024)
            asked = state.read_request(state.parse(text if text is not None else b" " * (257 * 1024)), live.defaults)
            return JSONResponse(await live.run(partial(work, asked)))
        except ValueError as error:
            return guard.refuse(getattr(error, "code", "bad_request"), str(error))

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
