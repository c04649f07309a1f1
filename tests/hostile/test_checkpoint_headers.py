"""Arbitrary headers of checkpoints: a network and fields of known types, or an error message."""

import json

import pytest
from safetensors.torch import save

from stn_demo import checkpoints
from stn_demo.model import ModelConfig, build_model
from stn_demo.provenance import KINDS, read_provenance

DEEP = "[" * 900 + "]" * 900
HOSTILE = {
    "a list for errors": '{"test_error": [1]}',
    "a text for errors": '{"test_error": "x"}',
    "an error that is a text": '{"test_error": {"pose": "3"}}',
    "an error that is a flag": '{"test_error": {"pose": true}}',
    "an error that is a list": '{"test_error": {"pose": [1]}}',
    "an error below 0": '{"test_error": {"pose": -1}}',
    "an error above 100": '{"test_error": {"pose": 1e9}}',
    "markup for a measure": '{"test_error": {"<img src=x onerror=alert(1)>": 1}}',
    "markup for a distortion": '{"distortion": "<b>r</b>"}',
    "a list for a distortion": '{"distortion": ["r"]}',
    "NaN": '{"test_error": {"pose": NaN}}',
    "Infinity": '{"epochs": Infinity}',
    "a number beyond all": '{"epochs": 1e999}',
    "a whole number beyond all": '{"seed": 1' + "0" * 4000 + "}",
    "a megabyte": json.dumps({"machine": "x" * (1 << 20)}),
    "many values": json.dumps({"versions": dict.fromkeys(map(str, range(3000)), "1")}),
    "900 levels": f'{{"settings": {{"x": {DEEP}}}}}',
    "20 levels": '{"settings": ' + '{"x": ' * 20 + "1" + "}" * 21,
    "half a character": '{"machine": "\\ud800"}',
    "half a character for a key": '{"\\udfff": 1}',
    "a long key": json.dumps({"x" * 2000: 1}),
    "a flag for a number": '{"seed": true}',
    "a text for settings": '{"settings": "x"}',
    "no table": "[1]",
    "no JSON": "{",
    "nothing": "",
}


@pytest.fixture(scope="module")
def model():
    return build_model(ModelConfig())


def packed(model, provenance, config=None):
    about = {"format": checkpoints.FORMAT, "config": config or model.config.to_json(), "provenance": provenance}
    return save(dict(model.state_dict()), about)


def both(data, tmp_path):
    """The errors of loading the file and of reading only its header."""
    path = tmp_path / "hostile.safetensors"
    path.write_bytes(data)
    for read in (checkpoints.loads, lambda _: checkpoints.read_info(path)):
        with pytest.raises(checkpoints.CheckpointError) as error:
            read(data)
        yield str(error.value)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_provenance_is_refused_with_a_sentence(model, name, tmp_path):
    for sentence in both(packed(model, HOSTILE[name]), tmp_path):
        assert sentence.endswith(".") and "\n" not in sentence and len(sentence) < 300
        sentence.encode()


@pytest.mark.parametrize("field", KINDS)
def test_every_known_field_of_another_kind_is_refused(model, field):
    for wrong in ("x", 1, 1.5, True, [1], {"a": 1}):
        kinds = KINDS[field] if isinstance(KINDS[field], tuple) else (KINDS[field],)
        right = isinstance(wrong, kinds) and (bool in kinds or not isinstance(wrong, bool))
        if right:
            assert read_provenance(json.dumps({field: wrong})) == {field: wrong}
        else:
            with pytest.raises(ValueError):
                read_provenance(json.dumps({field: wrong}))


@pytest.mark.parametrize(
    "config",
    [
        *("", "x", "[]", "{}x", '{"transform": "\\ud800"}', '{"placement": [[1]]}', f'{{"x": {DEEP}}}', '{"a": NaN}'),
        *(json.dumps({"transform": "x" * 100_000}), '{"input_size": 1e999}', '{"input_size": true}'),
    ],
)
def test_a_hostile_config_is_refused_with_a_sentence(model, config, tmp_path):
    data = packed(model, "{}", config or " ")
    for sentence in both(data, tmp_path):
        assert sentence.endswith(".") and "\n" not in sentence and len(sentence) < 1000
        sentence.encode()


@pytest.mark.parametrize(
    "entry",
    [1, None, [], {}, {"dtype": "F32"}, {"dtype": 1, "shape": []}]
    + [{"dtype": "F32", "shape": shape} for shape in ("x", [-1], [True], [1.5], [1] * 9, [10**30], [[1]], {"a": 1})],
)
def test_a_hostile_table_of_weights_is_refused_with_a_sentence(model, entry, tmp_path):
    data = packed(model, "{}")
    length = int.from_bytes(data[:8], "little")
    header = {**json.loads(data[8 : 8 + length]), "more": entry}
    text = json.dumps(header).encode()
    list(both(len(text).to_bytes(8, "little") + text + data[8 + length :], tmp_path))


def test_what_is_saved_can_be_loaded_and_nothing_else_is_saved(model, tmp_path):
    about = {"test_error": {"none": 1.5, "as trained": 0}, "distortion": {"rotation": [0, 90]}, "run_name": "a <b> 二"}
    checkpoints.save(tmp_path / "x.safetensors", model, about)
    assert checkpoints.read_info(tmp_path / "x.safetensors").provenance == about
    with pytest.raises(checkpoints.CheckpointError):
        checkpoints.save(tmp_path / "y.safetensors", model, {"test_error": [1]})
    assert not (tmp_path / "y.safetensors").exists()
