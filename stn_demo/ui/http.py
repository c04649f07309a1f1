"""How the routes of our own read a request and answer. Where it comes from is the gate's to check (``gate``)."""

from __future__ import annotations

import json
import math

from fastapi import Request
from fastapi.responses import JSONResponse

from .gate.bodies import arriving

LONGEST_MESSAGE = 600  # characters


async def body(request: Request, most: int) -> bytes | None:
    """The body, or None where it is larger than ``most`` bytes. Raises what ``gate.bodies.Arriving.read`` does, which the
    gate answers."""
    return await arriving.read(request.receive, most)


class Answer(JSONResponse):
    """JSON that can always be written: characters beyond ASCII are escaped, half of a surrogate pair, too; a number that is
    none becomes null."""

    def render(self, content) -> bytes:
        try:
            return json.dumps(content, allow_nan=False, separators=(",", ":")).encode()
        except ValueError:
            return json.dumps(_finite(content), separators=(",", ":")).encode()


def answer(values: dict) -> JSONResponse:
    return Answer(values, status_code=400 if "error" in values else 200)


def refuse(code: str, message: str) -> JSONResponse:
    """A refusal; its sentence is cut to a bearable length, and is Unicode whatever a file had in it."""
    message = message[:LONGEST_MESSAGE].encode("utf-8", "replace").decode()
    return answer({"error": {"code": code, "message": message}})


def _finite(value):
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    return [_finite(item) for item in value] if isinstance(value, (list, tuple)) else value
