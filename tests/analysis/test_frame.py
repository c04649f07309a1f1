"""Frames: their values equal the forward pass of the network, and their decompositions are correct."""

import math

import pytest
import torch

from stn_demo.analysis import decompose
from stn_demo.analysis.frame import frames
from stn_demo.analysis.outline import CORNERS
from stn_demo.analysis.scene import Scene
from stn_demo.data.pose import Pose, pose_images
from stn_demo.model import ModelConfig, Sampler, build_model
from stn_demo.model.grids import GRIDS

PARTS = {"rotation": 25.0, "scale_x": 0.8, "scale_y": 1.1, "shear": 0.2, "shift_x": 3.0, "shift_y": -2.0}


def digit(seed=0):
    return torch.randint(0, 256, (28, 28), generator=torch.Generator().manual_seed(seed), dtype=torch.uint8)


def network(seed=0, **config):
    """A network with a localization network that predicts other thetas than the identity: its last layer gets weights."""
    torch.manual_seed(seed)
    model = build_model(ModelConfig(**config)).eval()
    for transformer in model.transformers.values():
        torch.nn.init.normal_(transformer.localization.theta.weight, std=0.05)
    return model


@pytest.mark.parametrize("transform", GRIDS)
@pytest.mark.parametrize("size", [28, 42])
def test_frame_equals_the_forward_pass(transform, size):
    model = network(transform=transform, input_size=size, output_size=28)
    pose = Pose(rotation=30, scale=0.8, corners=((2, 1), (0, 0), (-1, 0), (0, 3)), elastic=1, elastic_seed=4)
    frame = frames(model, [Scene(digit(), pose)])[0]
    with torch.no_grad():
        seen = pose_images(digit()[None, None] / 255, [pose], frame=size)
        trace = model.trace(seen)
    assert torch.equal(frame.input, seen[0, 0])
    assert torch.allclose(frame.warped, trace.transforms[0].warped[0, 0], atol=1e-6)
    assert torch.allclose(frame.grid, trace.transforms[0].grid[0], atol=1e-6)
    assert torch.allclose(frame.probs, trace.log_probs.exp()[0], atol=1e-6)
    assert (
        frame.theta == pytest.approx(trace.transforms[0].theta[0].tolist(), abs=1e-6) and frame.predicted == frame.theta
    )


def test_scenes_of_a_batch_do_not_mix():
    model, twin = network(transform="tps"), network(seed=1, placement=())
    scenes = [
        Scene(digit(1), Pose(rotation=20)),
        Scene(digit(2), Pose(elastic=2), grab={"parts": PARTS}, density=True),
        Scene(digit(3), Pose(scale=0.5), inspect=("warped", 3, 4)),
    ]
    for together, scene in zip(frames(model, scenes, twin), scenes, strict=True):
        alone = frames(model, [scene], twin)[0]
        assert torch.allclose(together.warped, alone.warped, atol=1e-5)
        assert torch.allclose(together.probs, alone.probs, atol=1e-5)
        assert torch.allclose(together.twin_probs, alone.twin_probs, atol=1e-5)
        assert together.undone == pytest.approx(alone.undone, abs=1e-3)


def test_parts_are_the_factors_of_the_pose():
    pose = Pose(rotation=-70, scale=0.7, shear=0.3, shift_x=4, shift_y=1)
    found = decompose.parts(decompose.pose_matrix(pose.matrix()[None], 28))[0]
    expected = {"rotation": -70, "scale_x": 0.7, "scale_y": 0.7, "shear": 0.3, "shift_x": 4, "shift_y": 1}
    assert found == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize("transform", ["affine", "projective", "tps"])
@pytest.mark.parametrize("size, output", [(28, 28), (42, 28), (60, 30)])
def test_theta_from_parts_and_back(transform, size, output):
    grid = GRIDS[transform]()
    theta = decompose.theta_from_parts(grid, PARTS, size, output)
    matrix, bend = decompose.theta_matrix(grid, theta[None], size, output)
    assert decompose.parts(matrix)[0] == pytest.approx(PARTS, abs=1e-3) and bend < 1e-3


def test_smaller_families_keep_the_parts_that_they_have():
    matrix, _ = decompose.theta_matrix(
        GRIDS["similarity"](), decompose.theta_from_parts(GRIDS["similarity"](), PARTS, 28, 28)[None], 28, 28
    )
    found = decompose.parts(matrix)[0]
    assert found["rotation"] == pytest.approx(25, abs=1e-3) and found["shift_x"] == pytest.approx(3, abs=1e-3)
    assert found["scale_x"] == pytest.approx(math.sqrt(0.8 * 1.1), abs=1e-3)
    attention = decompose.theta_from_parts(GRIDS["attention"](), PARTS, 28, 28)
    assert attention.tolist() == pytest.approx([math.sqrt(0.88), 3 / 14, -2 / 14], abs=1e-4)


def test_a_theta_equal_to_the_pose_leaves_nothing_over():
    model = network()
    pose = Pose(rotation=40, scale=0.8, shear=0.1, shift_x=2, shift_y=-3)
    applied = decompose.parts(pose.matrix()[None])[0]
    at = torch.arange(28) - 13.5
    spot = (255 * torch.exp(-(at[None] ** 2 + (at[:, None] - 2) ** 2) / 18)).round().to(torch.uint8)
    frame = frames(model, [Scene(spot, pose, grab={"parts": applied})])[0]
    assert frame.undone == pytest.approx(frame.applied, abs=1e-3)
    still = {"rotation": 0, "scale_x": 1, "scale_y": 1, "shear": 0, "shift_x": 0, "shift_y": 0}
    assert frame.residual == pytest.approx(still, abs=1e-3)
    assert (frame.warped - spot / 255).abs().max() < 0.06 < (frame.input - spot / 255).abs().max()


def test_grabbed_corners_of_a_projective_region_are_reached():
    model = network(transform="projective")
    corners = [[-0.8, -0.9], [0.7, -0.6], [0.9, 0.8], [-0.9, 0.7]]
    frame = frames(model, [Scene(digit(), grab={"corners": corners})])[0]
    assert torch.allclose(frame.outline, torch.tensor(corners), atol=1e-4)
    assert frame.theta != frame.predicted


@pytest.mark.parametrize("grab", [{"theta": [1.0]}, {"corners": [[0, 0]] * 4}])
def test_a_grab_that_does_not_fit_is_refused_with_a_sentence(grab):
    with pytest.raises(ValueError, match=r"\.$"):
        frames(network(), [Scene(digit(), grab=grab)])


@pytest.mark.parametrize("mode", ["bilinear", "nearest", "bicubic", "deconvolution"])
def test_read_density_is_the_adjoint_of_the_sampler(mode):
    """<warped, 1> = <input, density> for a sampler that is linear in its picture."""
    model, scene = network(), Scene(digit(), Pose(rotation=10), density=True)
    frame = frames(model, [scene], sampler=Sampler(mode).requires_grad_(False))[0]
    assert float(frame.warped.sum()) == pytest.approx(float((frame.input * frame.density).sum()), rel=1e-4)
    assert frame.density.shape == (28, 28)


@pytest.mark.parametrize("mode", ["bilinear", "nearest", "bicubic", "deconvolution"])
def test_the_equation_of_a_pixel_adds_up(mode):
    sampler = Sampler(mode).requires_grad_(False)
    frame = frames(network(), [Scene(digit(), Pose(rotation=30), inspect=("warped", 12, 9))], sampler=sampler)[0]
    look = frame.inspect
    assert sum(weight * value for _, _, weight, value, _ in look["taps"]) == pytest.approx(look["value"], abs=1e-5)
    assert look["value"] == pytest.approx(float(frame.warped[9, 12]), abs=1e-6)
    x, y = ((frame.grid[9, 12] + 1) * 14 - 0.5).tolist()
    assert look["source"] == pytest.approx([x, y], abs=1e-4)
    for column, row, _, value, inside in look["taps"]:
        assert abs(column - x) <= 3 and abs(row - y) <= 3
        assert not inside or value == pytest.approx(float(frame.input[row, column]))


def test_neighbours_outside_are_named_and_count_as_black():
    grab = {
        "parts": {
            **PARTS,
            "rotation": 0.0,
            "scale_x": 1.0,
            "scale_y": 1.0,
            "shear": 0.0,
            "shift_x": -0.5,
            "shift_y": 0.0,
        }
    }
    frame = frames(network(), [Scene(digit(), grab=grab, inspect=("warped", 0, 5))])[0]
    outside = [tap for tap in frame.inspect["taps"] if not tap[4]]
    assert outside and all(column == -1 and value == 0 for column, _, _, value, _ in outside)
    assert sum(tap[2] for tap in frame.inspect["taps"]) == pytest.approx(1, abs=1e-5)


def test_readers_of_an_input_pixel_agree_with_the_output_pixels():
    model, pose = network(), Pose(rotation=15)
    readers = frames(model, [Scene(digit(), pose, inspect=("input", 14, 13))])[0].inspect["taps"]
    assert readers
    for x, y, weight in readers:
        taps = frames(model, [Scene(digit(), pose, inspect=("warped", x, y))])[0].inspect["taps"]
        assert next(tap[2] for tap in taps if tap[:2] == [14, 13]) == pytest.approx(weight, abs=1e-5)


def test_plain_network_has_no_theta():
    frame = frames(network(placement=()), [Scene(digit(), density=True, inspect=("warped", 1, 1))])[0]
    assert frame.theta == [] and frame.undone is None and frame.residual is None
    assert torch.equal(frame.warped, frame.input) and torch.equal(frame.outline, CORNERS)


def test_a_collapsed_theta_has_no_residual():
    frame = frames(network(), [Scene(digit(), grab={"theta": [0.0] * 6})])[0]
    assert frame.residual is None and all(math.isfinite(value) for value in frame.undone.values())


def composed(*parts):
    """The product of the maps of parts, the last applied first: [3, 3], written out from rotation, scale, shear and shift."""
    total = torch.eye(3, dtype=torch.float64)
    for one in parts:
        cos, sin = math.cos(math.radians(one["rotation"])), math.sin(math.radians(one["rotation"]))
        turn = torch.tensor([[cos, -sin, one["shift_x"]], [sin, cos, one["shift_y"]], [0, 0, 1]], dtype=torch.float64)
        stretch = torch.tensor(
            [[one["scale_x"], one["scale_x"] * one["shear"], 0], [0, one["scale_y"], 0], [0, 0, 1]], dtype=torch.float64
        )
        total = total @ turn @ stretch
    return total


@pytest.mark.parametrize("transform", ["similarity", "affine"])
def test_applied_pose_is_left_followed_by_followed(transform):
    model = network(transform=transform)
    pose = Pose(rotation=40, scale=0.8, shift_x=2, shift_y=-3, shear=0.1)
    frame = frames(model, [Scene(digit(), pose)])[0]
    assert torch.allclose(composed(frame.followed, frame.left), composed(frame.applied), atol=1e-4)
    # the frame's own movement: from where it stood for the digit as it was drawn
    at_rest = frames(model, [Scene(digit())])[0]
    assert frame.rest == pytest.approx(at_rest.undone, abs=1e-3)
    assert torch.allclose(composed(frame.followed, at_rest.undone), composed(frame.undone), atol=1e-4)


def test_unposed_digit_has_nothing_to_follow():
    frame = frames(network(), [Scene(digit())])[0]
    assert frame.followed["rotation"] == pytest.approx(0, abs=1e-3)
    assert frame.left["rotation"] == pytest.approx(0, abs=1e-3) and frame.left["scale_x"] == pytest.approx(1, abs=1e-4)


def test_looks_are_returned_in_order_and_the_last_is_used():
    model = network(transform="similarity", looks=3)
    scene = Scene(digit(), Pose(rotation=30))
    frame, held = frames(model, [scene, Scene(digit(), grab={"parts": PARTS})])
    with torch.no_grad():
        trace = model.transformers["input"].trace(frame.input[None, None])
    assert len(frame.looks) == 3 and held.looks == ()
    for look, theta in zip(frame.looks, trace.looks[0], strict=True):
        grid, warped = model.transformers["input"].read(frame.input[None, None], theta[None])
        assert torch.allclose(look.warped, warped[0, 0], atol=1e-5)
        # the corners of the frame lie half a pixel beyond the outermost places that are read
        assert torch.allclose(look.outline.mean(0), grid[0].flatten(0, 1).mean(0), atol=1e-4)
    assert torch.allclose(frame.looks[-1].outline, frame.outline) and torch.allclose(
        frame.looks[-1].warped, frame.warped
    )
    assert frames(network(), [scene])[0].looks == ()


def test_given_theta_needs_one_run_of_the_localization_network():
    model, runs = network(transform="similarity", looks=2), []
    model.transformers["input"].localization.register_forward_hook(lambda *_: runs.append(1))
    frames(model, [Scene(digit(), grab={"parts": PARTS})])
    assert len(runs) == 2  # two looks, posed and unposed together
