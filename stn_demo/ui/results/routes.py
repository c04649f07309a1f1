"""The routes of the Results page: measurements, and failures as pictures.

Nothing is measured here. Figures come from the files that ``python -m stn_demo analyse`` wrote. These also list the
failures, which the networks of this server compute again, so that a visitor sees the same as in Explore.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any

from fastapi import FastAPI
from fastapi.responses import FileResponse, JSONResponse, Response

from .. import http
from ..live.batcher import Batcher


def add(app: FastAPI, batcher: Batcher) -> None:
    """Add the routes. Call this before the page's files are mounted at the same path."""

    @app.get("/stn/results")
    async def overview(pair: str = "") -> JSONResponse:
        results = (await batcher.ready()).measured
        return await _answered(results.overview(pair or None))

    @app.get("/stn/results/failures")
    async def failures(network: str, twin: str = "", of: str = "") -> JSONResponse:
        results = (await batcher.ready()).measured
        return await _answered(results.failures(network, twin or None, of or network))

    @app.get("/stn/results/measured/{name}")
    async def measured(name: str) -> Response:
        results = (await batcher.ready()).measured
        if name not in await asyncio.to_thread(results.files):
            return http.refuse("unknown_file", "There is no such file of results.")
        return FileResponse(
            results.folder / name, media_type="application/json", headers={"X-Content-Type-Options": "nosniff"}
        )


async def _answered(work: Awaitable[dict[str, Any]]) -> JSONResponse:
    try:
        return http.answer(await work)
    except ValueError as error:
        return http.refuse(getattr(error, "code", "broken_results"), str(error))
