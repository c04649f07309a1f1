"""Pictures from outside, made into digits: a few at a time and outside the engine's thread, whoever asks."""

from __future__ import annotations

import asyncio

from ..live.batcher import Batcher

AT_ONCE = 2  # pictures that are decoded at the same time, of the page and of /explain together
MOST_WAITING = 24


class TooMany(ValueError):
    """Too many pictures are waiting; ``code`` names the sentence in the catalogue."""

    code = "busy"


class Pictures:
    """``await pictures.read(data, raw)`` -> the digit, float32 [28, 28] in [0, 1]."""

    def __init__(self, batcher: Batcher):
        self._batcher = batcher
        self._free = asyncio.Semaphore(AT_ONCE)
        self._waiting = 0

    async def read(self, data: bytes, raw: bool):
        """Raises data.picture.PictureError, TooMany."""
        if self._waiting >= MOST_WAITING:
            raise TooMany("Too many pictures are being read at this moment; try again in a minute.")
        self._waiting += 1
        try:
            side = await self._batcher.ready()
            async with self._free:
                return await asyncio.to_thread(side.picture.read, data, raw=raw)
        finally:
            self._waiting -= 1
