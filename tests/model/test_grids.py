"""Grid generators against independent sources: torch's affine grid, an 8 x 8 solve, SciPy's spline, and algebra."""

import math

import pytest
import torch
import torch.nn.functional as F
from scipy.interpolate import RBFInterpolator
from torch._subclasses.fake_tensor import FakeTensorMode

from stn_demo.model import AffineGrid, AttentionGrid, ProjectiveGrid, Sampler, SimilarityGrid, ThinPlateSplineGrid
from stn_demo.model.grids import GRIDS, base_points

ALL = [AttentionGrid, SimilarityGrid, AffineGrid, ProjectiveGrid, ThinPlateSplineGrid]


def near_identity(generator, count, spread=0.1, seed=0, dtype=torch.float32):
    noise = torch.randn(count, generator.num_params, generator=torch.Generator().manual_seed(seed), dtype=dtype)
    return generator.identity().to(dtype) + spread * noise


@pytest.mark.parametrize("kind", ALL)
def test_identity_theta_reads_every_pixel_at_its_own_position(kind):
    generator = kind()
    assert generator.identity().shape == (generator.num_params,)
    grid = generator(generator.identity()[None], 5, 7)
    assert torch.allclose(grid, F.affine_grid(torch.eye(2, 3)[None], [1, 1, 5, 7], align_corners=False), atol=1e-6)


@pytest.mark.parametrize("kind", ALL)
def test_grid_has_one_position_per_output_pixel(kind):
    generator = kind()
    assert generator(near_identity(generator, 3), 6, 9).shape == (3, 6, 9, 2)


@pytest.mark.parametrize("kind", ALL)
def test_theta_of_another_shape_is_refused(kind):
    generator = kind()
    with pytest.raises(ValueError, match=str(generator.num_params)):
        generator(torch.zeros(2, generator.num_params + 1), 4, 4)
    with pytest.raises(ValueError):
        generator(torch.zeros(generator.num_params), 4, 4)


def test_affine_equals_torchs_affine_grid():
    theta = torch.randn(8, 6, generator=torch.Generator().manual_seed(1))
    expected = F.affine_grid(theta.view(8, 2, 3), [8, 1, 13, 11], align_corners=False)
    assert (AffineGrid()(theta, 13, 11) - expected).abs().max() < 1e-6


def test_attention_and_similarity_equal_their_affine_formulas():
    s, phi, tx, ty = 0.7, 0.4, 0.1, -0.3
    affine = AffineGrid()
    attention = torch.tensor([[s, 0, tx, 0, s, ty]])
    assert torch.allclose(AttentionGrid()(torch.tensor([[s, tx, ty]]), 9, 9), affine(attention, 9, 9), atol=1e-6)
    cos, sin = s * math.cos(phi), s * math.sin(phi)
    similarity = torch.tensor([[cos, -sin, tx, sin, cos, ty]])
    assert torch.allclose(SimilarityGrid()(torch.tensor([[s, phi, tx, ty]]), 9, 9), affine(similarity, 9, 9), atol=1e-6)


def test_projective_maps_four_corners_like_an_8_by_8_solve():
    source = torch.tensor([[-1.0, -1], [1, -1], [1, 1], [-1, 1]], dtype=torch.float64)
    target = torch.tensor([[-0.8, -1.1], [0.9, -0.7], [1.2, 0.8], [-1.0, 0.9]], dtype=torch.float64)
    rows, values = [], []
    for (x, y), (u, v) in zip(source.tolist(), target.tolist(), strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        values += [u, v]
    theta = torch.linalg.solve(torch.tensor(rows, dtype=torch.float64), torch.tensor(values, dtype=torch.float64))
    assert torch.allclose(ProjectiveGrid().at(theta[None], source)[0], target, atol=1e-12)


def test_projective_without_perspective_is_affine():
    theta = torch.randn(4, 6, generator=torch.Generator().manual_seed(2))
    projective = torch.cat([theta, torch.zeros(4, 2)], dim=1)
    assert torch.allclose(ProjectiveGrid()(projective, 8, 8), AffineGrid()(theta, 8, 8), atol=1e-6)


def test_a_point_on_the_horizon_is_far_away_but_finite():
    theta = torch.tensor([[1.0, 0, 0, 0, 1, 0, -1, 0]])  # depth 1 - x: zero at the right edge
    assert ProjectiveGrid().at(theta, torch.tensor([[1.0, 0.5]])).isfinite().all()


@pytest.mark.parametrize("points_per_side", [2, 3, 4, 5])
def test_the_spline_equals_scipys(points_per_side):
    generator = ThinPlateSplineGrid(points_per_side).double()
    theta = near_identity(generator, 3, spread=0.3, dtype=torch.float64)
    grid = generator(theta, 12, 10).view(3, -1, 2)
    query = base_points(12, 10, theta).numpy()
    control = generator.identity().double().view(-1, 2).numpy()
    for one, places in zip(theta, grid, strict=True):
        spline = RBFInterpolator(control, one.view(-1, 2).numpy(), kernel="thin_plate_spline", degree=1)
        assert abs(places.numpy() - spline(query)).max() < 1e-5


def test_the_spline_passes_through_its_control_points():
    generator = ThinPlateSplineGrid()
    theta = near_identity(generator, 2, spread=0.3)
    assert torch.allclose(generator.at(theta, generator.control_points), theta.view(2, 16, 2), atol=1e-5)


def test_control_points_are_a_regular_grid_row_by_row_corners_included():
    points = ThinPlateSplineGrid(3).identity().view(3, 3, 2)
    assert points[0, :, 0].tolist() == [-1, 0, 1] and points[:, 0, 1].tolist() == [-1, 0, 1]


def test_spline_with_affine_targets_is_that_affine_map():
    generator, matrix = ThinPlateSplineGrid(), torch.tensor([[0.8, -0.3, 0.1], [0.2, 1.1, -0.2]])
    theta = (generator.control_points @ matrix[:, :2].T + matrix[:, 2]).flatten()[None]
    assert torch.allclose(generator(theta, 9, 9), AffineGrid()(matrix.flatten()[None], 9, 9), atol=1e-5)


def test_spline_works_after_a_change_of_dtype():
    generator = ThinPlateSplineGrid()
    generator(generator.identity()[None], 4, 4)
    assert generator(generator.identity().double()[None], 4, 4).dtype == torch.float64


def test_two_affine_grids_compose_like_their_matrices():
    generator = torch.Generator().manual_seed(3)
    first, second = torch.randn(2, 2, 3, generator=generator, dtype=torch.float64)
    whole = torch.eye(3, dtype=torch.float64)
    product = torch.cat([first, whole[2:]]) @ torch.cat([second, whole[2:]])
    grid, points = AffineGrid(), base_points(6, 6, first)
    inner = grid.at(second.flatten()[None], points)[0]
    assert torch.allclose(
        grid.at(first.flatten()[None], inner), grid.at(product[:2].flatten()[None], points), atol=1e-12
    )


def test_an_affine_grid_and_its_inverse_cancel():
    matrix = torch.tensor([[0.9, -0.4, 0.2], [0.3, 1.2, -0.1], [0, 0, 1]], dtype=torch.float64)
    grid, points = AffineGrid(), base_points(7, 7, matrix)
    there = grid.at(matrix[:2].flatten()[None], points)[0]
    back = grid.at(torch.linalg.inv(matrix)[:2].flatten()[None], there)[0]
    assert torch.allclose(back, points, atol=1e-12)


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_quarter_turn_is_torchs_rot90(turns):
    image = torch.rand(1, 1, 8, 8, generator=torch.Generator().manual_seed(4))
    theta = torch.tensor([[1.0, turns * math.pi / 2, 0, 0]])
    turned = Sampler()(image, SimilarityGrid()(theta, 8, 8))
    # theta reads clockwise, so the picture turns counter-clockwise, as rot90 does
    assert torch.allclose(turned, torch.rot90(image, turns, (2, 3)), atol=1e-5)


def test_a_scale_under_one_zooms_in():
    image = torch.zeros(1, 1, 8, 8)
    image[..., 3:5, 3:5] = 1
    zoomed = Sampler("nearest")(image, AttentionGrid()(torch.tensor([[0.5, 0, 0]]), 8, 8))
    assert zoomed.sum() == 16


@pytest.mark.parametrize("name", GRIDS)
@pytest.mark.parametrize("mode", ["bilinear", "bicubic", "deconvolution"])
def test_gradients_through_generator_and_sampler(name, mode):
    generator, sampler = GRIDS[name]().double(), Sampler(mode).double()
    theta = near_identity(generator, 2, spread=0.05, seed=5, dtype=torch.float64).requires_grad_()
    noise = torch.Generator().manual_seed(6)
    image = torch.rand(2, 1, 6, 6, generator=noise, dtype=torch.float64).requires_grad_()
    weights = tuple(sampler.parameters())

    def warp(image, theta, *weights):
        return sampler(image, generator(theta, 4, 4))

    assert torch.autograd.gradcheck(warp, (image, theta, *weights), eps=1e-7, atol=1e-5)


@pytest.mark.parametrize("kind", ALL)
def test_grid_made_during_tracing_leaves_no_fake_tensors_in_caches(kind):
    size = (5, 17 + ALL.index(kind))  # of no other test: the first to ask for its tables is the tracer
    with FakeTensorMode(allow_non_fake_inputs=True):  # what torch.export and torch.compile trace under
        assert kind()(torch.zeros(1, kind().num_params), *size).shape == (1, *size, 2)
    generator = kind()
    grid = generator(generator.identity()[None], *size)
    assert torch.allclose(grid, F.affine_grid(torch.eye(2, 3)[None], [1, 1, *size], align_corners=False), atol=1e-6)
