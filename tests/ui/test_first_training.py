"""On a machine without checkpoints the app trains its first networks: an ordinary run, shown on every page."""

import json
import time

import pytest
from starlette.testclient import TestClient

from stn_demo import checkpoints
from stn_demo.training.recipes import RECIPES
from stn_demo.ui.options import Options
from stn_demo.ui.server import build_app
from stn_demo.ui.train import first

TIMEOUT = 120  # seconds


@pytest.fixture
def options(tmp_path, monkeypatch):
    """Options for a machine without checkpoints, MNIST and network connection."""
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "none").mkdir()
    monkeypatch.setenv("STN_DEMO_DATA", str(tmp_path / "none"))
    for name in ("http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")  # nothing listens there: a download fails at once
    return Options(checkpoints=tmp_path / "none", runs=tmp_path / "runs", data=tmp_path / "none")


@pytest.fixture
def short(monkeypatch):
    """A training of a few steps, with the digits of our own generator: what needs a network fails at once."""
    monkeypatch.setattr(first, "EPOCHS", 1.0)
    monkeypatch.setattr(first, "DIGITS", 320)
    monkeypatch.setitem(RECIPES, "turn-affine", RECIPES["turn-affine"].but(batch_size=32, settling=0.0, widening=0.0))


def until(client, holds):
    """The status once ``holds`` is true for it, requested repeatedly like the page does."""
    end = time.monotonic() + TIMEOUT
    while not holds(status := client.get("/stn/status").json()["status"]):
        assert status["state"] != "failed", status
        assert time.monotonic() < end, status
        time.sleep(0.05)
    return status


def explained(client, **more):
    with client.websocket_connect("/stn/live") as socket:
        socket.receive_text()
        socket.send_text(json.dumps({"id": 1, "source": {"kind": "strokes", "strokes": []}, **more}))
        return socket.receive_bytes()


def test_the_first_networks_are_an_ordinary_run_and_become_checkpoints(options, short):
    with TestClient(build_app(options)) as client:
        shown = until(client, lambda status: status["state"] == "training")
        assert 0 <= shown["args"]["percent"] <= 100
        assert {model["name"] for model in shown["models"]} == set(first.CHECKPOINTS)
        assert explained(client), "the page can be used from the first moment on"
        until(client, lambda status: status["args"].get("data") == "handwriting")  # MNIST cannot be downloaded here
        (run,) = client.get("/stn/train").json()["runs"]
        assert (run["name"], run["twin"], run["settings"]["data"]) == (first.RUN_NAME, True, "handwriting")
        until(client, lambda status: status["state"] == "ready")
        assert explained(client, model="turn-affine", twin="seed-cnn")
    for name, twin in first.CHECKPOINTS.items():
        info = checkpoints.read_info(options.uploads / f"{name}.safetensors")
        assert ("input" in info.config.placement) is not twin
        assert 0 < info.provenance["test_error"]["pose"] <= 100
    assert not first.needed(options)
    with TestClient(build_app(options)) as client:  # the next start has them
        status = until(client, lambda status: status["state"] == "ready")
        assert {model["name"] for model in status["models"]} == set(first.CHECKPOINTS)
        assert len(client.get("/stn/train").json()["runs"]) == 1


def test_interrupted_first_training_resumes_at_the_next_start(options, short, monkeypatch):
    monkeypatch.setattr(first, "EPOCHS", 400.0)
    with TestClient(build_app(options)) as client:
        until(client, lambda status: status["args"].get("data") == "handwriting" and status["args"]["percent"] > 0)
    with TestClient(build_app(options)) as client:
        until(client, lambda status: status["state"] == "training" and status["args"]["percent"] > 0)
        (run,) = client.get("/stn/train").json()["runs"]
        assert run["step"] > 0 and run["alive"]
        assert client.post("/stn/train/stop", json={"id": run["id"]}).status_code == 200
        until(client, lambda status: status["state"] == "ready")  # what a visitor stops is kept as it is
    assert not first.needed(options)


def test_first_training_that_cannot_start_is_reported(options, monkeypatch):
    (options.runs).write_text("a file where the folder of runs should be")
    with TestClient(build_app(options)) as client:
        end = time.monotonic() + TIMEOUT
        while (status := client.get("/stn/status").json()["status"])["state"] != "failed":
            assert time.monotonic() < end, status
            time.sleep(0.05)
        assert str(options.runs) in status["args"]["message"]
