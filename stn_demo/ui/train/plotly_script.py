"""The route of Plotly's script, which the plotly package contains."""

from __future__ import annotations

import asyncio
import functools
import gzip
import importlib.metadata
import importlib.util
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.responses import Response

from .. import http


def add(app: FastAPI) -> None:
    @app.get("/stn/plotly.js")
    async def plotly(request: Request) -> Response:
        tag, plain, packed = await asyncio.to_thread(_plotly)
        headers = {"Cache-Control": http.FOREVER, "ETag": tag, "Vary": "Accept-Encoding"}
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        if "gzip" in request.headers.get("accept-encoding", ""):
            return Response(packed, media_type="text/javascript", headers={**headers, "Content-Encoding": "gzip"})
        return Response(plain, media_type="text/javascript", headers=headers)


@functools.cache
def _plotly() -> tuple[str, bytes, bytes]:
    """Plotly's script from the plotly package: its tag, its text, and the text compressed."""
    spec = importlib.util.find_spec("plotly")  # found without importing it
    assert spec is not None
    assert spec.origin is not None
    package = Path(spec.origin).parent
    plain = (package / "package_data" / "plotly.min.js").read_bytes()
    version = importlib.metadata.version("plotly")
    return f'"{version}"', plain, gzip.compress(plain, 6)
