"""Requests from a browser: accepted as a whole, or refused with an error message."""

import base64
import json

import pytest

from stn_demo.ui.live.request import Defaults, RequestError, parse, read_request, read_state

DEFAULTS = Defaults()
DIGIT = base64.b64encode(bytes(range(256)) * 3 + bytes(16)).decode()
STATE = {
    "source": {
        "kind": "strokes",
        "strokes": [{"w": 70, "e": 0, "p": [100, 200, 300, 400]}, {"w": 80, "e": 1, "p": [5, 6]}],
    },
    "raw": True,
    "pose": {
        "rotation": -33.5,
        "scale": 0.7,
        "shift_x": 3.0,
        "shift_y": -2.0,
        "shear": 0.4,
        "elastic": 1.5,
        "elastic_seed": 42,
        "corners": [[1.0, 2.0], [0, 0], [-3.0, 4.0], [0, 0]],
    },
    "model": "seed-affine",
    "twin": "seed-cnn",
    "grab": {"theta": [1.0, 0.0, 0.1, 0.0, 1.0, -0.1]},
    "sampler": "bicubic",
    "padding": "border",
    "layers": {
        "points": True,
        "lines": False,
        "region": True,
        "density": True,
        "gradient": True,
        "landscape": False,
        "step": 4,
    },
    "lang": "zh-CN",
}


def test_a_state_survives_the_round_trip_through_a_link():
    assert read_state(json.loads(json.dumps(STATE)), DEFAULTS) == STATE
    assert read_state(read_state(STATE, DEFAULTS), DEFAULTS) == STATE


def test_empty_request_has_the_default_values():
    state = read_state({}, DEFAULTS)
    assert state["pose"]["scale"] == 1 and state["pose"]["rotation"] == 0 and state["grab"] is None
    assert state["model"] == DEFAULTS.model and len(base64.b64decode(state["source"]["digit"])) == 784


def test_a_digit_keeps_its_bytes_and_label():
    request = read_request({"source": {"kind": "digit", "digit": DIGIT, "label": 7}}, DEFAULTS)
    assert request.source.digit == base64.b64decode(DIGIT) and request.source.label == 7


def test_every_grab_is_read():
    parts = {"rotation": 10, "scale_x": 1, "scale_y": 1, "shear": 0, "shift_x": 0, "shift_y": 0}
    for grab in ({"parts": parts}, {"theta": [0.5, 0, 0]}, {"corners": [[-1, -1], [1, -1], [1, 1], [-1, 1]]}):
        assert read_request({"grab": grab}, DEFAULTS).grab == grab


HOSTILE = [
    {"source": []},
    {"source": {"kind": "photo"}},
    {"source": {"kind": "digit", "digit": "AAAA"}},
    {"source": {"kind": "digit", "digit": "é" * 10}},
    {"source": {"kind": "digit", "digit": 5}},
    {"source": {"kind": "digit", "digit": DIGIT, "label": 10}},
    {"source": {"kind": "strokes", "strokes": {}}},
    {"source": {"kind": "strokes", "strokes": [[]]}},
    {"source": {"kind": "strokes", "strokes": [{"p": [1]}]}},
    {"source": {"kind": "strokes", "strokes": [{"p": []}]}},
    {"source": {"kind": "strokes", "strokes": [{"p": ["a", "b"]}]}},
    {"source": {"kind": "strokes", "strokes": [{"p": [1e9, 0]}]}},
    {"source": {"kind": "strokes", "strokes": [{"w": 1e5, "p": [1, 1]}]}},
    {"source": {"kind": "strokes", "strokes": [{"p": [1, 1] * 5000}]}},
    {"source": {"kind": "strokes", "strokes": [{"p": [1, 1]}] * 1000}},
    {"pose": 3},
    {"pose": {"rotation": 181}},
    {"pose": {"rotation": "90"}},
    {"pose": {"rotation": True}},
    {"pose": {"rotation": float("nan")}},
    {"pose": {"scale": float("inf")}},
    {"pose": {"scale": 0}},
    {"pose": {"corners": [[0, 0]] * 3}},
    {"pose": {"corners": [[0, 0, 0]] * 4}},
    {"pose": {"corners": [[99, 0]] * 4}},
    {"pose": {"elastic_seed": -1}},
    {"model": "../../etc/passwd"},
    {"model": ""},
    {"model": 5},
    {"model": "a" * 101},
    {"twin": {"a": 1}},
    {"grab": []},
    {"grab": {}},
    {"grab": {"theta": "abc"}},
    {"grab": {"theta": [1e9]}},
    {"grab": {"theta": [0] * 1000}},
    {"grab": {"parts": {"rotation": 1}}},
    {"grab": {"corners": None}},
    {"grab": {"theta": [1], "corners": []}},
    {"sampler": "trilinear"},
    {"padding": 0},
    {"raw": "yes"},
]


@pytest.mark.parametrize("values", HOSTILE)
def test_hostile_values_are_refused_with_a_sentence(values):
    for read in (read_request, read_state):
        with pytest.raises(RequestError) as error:
            read(values, DEFAULTS)
        assert str(error.value).endswith(".") and error.value.code


@pytest.mark.parametrize(
    "values", [{"layers": 3}, {"layers": {"step": 3}}, {"layers": {"lines": 1}}, {"lang": "<script>"}]
)
def test_hostile_looks_are_refused(values):
    with pytest.raises(RequestError):
        read_state(values, DEFAULTS)


@pytest.mark.parametrize(
    "values", [{"inspect": {"view": "moon"}}, {"inspect": {"view": "warped", "x": -1, "y": 0}}, {"id": "x"}]
)
def test_hostile_questions_are_refused(values):
    with pytest.raises(RequestError):
        read_request(values, DEFAULTS)


@pytest.mark.parametrize(
    "text", ["", "{", "[1]", "3", "null", "\x00", "[" * 100_000, b"\xff\xfe", '{"name": "\\ud800"}']
)
def test_text_that_is_not_a_json_object_is_refused(text):
    with pytest.raises(RequestError):
        parse(text)


def test_a_request_is_bounded_in_size():
    with pytest.raises(RequestError) as error:
        parse('{"a": "' + "x" * 300_000 + '"}')
    assert error.value.code == "too_long"
