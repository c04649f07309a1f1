"""Requests to the Train page's routes, and what they answer."""

import json
import struct
import time

import numpy as np
import torch

from stn_demo import checkpoints
from stn_demo.model import ModelConfig, build_model
from stn_demo.ui.options import Options
from stn_demo.ui.server import build_app

SETTINGS = {
    "data": "handwriting",
    "distortion": {"rotation": 40, "scale": [0.8, 1.1], "shear": 0.1, "shift": "ink"},
    "batch_size": 32,
    "learning_rate": 0.004,
}

SHORT = {"settings": {**SETTINGS, "epochs": 0.32}, "digits": 1000, "twin": True, "name": "short"}  # ten steps

LONG = {"settings": {**SETTINGS, "epochs": 5000}, "digits": 1000}


def app_of(folder, **options):
    torch.manual_seed(0)
    networks = folder / "networks"
    networks.mkdir(exist_ok=True)
    for name, config in {"seed-affine": ModelConfig(), "seed-cnn": ModelConfig(placement=())}.items():
        checkpoints.save(networks / f"{name}.safetensors", build_model(config), {})
    return build_app(Options(checkpoints=networks, runs=folder / "runs", **options))


def post(client, action, status=200, **values):
    answer = client.post(f"/stn/train/{action}", json=values)
    assert answer.status_code == status, answer.text
    return answer.json()


def refused(client, action, **values):
    """The code and the sentence of a refusal."""
    error = post(client, action, 400, **values)["error"]
    assert error["message"].endswith(".") and len(error["message"]) > 10
    return error["code"], error["message"]


def log(client, id, since=0):
    return client.get("/stn/train/log", params={"id": id, "since": since}).json()


def until(client, id, so, seconds=60):
    """The run's status, once ``so(status)``."""
    end = time.monotonic() + seconds
    while not so(run := log(client, id, -1)["run"]):
        assert time.monotonic() < end and run["state"] != "failed", run
        time.sleep(0.1)
    return run


def wait(client, id, state):
    return until(client, id, lambda run: run["state"] == state)


def unpack(message):
    length = struct.unpack("<I", message[:4])[0]
    header, offset, arrays = json.loads(message[4 : 4 + length]), 4 + length, {}
    assert offset % 8 == 0
    for name, kind, shape in header["arrays"]:
        assert kind == "u1"
        arrays[name] = np.frombuffer(message[offset : offset + int(np.prod(shape))], np.uint8).reshape(shape)
        offset += arrays[name].size
    assert offset == len(message)
    return header, arrays
