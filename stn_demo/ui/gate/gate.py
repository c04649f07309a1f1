"""The gate: one ASGI layer around the whole app, ours and Gradio's."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse

from .. import http
from . import references, routes
from .bodies import BodyError, Gone, arriving

log = logging.getLogger(__name__)
SAFE = ("GET", "HEAD", "OPTIONS")


class Gate:
    """Answers itself what nobody may ask; lets everything else through, with the headers that keep a page to itself.

    ``uploads`` is the folder of the files that visitors sent for ``/explain``; ``function`` tells its number.
    """

    def __init__(self, app, uploads: Path, function: Callable[[], int]):
        self.app, self.uploads, self.function = app, uploads, function

    async def __call__(self, scope, receive, send) -> None:
        if scope["type"] == "lifespan":
            return await self.app(scope, receive, send)
        refusal = self._refusal(scope)
        if refusal is not None:
            return await self._refuse(scope, receive, send, *refusal)
        if scope["type"] == "websocket":
            return await self.app(scope, receive, send)
        try:
            if scope["method"] == "POST" and scope["path"] in (*routes.CALLING, *routes.STOPPING):
                receive = await self._checked(scope, receive)
            await self.app(scope, receive, _with_headers(send))
        except (BodyError, references.BadBody) as error:
            status, code = getattr(error, "status", 400), getattr(error, "code", "bad_request")
            await self._refuse(scope, receive, send, status, code, str(error))
        except (Gone, ClientDisconnect):
            log.debug("A client left before its request was complete.")

    def _refusal(self, scope) -> tuple[int, str, str] | None:
        """(status, code, sentence) where the request may not be answered at all."""
        path, method = scope["path"], scope.get("method", "GET")
        if routes.is_odd(path, scope.get("query_string", b"")):
            return 404, "unknown_address", "There is no such address."
        if not routes.is_open(method, path) or b"deep_link=" in scope.get("query_string", b""):
            return 404, "unknown_address", "There is no such address."
        if (scope["type"] == "websocket" or method not in SAFE) and not http.same_origin(Headers(scope=scope)):
            return 403, "other_page", "A page of another address may not ask this."
        return None

    async def _refuse(self, scope, receive, send, status: int, code: str, message: str) -> None:
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008, "reason": message})
            return
        answer = JSONResponse({"error": {"code": code, "message": message}}, status_code=status)
        await answer(scope, receive, _with_headers(send))

    async def _checked(self, scope, receive):
        """A ``receive`` that gives the body that was read and checked."""
        kind = Headers(scope=scope).get("content-type", "")
        if not kind.startswith("application/json"):
            raise BodyError(415, "bad_request", "The request is not JSON.")
        body = await arriving.read(receive, references.MOST_JSON)
        if body is None:
            raise BodyError(413, "too_long", f"That is more than {references.MOST_JSON // 1024} kB.")
        values = references.read(body, self.uploads)
        if scope["path"] in routes.CALLING:
            references.check_call(values, self.function())
        given = False

        async def again() -> dict:
            nonlocal given
            if given:
                return await receive()
            given = True
            return {"type": "http.request", "body": body, "more_body": False}

        return again


def _with_headers(send):
    """``send`` that adds the page's own headers, and drops Gradio's permission for other pages to read answers."""

    async def sending(message: dict) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name in [name for name in headers if name.startswith("access-control-")]:
                del headers[name]
            headers.setdefault("X-Content-Type-Options", "nosniff")
            headers.setdefault("Referrer-Policy", "same-origin")
        await send(message)

    return sending
