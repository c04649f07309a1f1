"""The fallback for a live page without a connection: the data of the browser's worker, which a separate process writes once to
a folder, and the routes that serve it. The page requests it when its connection is lost or the server is overloaded, and, if it is
already written, while the visitor changes nothing.
"""

from __future__ import annotations

import asyncio
import hashlib
import importlib.metadata
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import FileResponse, JSONResponse, Response
from fastapi.staticfiles import StaticFiles

from ...names import CHECKPOINT
from .. import http
from ..live.batcher import Batcher
from ..rate import Rate
from . import runtime

PACKAGE = Path(__file__).resolve().parents[2]
KEPT = Path.home() / ".cache" / "stn_demo" / "worker"
WRITER = f"{__package__}.spare_files"  # by name: it loads torch, in its own process
RATE, BURST = 0.5, 20  # networks and weights per second of one visitor, and how many at once
PREPARING = {"error": {"code": "preparing", "message": "The networks are being exported for the browser."}}


class Spare:
    """``given``: the folder of the runtime, see ``runtime.known``; without a runtime there are no routes, and a page whose
    connection is lost waits for it."""

    def __init__(self, given: Path | None, checkpoints: Path):
        self.runtime, self.checkpoints, self.given = runtime.known(given), checkpoints, given is not None
        self.folder = KEPT / _key(checkpoints)
        self._writing: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()

    def start(self) -> None:
        """Write the data unless it is there or being written."""
        with self._lock:  # two visitors may ask at the same moment
            if self.complete or self._writing is not None:  # a process that failed has logged the reason; no second try
                return
            command = [sys.executable, "-m", WRITER, str(self.folder), str(self.checkpoints), str(self.runtime)]
            self._writing = subprocess.Popen(command, cwd=PACKAGE.parent)

    @property
    def complete(self) -> bool:
        return (self.folder / "complete").is_file()

    def close(self) -> None:
        if self._writing is not None and self._writing.poll() is None:
            self._writing.terminate()
            self._writing.wait(10)

    def add(self, app: FastAPI, batcher: Batcher) -> None:
        """Add the routes below /stn/local: the worker, the runtime's two files, the data, and the networks of visitors and runs."""
        if self.runtime is None:

            @app.get("/stn/local/data/index.json")
            async def nothing(quiet: bool = False) -> Response:
                return JSONResponse(None, status_code=200 if quiet else 404)

            return
        self._add_networks(app, batcher)
        program_folder = self.runtime

        @app.get("/stn/local/runtime/{name}")
        async def program(name: str, request: Request) -> Response:
            if name not in runtime.FILES:
                return Response(status_code=404)
            packed = self.folder / f"{name}.gz"
            headers = {"Cache-Control": http.FOREVER, "Vary": "Accept-Encoding"}
            kind = "application/wasm" if name.endswith(".wasm") else "text/javascript"
            if packed.is_file() and "gzip" in request.headers.get("accept-encoding", ""):
                return FileResponse(packed, media_type=kind, headers={**headers, "Content-Encoding": "gzip"})
            return FileResponse(program_folder / name, media_type=kind, headers=headers)

        @app.get("/stn/local/data/index.json")
        async def index(quiet: bool = False) -> Response:
            """``quiet``: a page that still has its connection asks, so nothing is exported for it."""
            path = self.folder / "index.json"
            if path.is_file() and (self.complete or not quiet):
                return FileResponse(path, headers={"Cache-Control": "no-cache"})
            if quiet:
                return JSONResponse(None)
            await asyncio.to_thread(self.start)
            if self._writing is not None and self._writing.poll():
                return Response(status_code=404)
            return JSONResponse(PREPARING, status_code=503, headers={"Cache-Control": "no-store", "Retry-After": "3"})

        app.mount("/stn/local/data", StaticFiles(directory=self.folder, check_dir=False))
        app.mount("/stn/local/static", StaticFiles(directory=Path(__file__).parent / "static"))
        if self.given:
            self.start()  # the folder was given with --runtime: do not wait for the first request

    def _add_networks(self, app: FastAPI, batcher: Batcher) -> None:
        opening, rate = asyncio.Semaphore(1), Rate(RATE, BURST)

        async def found(request: Request, name: str, work: Callable[..., Any], *more: Path) -> Any:
            visitor = request.scope["visitor"]
            if not CHECKPOINT.fullmatch(name) or not rate.allows(visitor):
                return None
            kept = (await batcher.ready()).engine.networks
            async with opening:  # reading a file takes longer than a frame
                return await asyncio.to_thread(work, kept, name, visitor, *more)

        @app.get("/stn/local/network")
        async def network(request: Request, name: str) -> Response:
            entry = await found(request, name, (await batcher.ready()).at_hand.entry, self.folder)
            return JSONResponse(entry, headers={"Cache-Control": "no-store"})

        @app.get("/stn/local/weights")
        async def weights(request: Request, name: str) -> Response:
            content = await found(request, name, (await batcher.ready()).at_hand.weights)
            return Response(content, media_type="application/octet-stream") if content else Response(status_code=404)


def _key(checkpoints: Path) -> str:
    """Names a folder by all that its content depends on: the checkpoints, this package's sources, and torch."""
    digest = hashlib.sha256(f"{importlib.metadata.version('torch')} {checkpoints.resolve()}".encode())
    for path in sorted(checkpoints.glob("*.safetensors")):
        digest.update(f"{path.name} {path.stat().st_size} {path.stat().st_mtime_ns}".encode())
    for path in sorted(
        part for name in ("analysis", "data", "model", "training", "ui/local") for part in (PACKAGE / name).glob("*.py")
    ):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:24]
