"""The app as an ASGI client, and its channel of live frames."""

import json

import own_pictures
import pytest
import torch
from server_helpers import decode
from starlette.testclient import TestClient

from stn_demo import checkpoints
from stn_demo.model import ModelConfig, build_model
from stn_demo.ui.options import Options
from stn_demo.ui.server import build_app


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    folder = tmp_path_factory.mktemp("networks")
    torch.manual_seed(0)
    for name, config in {
        "seed-affine": ModelConfig(),
        "seed-cnn": ModelConfig(placement=()),
        "big-tps": ModelConfig(transform="tps", input_size=42, output_size=28),
    }.items():
        model = build_model(config)
        for transformer in model.transformers.values():
            torch.nn.init.normal_(transformer.localization.theta.weight, std=0.05)
        checkpoints.save(folder / f"{name}.safetensors", model, {"distortion": "pose"})
    names, colour = {"classes": 3, "class_names": own_pictures.NAMES}, {"in_channels": 3, "input_size": 42}
    for name, more, taught in (("colour", colour, "rts"), ("colour-pose", colour, "pose"), ("grey", {}, "pose")):
        model = build_model(ModelConfig(**names, **more))
        checkpoints.save(folder / f"{name}.safetensors", model, {"distortion": taught})
    (folder / "broken.safetensors").write_bytes(b"not a network")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(tmp_path_factory.mktemp("home")))
        patch.delenv("STN_DEMO_DATA", raising=False)
        with TestClient(build_app(Options(checkpoints=folder))) as client:
            client.folder = folder
            yield client


@pytest.fixture
def channel(client):
    with client.websocket_connect("/stn/live") as socket:
        assert json.loads(socket.receive_text())["status"]["state"] in ("loading", "ready")

        def ask(**request):
            socket.send_text(json.dumps(request))
            while True:
                message = socket.receive()
                if message.get("bytes"):
                    return decode(message["bytes"])
                values = json.loads(message["text"])
                if "error" in values:
                    return values, {}

        ask.socket = socket
        yield ask
