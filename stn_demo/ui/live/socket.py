"""The WebSocket of a page: one question in, one frame out."""

from __future__ import annotations

from fastapi import FastAPI, WebSocket, WebSocketDisconnect

from .. import http
from ..status import Status
from .batcher import Batcher

MOST_VISITORS = 500  # open channels


def add(app: FastAPI, batcher: Batcher, status: Status) -> None:
    """Add the route /stn/live."""

    @app.websocket("/stn/live")
    async def channel(socket: WebSocket):
        if not http.same_origin(socket.headers):
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
                answer = await batcher.answer(await socket.receive_text())
                await (socket.send_bytes(answer) if isinstance(answer, bytes) else socket.send_text(answer))
        except (WebSocketDisconnect, RuntimeError, KeyError):  # gone, or sent bytes where text was due
            pass
        finally:
            status.sockets.discard(socket)
