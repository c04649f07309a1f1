"""A request to Gradio's queue may name only files that a visitor has uploaded."""

import json
from pathlib import Path

import gradio as gr
import pytest
from starlette.testclient import TestClient

from stn_demo import checkpoints
from stn_demo.model import ModelConfig, build_model
from stn_demo.ui.options import Options
from stn_demo.ui.server import build_app

SECRET = b"a secret of this server's owner"


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    folder = tmp_path_factory.mktemp("networks")
    checkpoints.save(folder / "seed-affine.safetensors", build_model(ModelConfig()), {})
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(tmp_path_factory.mktemp("home")))
        patch.setenv("GRADIO_TEMP_DIR", str(tmp_path_factory.mktemp("uploads")))
        with TestClient(build_app(Options(checkpoints=folder))) as client:
            yield client


@pytest.fixture
def secret(tmp_path):
    path = tmp_path / "secret.txt"
    path.write_bytes(SECRET)
    return path


def functions_with_files(client):
    """(fn_index, position of the file, arguments) of every function of the page that takes a file."""
    config = client.get("/config").json()
    kinds = {component["id"]: component["type"] for component in config["components"]}
    for function in config["dependencies"]:
        inputs = [kinds[id] for id in function["inputs"]]
        for position, kind in enumerate(inputs):
            if kind in ("file", "uploadbutton", "image", "gallery"):
                yield function["id"], position, [None] * len(inputs)


def ask(client, function, data, session="stranger"):
    joined = client.post("/gradio_api/queue/join", json={"fn_index": function, "data": data, "session_hash": session})
    if joined.status_code != 200:
        return {"success": False}
    with client.stream("GET", f"/gradio_api/queue/data?session_hash={session}") as stream:
        for line in stream.iter_lines():
            if line.startswith("data:"):
                message = json.loads(line[5:])
                if message["msg"] == "process_completed":
                    return message


def copies(of):
    return [
        path for path in Path(gr.utils.get_upload_folder()).rglob("*") if path.is_file() and of in path.read_bytes()
    ]


def test_a_path_of_the_server_is_not_read(client, secret):
    found = list(functions_with_files(client))
    assert found, "the page has a function that takes a file"
    for function, position, arguments in found:
        arguments[position] = {"path": str(secret), "meta": {"_type": "gradio.FileData"}}
        assert ask(client, function, arguments)["success"] is False
        assert copies(SECRET) == []
