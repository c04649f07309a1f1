"""A few hundred of each kind of hostile input: an answer or an error message, never an internal error."""

import json
import random

import generators
import pytest

from app import quiet_log
from stn_demo.data import picture

SEED = 1


def checked(answer):
    assert answer.status_code < 500 and "Traceback" not in answer.text, (answer.status_code, answer.text[:300])
    return answer


def test_pictures(client):
    with quiet_log() as faults:
        for data in generators.pictures(SEED, 250):
            answer = checked(client.post("/stn/picture", content=data)).json()
            assert "digit" in answer or answer["error"]["message"].endswith(".")
    assert faults == []


@pytest.mark.parametrize("raw", [False, True])
def test_pictures_with_extreme_floats(raw):
    for seed in range(150):
        try:
            digit = picture.read(generators.float_tiff(random.Random(seed)), raw=raw)
        except picture.PictureError as error:
            assert str(error).endswith(".")
        else:
            assert digit.shape == (28, 28)


def test_checkpoints(client):
    with quiet_log() as faults:
        for data in generators.hostile_checkpoints(SEED, 250):
            answer = checked(client.post("/stn/network", content=data)).json()
            assert "name" in answer or answer["error"]["message"]
        assert checked(client.post("/stn/network", content=b"")).status_code == 400
    assert faults == []
    assert client.get("/stn/train/networks").status_code == 200


def test_messages(client):
    with quiet_log() as faults, client.websocket_connect("/stn/live") as socket:
        socket.receive_text()
        for text in generators.messages(SEED, 400):
            socket.send_text(text)
            message = socket.receive()
            while (message.get("text") or "").startswith('{"status"'):
                message = socket.receive()
            assert message.get("bytes") or json.loads(message["text"])["error"]["message"]
            checked(client.post("/stn/link", content=text.encode()))
    assert faults == []


def test_forms(client):
    with quiet_log() as faults:
        for route, text in generators.forms(SEED, 300):
            checked(client.post(route, content=text.encode()))
    assert faults == []
    assert client.get("/stn/train").json()["running"] is None


def test_references(client):
    before = {path for path in client.uploads.rglob("*") if path.is_file()}
    with quiet_log() as faults:
        for body in generators.references(SEED, 300, str(client.uploads)):
            text = json.dumps(body).encode()
            answer = client.post("/gradio_api/queue/join", content=text, headers={"content-type": "application/json"})
            assert checked(answer).status_code in (400, 413), body
    assert faults == [] and {path for path in client.uploads.rglob("*") if path.is_file()} <= before
