"""Every claim of the lesson is checked on the shipped networks, and the numbers in its texts are measured again."""

import functools
import json

import pytest
import torch

from stn_demo import checkpoints
from stn_demo.analysis import claims
from stn_demo.ui.learn import measure

DATA = measure.scenes()
CLAIMS = dict(measure.stated(DATA))
KEPT = json.loads((measure.STATIC / "measured.json").read_text(encoding="utf-8"))


@functools.cache
def load(name):
    return checkpoints.load(name).requires_grad_(False)


@functools.cache
def digits():
    return measure.digits(DATA)


@pytest.mark.parametrize("name", CLAIMS)
def test_claims_of_the_scenes_hold_for_the_networks(name):
    numbers = claims.measure(CLAIMS[name], load, digits())
    assert claims.fault(CLAIMS[name], numbers) is None
    kept = KEPT["numbers"][name]
    assert numbers.keys() == kept.keys()
    for key, value in numbers.items():  # another processor may round another way
        assert value == pytest.approx(kept[key], rel=0.02, abs=1.5 if key in ("angle", "moved", "rotation") else 0.02)


def test_false_claim_is_detected():
    claim = CLAIMS["failures.six-nine"]
    numbers = claims.measure(claim, load, digits())
    assert claims.fault({**claim, "as": 3}, numbers) == "It reads a 9, not a 3."
    stuck = CLAIMS["learning.stuck"]
    for kind, stage in (("descends", stuck["stage"]), ("stuck", CLAIMS["learning.arrows"]["stage"])):
        false = {**stuck, "claim": kind, "stage": stage}
        assert claims.fault(false, claims.measure(false, load, digits()))
    never = {**CLAIMS["learning.stuck.1"], "stage": CLAIMS["learning.arrows"]["stage"]}
    assert claims.fault(never, claims.measure(never, load, digits())) == "It stands upright within 200 steps."
    beyond = CLAIMS["failures.outside.1"]
    inside = {**beyond, "stage": {**beyond["stage"], "pose": {"rotation": 60}}}
    assert claims.fault(inside, claims.measure(inside, load, digits()))
    upright = {**CLAIMS["upright-only.turn.1"], "stage": {"network": "upright", "digit": "three"}}
    assert (
        claims.fault(upright, claims.measure(upright, load, digits())) == "The training has rotations up to 90 degrees."
    )


def test_each_part_except_the_worked_example_has_a_claim():
    silent = {f"{scene['id']}.{part['id']}" for scene in DATA["scenes"] for part in scene["parts"]} - CLAIMS.keys()
    assert not silent and len(DATA["scenes"]) == 8 and len(DATA["quiz"]) == 6


def test_the_right_answer_of_each_question_is_among_its_options():
    questions = [part["predict"] for scene in DATA["scenes"] for part in scene["parts"] if "predict" in part]
    for question in [one for one in questions if one["kind"] == "choice"] + DATA["quiz"]:
        assert question["right"] in question["options"]


def test_network_of_scene_six_is_the_classifier_of_scene_one_behind_an_identity():
    reader, fresh = load(measure.READER), load(measure.WITH_TRANSFORMER)
    weights = reader.classifier.state_dict()
    assert all(torch.equal(value, weights[name]) for name, value in fresh.classifier.state_dict().items())
    image = digits()["three"]["image"][None, None].float() / 255
    assert torch.equal(fresh.trace(image).transforms[0].theta[0], torch.tensor([1.0, 0, 0, 0]))
    assert KEPT["digits"].keys() == DATA["digits"].keys()
