"""The app: Gradio's page and our own routes, on one port.

Importing this module loads Gradio but not torch: torch is loaded in the engine's thread while the page is already up.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import gradio as gr
from fastapi import FastAPI
from fastapi.responses import Response
from fastapi.staticfiles import StaticFiles
from starlette.types import Scope

from ..limits import LARGEST_PICTURE
from ..runs.process import WorkerProcess
from . import foot, head, heap, page
from .explore import api, qr
from .explore import routes as explore_routes
from .explore.mcp_route import Assistants
from .explore.pictures import Pictures
from .gate import uploads as upload_routes
from .gate.gate import Gate
from .gate.hosts import Hosts
from .gate.uploads import Uploads, make_folder
from .gate.visitors import Visitors
from .live import socket
from .live.batcher import Batcher
from .live.process import EngineProcess
from .local.spare import Spare
from .options import Options
from .results import routes as results_routes
from .status import Status
from .train import routes as train_routes
from .train.service import TrainingService

if TYPE_CHECKING:
    from .torch_side import TorchSide  # loads torch

log = logging.getLogger(__name__)
HERE = Path(__file__).parent
STATIC = ("shared", "strings", *(f"{name}/static" for name in page.PAGES))  # the only folders that are served


class Files(StaticFiles):
    """Static files that a browser revalidates each time, so that a new version is never mixed with an old one."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "no-cache"
        return response


def build_app(options: Options, spare: WorkerProcess | None = None, visitors: Visitors | None = None) -> FastAPI:
    """The whole application, ready for uvicorn. ``spare``: the process for the first run; ``visitors``: knows the
    owner's token.
    """
    visitors = visitors or Visitors(options.port)
    names = options.model_names()
    defaults = page.defaults(names)
    batcher = Batcher(defaults, lambda: EngineProcess(options.checkpoints, options.uploads, defaults))
    pictures = Pictures(batcher)
    uploads = Uploads(make_folder())
    status = Status(options)
    training = TrainingService(options, batcher, status, spare)
    without = Spare(options.runtime, options.checkpoints)
    assistants = Assistants(batcher, pictures) if options.mcp else None

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        loading = asyncio.create_task(_load(options, batcher, status, training))
        sweeping = asyncio.create_task(uploads.swept())
        trimming = asyncio.create_task(heap.trimmed())
        async with assistants.running() if assistants is not None else contextlib.nullcontext():
            yield
        loading.cancel()
        sweeping.cancel()
        trimming.cancel()
        await asyncio.to_thread(batcher.close)
        await asyncio.to_thread(training.close)
        await asyncio.to_thread(without.close)

    app = FastAPI(lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    train_routes.add(app, training)
    results_routes.add(app, batcher)
    explore_routes.add(app, batcher, pictures, status, lambda scope: training.closed_for(scope) is None)
    qr.add(app, options)
    foot.add(app)
    upload_routes.add(app, uploads)
    socket.add(app, batcher, status)
    without.add(app, batcher)
    if assistants is not None:
        assistants.add(app)
    for folder in STATIC:  # a file's address equals its path in this package, so that relative imports work
        app.mount(f"/stn/{folder}", Files(directory=HERE / folder))
    blocks = page.build(options, batcher, pictures, uploads.folder)
    # Gradio checks the paths in a request only for Blocks that have been launched, and mounting does not count as
    # launching. Without this line any visitor could read any file of the server.
    blocks.has_launched = True
    app.add_middleware(head.Head, language=options.language)
    app.add_middleware(
        Gate,
        uploads=uploads.folder,
        function=lambda: api.number(blocks),
        hosts=Hosts(options.host, options.allow_host, options.allow_frame),
        visitors=visitors,
        prefix=options.prefix,
    )
    return _mounted(app, blocks, options)


def _mounted(app: FastAPI, blocks: gr.Blocks, options: Options) -> FastAPI:
    """``app`` with Gradio's page at its root."""
    return gr.mount_gradio_app(
        app,
        blocks,
        path="/",
        root_path=options.root_path,
        server_name=options.host,
        server_port=options.port,
        footer_links=[],
        run_history=False,
        ssr_mode=False,
        enable_monitoring=False,
        max_file_size=LARGEST_PICTURE,
        theme=page.theme(),
        css=page.CSS,
        head=page.HEAD,
    )


async def _load(options: Options, batcher: Batcher, status: Status, training: TrainingService) -> None:
    """Load the engine while the page is already up, and report the progress."""

    def make() -> TorchSide:
        from .torch_side import TorchSide  # noqa: PLC0415 (loads torch, while the page is already up)

        return TorchSide(options, batcher, training.spare)

    try:
        await batcher.load(make)
        gc.collect()
        gc.freeze()  # torch and Gradio create a million objects; collecting among them would delay many frames
        await status.refresh(batcher)
        await training.train_first(status)
    except asyncio.CancelledError:
        raise
    except Exception as error:
        log.exception("The engine could not be loaded")
        status.failed(str(error))
