"""The order of answers under load: the newest request of each visitor, in turn, light networks before heavy ones."""

import asyncio
import json
import threading
from types import SimpleNamespace

from stn_demo.ui.live import batcher as module
from stn_demo.ui.live.batcher import Batcher
from stn_demo.ui.live.request import Defaults


class Slow:
    """An engine that answers with the ids of a batch when the test releases it."""

    def __init__(self, heavy=()):
        self.batches, self.free = [], {"light": threading.Semaphore(0), "heavy": threading.Semaphore(0)}
        self.networks = SimpleNamespace(is_light=lambda name: name not in heavy)
        self.heavy = heavy

    def answer(self, requests):
        kind = "heavy" if requests[0].model in self.heavy else "light"
        assert self.free[kind].acquire(timeout=10)
        self.batches.append([request.id for request in requests])
        return [str(request.id) for request in requests]


def run(work, engine):
    async def main():
        batcher = Batcher(Defaults())
        await batcher.load(lambda: SimpleNamespace(engine=engine))
        await asyncio.wait_for(work(batcher), 20)

    asyncio.run(main())


def text(number, **more):
    return json.dumps({"id": number, **more})


def visitor(batcher):
    """A place, and the list of what was delivered to it."""
    answers = []

    async def deliver(answer):
        answers.append(answer)

    return batcher.place(deliver), answers


async def until(condition):
    end = asyncio.get_running_loop().time() + 60
    while not condition():
        assert asyncio.get_running_loop().time() < end
        await asyncio.sleep(0.001)


def test_only_the_newest_request_of_each_visitor_is_answered():
    engine = Slow()

    async def work(batcher):
        visitors = [visitor(batcher) for _ in range(5)]
        first, _ = visitors[0]
        first.ask(text(1))
        await until(lambda: first._text is None)  # being worked on
        for number in range(2, 12):
            for index, (place, _) in enumerate(visitors):
                place.ask(text(100 * index + number))
        engine.free["light"].release(10)
        await until(lambda: all(answers for _, answers in visitors) and len(visitors[0][1]) == 2)
        assert [answers[-1] for _, answers in visitors] == ["11", "111", "211", "311", "411"]
        assert visitors[0][1] == ["1", "11"] and [place.given_up for place, _ in visitors] == [9] * 5

    run(work, engine)


def test_frequent_requests_do_not_delay_other_visitors(monkeypatch):
    monkeypatch.setattr(module, "LARGEST_BATCH", 2)
    engine = Slow()

    async def work(batcher):
        loud, heard = visitor(batcher)
        quiet = [visitor(batcher) for _ in range(4)]
        loud.ask(text(1))
        await until(lambda: loud._text is None)
        for number, (place, _) in enumerate(quiet):
            place.ask(text(10 + number))
        for number in range(2, 50):
            loud.ask(text(number))
        engine.free["light"].release(10)
        await until(lambda: len(heard) == 2 and all(answers for _, answers in quiet))
        assert engine.batches == [[1], [10, 11], [12, 13], [49]]

    run(work, engine)


def test_slow_client_delays_no_other_client():
    engine = Slow()
    engine.free["light"].release(100)

    async def work(batcher):
        read = asyncio.Event()

        async def stuck(_):
            await read.wait()

        slow = batcher.place(stuck)
        for number in range(5):
            slow.ask(text(number))
            assert await batcher.answer(text(100 + number)) == str(100 + number)
        assert sum(batch.count(number) for batch in engine.batches for number in range(5)) == 1
        read.set()
        await until(lambda: any(4 in batch for batch in engine.batches))

    run(work, engine)


def test_light_networks_are_answered_before_heavy_ones():
    engine = Slow(heavy=("big",))

    async def work(batcher):
        waiting = asyncio.ensure_future(batcher.answer(text(1, model="big", twin=None)))
        engine.free["light"].release(3)
        for number in (2, 3, 4):
            assert await batcher.answer(text(number)) == str(number)
        assert not waiting.done()
        engine.free["heavy"].release()
        assert await waiting == "1"

    run(work, engine)


def test_request_that_waits_too_long_is_refused(monkeypatch):
    monkeypatch.setattr(module, "LONGEST_WAIT", -1.0)
    engine = Slow()

    async def work(batcher):
        answer = json.loads(await batcher.answer(text(7)))
        assert answer["id"] == 7 and answer["error"]["code"] == "busy"

    run(work, engine)


def test_bad_request_is_refused_by_id_and_others_are_answered():
    engine = Slow()
    engine.free["light"].release(10)

    async def work(batcher):
        for bad in ('{"id": 9, "pose": 3}', '{"id": 9, "model": "/"}', '{"id": 9, "source": {"kind": "x"}}'):
            answer = json.loads(await batcher.answer(bad))
            assert answer["id"] == 9 and answer["error"]["message"].endswith(".")
        assert json.loads(await batcher.answer("{"))["id"] == 0
        assert await batcher.answer(text(3)) == "3"

    run(work, engine)


def test_engine_error_is_reported_and_later_requests_are_answered():
    engine = Slow()
    engine.answer, whole = lambda requests: 1 / 0, engine.answer

    async def work(batcher):
        assert json.loads(await batcher.answer(text(1)))["error"]["code"] == "internal"
        engine.answer = whole
        engine.free["light"].release()
        assert await batcher.answer(text(2)) == "2"

    run(work, engine)


def test_waiting_requests_for_an_opened_network_form_a_batch():
    engine = Slow(heavy=("new",))

    async def work(batcher):
        visitors = [visitor(batcher) for _ in range(6)]
        for number, (place, _) in enumerate(visitors, 1):
            place.ask(text(number, model="new"))
        await until(lambda: len(batcher._heavy) == 5)  # the first is being answered, and opens the network
        engine.heavy = ()
        engine.networks.is_light = lambda name: True
        engine.free["heavy"].release()
        engine.free["light"].release()
        await until(lambda: all(answers for _, answers in visitors))

    run(work, engine)
    assert engine.batches == [[1], [2, 3, 4, 5, 6]]


def test_request_during_engine_loading_is_answered(monkeypatch):
    monkeypatch.setattr(module, "LONGEST_WAIT", 0.05)
    engine = Slow()

    def load():
        threading.Event().wait(0.2)  # longer than a question may wait behind others
        return SimpleNamespace(engine=engine)

    async def main():
        batcher = Batcher(Defaults())
        answer = asyncio.ensure_future(batcher.answer(text(7)))
        await batcher.load(load)
        engine.free["light"].release()
        assert await asyncio.wait_for(answer, 20) == "7"

    asyncio.run(main())
