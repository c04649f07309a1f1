"""The gate: one ASGI layer around the whole app, including Gradio."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from . import page, references, routes
from .bodies import BodyError, Gone, again, arriving
from .hosts import Hosts
from .visitors import Visitors

log = logging.getLogger(__name__)
SAFE = ("GET", "HEAD")
NOT_THERE = 404, "unknown_address", "There is no such address."
OTHER_PAGE = 403, "other_page", "Requests from a page at another address are not allowed."
OTHER_NAME = 421, "other_name", "This app does not accept this host name; start it with --allow-host NAME."


class Gate:
    """Refuses forbidden requests and passes on all others; adds headers that isolate the page.

    Args:
        uploads: folder of the files uploaded for ``/explain``.
        function: returns the index of ``/explain`` among Gradio's functions.
        prefix: path under which a proxy serves the app; the app answers with and without it.

    For the routes behind it, ``scope["visitor"]`` identifies the visitor and ``scope["owner"]`` says whether it is the
    owner.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        uploads: Path,
        function: Callable[[], int],
        hosts: Hosts,
        visitors: Visitors,
        prefix: str = "",
    ):
        self.app, self.uploads, self.function = app, uploads, function
        self.hosts, self.visitors, self.prefix = hosts, visitors, prefix.rstrip("/")
        self._policy = page.policy(hosts.frame_ancestors)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return await self.app(scope, receive, send)
        scope = self._stripped(scope)
        send = self._with_headers(send)
        refusal = self._refusal(scope)
        if refusal is not None:
            return await _refuse(scope, receive, send, *refusal)
        scope["visitor"], scope["owner"] = self.visitors.who(scope), self.visitors.is_owner(scope)
        if scope["type"] == "websocket":
            return await self.app(scope, receive, send)
        try:
            if scope["path"] == "/":
                return await self._page(scope, receive, send)
            if scope["method"] == "POST" and scope["path"] in (*routes.CALLING, *routes.STOPPING):
                receive = await self._checked(scope, receive)
            await self.app(scope, receive, send)
        except (BodyError, references.BadBody) as error:
            status, code = getattr(error, "status", 400), getattr(error, "code", "bad_request")
            await _refuse(scope, receive, send, status, code, str(error))
        except (Gone, ClientDisconnect):
            log.debug("A client disconnected before its request was complete.")

    def _stripped(self, scope: Scope) -> Scope:
        """The scope without the proxy's prefix; some proxies remove it, some do not."""
        path = scope["path"]
        if not self.prefix or not (path == self.prefix or path.startswith(self.prefix + "/")):
            return dict(scope)
        path = path[len(self.prefix) :] or "/"
        return {**scope, "path": path, "raw_path": path.encode("utf-8", "replace")}

    def _refusal(self, scope: Scope) -> tuple[int, str, str] | None:
        """(status, code, sentence) if the request must not be answered."""
        headers, method = Headers(scope=scope), scope.get("method", "GET")
        if not self.hosts.answers_to(headers.get("host")):
            return OTHER_NAME
        query = scope.get("query_string", b"")
        if routes.is_odd(scope["path"], query) or not routes.is_open(method, scope["path"]) or b"deep_link=" in query:
            return NOT_THERE
        if (scope["type"] == "websocket" or method not in SAFE) and not self.hosts.same_origin(headers):
            return OTHER_PAGE
        return None

    async def _page(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Gradio's page; for a request with the owner's token, a cookie and a redirect to the address without it."""
        tokens = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("token")
        if tokens is not None:
            answer = Response(status_code=303, headers={"Location": "./", "Cache-Control": "no-store"})
            if self.visitors.is_token(tokens[0]):
                answer.headers.append("Set-Cookie", self.visitors.owner_cookie(scope))
            await answer(scope, receive, send)
            return
        asked = {**scope, "headers": [pair for pair in scope["headers"] if pair[0] != b"accept-encoding"]}
        start: dict[str, Any] = {}
        chunks: list[bytes] = []

        async def collect(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
            elif message["type"] == "http.response.body":
                chunks.append(message.get("body", b""))

        await self.app(asked, receive, collect)
        html = page.prepared(b"".join(chunks))
        headers = {
            "Cache-Control": "no-cache",
            "Content-Security-Policy": page.policy(self.hosts.frame_ancestors, html),
        }
        answer = Response(html, start["status"], headers, media_type="text/html")
        if cookie := self.visitors.visitor_cookie(scope):
            answer.headers.append("Set-Cookie", cookie)
        await answer(scope, receive, send)

    async def _checked(self, scope: Scope, receive: Receive) -> Receive:
        """A ``receive`` that returns the body that was already read and checked."""
        if not Headers(scope=scope).get("content-type", "").startswith("application/json"):
            raise BodyError(415, "bad_request", "The request is not JSON.")
        body = await arriving.read(receive, references.MOST_JSON)
        if body is None:
            raise BodyError(
                413, "too_long", f"The request is longer than the limit of {references.MOST_JSON // 1024} kB."
            )
        values = references.read(body, self.uploads)
        if scope["path"] in routes.CALLING:
            references.check_call(values, self.function())
        return again(body, receive)

    def _with_headers(self, send: Send) -> Send:
        """A ``send`` that adds the headers of this app and removes Gradio's permission for other pages to read answers."""

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name in [name for name in headers if name.startswith("access-control-")]:
                    del headers[name]
                headers.setdefault("Content-Security-Policy", self._policy)
                headers.setdefault("X-Content-Type-Options", "nosniff")
                headers.setdefault("Referrer-Policy", "same-origin")
                headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
            await send(message)

        return sending


async def _refuse(scope: Scope, receive: Receive, send: Send, status: int, code: str, message: str) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1008, "reason": message})
        return
    headers = {"Connection": "close"} if status in (408, 413, 503) else None
    answer = JSONResponse({"error": {"code": code, "message": message}}, status_code=status, headers=headers)
    await answer(scope, receive, send)
