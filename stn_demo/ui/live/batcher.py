"""Gathers what many people ask, answers it in one batched forward pass at a time.

The event loop collects requests; one worker thread owns torch. While a batch is being worked out the next one gathers
by itself, so batches grow with the load and a lone visitor never waits.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from .request import Defaults, Request, RequestError, error_text, parse, read_request

if TYPE_CHECKING:
    from ..torch_side import TorchSide
    from .engine import Engine

LARGEST_BATCH = 64
LONGEST_QUEUE = 2000
MOST_MAPS = 8  # of the loss, under way or waiting


class Batcher:
    """``await live.answer(text)`` -> the binary message of the frame, or the JSON text of an error.

    ``engine`` answers a list of requests; it is None until it has been loaded, and until then questions wait.
    """

    def __init__(self, defaults: Defaults):
        self.defaults = defaults
        self.engine: Engine | None = None
        self.side: TorchSide | None = None
        self._waiting: list[tuple[Request, asyncio.Future]] = []
        self._work: asyncio.Task | None = None
        self._loaded = asyncio.Event()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="engine")
        self._map_thread = ThreadPoolExecutor(1, thread_name_prefix="map", initializer=_yield_to_others)
        self._maps = 0  # under way or waiting

    async def load(self, make: Callable[[], TorchSide]) -> None:
        """Make everything that needs torch in the worker thread, and let the waiting requests through."""
        self.side = await asyncio.get_running_loop().run_in_executor(self._thread, make)
        self.engine = self.side.engine
        self._loaded.set()

    async def ready(self) -> TorchSide:
        """Everything that needs torch, once it is loaded."""
        await self._loaded.wait()
        return self.side

    async def run(self, work: Callable, *args):
        """Something else that needs the engine's thread: ``work(engine, *args)``."""
        await self._loaded.wait()
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, self.engine, *args)

    async def answer(self, text: str | bytes) -> bytes | str:
        number = 0
        try:
            values = parse(text)
            number = values["id"] if isinstance(values.get("id"), int) else 0
            request = read_request(values, self.defaults)
        except RequestError as error:
            return error_text(number, error.code, str(error))
        if len(self._waiting) >= LONGEST_QUEUE:
            return error_text(number, "busy", "Too many people are asking at this moment; it goes on in a second.")
        if request.landscape:
            return await self._map(request)
        future = asyncio.get_running_loop().create_future()
        self._waiting.append((request, future))
        if self._work is None or self._work.done():
            self._work = asyncio.create_task(self._drain())
        return await future

    async def _map(self, request: Request) -> bytes | str:
        """A map of the loss takes as long as many frames: a second thread, of lower priority, works it out meanwhile."""
        if self._maps >= MOST_MAPS:
            return error_text(request.id, "busy", "Too many people are asking at this moment; it goes on in a second.")
        self._maps += 1
        try:
            await self._loaded.wait()
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._map_thread, self.engine.landscape, request)
        finally:
            self._maps -= 1

    async def _drain(self) -> None:
        await self._loaded.wait()
        loop = asyncio.get_running_loop()
        while self._waiting:
            batch, self._waiting = self._waiting[:LARGEST_BATCH], self._waiting[LARGEST_BATCH:]
            try:
                requests = [request for request, _ in batch]
                answers = await loop.run_in_executor(self._thread, self.engine.answer, requests)
            except Exception as error:
                for _, future in batch:
                    if not future.done():
                        future.set_exception(error)
                raise
            for (_, future), answer in zip(batch, answers, strict=True):
                if not future.done():  # its visitor may have left
                    future.set_result(answer)


def _yield_to_others() -> None:
    """Lower the priority of this thread (Linux keeps one for each thread), so that frames come first."""
    with contextlib.suppress(AttributeError, OSError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)
