"""The app's own routes, through a real ASGI client: frames, refusals, links, exports, pictures."""

import base64
import io
import json
import struct

import numpy as np
import own_pictures
import pictures
import pytest
import torch
from PIL import Image
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from stn_demo import checkpoints
from stn_demo.data import folder as own_folder
from stn_demo.data.pose import Pose, pose_images
from stn_demo.data.scenes.reported import REPORTED
from stn_demo.model import ModelConfig, build_model
from stn_demo.ui.options import OptionError, Options, bound_socket, read_options
from stn_demo.ui.server import build_app

STROKES = {"kind": "strokes", "strokes": [{"w": 80, "e": 0, "p": [300, 200, 700, 200, 450, 800]}]}


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


def decode(message):
    length = struct.unpack("<I", message[:4])[0]
    header = json.loads(message[4 : 4 + length])
    offset, arrays = 4 + length, {}
    assert offset % 8 == 0
    for name, code, shape in header["arrays"]:
        kind = np.dtype({"i2": "<i2", "u1": "u1"}[code])
        size = int(np.prod(shape)) * kind.itemsize
        arrays[name] = np.frombuffer(message[offset : offset + size], kind).reshape(shape)
        offset += size
    assert offset == len(message)
    return header, arrays


def test_a_frame_is_the_networks_own_pass(client, channel):
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


@pytest.mark.parametrize("model, side, shape", [("colour", 28, (3, 28, 28)), ("colour-pose", 42, (3, 42, 42))])
def test_a_network_of_colour_pictures_takes_the_whole_picture_as_in_training(client, channel, model, side, shape):
    image = own_pictures.shape("circle", 3)
    answer = client.post(f"/stn/picture?model={model}", content=pictures.encoded(image)).json()
    wanted = own_folder.fitted(image, 3, side).numpy()
    assert base64.b64decode(answer["digit"]) == wanted.tobytes() and "found" not in answer
    source = {"kind": "digit", "digit": answer["digit"]}
    header, arrays = channel(id=1, source=source, model=model, twin="grey", pose={"rotation": 90})
    assert np.array_equal(arrays["digit"], wanted) and arrays["input"].shape == arrays["warped"].shape == (3, 42, 42)
    if side == 42:  # fills the frame; a quarter turn clockwise
        assert np.abs(arrays["input"].astype(int) - np.rot90(wanted, -1, (1, 2))).max() <= 2
    assert header["names"] == list(own_pictures.NAMES) and header["channels"] == 3 and len(header["twin_probs"]) == 3
    # the same source, asked of a network of grey pictures and of one of digits
    for other, channels in (("grey", 1), ("seed-affine", 1)):
        header, arrays = channel(id=2, source=source, model=other, twin=None)
        assert arrays["digit"].shape == arrays["input"].shape == (28, 28) and header["channels"] == channels
    linked = client.post("/stn/link", json={"source": source, "model": model, "twin": None}).json()
    assert linked["problem"] is None and linked["state"]["source"]["digit"] == answer["digit"]


def test_the_code_for_a_colour_picture_runs(client, capsys, monkeypatch):
    monkeypatch.setenv("STN_DEMO_CHECKPOINTS", str(client.folder))
    answer = client.post("/stn/picture?model=colour", content=pictures.encoded(own_pictures.shape("square", 1))).json()
    colour = {"kind": "digit", "digit": answer["digit"]}
    for source, model in ((colour, "colour"), (STROKES, "colour"), (colour, "grey")):
        asked = {"source": source, "model": model, "twin": None, "pose": {"rotation": 20}}
        exec(client.post("/stn/code", json=asked).json()["code"], {})
        size = 42 if model == "colour" else 28
        assert f"warped (1, {3 if model == 'colour' else 1}, {size}, {size})" in capsys.readouterr().out


def test_a_picture_for_a_network_of_digits_is_still_cut(client):
    data = pictures.GOOD["drawn.png"]()
    answers = [client.post(f"/stn/picture{query}", content=data).json() for query in ("", "?model=seed-affine")]
    assert answers[0] == answers[1] and len(base64.b64decode(answers[0]["digit"])) == 784


def test_networks_of_another_size_come_with_pictures_of_that_size(channel):
    header, arrays = channel(id=1, source=STROKES, model="big-tps")
    assert arrays["input"].shape == (42, 42) and arrays["warped"].shape == (28, 28) and header["transform"] == "tps"
    assert len(header["theta"]) == 32 and len(header["outline"]) == 48 and len(header["corners"]) == 4


def test_a_plain_network_says_so(channel):
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
def test_a_bad_request_is_refused_and_the_channel_goes_on(channel, request_, code):
    refusal, _ = channel(id=9, **request_)
    assert refusal["id"] == 9 and refusal["error"]["code"] == code and refusal["error"]["message"].endswith(".")
    assert channel(id=10, source=STROKES)[0]["id"] == 10


def test_noise_on_the_channel_harms_nobody(channel):
    for noise in ("", "{", "[]", "null", "\x00", '{"id": {}}', "9" * 5000):
        channel.socket.send_text(noise)
        assert "error" in json.loads(channel.socket.receive_text())
    assert channel(id=3)[0]["blank"]


def test_another_sites_page_cannot_open_the_channel(client):
    foreign = {"origin": "http://evil.example"}
    with pytest.raises(WebSocketDisconnect), client.websocket_connect("/stn/live", headers=foreign) as socket:
        socket.receive_text()
    assert client.post("/stn/link", content=b"{}", headers={"origin": "http://evil.example"}).status_code == 403


def test_a_good_link_opens_and_a_bad_one_opens_the_default_with_a_sentence(client):
    good = client.post("/stn/link", json={"pose": {"rotation": 12}}).json()
    assert good["problem"] is None and good["state"]["pose"]["rotation"] == 12
    for bad in (b"", b"{", b'{"pose": {"rotation": 1e9}}', b'{"model": "nowhere"}', b"x" * 400_000):
        answer = client.post("/stn/link", content=bad).json()
        assert answer["problem"]["message"] and answer["state"]["pose"]["rotation"] == 0


def test_a_picture_becomes_a_digit_and_a_bad_one_a_sentence(client):
    image = Image.new("L", (200, 200), 255)
    for y in range(40, 160):
        for x in range(95, 110):
            image.putpixel((x, y), 0)
    file = io.BytesIO()
    image.save(file, "PNG")
    digit = base64.b64decode(client.post("/stn/picture", content=file.getvalue()).json()["digit"])
    assert len(digit) == 784 and max(digit) > 200
    for bad in (b"", b"text", file.getvalue()[:50]):
        answer = client.post("/stn/picture", content=bad)
        assert answer.status_code == 400 and answer.json()["error"]["message"].endswith(".")


def test_a_picture_comes_back_with_its_digits_and_is_read_again_where_the_hand_puts_the_cut(client):
    data = pictures.encoded(REPORTED["pair"][0]())
    found = client.post("/stn/picture", content=data).json()["found"]
    assert len(found["boxes"]) == len(found["digits"]) == len(found["cuts"]) == 2 and found["first"] == 0
    again = base64.b64decode(found["picture"])
    assert Image.open(io.BytesIO(again)).size == (found["width"], found["height"])
    assert Image.open(io.BytesIO(base64.b64decode(found["flat"]))).mode == "L"
    left, top, right, bottom = found["boxes"][1]
    cut = client.post(
        f"/stn/picture?box={left - 0.02},{top - 0.02},{right + 0.02},{bottom + 0.02}", content=again
    ).json()
    one, other = (np.frombuffer(base64.b64decode(digit), np.uint8) for digit in (cut["digit"], found["digits"][1]))
    assert np.corrcoef(one, other)[0, 1] > 0.95 and "picture" not in cut["found"]


@pytest.mark.parametrize("box", ["1,2", "a,b,c,d", "nan,0,1,1", "0.5,0,0.4,1", "0,0,0.001,1", "-1,0,1,1", "0,0,1,9"])
def test_a_box_that_is_none_is_refused(client, box):
    answer = client.post(f"/stn/picture?box={box}", content=pictures.encoded(REPORTED["pair"][0]()))
    assert answer.status_code == 400 and answer.json()["error"]["code"] == "bad_request"


def test_a_picture_without_a_digit_comes_back_with_a_sentence(client):
    blank = pictures.encoded(Image.new("L", (300, 200), 240))
    answer = client.post("/stn/picture", content=blank)
    assert answer.status_code == 400 and answer.json()["error"]["code"] == "blank" and "digit" not in answer.json()
    assert answer.json()["found"]["boxes"] == [] and answer.json()["found"]["width"] == 300
    assert client.post("/stn/picture?box=0.1,0.1,0.9,0.9", content=blank).json()["error"]["code"] == "blank"


def test_an_upload_is_bounded(client):
    answer = client.post("/stn/picture", content=b"x" * (21 << 20))
    assert answer.status_code == 400 and answer.json()["error"]["code"] == "too_large_bytes"


def test_ready_digits_are_there_without_mnist(client):
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
def test_the_code_reproduces_the_very_picture(client, more, monkeypatch, capsys):
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


def test_the_page_fetches_nothing_from_elsewhere(client):
    page = client.get("/").text
    outside = [part.split('"')[0] for part in page.split('src="')[1:] + page.split('<link rel="stylesheet" href="')[1:]]
    assert not [
        address
        for address in outside
        if address.startswith(("http://", "https://", "//")) and "localhost" not in address
    ]


def test_a_taken_port_and_a_bad_folder_are_one_clear_line(tmp_path):
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
