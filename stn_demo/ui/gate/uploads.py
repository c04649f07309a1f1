"""Files that programs upload for ``/explain``: few and small, kept in a private folder for a while, then removed."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import io
import os
import secrets
import tempfile
import time
from collections.abc import AsyncGenerator
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from PIL import Image
from starlette.formparsers import MultiPartException, MultiPartParser

from ...limits import LARGEST_PICTURE
from .. import http
from ..rate import Rate
from . import routes

MOST_FILES = 4  # per request
MOST_KEPT = 64  # files
MOST_BYTES = 160 << 20  # of all files together
KEPT_FOR = 600.0  # seconds
SWEPT_EVERY = 30.0
RATE, BURST = 5.0, 60  # uploads per second of one address, and how many at once


def make_folder() -> Path:
    """Create a folder that only this user may read, and make it the only folder from which Gradio accepts files."""
    folder = os.environ.get("GRADIO_TEMP_DIR")
    if not folder:
        folder = os.environ["GRADIO_TEMP_DIR"] = tempfile.mkdtemp(prefix="stn_demo-")
    path = Path(folder)
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    return path.resolve()


class Uploads:
    """The folder of uploads and its limits."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.rate = Rate(RATE, BURST)  # by address

    def keep(self, data: bytes) -> str:
        """Write a file under an unpredictable name; returns its path. Removes old files first if there is no room."""
        self.sweep(MOST_KEPT - 1, MOST_BYTES - len(data))
        folder = self.folder / secrets.token_urlsafe(18)
        folder.mkdir(mode=0o700)
        path = folder / "picture"
        path.write_bytes(data)
        return str(path)

    def sweep(self, most: int = MOST_KEPT, most_bytes: int = MOST_BYTES, age: float = KEPT_FOR) -> None:
        """Remove files older than ``age`` seconds, and the oldest beyond ``most`` files or ``most_bytes``."""
        files = []
        for path in self.folder.rglob("*"):
            with contextlib.suppress(OSError):  # removed in the meantime
                about = path.lstat()
                if not path.is_dir() or path.is_symlink():
                    files.append((about.st_mtime, about.st_size, path))
        files.sort(reverse=True)
        count = size = 0
        for at, bytes_, path in files:
            count, size = count + 1, size + bytes_
            if count > most or size > most_bytes or time.time() - at > age:
                remove(path, self.folder)

    async def swept(self) -> None:
        """Call ``sweep`` periodically."""
        while True:
            await asyncio.sleep(SWEPT_EVERY)
            await asyncio.to_thread(self.sweep)


def remove(path: str | Path, folder: Path) -> None:
    """Remove one upload and its own folder."""
    path = Path(path)
    with contextlib.suppress(OSError):
        path.unlink()
    if path.parent != folder:
        with contextlib.suppress(OSError):
            path.parent.rmdir()


def add(app: FastAPI, uploads: Uploads) -> None:
    """Add a route that replaces Gradio's own upload."""

    @app.post(routes.UPLOAD)
    async def upload(request: Request) -> JSONResponse:
        address = request.client.host if request.client else ""
        if not uploads.rate.allows(address):
            return _refuse(429, "Too many uploads in a short time; try again in a minute.")
        data = await http.body(request, LARGEST_PICTURE + 64 * 1024)
        if data is None:
            return _refuse(413, f"The file is larger than {LARGEST_PICTURE >> 20} MB; give a smaller picture.")
        try:
            files = await _files(request, data)
        except (MultiPartException, KeyError, ValueError):
            return _refuse(400, "The upload is not a form with files.")
        for file in files:
            if len(file) > LARGEST_PICTURE:
                return _refuse(413, f"The file is larger than {LARGEST_PICTURE >> 20} MB; give a smaller picture.")
            if not await asyncio.to_thread(_is_picture, file):
                return _refuse(415, "The file is no picture.")
        return JSONResponse([await asyncio.to_thread(uploads.keep, file) for file in files])


async def _files(request: Request, data: bytes) -> list[bytes]:
    async def stream() -> AsyncGenerator[bytes, None]:
        yield data

    parser = MultiPartParser(request.headers, stream(), max_files=MOST_FILES, max_fields=MOST_FILES)
    form = await parser.parse()
    try:
        files = [await file.read() for _, file in form.multi_items() if not isinstance(file, str)]
    finally:
        await form.close()
    if not files:
        raise ValueError("no file")
    return files


def _is_picture(data: bytes) -> bool:
    """Whether the file starts like a picture; reads its header only."""
    importlib.import_module("stn_demo.data.picture")  # registers further formats with Pillow; loads torch

    try:
        with Image.open(io.BytesIO(data)):
            return True
    except Image.DecompressionBombError:  # a picture; refused with its own sentence when it is read
        return True
    except Exception:  # decoders raise all kinds of exceptions
        return False


def _refuse(status: int, message: str) -> JSONResponse:
    return JSONResponse({"detail": message}, status_code=status)
