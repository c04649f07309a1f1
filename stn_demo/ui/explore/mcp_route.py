"""/explain for AI assistants: a Model Context Protocol server (https://modelcontextprotocol.io) with one tool, at
/stn/mcp. It accepts a picture only as base64; it never opens an address or a file named in a request.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import contextlib
import importlib
import logging
from collections.abc import AsyncIterator
from typing import Any

from fastapi import FastAPI
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from .. import http
from ..gate.bodies import again, arriving
from ..live.batcher import Batcher
from . import api
from .pictures import Pictures

log = logging.getLogger(__name__)
ADDRESS = "/stn/mcp"
MOST = 4 << 20  # bytes of a request: a picture of 3 MB as base64


class Assistants:
    """The server. ``add`` its route, and keep ``running()`` open while the app runs. Needs the package mcp."""

    def __init__(self, batcher: Batcher, pictures: Pictures):
        fastmcp = importlib.import_module("mcp.server.fastmcp")
        security = importlib.import_module("mcp.server.transport_security")
        self._turn, self._waiting = asyncio.Semaphore(api.AT_ONCE), 0
        self._batcher, self._pictures = batcher, pictures
        self._server = fastmcp.FastMCP(
            "Spatial Transformer",
            stateless_http=True,
            json_response=True,
            streamable_http_path=ADDRESS,
            transport_security=security.TransportSecuritySettings(  # ``gate`` checks names and origins of all requests
                enable_dns_rebinding_protection=False
            ),
        )
        self._server.tool(name="explain")(self.explain)
        self._app = self._server.streamable_http_app()

    async def explain(
        self,
        image: str,
        rotation: float = 0,
        scale: float = 1,
        shift_x: float = 0,
        shift_y: float = 0,
        shear: float = 0,
        model: str = "",
        raw: bool = False,
    ) -> dict[str, Any]:
        """What a spatial transformer network sees in a picture of one digit, put into a pose.

        image: the picture file (PNG, JPEG), base64. rotation: degrees, clockwise, -180 to 180. scale: 0.3 to 2. shift_x,
        shift_y: pixels, right and down. shear: -1 to 1. model: name of a checkpoint, empty for the default. raw: only
        resize the picture, do not crop and centre its ink.

        Returns digit, probabilities (10), theta, grid (H x W x 2, normalised, output to input), input and warped image.
        """
        try:
            data = base64.b64decode(image, validate=True)
        except (binascii.Error, ValueError):
            raise ValueError("image is a picture file as base64.") from None
        if self._waiting >= api.MOST_WAITING:
            raise ValueError("Too many calls are waiting; try again in a minute.")
        pose = {"rotation": rotation, "scale": scale, "shift_x": shift_x, "shift_y": shift_y, "shear": shear}
        self._waiting += 1
        try:
            async with self._turn:
                return await api.explained(self._batcher, self._pictures, data, pose, model, raw)
        except ValueError:
            raise
        except Exception:
            log.exception("A call of an assistant failed")
            raise ValueError("This could not be computed; the server's log says why.") from None
        finally:
            self._waiting -= 1

    def add(self, app: FastAPI) -> None:
        """Add the route ``POST /stn/mcp``."""
        app.router.routes.append(Route(ADDRESS, _Limited(self._app)))

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        async with self._server.session_manager.run():
            yield


class _Limited:
    """``app`` for requests of at most ``MOST`` bytes, whose bodies are read by ``gate.bodies``."""

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] != "POST":  # no stream of events: every answer is complete
            await Response(status_code=405, headers={"Allow": "POST"})(scope, receive, send)
            return
        body = await arriving.read(receive, MOST)
        if body is None:
            await http.refuse("too_large_bytes", f"The request is larger than {MOST >> 20} MB.")(scope, receive, send)
            return
        await self.app(scope, again(body, receive), send)
