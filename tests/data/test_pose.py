"""Poses and distortions: they do what their parameters say and can be undone by a sampling grid."""

import math
from random import Random

import pytest
import torch
import torch.nn.functional as F

from stn_demo.data import handwriting
from stn_demo.data.distortions import DISTORTIONS, Distortion, draw_pose
from stn_demo.data.pose import DIGIT, Pose, homography, inverse, pose_images, pose_matrices, resample
from stn_demo.model import AffineGrid, Sampler


def blob(x=0.0, y=0.0, width=2.0, size=DIGIT):
    """A smooth spot at (x, y) px from the middle."""
    at = torch.arange(size) - (size - 1) / 2
    return torch.exp(-((at[None] - x) ** 2 + (at[:, None] - y) ** 2) / (2 * width**2))[None, None]


def centre(image):
    """Centre of mass, px from the middle."""
    size = image.shape[-1]
    at = torch.arange(size) - (size - 1) / 2
    mass = image[0, 0]
    return float((mass.sum(0) * at).sum() / mass.sum()), float((mass.sum(1) * at).sum() / mass.sum())


def digits(count=16, seed=0):
    """Something like digits: an L of ink, different in each."""
    images = torch.zeros(count, 1, DIGIT, DIGIT)
    for i in range(count):
        images[i, 0, 5:22, 8 + i % 4 : 11 + i % 4] = 1
        images[i, 0, 19:22, 8:20] = 1
    return images


def test_no_pose_changes_nothing():
    image = torch.rand(1, 1, DIGIT, DIGIT)
    assert torch.allclose(pose_images(image, [Pose()]), image, atol=1e-6)


def test_a_positive_rotation_turns_clockwise_on_the_screen():
    x, y = centre(pose_images(blob(x=6), [Pose(rotation=90)]))
    assert abs(x) < 0.05 and abs(y - 6) < 0.05  # from the right to below
    image = torch.rand(1, 1, DIGIT, DIGIT)
    assert torch.allclose(pose_images(image, [Pose(rotation=90)]), torch.rot90(image, -1, (2, 3)), atol=1e-4)


def test_shift_scale_and_shear_do_what_their_names_say():
    assert centre(pose_images(blob(), [Pose(shift_x=5, shift_y=-3)])) == pytest.approx((5, -3), abs=0.02)
    x, y = centre(pose_images(blob(x=2, y=1, width=1.5), [Pose(scale=2)]))
    assert (x, y) == pytest.approx((4, 2), abs=0.05)
    assert centre(pose_images(blob(y=4), [Pose(shear=0.5)]))[0] == pytest.approx(2, abs=0.05)


def test_matrix_maps_points():
    pose = Pose(rotation=35, scale=0.8, shift_x=3, shift_y=-2, shear=0.3)
    expected = pose.matrix() @ torch.tensor([4.0, -3, 1])
    assert centre(pose_images(blob(x=4, y=-3, width=1.5), [pose])) == pytest.approx(expected[:2].tolist(), abs=0.05)


def test_a_larger_frame_keeps_the_digits_size_and_middle():
    image = blob(x=2, y=1)
    posed = pose_images(image, [Pose()], frame=42)
    assert posed.shape == (1, 1, 42, 42)
    assert centre(posed) == pytest.approx((2, 1), abs=0.02) and posed.sum() == pytest.approx(
        float(image.sum()), rel=1e-3
    )


def test_corners_are_moved_by_their_offsets():
    offsets = torch.tensor([[[2.0, 3], [-1, 2], [-4, -2], [3, -5]]])
    square = 14 * torch.tensor([[-1.0, -1, 1 / 14], [1, -1, 1 / 14], [1, 1, 1 / 14], [-1, 1, 1 / 14]])
    mapped = square @ homography(offsets, DIGIT)[0].T
    assert torch.allclose(mapped[:, :2] / mapped[:, 2:], square[:, :2] + offsets[0], atol=1e-4)


def test_the_inverse_of_a_homography_undoes_it():
    matrix = homography(torch.tensor([[[2.0, 3], [-1, 2], [-4, -2], [3, -5]]]), DIGIT)
    product = inverse(matrix) @ matrix
    assert torch.allclose(product / product[:, 2:, 2:], torch.eye(3)[None], atol=1e-4)


def test_a_collapsed_pose_shows_something_finite():
    flat = ((14.0, 14.0), (-14.0, 14.0), (-14.0, -14.0), (14.0, -14.0))  # all corners in the middle
    assert pose_images(blob(), [Pose(corners=flat)]).isfinite().all()
    line = ((0.0, 0.0), (0.0, 0.0), (0.0, -28.0), (0.0, -28.0))
    assert pose_images(blob(), [Pose(corners=line)]).isfinite().all()


def test_elastic_is_the_same_for_a_seed_and_another_for_another():
    image = digits(1)
    one, same, other = (pose_images(image, [Pose(elastic=2, elastic_seed=seed)]) for seed in (1, 1, 2))
    assert torch.equal(one, same) and not torch.allclose(one, other, atol=0.05)
    assert torch.allclose(pose_images(image, [Pose(elastic=0, elastic_seed=5)]), image, atol=1e-6)


def test_reading_along_the_pose_undoes_it():
    """Theta maps output to input just as a pose maps digit to frame: the pose's own matrix as theta straightens it."""
    image, pose = blob(x=2, y=-1, width=3), Pose(rotation=40, scale=1.2, shift_x=1)
    matrix = pose.matrix()
    theta = torch.cat([matrix[:2, :2], matrix[:2, 2:] / 14], dim=1).reshape(1, 6)
    straight = Sampler()(pose_images(image, [pose]), AffineGrid()(theta, DIGIT, DIGIT))
    assert (straight - image).abs().max() < 0.03


@pytest.mark.parametrize("name", DISTORTIONS)
def test_distortion_is_repeatable_and_returns_its_poses(name):
    distortion, images = DISTORTIONS[name], digits()
    first, again = (distortion(images, torch.Generator().manual_seed(7)) for _ in range(2))
    assert torch.equal(first.images, again.images)
    assert first.images.shape == (16, 1, distortion.frame, distortion.frame)
    assert first.images.min() >= 0 and first.images.max() <= 1 + 1e-5
    redone = resample(images, first.matrix, first.elastic, distortion.frame)
    if distortion.clutter:
        assert (first.images >= redone - 1e-6).all() and first.images.sum() > redone.sum()
    else:
        assert torch.equal(first.images, redone)
    assert (first.elastic is not None) == (distortion.elastic_sigma > 0)


def angles_and_scales(matrix):
    return torch.rad2deg(torch.atan2(matrix[:, 1, 0], matrix[:, 0, 0])), matrix[:, :2, 0].norm(dim=1)


@pytest.mark.parametrize("name, angle, low, high", [("r", 90, 1, 1), ("rts", 45, 0.7, 1.2), ("pose", 90, 0.6, 1.3)])
def test_drawn_poses_cover_exactly_the_ranges_of_the_paper(name, angle, low, high):
    matrix = DISTORTIONS[name](digits(16).repeat(64, 1, 1, 1), torch.Generator().manual_seed(0)).matrix
    angles, scales = angles_and_scales(matrix)
    assert angles.abs().max() <= angle + 1e-3 and angles.max() > 0.95 * angle and angles.min() < -0.95 * angle
    assert low - 1e-4 <= scales.min() <= low + 0.05 and high - 0.05 <= scales.max() <= high + 1e-4
    assert abs(float(angles.mean())) < angle / 10


def test_the_seed_pose_keeps_the_ink_in_the_frame():
    images = digits().repeat(16, 1, 1, 1)
    posed = DISTORTIONS["pose"](images, torch.Generator().manual_seed(1))
    _, scales = angles_and_scales(posed.matrix)
    kept = posed.images.sum((1, 2, 3)) / (images.sum((1, 2, 3)) * posed.matrix[:, :2, :2].det())
    assert kept[scales < 0.9].min() > 0.95
    shifts = posed.matrix[:, :2, 2]
    assert shifts.std(0).min() > 1  # and it does move


@pytest.mark.parametrize("name", DISTORTIONS)
def test_narrowed_distortion_approaches_the_identity(name):
    whole = DISTORTIONS[name]
    assert whole.narrowed(1) == whole
    half, none = whole.narrowed(0.5), whole.narrowed(0)
    assert half.rotation == whole.rotation / 2 and half.elastic_sigma == whole.elastic_sigma / 2
    assert half.scale == pytest.approx(((1 + whole.scale[0]) / 2, (1 + whole.scale[1]) / 2))
    assert (none.rotation, none.scale, none.corner_sigma) == (0, (1, 1), 0) and none.frame == whole.frame


def test_shift_box_moves_the_digit_anywhere_in_the_frame():
    shifts = DISTORTIONS["tc"](digits().repeat(32, 1, 1, 1), torch.Generator().manual_seed(2)).matrix[:, :2, 2]
    assert shifts.abs().max() <= 16 and shifts.amax() > 15 and shifts.amin() < -15


def test_corners_stay_convex():
    matrix = DISTORTIONS["p"](digits().repeat(32, 1, 1, 1), torch.Generator().manual_seed(3)).matrix
    square = torch.tensor([[-14.0, -14, 1], [14, -14, 1], [14, 14, 1], [-14, 14, 1]])
    places = square @ matrix.mT
    assert (places[..., 2] > 0).all()  # nothing behind the camera


@pytest.mark.parametrize("name", DISTORTIONS)
def test_a_drawn_pose_is_one_of_the_distribution(name):
    distortion, random = DISTORTIONS[name], Random(0)
    for _ in range(50):
        pose = draw_pose(distortion, random)
        assert abs(pose.rotation) <= distortion.rotation
        assert distortion.scale[0] <= pose.scale <= distortion.scale[1]
        assert max(abs(pose.shift_x), abs(pose.shift_y)) <= 14 or distortion.frame > 42
        assert max(abs(value) for corner in pose.corners for value in corner) <= 10


@pytest.mark.parametrize(
    "field, value",
    [("shift", "up"), ("frame", 3), ("scale", (2, 1)), ("rotation", 400), ("clutter", -1), ("corner_sigma", math.nan)],
)
def test_impossible_ranges_are_refused_by_name(field, value):
    with pytest.raises(ValueError, match=field):
        Distortion(**{field: value})


def test_page_and_training_resample_identically():
    image = digits(1)
    posed = pose_images(image, [Pose(rotation=20)])
    assert torch.equal(posed, resample(image, pose_matrices([Pose(rotation=20)]), None, DIGIT))
    assert F.l1_loss(posed, image) > 0.01


def test_a_pose_is_the_same_beside_an_elastic_one():
    images = handwriting.digits(2, 4).images[:, None].double() / 255
    poses = [Pose(rotation=20, scale=1.1), Pose(elastic=1.5)]
    alone, together = pose_images(images[:1], poses[:1]), pose_images(images, poses)
    torch.testing.assert_close(together[:1], alone, rtol=0, atol=1e-12)
