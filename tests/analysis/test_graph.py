"""The exported graphs equal ``frames``: the same pictures, theta and probabilities, for any scene."""

import dataclasses

import numpy as np
import onnx
import pytest
import torch
from graph_helpers import CLOSE, Exported, Reading, differences

from stn_demo import checkpoints
from stn_demo.analysis import graph_file, graph_run
from stn_demo.analysis.frame import frames
from stn_demo.analysis.parity import difference, scenes
from stn_demo.analysis.scene import Scene
from stn_demo.cli.export import export_frame
from stn_demo.data.pose import Pose
from stn_demo.model import ModelConfig, Sampler, build_model

TPS = ModelConfig(transform="tps", localization="deep", classifier="deep", input_size=42, output_size=28)


@pytest.fixture(scope="module")
def affine():
    return Exported(checkpoints.load("seed-affine"))


def test_a_graph_equals_the_frames_of_two_networks_with_the_same_config(affine):
    other = checkpoints.load("turn-affine")
    for exported in (affine, affine.with_network(other)):
        worst, same = differences(exported, scenes(25))
        assert same == 25 and max(worst.values()) < CLOSE, worst


def test_a_graph_holds_no_weights_and_no_paths_of_the_machine_that_made_it(affine):
    biggest = affine.network.classifier.stages["conv2"][1].weight.detach().numpy().tobytes()
    assert biggest in affine.weights
    for graph in affine.held.values():
        assert biggest[:64] not in graph and b".py" not in graph and b"stack_trace" not in graph


@pytest.mark.parametrize(
    "grab",
    [
        {"theta": [0.6, 0.2, 0.1, -0.3, 0.8, 0.0]},
        {"parts": {"rotation": 35.0, "scale_x": 0.7, "scale_y": 1.2, "shear": 0.1, "shift_x": 3.0, "shift_y": -1.0}},
        {"theta": [0.0] * 6},
    ],
)
def test_graph_accepts_a_given_theta(affine, grab):
    scene = dataclasses.replace(scenes(1)[0], grab=grab)
    worst, _ = differences(affine, [scene])
    assert max(worst.values()) < CLOSE, worst


def test_a_spline_in_a_larger_frame_with_a_corner_of_perspective():
    torch.manual_seed(1)
    network = build_model(TPS).eval()
    torch.nn.init.normal_(network.transformers["input"].localization.theta.weight, std=0.02)
    worst, same = differences(Exported(network), scenes(10))
    assert same == 10 and max(worst.values()) < CLOSE, worst


@pytest.mark.parametrize("mode, padding", [("bilinear", "zeros"), ("deconvolution", "reflection")])
def test_reading_graph_for_another_sampler(affine, mode, padding):
    sampler = Sampler(mode, padding).requires_grad_(False)
    reading = Reading(mode, padding)
    place = ("warped", 1, 20)
    scene = Scene(scenes(1)[0].digit, Pose(rotation=50, scale=1.3, shift_x=-6), density=True, inspect=place)
    frame = frames(affine.network, [scene], sampler=sampler)[0]
    seen = affine.run(scene)
    kernel = sampler.kernel[0, 0].numpy() if mode == "deconvolution" else np.zeros((4, 4), np.float32)
    found = reading.run(image=seen["input"], grid=seen["grid"], kernel=kernel, x=np.array(1), y=np.array(20))
    assert np.abs(found["warped"] - frame.warped.numpy()).max() < CLOSE
    assert np.abs(found["density"] - frame.density.numpy()).max() < 1e-3
    for column, row, weight, _, inside in frame.inspect["taps"]:
        if inside:
            assert found["weights"][row, column] == pytest.approx(weight, abs=CLOSE)
    listed = [tap[:3] for tap in found["outside"].tolist() if tap[3]]
    assert listed == [pytest.approx(tap[:3], abs=CLOSE) for tap in frame.inspect["taps"] if not tap[4]]
    (probs,) = graph_run.opened(affine.weighted["classify"])(warped=found["warped"])
    assert np.abs(probs - frame.probs.numpy()).max() < CLOSE


def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setattr(graph_file, "NEEDED", ("onnx", "no_such_package"))
    with pytest.raises(graph_file.ExportError, match="pip install no_such_package"):
        graph_file.network_graph("warp", ModelConfig())


def test_exporter_that_changes_the_weights_is_refused(affine):
    """A graph whose initializers are not the weights would be wrong for every other network."""
    model = onnx.load_from_string(affine.held["classify"])
    with pytest.raises(graph_file.ExportError, match="did not keep the weights"):
        graph_file.take_weights_out(model, affine.network)


def test_one_file_with_its_weights_is_compared_with_the_frames(affine, tmp_path):
    export_frame(affine.network, tmp_path / "frame.onnx")
    run = graph_run.whole(str(tmp_path / "frame.onnx"), affine.network.config)
    assert difference(affine.network, run, scenes(5))[0]["warped"] < CLOSE
    assert difference(checkpoints.load("turn-affine"), run, scenes(5))[0]["warped"] > CLOSE
