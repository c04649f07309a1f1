"""The app's own routes, through a real ASGI client: frames, refusals, links, exports."""

import base64
import json

import numpy as np
import pytest
import torch
from server_helpers import STROKES
from starlette.websockets import WebSocketDisconnect

from stn_demo import checkpoints
from stn_demo.data.pose import Pose, pose_images
from stn_demo.ui.options import OptionError, Options, bound_socket, read_options


def test_frame_equals_the_forward_pass_of_the_network(client, channel):
    header, arrays = channel(
        id=5, source=STROKES, pose={"rotation": 30, "scale": 0.8}, model="seed-affine", density=True
    )
    model = checkpoints.load("seed-affine", client.folder)
    digit = torch.tensor(arrays["digit"].copy())[None, None] / 255
    with torch.no_grad():
        trace = model.trace(pose_images(digit, [Pose(rotation=30, scale=0.8)]))
    assert header["id"] == 5 and header["theta"] == pytest.approx(trace.transforms[0].theta[0].tolist(), abs=1e-5)
    assert header["probs"] == pytest.approx(trace.log_probs.exp()[0].tolist(), abs=1e-5)
    assert np.abs(arrays["grid"] / 4096 - trace.transforms[0].grid[0].numpy()).max() < 1 / 4096
    assert np.abs(arrays["warped"] / 255 - trace.transforms[0].warped[0, 0].numpy()).max() < 1 / 255
    assert header["applied"]["rotation"] == pytest.approx(30, abs=1e-3)
    assert len(header["twin_probs"]) == 10 and arrays["density"].shape == (28, 28) and not header["blank"]


def test_a_digit_and_the_strokes_it_was_rendered_from_give_the_same_frame(channel):
    header, arrays = channel(id=1, source=STROKES)
    digit = {"kind": "digit", "digit": base64.b64encode(arrays["digit"].tobytes()).decode()}
    again, same = channel(id=1, source=digit)
    assert again == header and all(np.array_equal(arrays[name], same[name]) for name in arrays)


def test_networks_of_another_size_come_with_pictures_of_that_size(channel):
    header, arrays = channel(id=1, source=STROKES, model="big-tps")
    assert arrays["input"].shape == (42, 42) and arrays["warped"].shape == (28, 28) and header["transform"] == "tps"
    assert len(header["theta"]) == 32 and len(header["outline"]) == 48 and len(header["corners"]) == 4


def test_frame_of_a_plain_network_has_no_transform(channel):
    header, _ = channel(id=1, source=STROKES, model="seed-cnn", twin=None)
    assert (
        header["transform"] is None
        and header["theta"] == []
        and header["undone"] is None
        and header["twin_probs"] is None
    )


def test_sampler_and_padding_can_be_switched(channel):
    plain, arrays = channel(id=1, source=STROKES, pose={"rotation": 20})
    switched, others = channel(id=2, source=STROKES, pose={"rotation": 20}, sampler="nearest", padding="border")
    assert (switched["sampler"], switched["padding"]) == ("nearest", "border")
    assert switched["theta"] == plain["theta"] and not np.array_equal(arrays["warped"], others["warped"])


@pytest.mark.parametrize(
    "request_, code",
    [
        ({"pose": {"rotation": 1e6}}, "bad_request"),
        ({"model": "nowhere"}, "unknown_model"),
        ({"model": "../seed-affine"}, "unknown_model"),
        ({"model": "broken"}, "broken_model"),
        ({"grab": {"theta": [1, 2, 3]}}, "bad_request"),
    ],
)
def test_bad_request_is_refused_and_the_channel_stays_open(channel, request_, code):
    refusal, _ = channel(id=9, **request_)
    assert refusal["id"] == 9 and refusal["error"]["code"] == code and refusal["error"]["message"].endswith(".")
    assert channel(id=10, source=STROKES)[0]["id"] == 10


def test_invalid_messages_do_not_break_the_channel(channel):
    for noise in ("", "{", "[]", "null", "\x00", '{"id": {}}', "9" * 5000):
        channel.socket.send_text(noise)
        assert "error" in json.loads(channel.socket.receive_text())
    assert channel(id=3)[0]["blank"]


def test_another_sites_page_cannot_open_the_channel(client):
    foreign = {"origin": "http://evil.example"}
    with pytest.raises(WebSocketDisconnect), client.websocket_connect("/stn/live", headers=foreign) as socket:
        socket.receive_text()
    assert client.post("/stn/link", content=b"{}", headers={"origin": "http://evil.example"}).status_code == 403


def test_valid_link_opens_and_invalid_link_is_refused(client):
    good = client.post("/stn/link", json={"pose": {"rotation": 12}}).json()
    assert good["problem"] is None and good["state"]["pose"]["rotation"] == 12
    for bad in (b"", b"{", b'{"pose": {"rotation": 1e9}}', b'{"model": "nowhere"}', b"x" * 400_000):
        answer = client.post("/stn/link", content=bad).json()
        assert answer["problem"]["message"] and answer["state"]["pose"]["rotation"] == 0


def test_example_digits_exist_without_mnist(client):
    strip = client.get("/stn/strip").json()
    assert strip["mnist"] is None and [one["label"] for one in strip["handwriting"]] == list(range(10))
    assert len(base64.b64decode(client.get("/stn/random?set=mnist").json()["digit"])) == 784


@pytest.mark.parametrize("name", ["r", "rts", "p", "e", "pose"])
def test_a_random_pose_of_a_distribution_is_a_valid_pose(client, name):
    for _ in range(5):
        pose = client.get(f"/stn/draw?distortion={name}").json()["pose"]
        assert client.post("/stn/link", json={"pose": pose}).json()["problem"] is None
    assert client.get("/stn/draw?distortion=nothing").status_code == 400


def test_the_export_is_the_frame_at_full_precision(client):
    asked = {"source": STROKES, "pose": {"rotation": 25}, "model": "seed-affine"}
    export = client.post("/stn/export", json=asked).json()
    assert np.array(export["grid"]).shape == (28, 28, 2) and len(export["theta"]) == 6
    assert client.post("/stn/export", json={"model": "nowhere"}).status_code == 400


@pytest.mark.parametrize("more", [{}, {"grab": {"theta": [0.8, 0, 0, 0, 0.8, 0.1]}, "sampler": "bicubic"}])
def test_exported_code_reproduces_the_frame(client, more, monkeypatch, capsys):
    asked = {
        "source": STROKES,
        "pose": {"rotation": 25, "elastic": 1, "elastic_seed": 3},
        "model": "seed-affine",
        **more,
    }
    export = client.post("/stn/export", json=asked).json()
    code = client.post("/stn/code", json=asked).json()["code"]
    monkeypatch.setenv("STN_DEMO_CHECKPOINTS", str(client.folder))
    made = {}
    exec(compile(code, "snippet", "exec"), made)
    assert made["probs"].tolist() == pytest.approx(export["probabilities"], abs=1e-5)
    assert made["trace"].transforms[0].theta[0].tolist() == pytest.approx(export["theta"], abs=1e-5)
    assert f"digit {int(np.argmax(export['probabilities']))}" in capsys.readouterr().out


def test_page_requests_no_other_host(client):
    page = client.get("/").text
    outside = [part.split('"')[0] for part in page.split('src="')[1:] + page.split('<link rel="stylesheet" href="')[1:]]
    assert not [
        address
        for address in outside
        if address.startswith(("http://", "https://", "//")) and "localhost" not in address
    ]


def test_used_port_and_bad_folder_are_one_line_errors(tmp_path):
    holder = bound_socket(Options(port=0))
    holder.listen()
    with pytest.raises(OptionError, match="--port"):
        bound_socket(Options(port=holder.getsockname()[1]))
    holder.close()
    file = tmp_path / "file"
    file.write_text("")
    for arguments in (
        ["--checkpoints", str(file)],
        ["--data", str(tmp_path / "none")],
        ["--port", "99999"],
        ["--device", "abacus"],
    ):
        with pytest.raises(OptionError) as error:
            read_options(arguments)
        assert "\n" not in str(error.value) and str(error.value).endswith(".")
