"""The sampler against the paper's equations, written out."""

import pytest
import torch
import torch.nn.functional as F

from stn_demo.model import Sampler

MODES = ["bilinear", "nearest", "bicubic", "deconvolution"]


def random(*shape, seed=0, dtype=torch.float64):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def grid_of(*shape, reach=1.3, seed=1):
    return (random(*shape, 2, seed=seed) * 2 - 1) * reach


def pixels(grid, size):
    """Normalised coordinates -> pixel indices, centres at whole numbers."""
    return (grid + 1) * size / 2 - 0.5


def test_bilinear_is_the_papers_equation_5_as_a_sum_of_tents():
    image, grid = random(2, 3, 7, 9), grid_of(2, 5, 4)
    x, y = pixels(grid[..., 0], 9), pixels(grid[..., 1], 7)
    tent_x = (1 - (x[..., None] - torch.arange(9)).abs()).clamp(min=0)  # [N, H', W', W]
    tent_y = (1 - (y[..., None] - torch.arange(7)).abs()).clamp(min=0)
    expected = torch.einsum("nchw,nijh,nijw->ncij", image, tent_y, tent_x)
    assert torch.allclose(Sampler()(image, grid), expected, atol=1e-12)


def test_nearest_is_the_papers_equation_4():
    image, grid = random(1, 2, 6, 6), grid_of(1, 5, 5, reach=0.9)
    x, y = pixels(grid[..., 0], 6).round().long(), pixels(grid[..., 1], 6).round().long()
    assert torch.equal(Sampler("nearest")(image, grid), image[:, :, y[0], x[0]])


def test_bicubic_reproduces_a_quadratic_surface_at_its_knots_and_keeps_constants():
    flat = torch.full((1, 1, 12, 12), 0.7, dtype=torch.float64)
    grid = grid_of(1, 6, 6, reach=0.5)
    assert torch.allclose(Sampler("bicubic")(flat, grid), flat[..., :6, :6], atol=1e-12)


@pytest.mark.parametrize("padding", ["border", "reflection"])
def test_deconvolution_starts_as_bilinear_upsampling(padding):
    image = random(2, 3, 6, 5, dtype=torch.float32)
    sampler = Sampler("deconvolution", padding)
    expected = F.interpolate(image, scale_factor=2, mode="bilinear", align_corners=False)
    whole = F.affine_grid(torch.eye(2, 3).expand(2, 2, 3), [2, 3, 12, 10], align_corners=False)
    assert torch.allclose(sampler(image, whole), expected, atol=1e-6)


def test_deconvolution_fades_to_black_at_the_edge_when_padded_with_zeros():
    bright = torch.ones(1, 1, 6, 6)
    whole = F.affine_grid(torch.eye(2, 3)[None], [1, 1, 12, 12], align_corners=False)
    read = Sampler("deconvolution", "zeros")(bright, whole)
    assert torch.allclose(read[..., 2:-2, 2:-2], torch.ones(8, 8)) and read[0, 0, 0, 0] < 1


def test_deconvolution_learns():
    sampler = Sampler("deconvolution")
    sampler(random(1, 2, 6, 6, dtype=torch.float32), grid_of(1, 4, 4).float()).sum().backward()
    assert sampler.kernel.grad.abs().sum() > 0


@pytest.mark.parametrize("mode", MODES)
def test_outside_is_black_with_zeros_and_the_edge_with_border(mode):
    image = torch.ones(1, 1, 6, 6)
    far = torch.full((1, 2, 2, 2), 3.0)
    assert Sampler(mode, "zeros")(image, far).abs().max() == 0
    assert torch.allclose(Sampler(mode, "border")(image, far), torch.ones(2, 2), atol=1e-6)
    assert torch.allclose(Sampler(mode, "reflection")(image, far), torch.ones(2, 2), atol=1e-6)


def test_reflection_mirrors_at_the_edge():
    image = random(1, 1, 8, 8)
    inside, outside = torch.tensor([[[[0.7, 0.2]]]]).double(), torch.tensor([[[[1.3, 0.2]]]]).double()
    sampler = Sampler("bilinear", "reflection")
    assert torch.allclose(sampler(image, inside), sampler(image, outside))


@pytest.mark.parametrize("arguments", [("linear",), ("bilinear", "wrap")])
def test_unknown_modes_and_paddings_are_refused_with_the_choices(arguments):
    with pytest.raises(ValueError, match="choose one of"):
        Sampler(*arguments)
