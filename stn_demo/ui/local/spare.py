"""The fallback for a live page without a connection: the data of the browser's worker, which a separate process writes once to
a folder, and the routes that serve it. The page requests it only when its connection is lost or the server is overloaded.
"""

from __future__ import annotations

import asyncio
import hashlib
import importlib.metadata
import subprocess
import sys
import threading
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.responses import FileResponse, JSONResponse, Response
from fastapi.staticfiles import StaticFiles

from .. import http
from . import runtime

PACKAGE = Path(__file__).resolve().parents[2]
KEPT = Path.home() / ".cache" / "stn_demo" / "worker"
WRITER = f"{__package__}.spare_files"  # by name: it loads torch, in its own process
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

    def add(self, app: FastAPI) -> None:
        """Add the routes below /stn/local: the worker, the runtime's two files, and the data."""
        if self.runtime is None:
            return
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
        async def index() -> Response:
            path = self.folder / "index.json"
            if path.is_file():
                return FileResponse(path, headers={"Cache-Control": "no-cache"})
            await asyncio.to_thread(self.start)
            if self._writing is not None and self._writing.poll():
                return Response(status_code=404)
            return JSONResponse(PREPARING, status_code=503, headers={"Cache-Control": "no-store", "Retry-After": "3"})

        app.mount("/stn/local/data", StaticFiles(directory=self.folder, check_dir=False))
        app.mount("/stn/local/static", StaticFiles(directory=Path(__file__).parent / "static"))
        if self.given:
            self.start()  # the folder was given with --runtime: do not wait for the first request


def _key(checkpoints: Path) -> str:
    """Names a folder by all that its content depends on: the checkpoints, this package's sources, and torch."""
    digest = hashlib.sha256(f"{importlib.metadata.version('torch')} {checkpoints.resolve()}".encode())
    for path in sorted(checkpoints.glob("*.safetensors")):
        digest.update(f"{path.name} {path.stat().st_size} {path.stat().st_mtime_ns}".encode())
    for path in sorted(
        part for name in ("analysis", "data", "model", "ui/local") for part in (PACKAGE / name).glob("*.py")
    ):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:24]
