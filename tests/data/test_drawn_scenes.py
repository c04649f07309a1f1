"""Pictures like those that people upload, from the generator: how many digits are cut out rightly, by group.

Each group has the numbers FIRST .. FIRST + COUNT of the family that nothing was tuned on.
"""

import numpy as np
import pytest
import torch
from pictures import encoded

from stn_demo.data import flat, paper, picture, scenes
from stn_demo.data.refused import NO_DIGIT
from stn_demo.data.scenes.agreement import likeness, overlap
from stn_demo.data.scenes.reported import REPORTED

FIRST, COUNT = 0, 4
SINGLE = [group for group in scenes.GROUPS if group not in ("several", "nothing")]
LIKE = 0.75  # correlation with the digit's own ink in the same form


@pytest.mark.parametrize("group", SINGLE)
def test_the_digit_is_found_among_the_marks(group):
    right = 0
    for number in range(FIRST, FIRST + COUNT):
        scene = scenes.make(group, number, "unseen")
        try:
            digit = picture.read(encoded(scene.image))
        except picture.PictureError:
            continue
        right += likeness(digit, paper.prepared(torch.from_numpy(scene.ink))) > LIKE
    assert right >= COUNT - 1


@pytest.mark.parametrize(
    "group, number",
    [
        ("panel", 0),  # the sides of a slender 0 were taken for those of a box
        ("table", 8),  # the strokes of an 8 likewise
        ("ruled", 9),  # the stem of a 9 between two rules was taken for a line
        ("ruled", 10),  # a rule thicker than a twentieth of the picture was none
        ("squared", 4),  # a stroke along a line went with the line
        ("squared", 19),  # what was left of a line hung on the digit
        ("squared", 2006),  # two lines that a digit connected were one thick piece
        ("squared", 2008),
        ("squared", 2014),  # ink on a line was darker than the ink beside it, which then was too faint
        ("squared", 2049),  # a digit over half of a line's length is not a second line
        ("ruled", 37),  # rules that fade in the light were none
        ("table", 33),
        ("edges", 76),  # the hole of a bold digit that fills its picture was taken for the digit
        ("edges", 106),
        ("drawing", 79),  # strokes too bold for the median around them to be paper
        ("photo", 28),
        ("photo", 2020),  # the straight sides of a slender 0 were taken for those of a box
        ("shadow", 2048),  # the part of a digit beyond the edge of a shadow was taken for paper
        ("shadow", 2055),
        ("shadow", 2016),
        ("drawing", 2029),  # the hole of a bold 9 was taken for the digit
        ("edges", 2059),
        ("edges", 2039),  # grain in the ink was taken for a scribble
        ("edges", 2057),
        ("desk", 2047),  # the grain of the desk was taken for the digit
    ],
)
def test_a_digit_that_was_once_cut_wrongly(group, number):
    scene = scenes.make(group, number, "unseen")
    digit = picture.read(encoded(scene.image))
    assert likeness(digit, paper.prepared(torch.from_numpy(scene.ink))) > LIKE


def test_every_one_of_several_digits_is_found():
    right = 0
    for number in range(FIRST, FIRST + COUNT):
        scene = scenes.make("several", number, "unseen")
        found = picture.find(encoded(scene.image))
        boxes = [tuple(np.multiply(box, scene.image.size * 2)) for box in found.boxes]
        right += len(boxes) == len(scene.boxes) and all(
            max(overlap(box, other) for other in boxes) > 0.6 for box in scene.boxes
        )
        assert len(found.digits) == len(found.boxes) == len(found.cuts)
    assert right >= COUNT - 1


def test_pictures_without_a_digit_are_refused():
    codes = []
    for number in range(6):
        scene = scenes.make("nothing", number, "unseen")
        with pytest.raises(picture.PictureError) as error:
            picture.read(encoded(scene.image))
        codes.append(error.value.code)
    assert codes[2] == "scribble" and codes[3] == "lines" and set(codes) <= set(NO_DIGIT)


@pytest.mark.parametrize("number", [2019, 2031])
def test_the_only_rule_that_reaches_into_a_dark_corner_is_no_digit(number):
    with pytest.raises(picture.PictureError) as error:
        picture.read(encoded(scenes.make("nothing", number, "unseen").image))
    assert error.value.code in ("lines", "blank")


@pytest.mark.parametrize("number", [13, 17, 31, 35, 79, 85, 89])  # grain of a dark slab, edge of a desk, rings of light
def test_grain_and_edges_are_not_digits(number):
    with pytest.raises(picture.PictureError) as error:
        picture.read(encoded(scenes.make("nothing", number, "unseen").image))
    assert error.value.code in NO_DIGIT


def test_a_stroke_is_deep_and_an_edge_is_not():
    grey = np.full((90, 90), 0.8, np.float32)
    grey[:, 40:] = 0.3  # a desk
    grey[20:70, 18:24] = 0.5  # a stroke on the paper
    stroke, edge = np.ones((50, 6), bool), np.ones((50, 6), bool)
    assert flat.depth(grey, stroke, (18, 20)) == pytest.approx(0.3, abs=1e-6)
    assert flat.depth(1 - grey, stroke, (18, 20)) == pytest.approx(0.3, abs=1e-6)
    assert flat.depth(grey, edge, (40, 20)) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("name", REPORTED)
def test_the_reported_pictures_are_cut_rightly(name):
    draw, labels = REPORTED[name]
    found = picture.find(encoded(draw()))
    assert len(found.boxes) == len(labels)
    clean = picture.find(encoded(REPORTED["pair"][0]())).digits[0]  # a seven on plain paper
    if labels[0] == 7:
        assert likeness(found.digits[0], clean) > 0.85
    else:  # the nine keeps its faint head: ink left of its stem, and a hole there
        assert found.digits[0][6:12, 8:14].max() > 0.6
        assert found.digits[0].sum() > 60


def test_manual_box_takes_all_ink_in_it():
    data = encoded(REPORTED["pair"][0]())
    both = picture.find(data)
    right = picture.find(data, (0.5, 0.1, 0.9, 0.9))
    assert len(right.boxes) == 1 and likeness(right.digits[0], both.digits[1]) > 0.95
    with pytest.raises(picture.PictureError):
        picture.find(data, (0.0, 0.0, 0.1, 0.1))


def test_the_same_arguments_give_the_same_picture():
    one, again = scenes.make("boxed", 3), scenes.make("boxed", 3)
    assert one.image.tobytes() == again.image.tobytes() and one.labels == again.labels == (3,)
    assert scenes.make("boxed", 3, "unseen").image.tobytes() != one.image.tobytes()
