"""The QR code of a state of the page, with an address that other machines can reach, if there is one."""

from __future__ import annotations

import ipaddress
import socket
from typing import Any
from urllib.parse import urlsplit

import segno
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from .. import http
from ..live.request import RequestError, parse
from ..options import Options

MOST = 2331  # characters of an address in a QR code with error correction M (ISO/IEC 18004, version 40)
MOST_BODY = 64 * 1024


def add(app: FastAPI, options: Options) -> None:
    """Add the route ``POST /stn/qr``: {"page", "hash"} -> {"address", "reach", "lan", "svg"}; svg is None if too long."""

    @app.post("/stn/qr")
    async def qr(request: Request) -> JSONResponse:
        text = await http.body(request, MOST_BODY)
        try:
            values = parse(text)
            page, hash_ = (_text(values, name) for name in ("page", "hash"))
        except RequestError as error:
            return http.refuse(error.code, str(error))
        address, reach, lan = reachable(page, options)
        return http.answer({"address": address + hash_, "reach": reach, "lan": lan, "svg": svg(address + hash_)})


def reachable(page: str, options: Options) -> tuple[str, str, str]:
    """(address, reach, lan) for a browser that has the page open at ``page``.

    reach: "page": the browser used a name that is not local to this machine; "lan": the address of this machine in its
    network; "local": only this machine can open the page. lan: the address for other machines.
    """
    parts = urlsplit(page)
    lan = parts._replace(netloc=f"{lan_host()}:{parts.port or options.port}").geturl()
    if not _is_loopback(parts.hostname or ""):
        return page, "page", page
    return (page, "local", lan) if _is_loopback(options.host) else (lan, "lan", lan)


def lan_host() -> str:
    """The address of this machine in its network, or its name if it has no network. Nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # reserved for documentation (RFC 5737); only its route is looked up
            return probe.getsockname()[0]
        except OSError:
            return socket.gethostname()


def svg(text: str) -> str | None:
    """The QR code as an SVG element without a fixed size; None if the text is too long."""
    if len(text.encode()) > MOST:
        return None
    return segno.make(text, error="m", micro=False).svg_inline(scale=8, omitsize=True, light=None, border=4)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _text(values: dict[str, Any], name: str) -> str:
    value = values.get(name)
    if not isinstance(value, str) or not value.isprintable() or len(value) > MOST_BODY:
        raise RequestError(f"{name} is a text.")
    if name == "page" and urlsplit(value).scheme not in ("http", "https"):
        raise RequestError("page is the address of a page.")
    return value
