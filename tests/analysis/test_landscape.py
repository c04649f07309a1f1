"""The loss over rotation and scale: every value of the map is compared with the network at the theta of that position."""

import pytest
import torch

from stn_demo import checkpoints
from stn_demo.analysis import decompose
from stn_demo.analysis.landscape import ROTATIONS, SCALES, SIDE, landscape, turned
from stn_demo.data import handwriting
from stn_demo.data.pose import Pose, pose_images
from stn_demo.model import ModelConfig, Sampler, build_model
from stn_demo.model.grids import GRIDS


@pytest.fixture(scope="module")
def digit():
    made = handwriting.digits(4, seed=3)
    return pose_images(made.images[:1, None].float() / 255, [Pose(rotation=25, scale=0.8)])[0], int(made.labels[0])


@pytest.mark.parametrize("name", ["turn-affine", "r-stcnn-affine"])
def test_each_place_is_the_loss_of_the_network_at_that_rotation_and_scale(digit, name):
    image, label = digit
    model = checkpoints.load(name).requires_grad_(False)
    output, grid = model.config.output_size, model.transformers["input"].grid
    parts = {"rotation": 33.0, "scale_x": 0.9, "scale_y": 1.1, "shear": 0.2, "shift_x": 2.0, "shift_y": -1.0}
    theta = decompose.theta_from_parts(grid, parts, 28, output)
    seen = landscape(model, image, theta, label)
    assert seen.loss.shape == (SIDE, SIDE)
    assert seen.rotation == pytest.approx(33, abs=1e-3) and seen.scale == pytest.approx(0.9, abs=1e-4)
    for row, column in ((0, 0), (5, 12), (10, 10), (20, 3), (13, 20)):
        factor = float(SCALES[row]) / 0.9
        place = {
            **parts,
            "rotation": float(ROTATIONS[column]),
            "scale_x": 0.9 * factor,
            "scale_y": 1.1 * factor,
        }
        there = decompose.theta_from_parts(grid, place, 28, output)
        expected = -model.trace(image[None], there[None]).log_probs[0, label]
        assert float(seen.loss[row, column]) == pytest.approx(float(expected), rel=2e-3, abs=2e-3)


@pytest.mark.parametrize("transform", sorted(GRIDS))
def test_at_its_own_rotation_and_scale_the_map_reads_the_grid_of_theta(transform):
    generator = GRIDS[transform]()
    theta = generator.identity() + 0.05 * torch.sin(torch.arange(generator.num_params) * 2.1)
    grid = generator(theta[None], 12, 12)[0]
    grids = turned(grid, theta, generator, float(ROTATIONS[4]), float(SCALES[7])).view(SIDE, SIDE, 12, 12, 2)
    torch.testing.assert_close(grids[7, 4], grid)
    torch.testing.assert_close(grids[:, 0], grids[:, -1], rtol=1e-4, atol=1e-4)  # a whole turn apart


def test_given_sampler_replaces_the_networks_own(digit):
    image, label = digit
    model = checkpoints.load("turn-affine").requires_grad_(False)
    theta = GRIDS["affine"]().identity()
    own, other = (landscape(model, image, theta, label, sampler) for sampler in (None, Sampler("nearest", "border")))
    assert not torch.allclose(own.loss, other.loss)


def test_loss_map_without_a_frame_is_refused(digit):
    image, label = digit
    with pytest.raises(ValueError, match="no transformer at its input"):
        landscape(build_model(ModelConfig(placement=())), image, torch.zeros(6), label)
    with pytest.raises(ValueError, match="single point"):
        landscape(build_model(ModelConfig()), image, torch.zeros(6), label)
