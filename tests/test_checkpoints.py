"""Checkpoints are written completely or not at all; every other file is refused with an error message."""

import errno
import json
import os
import pickle
import re

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save as pack

from stn_demo import checkpoints
from stn_demo.checkpoints import CheckpointError
from stn_demo.model import ModelConfig, build_model

PROVENANCE = {"data": "handwriting", "seed": 7, "test_error": {"none": 1.25}}
CONFIGS = {
    "affine": ModelConfig(),
    "plain": ModelConfig(placement=()),
    "maps": ModelConfig(transform="tps", sampler="deconvolution", localization="paper", placement=("input", "conv1")),
    "fcn": ModelConfig(transform="projective", classifier="fcn", localization="mlp", input_size=42, output_size=21),
}


@pytest.fixture
def saved(tmp_path):
    model = build_model(ModelConfig())
    path = tmp_path / "mine.safetensors"
    checkpoints.save(path, model, PROVENANCE)
    return path, model


def repacked(path, change):
    """The file again, after ``change(tensors, metadata)``."""
    with safe_open(path, "pt") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (the file is no iterable)
        metadata = file.metadata()
    change(tensors, metadata)
    return pack(tensors, metadata)


@pytest.mark.parametrize("name", CONFIGS)
def test_saved_checkpoint_loads_unchanged(tmp_path, name):
    model = build_model(CONFIGS[name])
    with torch.no_grad():
        for value in model.parameters():
            value.normal_(0, 0.1)
    checkpoints.save(tmp_path / f"{name}.safetensors", model.to(memory_format=torch.channels_last), PROVENANCE)
    loaded = checkpoints.load(name, folder=tmp_path)
    assert loaded.config == CONFIGS[name] and not loaded.training
    for key, value in model.state_dict().items():
        assert torch.equal(loaded.state_dict()[key], value)
    x = torch.rand(2, 1, CONFIGS[name].input_size, CONFIGS[name].input_size)
    torch.testing.assert_close(loaded(x), model.eval()(x), atol=1e-5, rtol=1e-5)


def test_header_contains_format_config_and_provenance(saved):
    path, _model = saved
    info = checkpoints.read_info(path)
    assert (info.name, info.path, info.config, info.provenance) == ("mine", path, ModelConfig(), PROVENANCE)
    assert info.parameters == 27_360 and info.bytes == path.stat().st_size
    with safe_open(path, "pt") as file:  # and any safetensors reader can read it
        assert json.loads(file.metadata()["provenance"]) == PROVENANCE


def test_loading_does_not_change_the_random_state(saved):
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    checkpoints.load(saved[0])
    assert torch.equal(torch.rand(3), expected)


def test_available_lists_valid_files_and_reports_broken_ones(saved):
    path, model = saved
    checkpoints.save(path.with_name("another.safetensors"), model, {})
    path.with_name("broken.safetensors").write_bytes(b"abc")
    path.with_name("notes.txt").write_text("not a checkpoint")
    reports = []
    found = checkpoints.available(path.parent, on_broken=reports.append)
    assert [info.name for info in found] == ["another", "mine"]
    assert len(reports) == 1 and "broken.safetensors" in reports[0]
    with pytest.warns(UserWarning, match="broken.safetensors"):
        checkpoints.available(path.parent)
    assert checkpoints.available(path.parent / "nowhere") == []


def test_folder_can_be_set_by_the_environment(saved, monkeypatch):
    monkeypatch.setenv("STN_DEMO_CHECKPOINTS", str(saved[0].parent))
    assert checkpoints.load("mine").config == ModelConfig()


# Names


@pytest.mark.parametrize(
    "name", ["../mine", "/etc/passwd", "a/b", "..", "", ".hidden", "a\0b", "a\\b", "x" * 200, None]
)
def test_names_cannot_leave_the_folder(saved, name):
    with pytest.raises(CheckpointError, match="not a checkpoint name"):
        checkpoints.path_of(name, saved[0].parent)


def test_unknown_name_lists_the_available_names(saved):
    with pytest.raises(CheckpointError, match=r"There is no checkpoint yours in .*; it has: mine"):
        checkpoints.load("yours", folder=saved[0].parent)


# Files that are none


def test_every_truncation_is_a_clear_error(saved):
    data = saved[0].read_bytes()
    for length in [0, 1, 7, 8, 9, 100, 1000, len(data) // 2, len(data) - 4, len(data) - 1]:
        with pytest.raises(CheckpointError, match=r"^[^\n]+\.$"):
            checkpoints.loads(data[:length])


def test_every_damage_to_the_header_is_a_clear_error_or_harmless(saved):
    data = saved[0].read_bytes()
    header = 8 + int.from_bytes(data[:8], "little")
    refused = 0
    for place in range(0, header, 7):
        damaged = data[:place] + bytes([data[place] ^ 0x15]) + data[place + 1 :]
        try:
            checkpoints.loads(damaged)  # e.g. a digit of the provenance is another one: nothing to notice
        except CheckpointError as error:
            refused += 1
            assert not re.search(r"[A-Z]\w*Error|^'|: '\d+'", str(error)), "a sentence, and no exception of a library"
    assert refused > header / 7 / 2


class Bomb:
    def __reduce__(self):
        return os.system, ("touch exploded",)


@pytest.mark.parametrize("kind", ["pickle", "torch", "text", "zeros", "huge header"])
def test_foreign_files_are_refused_and_nothing_executes(tmp_path, monkeypatch, kind):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "foreign.safetensors"
    if kind == "pickle":
        path.write_bytes(pickle.dumps(Bomb()))
    elif kind == "torch":
        torch.save({"weights": Bomb()}, path)
    else:
        path.write_bytes({"text": b"Dear model,\n" * 50, "zeros": bytes(500)}.get(kind, b"\xff" * 7 + b"\x7f{}"))
    with pytest.raises(CheckpointError, match=r"foreign.safetensors is not a checkpoint"):
        checkpoints.load(path)
    assert not (tmp_path / "exploded").exists()


def test_safetensors_of_other_programs_are_refused(saved):
    with pytest.raises(CheckpointError, match="not a checkpoint of this program"):
        checkpoints.loads(pack({"w": torch.zeros(3)}, {"format": "pt"}))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (
            lambda t, m: t.update({"classifier.stages.conv1.conv.bias": torch.zeros(21)}),
            "wrong shape: .*requires",
        ),
        (lambda t, m: t.update({"classifier.stages.conv1.conv.bias": torch.zeros(20).half()}), "float16"),
        (lambda t, m: t.pop("classifier.stages.conv1.conv.bias"), "lacks the weights"),
        (lambda t, m: t.update(extra=torch.zeros(1)), "has weights that its config does not have: 'extra'"),
        (lambda t, m: t["classifier.stages.conv1.conv.bias"].fill_(float("nan")), "not finite"),
        (lambda t, m: m.update(config='{"transform": "spiral"}'), "transform is 'spiral'"),
        (lambda t, m: m.update(config="[" * 100_000), "what network"),
        (lambda t, m: m.pop("config"), "what network"),
        (lambda t, m: m.update(config='{"input_size": {}}'), "input_size"),
        (lambda t, m: m.update(config='{"classes": 1, "class_names": ["\\ud800"]}'), "not valid text|classes"),
        (lambda t, m: m.update(provenance="[1]"), "provenance is not a JSON object"),
        (lambda t, m: m.update(config=ModelConfig(classifier="cnn").to_json()), "wrong shape|lacks|does not have"),
    ],
)
def test_files_whose_content_does_not_fit_are_refused(saved, change, reason):
    with pytest.raises(CheckpointError, match=reason):
        checkpoints.loads(repacked(saved[0], change))


def test_oversized_files_are_refused_unread(tmp_path):
    path = tmp_path / "big.safetensors"
    with open(path, "wb") as file:
        file.truncate(checkpoints.LARGEST_FILE + 1)  # sparse: takes no room
    for read in (checkpoints.load, checkpoints.read_info):
        with pytest.raises(CheckpointError, match=r"big.safetensors has 67,108,865 bytes; a checkpoint has at most"):
            read(path)
    with pytest.raises(CheckpointError, match="at most"):
        checkpoints.loads(bytes(checkpoints.LARGEST_FILE + 1))


# Writing


@pytest.mark.parametrize("call", ["fsync", "replace", "write"])
def test_a_failed_write_leaves_the_old_file_and_nothing_else(saved, monkeypatch, call):
    path, _model = saved
    before = path.read_bytes()

    def fail(*args):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    class Full:
        def __init__(self, file):
            self.file = file

        def __enter__(self):
            return self

        def __exit__(self, *args):
            self.file.close()

        def write(self, data):
            self.file.write(data[:100])
            fail()

    if call == "write":
        monkeypatch.setattr(
            checkpoints,
            "open",
            lambda *args: Full(open(*args)),  # noqa: SIM115 (Full closes it)
            raising=False,
        )
    else:
        monkeypatch.setattr(os, call, fail)
    with pytest.raises(CheckpointError, match=r"mine.safetensors cannot be written: No space left"):
        checkpoints.save(path, build_model(ModelConfig()), {})
    monkeypatch.undo()
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == ["mine.safetensors"]


def test_missing_folder_is_reported(tmp_path):
    with pytest.raises(CheckpointError, match="cannot be written: No such file"):
        checkpoints.save(tmp_path / "none" / "x.safetensors", build_model(ModelConfig()), {})
