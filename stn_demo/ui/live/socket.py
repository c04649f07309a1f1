"""The connection of a page: a request in, a frame out. A WebSocket, or plain requests if a proxy blocks WebSockets."""

from __future__ import annotations

from fastapi import FastAPI, Request, Response, WebSocket, WebSocketDisconnect

from ...limits import LARGEST_REQUEST
from .. import http
from ..status import Status
from .batcher import Batcher
from .request import error_text, too_long

MOST_VISITORS = 1000  # open connections


def add(app: FastAPI, batcher: Batcher, status: Status) -> None:
    """Add the routes /stn/live, /stn/ask and /stn/status."""

    @app.post("/stn/ask")
    async def ask(request: Request) -> Response:
        text = await http.body(request, LARGEST_REQUEST)
        if text is None:
            error = too_long(LARGEST_REQUEST)
            answer: bytes | str = error_text(0, error.code, str(error))
        else:
            answer = await batcher.answer(text)
        kind = "application/octet-stream" if isinstance(answer, bytes) else "application/json"
        return Response(answer, media_type=kind, headers={"Cache-Control": "no-store"})

    @app.get("/stn/status")
    async def current() -> Response:
        return Response(status.text(), media_type="application/json", headers={"Cache-Control": "no-store"})

    @app.websocket("/stn/live")
    async def channel(socket: WebSocket) -> None:
        if len(status.sockets) >= MOST_VISITORS:
            await socket.close(1013, "Too many visitors at this moment.")
            return
        await socket.accept()
        status.sockets.add(socket)
        batcher.crowd(len(status.sockets))

        async def deliver(answer: bytes | str) -> None:
            await (socket.send_bytes(answer) if isinstance(answer, bytes) else socket.send_text(answer))

        place = batcher.place(deliver)
        try:
            await socket.send_text(status.text())
            while True:
                place.ask(await socket.receive_text())
        except (WebSocketDisconnect, RuntimeError, KeyError):  # disconnected, or sent bytes instead of text
            pass
        finally:
            status.sockets.discard(socket)
