"""Groups of networks, and the plain network that each is compared with."""

import json
from pathlib import Path

import pytest

import stn_demo.ui
from stn_demo import checkpoints
from stn_demo.model import ModelConfig, build_model
from stn_demo.model.classifier import CLASSIFIERS
from stn_demo.model.grids import GRIDS
from stn_demo.ui.live import families
from stn_demo.ui.live.networks import Networks
from stn_demo.ui.options import CHECKPOINTS

STRINGS = Path(stn_demo.ui.__file__).parent / "strings"


@pytest.fixture(scope="module")
def infos(tmp_path_factory):
    return {info["name"]: info for info in Networks(CHECKPOINTS, tmp_path_factory.mktemp("uploads")).infos()}


@pytest.mark.parametrize(
    ("name", "group", "twin"),
    [
        ("turn-affine", "upright", "seed-cnn"),
        ("rts-stcnn-affine", "rts", "rts-cnn"),
        ("rts-stfcn-affine", "rts", "rts-fcn"),
        ("r-stcnn-tps-seed1", "r", "r-cnn"),
        ("tc-stcnn-affine", "tc", "tc-cnn"),
        ("p-cnn", "p", None),
    ],
)
def test_network_has_its_group_and_twin(infos, name, group, twin):
    assert (infos[name]["group"], infos[name]["twin"]) == (group, twin)


def test_a_network_with_classes_of_its_own_has_no_twin_of_digits(tmp_path):
    names = ("circle", "square", "cross")
    for name, placement, own in (
        ("digits", (), {}),
        ("shapes", ("input",), {"classes": 3, "class_names": names}),
        ("shapes-cnn", (), {"classes": 3, "class_names": names}),
        ("colours", ("input",), {"classes": 3, "class_names": names, "in_channels": 3}),
    ):
        network = build_model(ModelConfig(placement=placement, **own))
        checkpoints.save(tmp_path / f"{name}.safetensors", network, {"distortion": "pose"})
    found = {info["name"]: info for info in Networks(tmp_path, tmp_path / "saved").infos()}
    assert {name: info["twin"] for name, info in found.items() if info["transform"]} == {
        "shapes": "shapes-cnn",
        "colours": None,
    }
    assert [found[name]["group"] for name in ("digits", "shapes")] == ["upright", "other"]


def test_every_network_with_a_transformer_has_a_twin_and_an_error(infos):
    assert len(infos) > 30
    for info in infos.values():
        assert info["error"] is not None, info["name"]
        assert info["transform"] is None or infos[info["twin"]]["transform"] is None, info["name"]


def test_custom_distortion_is_in_no_group_of_the_paper():
    assert families.group_of({"rotation": 10}) == "other"
    assert families.group_of(None) == "other"
    assert families.own_error({"as trained": 1.5, "none": 1.0}, {"rotation": 10}) == 1.5


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_each_classifier_and_each_transformer_has_a_name_in_the_pickers(language):
    words = json.loads((STRINGS / f"{language}.json").read_text(encoding="utf-8"))
    keys = {f"picker.reader.{name}" for name in CLASSIFIERS} | {f"picker.kind.{name}" for name in GRIDS}
    assert keys <= set(words)
