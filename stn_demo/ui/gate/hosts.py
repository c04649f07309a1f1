"""The host names that the app accepts, and the pages that may send it requests or show it in a frame."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from urllib.parse import urlsplit

LOOPBACK = ("localhost", "127.0.0.1", "::1")


def is_loopback(host: str) -> bool:
    """Whether a listening address can be reached from this machine only."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class Hosts:
    """``allowed``: the names given with --allow-host; ``frames``: those given with --allow-frame.

    An app that listens on this machine only accepts only this machine's names and those in ``allowed``. This prevents DNS
    rebinding: a foreign page whose name resolves to this machine still sends its own name as Host. An app that listens
    on all addresses accepts every name, unless ``allowed`` is not empty.
    """

    def __init__(self, host: str, allowed: tuple[str, ...] = (), frames: tuple[str, ...] = ()):
        self.frames = frames
        self._names = {name.lower() for name in allowed}
        self._any = not is_loopback(host) and not allowed
        if not self._any:
            self._names |= {*LOOPBACK, host.lower()}

    def answers_to(self, host: str | None) -> bool:
        """Whether a request with this Host header is for this app."""
        if self._any:
            return True
        return host is not None and _name(host) in self._names

    def same_origin(self, headers: Mapping[str, str]) -> bool:
        """Whether a browser's request comes from this page; other programs send no Origin."""
        origin = headers.get("origin")
        if origin is None:
            return headers.get("sec-fetch-site") in (None, "same-origin", "none")
        there = urlsplit(origin).netloc.lower()
        if there == (headers.get("host") or "").lower():
            return True
        forwarded = (headers.get("x-forwarded-host") or "").lower()
        return there != "" and there == forwarded and self.answers_to(forwarded)

    @property
    def frame_ancestors(self) -> str:
        """The value of the directive frame-ancestors."""
        return " ".join(["'self'", *self.frames])


def _name(host: str) -> str:
    try:
        return (urlsplit(f"//{host}").hostname or "").lower()
    except ValueError:
        return ""
