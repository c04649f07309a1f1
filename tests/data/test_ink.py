"""Ink: analytic coverage, MNIST's preparation, and input at the limits."""

import math

import numpy as np
import pytest
import torch

from stn_demo.data.ink import Stroke, render, render_segments

CENTRES = np.arange(28) + 0.5


def line(*points, width=0.08, erase=False):
    return Stroke(np.array(points, dtype=float), width, erase)


def five(scale=1.0, shift=(0.0, 0.0), width=0.08):
    """A drawn 5 in the pad, two strokes."""
    body = [(0.35, 0.2), (0.33, 0.45), (0.5, 0.42), (0.62, 0.55), (0.6, 0.7), (0.45, 0.8), (0.3, 0.76)]
    bar = [(0.35, 0.2), (0.65, 0.18)]
    return [Stroke(np.array(points) * scale + shift, width) for points in (body, bar)]


def spiral(points=300):
    t = np.linspace(0, 12, points)
    return Stroke(np.stack((0.5 + 0.02 * t * np.cos(t), 0.4 + 0.03 * t * np.sin(t)), 1), 0.08)


def mass_centre(picture):
    """(x, y) in pixel indices."""
    index = torch.arange(picture.shape[-1], dtype=torch.float32)
    return (picture.sum(0) @ index / picture.sum()).item(), (picture.sum(1) @ index / picture.sum()).item()


def sides(picture):
    """Lengths across and down between the half-covered edges, to a pixel."""
    return int((picture.amax(0) >= 0.5).sum()), int((picture.amax(1) >= 0.5).sum())


def coverage_by_definition(starts, ends, widths, size):
    """clamp(0.5 + w / 2 - distance), pixel by pixel in float64, with the textbook's distance to a segment."""
    result = np.zeros((size, size))
    for row in range(size):
        for column in range(size):
            p = np.array([column + 0.5, row + 0.5])
            for a, b, width in zip(starts, ends, widths, strict=True):
                d = b - a
                t = 0.0 if not d.any() else min(1.0, max(0.0, float((p - a) @ d / (d @ d))))
                distance = math.dist(p, a + t * d)
                result[row, column] = max(result[row, column], min(1.0, max(0.0, 0.5 + width / 2 - distance)))
    return result


def test_horizontal_stroke_has_the_exact_coverage():
    height, width = 13.3, 2.6
    picture = render([line((0.2, height / 28), (0.8, height / 28), width=width / 28)], prepare=False)
    upper, lower = height - width / 2, height + width / 2
    # The fraction of each pixel's height that lies between both edges.
    expected = np.clip(np.minimum(CENTRES + 0.5, lower) - np.maximum(CENTRES - 0.5, upper), 0, 1)
    for column in (8, 14, 20):
        np.testing.assert_allclose(picture[:, column].numpy(), expected, atol=1e-4)
    assert picture.sum().item() == pytest.approx(0.6 * 28 * width + math.pi * width**2 / 4, rel=0.03)


def test_the_batched_core_agrees_with_the_definition():
    rng = np.random.default_rng(0)
    starts, ends = rng.uniform(-2, 16, (2, 3, 5, 2))
    ends[0, 2] = starts[0, 2]  # a dot
    per_picture, per_segment = rng.uniform(1, 4, 3), rng.uniform(1, 4, (3, 5))
    for widths in (per_picture, per_segment):
        drawn = render_segments(*map(torch.from_numpy, (starts, ends, widths)), size=14)
        assert drawn.dtype == torch.float32
        for number in range(3):
            expected = coverage_by_definition(starts[number], ends[number], np.broadcast_to(widths[number], 5), 14)
            np.testing.assert_allclose(drawn[number].numpy(), expected, atol=2e-3)


def test_softer_edge_has_the_same_position_and_a_smaller_slope():
    across = torch.tensor([[[0.0, 14.5]]]), torch.tensor([[[28.0, 14.5]]]), torch.tensor([5.0])
    sharp = render_segments(*across, 28)[0, :, 14]
    soft = render_segments(*across, 28, softness=torch.tensor([2.0]))[0, :, 14]
    assert soft.sum().item() == pytest.approx(sharp.sum().item(), abs=1e-3)
    assert soft.diff().abs().max() < sharp.diff().abs().max()


@pytest.mark.parametrize("prepare", [False, True])
def test_turning_the_points_turns_the_picture(prepare):
    strokes = [*five(), line((0.4, 0.3), (0.7, 0.6), width=0.04, erase=True)]
    # (x, y) -> (y, 1 - x) turns a quarter anticlockwise on the screen, as torch.rot90 does.
    turned = [s._replace(points=np.stack((s.points[:, 1], 1 - s.points[:, 0]), 1)) for s in strokes]
    torch.testing.assert_close(
        render(turned, prepare=prepare), torch.rot90(render(strokes, prepare=prepare)), atol=0.02, rtol=0
    )


@pytest.mark.parametrize(
    "strokes",
    [
        five(),
        five(0.4, (0.5, 0.5)),
        five(0.6, (0.0, 0.3), width=0.02),
        five(width=0.2),
        [spiral()],
        [line((0.1, 0.5), (0.9, 0.5), width=0.05)],
        [line((0.5, 0.1), (0.5, 0.6))],
        [*five(), line((0.6, 0.1), (0.6, 0.4), width=0.15, erase=True)],
    ],
)
def test_prepared_ink_fills_the_box_and_is_centred_by_mass(strokes):
    picture = render(strokes)
    assert max(sides(picture)) == pytest.approx(20, abs=1)
    assert mass_centre(picture) == pytest.approx((13.5, 13.5), abs=0.1)
    assert picture.min() >= 0 and 0.89 < picture.max() <= 1


def test_preparation_is_independent_of_position_and_size():
    torch.testing.assert_close(render(five()), render(five(0.5, (0.4, 0.1), width=0.04)), atol=0.02, rtol=0)


def test_the_prepared_pen_stays_within_mnist_s():
    for width in (0.01, 0.03, 0.1, 0.3):
        # Across a long level stroke the coverages add up to the width of the pen.
        across = render([line((0.1, 0.5), (0.9, 0.5), width=width)])[:, 14].sum().item()
        assert 1.75 <= across <= 3.25


def test_other_sizes_are_the_same_picture_in_proportion():
    small, large = render(five()), render(five(), size=56)
    assert max(sides(large)) == pytest.approx(40, abs=1)
    shrunk = torch.nn.functional.avg_pool2d(large[None], 2)[0]
    assert (shrunk - small).abs().max() < 0.25 and (shrunk - small).abs().mean() < 0.01


@pytest.mark.parametrize(
    "strokes",
    [
        [],
        [line((0.5, 0.5), erase=True)],
        [line((0.2, 0.2), (0.4, 0.4)), line((0, 0), (0.6, 0.6), width=0.3, erase=True)],
    ],
)
@pytest.mark.parametrize("prepare", [False, True])
def test_no_ink_is_a_black_picture(strokes, prepare):
    assert torch.equal(render(strokes, prepare=prepare), torch.zeros(28, 28))


@pytest.mark.parametrize(
    "strokes",
    [
        [line((0.3, 0.8))],
        [line((0.3, 0.8), width=0.3)],
        [line((0.3, 0.8), (0.301, 0.8), width=0.01)],
        [line((0.3, 0.8), (0.3, 0.8))],
    ],
)
def test_a_dot_stays_a_dot(strokes):
    picture = render(strokes)
    assert picture.isfinite().all()
    assert 1 <= max(sides(picture)) <= 5
    assert mass_centre(picture) == pytest.approx((13.5, 13.5), abs=0.1)


def test_a_single_point_is_a_disc():
    picture = render([line((0.5, 0.5), width=0.25)], prepare=False)
    assert picture.sum().item() == pytest.approx(math.pi * 3.5**2, rel=0.02)


def test_eraser_removes_only_earlier_ink_on_its_path():
    down = line((0.5, 0.1), (0.5, 0.9), width=0.1)
    rubber = line((0, 0.5), (1, 0.5), width=0.2, erase=True)
    before, after = render([down], prepare=False), render([down, rubber], prepare=False)
    assert after[12:16].max() < 1e-6
    torch.testing.assert_close(after[:10], before[:10])
    assert torch.equal(render([rubber, down], prepare=False), before)


def test_erasing_a_stray_stroke_restores_the_preparation():
    stray, rubber = line((0.92, 0.05), (0.97, 0.05)), line((0.85, 0.05), (1.0, 0.05), width=0.2, erase=True)
    clean, spoilt = render(five()), render([*five(), stray])
    assert (spoilt - clean).abs().mean() > 0.05
    assert (render([*five(), stray, rubber]) - clean).abs().mean() < 0.01


def test_overlaps_do_not_add_up():
    stroke = line((0.2, 0.2), (0.8, 0.7))
    assert torch.equal(render([stroke] * 3, prepare=False), render([stroke], prepare=False))


def test_crowded_points_draw_the_same_line():
    sparse, crowded = spiral(150), spiral(3000)
    torch.testing.assert_close(render([crowded]), render([sparse]), atol=0.06, rtol=0)


def test_the_same_strokes_give_the_same_bytes():
    assert torch.equal(render(five()), render(five()))


@pytest.mark.parametrize(
    "stroke, word",
    [
        (line((0.5, float("nan"))), "±100"),
        (line((0.5, 1e9)), "±100"),
        (Stroke(np.zeros((0, 2)), 0.1), "M >= 1"),
        (Stroke(np.zeros(2), 0.1), "M >= 1"),
        (line((0.5, 0.5), width=0.0), "0.01 to 0.3"),
        (line((0.5, 0.5), width=float("nan")), "0.01 to 0.3"),
    ],
)
def test_impossible_strokes_are_refused_with_a_reason(stroke, word):
    with pytest.raises(ValueError, match=word):
        render([stroke])
