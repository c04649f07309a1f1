"""Read the bodies of requests, limited in size, in time, and in the memory for all clients together."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

from starlette.types import Message, Receive

LONGEST_PAUSE = 10.0  # seconds without a byte
LONGEST_BODY = 120.0  # seconds for a whole body: 20 MB at 170 kB/s
MOST_HELD = 128 << 20  # bytes of incomplete bodies, for all clients together


class BodyError(Exception):
    """A body was refused; ``status`` is the HTTP status, the message is one sentence."""

    def __init__(self, status: int, code: str, message: str):
        super().__init__(message)
        self.status, self.code = status, code


class Gone(Exception):
    """The client disconnected before its body was complete."""


class Arriving:
    """Counts the bytes of all bodies that are being received."""

    def __init__(self, most: int = MOST_HELD):
        self.most, self.held = most, 0

    async def read(self, receive: Receive, most: int) -> bytes | None:
        """The whole body of an ASGI request; None if it has more than ``most`` bytes (slightly more is read, so that
        the client can receive the answer).

        Raises:
            BodyError: too slow, far too large, or other clients are sending too much.
            Gone: the client disconnected.
        """
        kept, size = bytearray(), 0
        try:
            async for chunk in _chunks(receive):
                size += len(chunk)
                if size > most:
                    self.held -= len(kept)
                    kept = bytearray()
                    if size > 4 * most:
                        raise BodyError(413, "too_large_bytes", "The request is far too large.")
                    continue
                if self.held + len(chunk) > self.most:
                    raise BodyError(
                        503, "busy", "Too many files are being uploaded at the moment; try again in a minute."
                    )
                self.held += len(chunk)
                kept += chunk
            return bytes(kept) if size <= most else None
        finally:
            self.held -= len(kept)


def again(body: bytes, receive: Receive) -> Receive:
    """A ``receive`` that first returns ``body``, which was already read from ``receive``."""
    given = False

    async def receive_again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive_again


async def _chunks(receive: Receive) -> AsyncIterator[bytes]:
    end = time.monotonic() + LONGEST_BODY
    while True:
        try:
            left = min(LONGEST_PAUSE, end - time.monotonic())
            message = await asyncio.wait_for(receive(), max(0.0, left))
        except (asyncio.TimeoutError, TimeoutError):
            raise BodyError(408, "too_slow", "The request arrived too slowly and was stopped.") from None
        if message["type"] == "http.disconnect":
            raise Gone
        if chunk := message.get("body", b""):
            yield chunk
        if not message.get("more_body", False):
            return


arriving = Arriving()  # shared by the whole process
