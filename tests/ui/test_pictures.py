"""Pictures that are opened: their digits, cuts, colours, sizes and refusals."""

import base64
import io
import json

import numpy as np
import own_pictures
import pictures
import pillow_heif
import pytest
from PIL import Image
from server_helpers import STROKES

from stn_demo.data import folder as own_folder
from stn_demo.data import picture
from stn_demo.data.scenes.reported import REPORTED
from stn_demo.limits import LARGEST_PICTURE
from stn_demo.ui import page


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
    header, _ = channel(id=3, source=source, model=model, twin="seed-cnn")  # it has other classes
    assert (header["twin"], header["twin_probs"], header["incomparable"]) == (None, None, "seed-cnn")
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


def test_found_digits_are_returned_and_a_manual_crop_is_read_again(client):
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
def test_invalid_box_is_refused(client, box):
    answer = client.post(f"/stn/picture?box={box}", content=pictures.encoded(REPORTED["pair"][0]()))
    assert answer.status_code == 400 and answer.json()["error"]["code"] == "bad_request"


def test_a_picture_without_a_digit_comes_back_with_a_sentence(client):
    blank = pictures.encoded(Image.new("L", (300, 200), 240))
    answer = client.post("/stn/picture", content=blank)
    assert answer.status_code == 400 and answer.json()["error"]["code"] == "blank" and "digit" not in answer.json()
    assert answer.json()["found"]["boxes"] == [] and answer.json()["found"]["width"] == 300
    assert client.post("/stn/picture?box=0.1,0.1,0.9,0.9", content=blank).json()["error"]["code"] == "blank"


def test_heic_without_a_decoder_is_refused_with_instructions(client, monkeypatch):
    pillow_heif.register_heif_opener()
    data = pictures.encoded(pictures.drawn().convert("RGB"), "HEIF")
    assert len(base64.b64decode(client.post("/stn/picture", content=data).json()["digit"])) == 784
    monkeypatch.setattr(picture, "HEIF_DECODERS", ("no_such_decoder",))
    answer = client.post("/stn/picture", content=data)
    assert answer.status_code == 400 and answer.json()["error"]["code"] == "heic"
    words = page.HERE / "strings"
    for name in ("en", "zh-CN"):
        sentence = json.loads((words / f"{name}.json").read_text(encoding="utf-8"))["error.heic"]
        assert "HEIC" in sentence and "JPEG" in sentence


def test_an_upload_is_bounded(client):
    answer = client.post("/stn/picture", content=b"x" * (LARGEST_PICTURE + 1))
    assert answer.status_code == 400 and answer.json()["error"]["code"] == "too_large_bytes"
