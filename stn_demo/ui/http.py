"""How our own routes read a request and answer it. The gate checks where a request comes from (``gate``)."""

from __future__ import annotations

import json
import math
from typing import Any

from fastapi import Request
from fastapi.responses import JSONResponse

from .gate.bodies import arriving

FOREVER = "public, max-age=31536000, immutable"  # Cache-Control of a file of a released package
LONGEST_MESSAGE = 600  # characters


async def body(request: Request, most: int) -> bytes | None:
    """The body, or None if it is longer than ``most`` bytes. Raises as ``gate.bodies.Arriving.read``; the gate answers
    these errors.
    """
    return await arriving.read(request.receive, most)


class Answer(JSONResponse):
    """JSON that can always be written: all characters beyond ASCII are escaped, including unpaired surrogates; NaN and
    infinity become null.
    """

    def render(self, content: Any) -> bytes:
        try:
            return json.dumps(content, allow_nan=False, separators=(",", ":")).encode()
        except ValueError:
            return json.dumps(_finite(content), separators=(",", ":")).encode()


def answer(values: dict[str, Any]) -> JSONResponse:
    return Answer(values, status_code=400 if "error" in values else 200)


def refuse(code: str, message: str) -> JSONResponse:
    """A refusal; its sentence is cut to a limited length and is valid Unicode whatever a file contained."""
    message = message[:LONGEST_MESSAGE].encode("utf-8", "replace").decode()
    return answer({"error": {"code": code, "message": message}})


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    return [_finite(item) for item in value] if isinstance(value, (list, tuple)) else value
