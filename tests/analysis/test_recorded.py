"""Recorded programs give the same results as Python."""

import pytest
import torch

from stn_demo import checkpoints
from stn_demo.analysis import recorded
from stn_demo.analysis.frame import frames
from stn_demo.analysis.landscape import landscape
from stn_demo.analysis.parity import scenes
from stn_demo.analysis.recorded import Plain, Program, Programs
from stn_demo.analysis.scene import Scene
from stn_demo.data import handwriting
from stn_demo.data.pose import Pose
from stn_demo.model.folding import folded

NAMES = ["upright", "upright-cnn", "turn-affine", "p-stcnn-projective", "r-stcnn-tps", "tc-stcnn-affine", "seed-cnn"]
CLOSE = 1e-4  # float32 in another order; four looks amplify it


def network(name):
    return folded(checkpoints.load(name)).requires_grad_(False)


def assert_same(found, expected):
    for name in ("input", "warped", "grid", "outline", "probs", "twin_probs"):
        if getattr(expected, name) is not None:
            torch.testing.assert_close(getattr(found, name), getattr(expected, name), rtol=0, atol=CLOSE)
    assert found.theta == pytest.approx(expected.theta, abs=CLOSE)
    assert found.predicted == pytest.approx(expected.predicted, abs=CLOSE)
    for name in ("applied", "undone", "residual", "predicted_parts", "rest", "followed", "left"):
        words, wanted = getattr(found, name), getattr(expected, name)
        assert (words is None) == (wanted is None)
        assert words is None or words == pytest.approx(wanted, abs=0.05)
    assert len(found.looks) == len(expected.looks)
    for look, wanted in zip(found.looks, expected.looks, strict=True):
        torch.testing.assert_close(look.warped, wanted.warped, rtol=0, atol=5 * CLOSE)


@pytest.fixture
def programs():
    return Programs(asked=1)


@pytest.mark.parametrize("name", NAMES)
def test_a_program_computes_the_same_frame(name, programs):
    model, twin = network(name), network("seed-cnn")
    assert programs.get(model) is None and programs.twin(twin) is None
    programs.wait()
    assert isinstance(programs.get(model), Program) and isinstance(programs.twin(twin), Plain)
    for scene in scenes(12, seed=3):
        assert_same(frames(model, [scene], twin, None, programs)[0], frames(model, [scene], twin)[0])


def test_optional_outputs_of_a_frame(programs):
    model, digit = network("p-stcnn-projective"), handwriting.digits(1, 5).images[0]
    programs.get(model)
    programs.wait()
    corners = [[-0.8, -0.9], [0.9, -1.0], [1.0, 0.7], [-1.0, 0.8]]
    theta = [0.9, 0.1, 0.05, -0.1, 0.8, 0.0, 0.1, -0.1]
    parts = {"rotation": 20.0, "scale_x": 0.8, "scale_y": 0.9, "shear": 0.1, "shift_x": 1.0, "shift_y": 0.0}
    for grab in ({"corners": corners}, {"theta": theta}, {"parts": parts}, None):
        scene = Scene(digit, Pose(rotation=30), grab, density=True, inspect=("warped", 9, 12), gradient=True, target=3)
        found, expected = frames(model, [scene], programs=programs)[0], frames(model, [scene])[0]
        assert_same(found, expected)
        torch.testing.assert_close(found.density, expected.density, rtol=0, atol=1e-3)
        torch.testing.assert_close(found.push.arrows, expected.push.arrows, rtol=1e-2, atol=1e-4)
        assert found.inspect["value"] == pytest.approx(expected.inspect["value"], abs=1e-3)


def test_first_network_is_recorded_at_once_and_others_after_several_requests():
    programs, first, second = Programs(asked=3), network("seed-affine"), network("seed-affine")
    programs.get(first)
    programs.wait()
    assert isinstance(programs.get(first), Program)
    for _ in range(2):
        programs.get(second)
    programs.wait()
    assert programs.get(second) is None
    programs.wait()
    assert isinstance(programs.get(second), Program)


def test_network_that_cannot_be_recorded_is_computed_in_python(programs, monkeypatch, caplog):
    def fails(*_, **__):
        raise RuntimeError("no recording here")

    monkeypatch.setattr(recorded.torch.jit, "trace", fails)
    model, scene = network("seed-affine"), scenes(1)[0]
    programs.get(model)
    programs.wait()
    assert programs.get(model) is None and "could not be recorded" in caplog.text
    assert_same(frames(model, [scene], None, None, programs)[0], frames(model, [scene])[0])


def test_no_more_programs_are_made_than_allowed():
    programs = Programs(asked=1, most=1)
    first, second = network("seed-affine"), network("seed-affine")
    for one in (first, second):
        programs.get(one)
    programs.wait()
    assert programs.get(first) and programs.get(second) is None


@pytest.mark.parametrize("name", ["upright", "r-stcnn-tps", "tc-stcnn-affine"])
def test_the_map_of_the_loss_is_the_same(name, programs):
    model, image = network(name), handwriting.digits(1, 5).images[0, None].float() / 255
    side = model.config.side
    image = torch.nn.functional.pad(image, [(side - 28) // 2] * 4)
    theta = model.transformers["input"].grid.identity()
    assert programs.reader(model) is None
    programs.wait()
    found = landscape(model, image, theta, 5, None, programs.reader(model).log_probs)
    torch.testing.assert_close(found.loss, landscape(model, image, theta, 5).loss, rtol=1e-3, atol=CLOSE)
