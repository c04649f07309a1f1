"""Bodies that arrive slowly, stall, or are many at once: they time out and their memory is freed."""

import asyncio

import pytest

from stn_demo.ui.gate import bodies
from stn_demo.ui.gate.bodies import Arriving, BodyError, Gone


def chunks(*parts, then="stall"):
    """An ASGI ``receive`` that returns these parts, then stalls, or ends, or reports that the client has disconnected."""
    left = list(parts)

    async def receive():
        if left:
            part = left.pop(0)
            return {"type": "http.request", "body": part, "more_body": bool(left) or then != "end"}
        if then == "leave":
            return {"type": "http.disconnect"}
        return await asyncio.Event().wait()

    return receive


def test_a_body_is_read_whole_and_one_that_is_too_large_is_not():
    arriving = Arriving()
    assert asyncio.run(arriving.read(chunks(b"ab", b"cd", then="end"), 4)) == b"abcd"
    assert asyncio.run(arriving.read(chunks(b"ab", b"cd", then="end"), 3)) is None
    with pytest.raises(BodyError) as error:
        asyncio.run(arriving.read(chunks(*[b"x" * 10] * 10, then="end"), 10))
    assert error.value.status == 413 and arriving.held == 0


def test_stalled_body_times_out_and_frees_its_memory(monkeypatch):
    monkeypatch.setattr(bodies, "LONGEST_PAUSE", 0.05)
    arriving = Arriving()

    async def fifty():
        reads = [arriving.read(chunks(b"x" * 1000), 10_000) for _ in range(50)]
        return await asyncio.gather(*reads, return_exceptions=True)

    assert all(isinstance(error, BodyError) and error.status == 408 for error in asyncio.run(fifty()))
    assert arriving.held == 0


def test_slow_body_times_out(monkeypatch):
    monkeypatch.setattr(bodies, "LONGEST_BODY", 0.1)

    async def receive():
        await asyncio.sleep(0.01)
        return {"type": "http.request", "body": b"x", "more_body": True}

    with pytest.raises(BodyError) as error:
        asyncio.run(Arriving().read(receive, 1 << 20))
    assert error.value.status == 408


def test_a_client_that_leaves_frees_its_memory():
    arriving = Arriving()
    with pytest.raises(Gone):
        asyncio.run(arriving.read(chunks(b"x" * 1000, then="leave"), 10_000))
    assert arriving.held == 0


def test_all_bodies_together_are_bounded(monkeypatch):
    monkeypatch.setattr(bodies, "LONGEST_PAUSE", 0.05)
    arriving = Arriving(most=25_000)

    async def many():
        reads = [arriving.read(chunks(b"x" * 1000), 10_000) for _ in range(50)]
        answers = await asyncio.gather(*reads, return_exceptions=True)
        return [answer.status for answer in answers]

    statuses = asyncio.run(many())
    assert statuses.count(503) == 25 and statuses.count(408) == 25 and arriving.held == 0
