"""Several looks: the localization network looks again at what it has read, and the thetas are composed."""

import math

import pytest
import torch
import torch.nn.functional as F

from stn_demo.model import ModelConfig, build_model
from stn_demo.model.config import CHOICES, MOST_LOOKS
from stn_demo.model.grids import GRIDS

COMPOSING = ("similarity", "affine", "projective")


def draw(*shape, seed=0):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def thetas(name, seed, count=16):
    identity = GRIDS[name]().identity().double()
    return identity + 0.3 * (draw(count, len(identity), seed=seed).double() - 0.5)


def moved(looks, transform="similarity", **config):
    """A network whose transformer predicts a different theta for each picture."""
    torch.manual_seed(0)
    model = build_model(ModelConfig(transform=transform, looks=looks, **config)).eval()
    torch.nn.init.normal_(model.transformers["input"].localization.theta.weight, std=0.3)
    return model


def as_matrix(name, theta):
    """[N, 3, 3], written out from the definition of each family."""
    rows = []
    for values in theta.tolist():
        if name == "similarity":
            s, phi, x, y = values
            six = [s * math.cos(phi), -s * math.sin(phi), x, s * math.sin(phi), s * math.cos(phi), y]
        else:
            six = values
        rows.append(six + [0.0, 0.0, 1.0][len(six) - 6 :])
    return torch.tensor(rows, dtype=theta.dtype).view(-1, 3, 3)


@pytest.mark.parametrize("name", COMPOSING)
def test_composing_is_the_product_of_the_matrices(name):
    grid, outer, inner = GRIDS[name](), thetas(name, 1), thetas(name, 2)
    found = as_matrix(name, grid.compose(outer, inner))
    expected = as_matrix(name, outer) @ as_matrix(name, inner)
    assert torch.allclose(found, expected / expected[:, 2:, 2:], atol=1e-12)


@pytest.mark.parametrize("name", COMPOSING)
def test_composing_with_the_identity_changes_nothing(name):
    grid, theta = GRIDS[name](), thetas(name, 3)
    same = grid.identity().double().expand_as(theta)
    assert torch.allclose(grid.compose(theta, same), theta, atol=1e-12)
    assert torch.allclose(grid.compose(same, theta), theta, atol=1e-12)


def test_angles_add_up_around_the_circle_with_the_gradient_of_a_sum():
    grid = GRIDS["similarity"]()
    outer = torch.tensor([[1.0, 3.0, 0, 0]], requires_grad=True)
    inner = torch.tensor([[1.0, 1.0, 0, 0]], requires_grad=True)
    phi = grid.compose(outer, inner)[0, 1]
    assert phi.item() == pytest.approx(4.0 - 2 * math.pi, abs=1e-6)
    assert [value[0, 1].item() for value in torch.autograd.grad(phi, (outer, inner))] == [1, 1]


def test_a_homography_that_sends_the_middle_to_the_horizon_stays_finite():
    outer = torch.tensor([[1.0, 0, 0, 0, 1, 0, 1, 0]])
    inner = torch.tensor([[1.0, 0, -1, 0, 1, 0, 0, 0]])
    assert GRIDS["projective"]().compose(outer, inner).isfinite().all()


@pytest.mark.parametrize("name", sorted(set(GRIDS) - set(COMPOSING)))
def test_transforms_that_do_not_compose_refuse_several_looks(name):
    with pytest.raises(ValueError, match=r"one look.*similarity, affine, projective"):
        ModelConfig(transform=name, looks=2)
    with pytest.raises(TypeError):
        GRIDS[name]().compose(thetas(name, 1), thetas(name, 2))


@pytest.mark.parametrize("looks", [0, MOST_LOOKS + 1, 1.5, "2", True, None])
def test_the_number_of_looks_is_checked(looks):
    with pytest.raises(ValueError, match="looks is"):
        ModelConfig(transform="affine", looks=looks)


@pytest.mark.parametrize("transform", CHOICES["transform"])
def test_one_look_equals_a_transformer_without_looks(transform):
    model, x = moved(1, transform), draw(4, 1, 28, 28)
    first = model.transformers["input"]
    transform = model.trace(x).transforms[0]
    predicted = first.localization(x)
    assert torch.equal(transform.theta, predicted) and torch.equal(transform.looks, predicted[:, None])
    grid = first.grid(predicted, 28, 28)
    assert torch.equal(transform.warped, F.grid_sample(x, grid, align_corners=False))


def test_config_without_looks_field_has_one_look():
    values = ModelConfig().to_dict()
    del values["looks"]
    assert ModelConfig.from_dict(values).looks == 1


@pytest.mark.parametrize("transform", COMPOSING)
@pytest.mark.parametrize("looks", [2, 4])
def test_each_look_takes_the_output_of_the_previous_look(transform, looks):
    model, x = moved(looks, transform), draw(4, 1, 28, 28)
    first = model.transformers["input"]
    with torch.no_grad():
        found = model.trace(x).transforms[0]
        total, seen = torch.eye(3).expand(4, 3, 3), x
        for look in range(looks):
            total = total @ as_matrix(transform, first.localization(seen))
            total = total / total[:, 2:, 2:]
            assert torch.allclose(as_matrix(transform, found.looks[:, look]), total, atol=1e-4)
            seen = F.grid_sample(x, first.grid(found.looks[:, look], 28, 28), align_corners=False)
    assert torch.equal(found.theta, found.looks[:, -1])
    assert torch.equal(found.warped, seen)  # read from the input itself, once


def test_input_is_sampled_once_at_the_output_size():
    model = moved(2, input_size=42, output_size=28)
    x = draw(2, 1, 42, 42)
    found = model.trace(x).transforms[0]
    grid = model.transformers["input"].grid(found.theta, 28, 28)
    assert torch.equal(found.warped, F.grid_sample(x, grid, align_corners=False))


def test_every_look_learns():
    model, x = moved(3), draw(4, 1, 28, 28)
    looks = model.transformers["input"].trace(x).looks
    weight = model.transformers["input"].localization.theta.weight
    first, last = (torch.autograd.grad(looks[:, i].sum(), weight, retain_graph=True)[0] for i in (0, 2))
    assert first.abs().sum() > 0 and not torch.allclose(first, last)


def counting(model):
    calls = []
    model.transformers["input"].localization.register_forward_hook(lambda *_: calls.append(1))
    return calls


def test_given_theta_skips_localization_and_fills_all_looks():
    model, x = moved(3), draw(2, 1, 28, 28)
    calls, theta = counting(model), thetas("similarity", 1, 2).float()
    found = model.trace(x, theta).transforms[0]
    assert not calls
    assert torch.equal(found.theta, theta) and torch.equal(found.looks, theta[:, None].expand(-1, 3, -1))


def test_rows_with_a_nan_keep_their_looks():
    model, x = moved(2), draw(2, 1, 28, 28)
    calls, theta = counting(model), thetas("similarity", 1, 2).float()
    theta[0, 0] = torch.nan
    found, own = model.trace(x, theta).transforms[0], model.trace(x).transforms[0]
    assert torch.equal(found.looks[0], own.looks[0]) and torch.equal(found.theta[1], theta[1])
    assert len(calls) == 4  # twice for each trace


@pytest.mark.parametrize("point", ["conv1", "conv2"])
def test_several_looks_work_on_feature_maps(point):
    model = build_model(ModelConfig(transform="affine", looks=2, placement=(point,))).eval()
    assert model.trace(draw(2, 1, 28, 28)).transforms[0].looks.shape == (2, 2, 6)
