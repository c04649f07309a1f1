"""Collects the requests of many visitors and answers them in batched forward passes, one at a time.

The event loop collects requests; one worker thread runs the light networks, a second one of lower priority the heavy
ones. The next batch collects while the current one is computed, so batches grow with the load and a single visitor never
waits for a batch to fill.

Under overload each visitor has at most one request in the queue. A newer request replaces the older one, which gets no
answer; the visitor's position in the queue stays the same. So a request waits at most one round of all visitors, however
many requests they send. A request is decoded when its turn comes, so replaced requests are never decoded.
"""

from __future__ import annotations

import asyncio
import logging
import os
import threading
import time
from collections import deque
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

from .request import Defaults, Request, RequestError, error_text, read_text

if TYPE_CHECKING:
    from ..torch_side import TorchSide
    from .engine import Engine
    from .process import EngineProcess

Result = TypeVar("Result")
log = logging.getLogger(__name__)
LARGEST_BATCH = 64
LEAST_BATCH = 16  # lower bound of the batch limit: the first picture of a batch costs as much as ten further ones
LONGEST_BATCH = 0.025  # seconds per batch, at most: new requests wait until the batch is done
CROWD = 16  # number of visitors from which on the engine gets a process of its own
MOST_MAPS = 8  # maps of the loss that may wait
LONGEST_QUEUE = 2000  # visitors
LONGEST_WAIT = 5.0  # seconds in the queue before a request is refused
BUSY = "Too many people are asking at this moment; it goes on in a second."


class Place:
    """One visitor's position in the queue: the newest waiting request, and whether one is being answered.

    ``deliver(answer)`` is awaited with each answer; the visitor's next request starts only after that, so a slow reader
    delays only its own answers.
    """

    __slots__ = ("_batcher", "_busy", "_deliver", "_text", "given_up", "since")

    def __init__(self, batcher: Batcher, deliver: Callable[[bytes | str], Awaitable[None]]):
        self._batcher, self._deliver = batcher, deliver
        self._text: str | bytes | None = None
        self._busy = False  # in a queue, in a batch, or being answered
        self.since = 0.0
        self.given_up = 0

    def ask(self, text: str | bytes) -> None:
        """Add a request; it replaces one that is still waiting."""
        if self._text is not None:
            self.given_up += 1
        self._text = text
        if not self._busy:
            self._queue()

    def take(self) -> str | bytes:
        """Remove and return the waiting request."""
        text, self._text = self._text, None
        assert text is not None  # only a visitor with a request is in the queue
        return text

    def answer(self, answer: bytes | str) -> None:
        """Deliver an answer, then queue the request that arrived in the meantime."""
        self._batcher.tasks.add(task := asyncio.ensure_future(self._deliver(answer)))
        task.add_done_callback(self._delivered)

    def _delivered(self, task: asyncio.Task[None]) -> None:
        self._batcher.tasks.discard(task)
        self._busy = False
        if task.cancelled() or task.exception() is not None:  # its visitor has left
            self._text = None
        elif self._text is not None:
            self._queue()

    def _queue(self) -> None:
        self._busy, self.since = True, time.monotonic()
        self._batcher.enter(self)


class Batcher:
    """``engine`` answers a list of requests; it is None until it has been loaded, and until then requests wait."""

    def __init__(self, defaults: Defaults, start: Callable[[], EngineProcess] | None = None):
        """``start``: starts the engine's process for many visitors; None: no such process."""
        self.defaults = defaults
        self._start = start
        self._process: EngineProcess | None = None
        self._starting: asyncio.Task[None] | None = None
        self.engine: Engine | None = None
        self.side: TorchSide | None = None
        self.tasks: set[asyncio.Task[None]] = set()  # answers being delivered
        self._waiting: deque[Place] = deque()
        self._heavy: deque[tuple[Place, Request]] = deque()
        self._opened: deque[tuple[Place, Request]] = (
            deque()
        )  # came back from the heavy queue: network now open and light
        self._most = LARGEST_BATCH  # requests per batch, fewer while batches take too long
        self._work: asyncio.Task[None] | None = None
        self._heavy_work: asyncio.Task[None] | None = None
        self._loaded = asyncio.Event()
        self._loaded_at = 0.0  # time.monotonic()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="engine")
        self._heavy_thread = ThreadPoolExecutor(1, thread_name_prefix="heavy", initializer=_step_back)

    async def load(self, make: Callable[[], TorchSide]) -> None:
        """Make everything that needs torch in the worker thread, and let the waiting requests through."""
        self.side = await asyncio.get_running_loop().run_in_executor(self._thread, make)
        self.engine = self.side.engine
        self._loaded_at = time.monotonic()
        self._loaded.set()

    def crowd(self, visitors: int) -> None:
        """Set the number of visitors; from ``CROWD`` on, light requests go to a separate process once it is ready."""
        if (
            visitors >= CROWD
            and self._start
            and not self._process
            and (self._starting is None or self._starting.done())
        ):
            self._starting = asyncio.ensure_future(self._start_process(self._start))

    async def _start_process(self, start: Callable[[], EngineProcess]) -> None:
        await self._loaded.wait()
        try:
            process = await asyncio.to_thread(start)
        except OSError as error:
            log.warning("The engine's process could not be started: %s", error)
            self._start = None
            return
        try:
            await asyncio.to_thread(process.wait)
        except (EOFError, OSError):
            log.warning("The engine's process ended before it was ready.")
            process.close()
            self._start = None
        except asyncio.CancelledError:
            process.close()
            raise
        else:
            self._process = process

    def close(self) -> None:
        """End the engine's process."""
        if self._starting is not None:
            self._starting.cancel()
        if self._process is not None:
            self._process.close()
            self._process = None

    async def ready(self) -> TorchSide:
        """Everything that needs torch, once it is loaded."""
        await self._loaded.wait()
        assert self.side is not None
        return self.side

    async def run(self, work: Callable[..., Result], *args: object) -> Result:
        """Run ``work(engine, *args)`` in the thread of the heavy networks."""
        engine = (await self.ready()).engine
        return await asyncio.get_running_loop().run_in_executor(self._heavy_thread, work, engine, *args)

    def place(self, deliver: Callable[[bytes | str], Awaitable[None]]) -> Place:
        """A position for a visitor who sends many requests."""
        return Place(self, deliver)

    async def answer(self, text: str | bytes) -> bytes | str:
        """The answer to a single request: the binary message of the frame, or the JSON text of an error."""
        future = asyncio.get_running_loop().create_future()

        async def deliver(answer: bytes | str) -> None:
            if not future.done():  # it is done if the visitor has left
                future.set_result(answer)

        self.place(deliver).ask(text)
        return await future

    def enter(self, place: Place) -> None:
        """Queue a visitor who has a request."""
        if len(self._waiting) >= LONGEST_QUEUE:
            place.take()
            place.answer(error_text(0, "busy", BUSY))
            return
        self._waiting.append(place)
        self._go_on()

    def _go_on(self) -> None:
        if self._work is None or self._work.done():
            self._work = asyncio.ensure_future(self._drain())

    async def _drain(self) -> None:
        await self._loaded.wait()
        while self._waiting or self._opened:
            batch = self._next_batch()
            if not batch:
                await asyncio.sleep(0)
                continue
            begun = time.monotonic()
            answers = await self._answers(self._thread, [request for _, request in batch])
            if len(batch) >= self._most:
                longer = time.monotonic() - begun > LONGEST_BATCH
                self._most = max(LEAST_BATCH, self._most - 4) if longer else min(LARGEST_BATCH, self._most + 4)
            for (place, _), answer in zip(batch, answers, strict=True):
                place.answer(answer)

    def _next_batch(self) -> list[tuple[Place, Request]]:
        """The next light requests. Heavy ones go to their own queue; invalid ones are answered with an error."""
        batch: list[tuple[Place, Request]] = []
        now = time.monotonic()
        most = min(self._most, LARGEST_BATCH)
        while self._opened and len(batch) < most:
            batch.append(self._opened.popleft())
        while self._waiting and len(batch) < most:
            place = self._waiting.popleft()
            late = now - max(place.since, self._loaded_at) > LONGEST_WAIT  # loading does not count
            try:
                request = read_text(place.take(), self.defaults)
            except RequestError as error:
                place.answer(error_text(error.number, error.code, str(error)))
                continue
            if late or (request.landscape and sum(other.landscape for _, other in self._heavy) >= MOST_MAPS):
                place.answer(error_text(request.id, "busy", BUSY))
            elif self._is_light(request):
                batch.append((place, request))
            else:
                self._heavy.append((place, request))
                if self._heavy_work is None or self._heavy_work.done():
                    self._heavy_work = asyncio.ensure_future(self._drain_heavy())
        return batch

    def _is_light(self, request: Request) -> bool:
        light = self._engine().networks.is_light
        return not request.landscape and light(request.model) and (request.twin is None or light(request.twin))

    async def _drain_heavy(self) -> None:
        """Open networks, run heavy networks, compute maps of the loss: one request at a time."""
        while self._heavy:
            place, request = self._heavy.popleft()
            if self._is_light(request):  # an earlier request has opened its network
                self._opened.append((place, request))
                self._go_on()
                continue
            place.answer((await self._answers(self._heavy_thread, [request]))[0])

    async def _answers(self, thread: ThreadPoolExecutor, requests: list[Request]) -> list[bytes | str]:
        loop = asyncio.get_running_loop()
        try:
            if requests[0].landscape:
                return [await loop.run_in_executor(thread, self._engine().landscape, requests[0])]
            answer = self._engine().answer if thread is self._heavy_thread else self._answer_light
            return await loop.run_in_executor(thread, answer, requests)
        except Exception:
            log.exception("A batch failed")
            return [error_text(request.id, "internal", "This could not be worked out.") for request in requests]

    def _engine(self) -> Engine:
        assert self.engine is not None  # requests are answered only once it is loaded
        return self.engine

    def _answer_light(self, requests: list[Request]) -> list[bytes | str]:
        """Answer in the engine's process if it runs and can read the networks, else in this thread."""
        process = self._process
        if process is not None and all(map(self._is_on_disk, requests)):
            try:
                return process.answer(requests)
            except (EOFError, OSError):
                log.warning("The engine's process has ended; this process answers now.")
                self._process = None
                process.close()
        return self._engine().answer(requests)

    def _is_on_disk(self, request: Request) -> bool:
        found = self._engine().networks.is_on_disk
        return found(request.model) and (request.twin is None or found(request.twin))


def _step_back() -> None:
    """Lower the priority of the calling thread, so that light networks run before heavy ones (Linux: per thread)."""
    import torch  # noqa: PLC0415 (loads torch, in its own thread)

    torch.set_num_threads(1)
    with suppress(OSError, AttributeError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)
