"""What finds a digit on a picture equals OpenCV's and NumPy's own functions to the bit, in a fraction of their time."""

import cv2
import numpy as np
import pytest

from stn_demo.data import disc, flat, straight
from stn_demo.data.components import components
from stn_demo.data.median import median


@pytest.fixture
def random():
    return np.random.default_rng(3)


@pytest.mark.parametrize("side", [3, 5, 9, 21, 93])
@pytest.mark.parametrize("shape", [(1, 1), (7, 120), (64, 40)])
def test_a_maximum_over_a_disc_is_opencvs_dilation_by_an_ellipse(random, shape, side):
    plane = random.random(shape, np.float32)
    ellipse = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    assert np.array_equal(disc.dilated(plane, side), cv2.dilate(plane, ellipse))


@pytest.mark.parametrize("kind", [np.float32, np.float64, np.int64])
def test_a_median_is_numpys(random, kind):
    for count in (1, 2, 3, 10, 999, 1000):
        values = (1000 * random.random(count)).astype(kind)
        assert median(values) == np.median(values)


def test_components_are_numbered_as_opencv_does(random):
    for share in (0.02, 0.3, 0.6, 0.9):
        mask = (random.random((61, 94)) < share).astype(np.uint8)
        expected = cv2.connectedComponentsWithStats(mask, connectivity=8)
        assert all(np.array_equal(one, other) for one, other in zip(components(mask), expected, strict=False))


@pytest.mark.parametrize("least", [12, 13, 35])
def test_pieces_are_linked_as_by_opencvs_closing(random, least):
    for share in (0.002, 0.02, 0.2):
        level = (random.random((50, 170)) < share).astype(np.uint8)
        wider = cv2.copyMakeBorder(level, 2, 2, 2 * least, 2 * least, cv2.BORDER_CONSTANT)
        closed = cv2.morphologyEx(wider, cv2.MORPH_CLOSE, np.ones((3, 3 * least), np.uint8))
        assert np.array_equal(straight._linked(level, 3 * least), closed[2:-2, 2 * least : -2 * least])


def test_a_reconstruction_that_leaves_out_what_has_arrived_is_the_whole_one(random):
    noise = cv2.GaussianBlur((255 * random.random((120, 160))).astype(np.uint8), (0, 0), 4)
    least = cv2.normalize(noise, None, 0, 255, cv2.NORM_MINMAX)
    walls = least.copy()
    walls[::12] = 255  # the level spreads around their gaps
    walls[::24, :8] = walls[12::24, -8:] = 0
    for floor in (least, walls):
        level = np.full_like(floor, 255)
        level[0, 0] = floor[0, 0]
        whole = level
        for _ in range(flat.ROUNDS):
            before, whole = whole, flat._lowered(whole, floor, flat.STEPS)
            if cv2.norm(before, whole, cv2.NORM_INF) < 3:
                break
        assert np.array_equal(flat._reconstructed(level, floor), whole) and (whole < level).mean() > 0.3


def test_the_depth_of_a_mark_is_that_of_closing_and_opening_the_whole_picture(random):
    grey = cv2.GaussianBlur(random.random((90, 70), np.float32), (0, 0), 2)
    for left, top, width, height in ((0, 0, 70, 90), (20, 30, 25, 18), (60, 80, 10, 10)):
        mask = random.random((height, width)) < 0.95
        thick = 2 * float(cv2.distanceTransform(np.pad(mask, 1).astype(np.uint8), cv2.DIST_L2, 3).max())
        reach = max(5, round(2 * thick)) | 1
        wide = cv2.copyMakeBorder(grey, *4 * [2 * reach], cv2.BORDER_REPLICATE)
        inner = slice(2 * reach + top, 2 * reach + top + height), slice(2 * reach + left, 2 * reach + left + width)
        around = np.ones((reach, reach), np.uint8)
        found = [
            np.abs(cv2.morphologyEx(wide, kind, around) - wide)[inner][mask]
            for kind in (cv2.MORPH_CLOSE, cv2.MORPH_OPEN)
        ]
        assert flat.depth(grey, mask, (left, top)) == max(float(np.median(one)) for one in found)
