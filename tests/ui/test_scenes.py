"""The prepared scenes and the example digits: which network is right is measured again."""

import json
import re
from functools import cache

import numpy as np
import pytest
import torch

from stn_demo import checkpoints
from stn_demo.data import ink
from stn_demo.data.pose import Pose, pose_images
from stn_demo.ui import page
from stn_demo.ui.live.request import read_pose
from stn_demo.ui.live.samples import Samples

STATIC = page.HERE / "explore" / "static"
SCENES = json.loads((STATIC / "scenes.json").read_text(encoding="utf-8"))
STRINGS = [json.loads((page.HERE / "strings" / f"{name}.json").read_text(encoding="utf-8")) for name in ("en", "zh-CN")]
load = cache(checkpoints.load)


@pytest.fixture(scope="module")
def samples():
    return Samples(None)


def answer(network, digits, pose=None):
    """The class that the network predicts for uint8 digits [N, 28, 28]."""
    with torch.inference_mode():
        posed = pose_images(digits[:, None].float() / 255, [pose or Pose()] * len(digits), network.config.input_size)
        return network(posed).argmax(1).tolist()


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene["id"])
def test_each_scene_states_correctly_which_network_is_right(scene, samples):
    index = int(scene["digit"].removeprefix("handwriting."))
    digit, label = samples.handwriting.images[index][None], int(samples.handwriting.labels[index])
    pose = Pose(**read_pose(scene["pose"]))
    for role, right in scene.get("right", {}).items():
        assert (answer(load(scene[role]), digit, pose) == [label]) is right, role
        assert answer(load(scene[role]), digit) == [label], f"{role} reads it when it is not posed"
    for role in ("model", "twin"):
        assert checkpoints.path_of(scene[role]).exists()


def test_most_scenes_say_who_is_right():
    """``right`` may be missing only where the scene is about something else."""
    judged = [scene for scene in SCENES if set(scene.get("right", {})) == {"model", "twin"}]
    assert len(SCENES) >= 6 and len(judged) >= len(SCENES) / 2


def test_first_scene_is_read_correctly_only_with_the_transformer():
    text = (STATIC / "first.js").read_text(encoding="utf-8")
    points = [int(value) for value in re.findall(r"\d+", text.split("p: [")[1].split("]")[0])]
    width = int(re.search(r"w: (\d+)", text)[1])
    drawn = ink.render([ink.Stroke(np.array(points).reshape(-1, 2) / 1000, width / 1000)])
    pose = Pose(**{name: float(value) for name, value in re.findall(r"(\w+): (-?[\d.]+)", text.split("pose: {")[1])})
    digit = (drawn * 255).round().to(torch.uint8)[None]
    shown = page.defaults([info.name for info in checkpoints.available()])
    assert answer(load(shown.model), digit) == answer(load(shown.twin), digit) == [9]
    assert answer(load(shown.model), digit, pose) == [9]
    assert answer(load(shown.twin), digit, pose) == [6]


def test_the_scenes_have_names_in_both_languages_and_one_shows_both_right():
    ids = [scene["id"] for scene in SCENES]
    assert len(set(ids)) == len(ids) and all(f"scene.{one}" in strings for one in ids for strings in STRINGS)
    stated = [scene["right"] for scene in SCENES if "right" in scene]
    assert {"model": True, "twin": True} in stated and stated.count({"model": True, "twin": False}) >= 4


@pytest.mark.parametrize("name", ["upright", "upright-cnn", "seed-cnn", "turn-affine"])
def test_ten_example_digits_are_read_correctly_without_a_pose(name, samples):
    strip = samples.strip()["handwriting"]
    indices = [int(one["name"].removeprefix("handwriting.")) for one in strip]
    assert [one["label"] for one in strip] == list(range(10))
    assert answer(load(name), samples.handwriting.images[indices]) == list(range(10))
