"""Identify visitors, by a cookie that only this app can create, and the owner, by the secret address."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from http.cookies import CookieError, SimpleCookie

from starlette.datastructures import Headers
from starlette.types import Scope

VISITOR = "stn_visitor"
YEAR = 365 * 24 * 3600  # seconds


class Visitors:
    """``port`` separates the cookies of several apps on one machine, because cookies ignore ports.

    Attributes:
        token: the end of the owner's address; new at each start.
    """

    def __init__(self, port: int):
        self.token = secrets.token_urlsafe(24)
        self._key = secrets.token_bytes(32)
        self._visitor, self._owner = f"{VISITOR}_{port}", f"stn_owner_{port}"

    def who(self, scope: Scope) -> str:
        """An identifier of the visitor: from its cookie, else from its address."""
        value = _cookies(scope).get(self._visitor, "")
        name, _, mark = value.partition(".")
        if name and hmac.compare_digest(mark, self._sign("visitor", name)):
            return f"visitor {name}"
        client = scope.get("client")
        return f"address {client[0] if client else ''}"

    def is_owner(self, scope: Scope) -> bool:
        """Whether the request carries the owner's cookie."""
        return hmac.compare_digest(_cookies(scope).get(self._owner, ""), self._sign("owner", self.token))

    def is_token(self, token: str) -> bool:
        return hmac.compare_digest(token.encode(), self.token.encode())

    def visitor_cookie(self, scope: Scope) -> str | None:
        """The Set-Cookie header for a visitor without a cookie."""
        if not self.who(scope).startswith("address "):
            return None
        name = secrets.token_hex(8)
        return _cookie(scope, self._visitor, f"{name}.{self._sign('visitor', name)}")

    def owner_cookie(self, scope: Scope) -> str:
        """The Set-Cookie header for a visitor who came with the token."""
        return _cookie(scope, self._owner, self._sign("owner", self.token))

    def _sign(self, kind: str, name: str) -> str:
        return hmac.new(self._key, f"{kind} {name}".encode(), hashlib.sha256).hexdigest()[:40]


def _cookies(scope: Scope) -> dict[str, str]:
    text = Headers(scope=scope).get("cookie", "")
    try:
        return {name: morsel.value for name, morsel in SimpleCookie(text[:8192]).items() if morsel.value.isascii()}
    except CookieError:
        return {}


def _cookie(scope: Scope, name: str, value: str) -> str:
    secure = "; Secure" if scope.get("scheme") == "https" else ""
    return f"{name}={value}; Path=/; Max-Age={YEAR}; HttpOnly; SameSite=Lax{secure}"
