"""What every route of our own checks first, and how it answers."""

from __future__ import annotations

from urllib.parse import urlsplit

from fastapi import HTTPException, Request
from fastapi.responses import JSONResponse

from .gate.bodies import arriving


def same_origin(headers) -> bool:
    """Whether a browser's request comes from this very page; other programs send no Origin."""
    origin = headers.get("origin")
    return origin is None or urlsplit(origin).netloc in (headers.get("host"), headers.get("x-forwarded-host"))


def check_origin(request: Request) -> None:
    if not same_origin(request.headers):
        raise HTTPException(403)


async def body(request: Request, most: int) -> bytes | None:
    """The body, or None where it is larger than ``most`` bytes. Raises what ``gate.bodies.Arriving.read`` does, which the
    gate answers."""
    return await arriving.read(request.receive, most)


def answer(values: dict) -> JSONResponse:
    return JSONResponse(values, status_code=400 if "error" in values else 200)


def refuse(code: str, message: str) -> JSONResponse:
    return answer({"error": {"code": code, "message": message}})
