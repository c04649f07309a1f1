"""The engine's process for many visitors: the same answers, and an app that continues when it is killed."""

import asyncio
import base64
import json
import os
import signal
from types import SimpleNamespace

import pytest

from stn_demo.data import handwriting
from stn_demo.ui.live.batcher import CROWD, Batcher
from stn_demo.ui.live.engine import Engine
from stn_demo.ui.live.networks import Networks
from stn_demo.ui.live.process import EngineProcess
from stn_demo.ui.live.request import Defaults, read_text
from stn_demo.ui.options import CHECKPOINTS

DEFAULTS = Defaults("turn-affine", "seed-cnn")
DIGIT = base64.b64encode(handwriting.digits(10, seed=3).images[0].numpy().tobytes()).decode()


def question(number, model="turn-affine"):
    source = {"kind": "digit", "digit": DIGIT}
    return json.dumps({"id": number, "source": source, "model": model, "pose": {"rotation": 3.0 * number}})


def is_same(message, other):
    """Whether two frames agree in their probabilities. The last bit is rounded otherwise in another process, and when theta of
    the digit as drawn is already known."""
    probs = [json.loads(one[4 : 4 + int.from_bytes(one[:4], "little")])["probs"] for one in (message, other)]
    return max(abs(a - b) for a, b in zip(*probs, strict=True)) < 1e-4


@pytest.fixture
def saved(tmp_path):
    return tmp_path


@pytest.fixture
def process(saved):
    process = EngineProcess(CHECKPOINTS, saved, DEFAULTS)
    process.wait()
    yield process
    process.close()


def test_engine_process_gives_the_same_answers_as_the_app(process, saved):
    requests = [read_text(question(number), DEFAULTS) for number in (1, 2, 3)]
    requests.append(read_text(question(4, model="nobody"), DEFAULTS))
    answers = process.answer(requests)
    assert answers == Engine(Networks(CHECKPOINTS, saved)).answer(requests)
    assert json.loads(answers[3])["error"]["code"] == "unknown_model"


def test_many_visitors_use_the_process_and_survive_its_end(saved):
    engine = Engine(Networks(CHECKPOINTS, saved))
    engine.networks.warm(DEFAULTS)
    expected = engine.answer([read_text(question(7), DEFAULTS)])[0]
    here, started = [], []

    def counted(requests):
        here.append(len(requests))
        return [expected] * len(requests)

    def start():
        started.append(EngineProcess(CHECKPOINTS, saved, DEFAULTS))
        return started[-1]

    async def main():
        batcher = Batcher(DEFAULTS, start)
        await batcher.load(lambda: SimpleNamespace(engine=SimpleNamespace(answer=counted, networks=engine.networks)))
        batcher.crowd(CROWD - 1)
        assert await batcher.answer(question(7)) == expected
        assert (len(here), started) == (1, [])
        batcher.crowd(CROWD)
        await batcher._starting
        assert is_same(await batcher.answer(question(7)), expected)
        assert is_same(await batcher.answer(question(7)), expected)
        assert len(here) == 1  # both were answered by the process
        os.kill(started[0]._process.pid, signal.SIGKILL)
        assert await batcher.answer(question(7)) == expected
        assert len(here) == 2
        batcher.crowd(CROWD)  # the next visitor brings it back
        await batcher._starting
        assert is_same(await batcher.answer(question(7)), expected)
        assert (len(here), len(started)) == (2, 2)
        batcher.close()
        assert started[1]._process.poll() is not None

    asyncio.run(main())


def test_networks_in_app_memory_are_answered_by_the_app(saved):
    networks = Networks(CHECKPOINTS, saved)
    networks.stand_in({"seed-cnn": ("some-run", True)})
    assert networks.is_on_disk("turn-affine") and networks.is_on_disk("upload-01234567-0123456789abcdef")
    for name in ("seed-cnn", "run-some-run-latest", "run-some-run-100-twin", "untrained-turn"):
        assert not networks.is_on_disk(name)
