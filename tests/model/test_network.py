"""Whole networks: they start at the identity, have the published sizes, and return their intermediate results."""

import itertools

import pytest
import torch
import torch.nn.functional as F

from stn_demo.model import AffineGrid, ModelConfig, Sampler, SpatialTransformer, build_model, build_transformer
from stn_demo.model.classifier import POINTS
from stn_demo.model.config import CHOICES
from stn_demo.model.localization import LOCALIZATIONS


def pictures(count=3, size=28):
    return torch.rand(count, 1, size, size, generator=torch.Generator().manual_seed(0))


def parameters(model):
    return sum(value.numel() for value in model.parameters())


def test_default_config_is_the_seed_network():
    assert parameters(build_model(ModelConfig())) == 27_360
    assert parameters(build_model(ModelConfig(placement=()))) == 27_360 - 5_520


@pytest.mark.parametrize("transform", CHOICES["transform"])
@pytest.mark.parametrize("localization", CHOICES["localization"])
def test_untrained_network_equals_its_classifier_alone(transform, localization):
    model = build_model(ModelConfig(transform=transform, localization=localization)).eval()
    x = pictures()
    trace = model.trace(x)
    assert torch.allclose(trace.transforms[0].warped, x, atol=1e-5)
    assert torch.allclose(trace.log_probs, model.classifier(x), atol=1e-4)


@pytest.mark.parametrize("classifier", CHOICES["classifier"])
@pytest.mark.parametrize("size, output", [(28, 28), (42, 28), (60, 30)])
def test_every_classifier_takes_every_size_of_the_paper_within_400000_parameters(classifier, size, output):
    model = build_model(ModelConfig(classifier=classifier, localization="paper", input_size=size, output_size=output))
    trace = model.trace(pictures(size=size))
    assert trace.log_probs.shape == (3, 10) and parameters(model) <= 400_000
    assert torch.allclose(trace.log_probs.exp().sum(1), torch.ones(3), atol=1e-5)
    assert trace.transforms[0].warped.shape == (3, 1, output, output)
    assert trace.transforms[0].grid.shape == (3, output, output, 2)


@pytest.mark.parametrize("localization", CHOICES["localization"])
@pytest.mark.parametrize("classifier", ["seed", "cnn", "deep"])
def test_untrained_transformers_at_any_position_change_nothing(classifier, localization):
    points = ("input", "conv1", "conv2")
    x = pictures()
    for count in range(4):
        for placement in itertools.combinations(points, count):
            config = ModelConfig(classifier=classifier, localization=localization, placement=placement)
            model = build_model(config).eval()
            trace = model.trace(x)
            assert len(trace.transforms) == count
            assert torch.allclose(trace.log_probs, model.classifier(x), atol=1e-4)


def test_transformer_takes_maps_of_any_channels_and_size():
    grid = AffineGrid()
    localization = LOCALIZATIONS["mlp"](5, 9, grid.identity())
    assert SpatialTransformer(localization, grid, Sampler(), output_size=4)(torch.rand(2, 5, 9, 9)).shape == (
        2,
        5,
        4,
        4,
    )
    assert SpatialTransformer(localization, grid, Sampler())(torch.rand(2, 5, 9, 9)).shape == (2, 5, 9, 9)


@pytest.mark.parametrize("localization", CHOICES["localization"])
@pytest.mark.parametrize("shape", [(3, 64, 32), (1, 28, 40), (5, 9, 20), (2, 8, 1), (4, 17, 90)])
def test_untrained_transformer_passes_any_shape_through(localization, shape):
    x = torch.rand(2, *shape, generator=torch.Generator().manual_seed(0))
    for transform in CHOICES["transform"]:
        transformer = build_transformer(shape, transform=transform, localization=localization).eval()
        assert torch.allclose(transformer(x), x, atol=1e-4)
    with pytest.raises(ValueError, match=rf"takes \[N, {shape[0]}, {shape[1]}, {shape[2]}\], not \[2, 7, 50, 50\]"):
        transformer(torch.rand(2, 7, 50, 50))


def test_non_square_picture_is_read_like_torch_affine_grid():
    x = torch.rand(2, 3, 64, 32, generator=torch.Generator().manual_seed(0))
    transformer = build_transformer((3, 64, 32), output_size=(20, 48), looks=1).eval()
    theta = torch.tensor([[0.7, -0.4, 0.1, 0.5, 0.9, -0.2]]).expand(2, 6)
    grid = F.affine_grid(theta.view(2, 2, 3), [2, 3, 20, 48], align_corners=False)
    assert torch.allclose(transformer.trace(x, theta).warped, F.grid_sample(x, grid, align_corners=False), atol=1e-5)


@pytest.mark.parametrize("localization", CHOICES["localization"])
@pytest.mark.parametrize("classifier", CHOICES["classifier"])
def test_colour_any_number_of_classes_and_non_square_pictures(classifier, localization):
    config = ModelConfig(
        classifier=classifier,
        localization=localization,
        placement=POINTS[classifier],
        input_size=(64, 40),
        output_size=(26, 48),
        in_channels=3,
        classes=3,
        class_names=["stop", "give way", "one way"],
    )
    assert ModelConfig.from_json(config.to_json()) == config and config.names[1] == "give way"
    model = build_model(config).eval()
    x = torch.rand(2, 3, 64, 40, generator=torch.Generator().manual_seed(0))
    trace = model.trace(x)
    assert trace.log_probs.shape == (2, 3) and torch.allclose(trace.log_probs.exp().sum(1), torch.ones(2), atol=1e-5)
    resized = F.grid_sample(
        x, F.affine_grid(torch.eye(2, 3).expand(2, 2, 3), [2, 3, 26, 48], align_corners=False), align_corners=False
    )
    assert torch.allclose(trace.transforms[0].warped, resized, atol=1e-4)
    assert torch.allclose(trace.log_probs, model.classifier(resized), atol=1e-3)
    loss = F.nll_loss(model.train()(x), torch.tensor([0, 2]))
    loss.backward()
    with pytest.raises(ValueError, match=r"\[N, 3, 64, 40\]"):
        model(torch.rand(1, 1, 28, 28))


def test_config_omits_later_fields_with_default_values():
    assert not {"in_channels", "classes", "class_names"} & set(ModelConfig().to_dict())
    assert ModelConfig(input_size=(28, 28)) == ModelConfig()
    assert ModelConfig().names == tuple("0123456789") and ModelConfig(classes=12).names[11] == "11"


def test_forward_is_the_end_of_trace():
    model = build_model(ModelConfig(transform="tps")).eval()
    assert torch.equal(model(pictures()), model.trace(pictures()).log_probs)


def test_theta_can_be_replaced_row_by_row():
    model = build_model(ModelConfig()).eval()
    theta = torch.full((3, 6), torch.nan)
    theta[1] = torch.tensor([0.5, 0, 0, 0, 0.5, 0])
    used = model.trace(pictures(), theta=theta).transforms[0].theta
    assert torch.equal(used[1], theta[1]) and torch.equal(used[0], AffineGrid().identity())


def test_localization_learns_from_the_class_alone():
    model = build_model(ModelConfig())
    loss = torch.nn.functional.nll_loss(model(pictures()), torch.tensor([1, 2, 3]))
    loss.backward()
    assert model.transformers["input"].localization.theta.weight.grad.abs().sum() > 0


def test_pictures_of_another_size_are_refused():
    with pytest.raises(ValueError, match=r"\[N, 1, 28, 28\]"):
        build_model(ModelConfig())(torch.rand(1, 1, 32, 32))


@pytest.mark.parametrize(
    "config",
    [
        ModelConfig(),
        ModelConfig(transform="tps", sampler="deconvolution", padding="border", localization="mlp", classifier="cnn"),
        ModelConfig(classifier="fcn", input_size=42, output_size=28),
        ModelConfig(placement=("conv2", "input")),
        ModelConfig(placement=(), input_size=60),
    ],
)
def test_a_config_survives_json(config):
    assert ModelConfig.from_json(config.to_json()) == config
    build_model(config)


def test_output_size_defaults_to_input_size():
    assert ModelConfig(input_size=42).output_size == 42


@pytest.mark.parametrize(
    "values, name",
    [
        ({"transform": "rotate"}, "transform"),
        ({"sampler": 3}, "sampler"),
        ({"padding": None}, "padding"),
        ({"localization": "big"}, "localization"),
        ({"classifier": []}, "classifier"),
        ({"input_size": 0}, "input_size"),
        ({"input_size": 28.0}, "input_size"),
        ({"output_size": 10_000}, "output_size"),
        ({"output_size": 8}, "output_size"),
        ({"placement": "input"}, "placement"),
        ({"placement": ["input", "input"]}, "placement"),
        ({"placement": ["nowhere"]}, "placement"),
        ({"placement": [["input"]]}, "placement"),
        ({"classifier": "fcn", "placement": ["conv1"]}, "placement"),
        ({"placement": [], "output_size": 20}, "output_size"),
        ({"layers": 3}, "layers"),
        ({"input_size": [28]}, "input_size"),
        ({"input_size": [28, 300]}, "input_size"),
        ({"input_size": [28, 12], "output_size": [28, 12]}, "output_size"),
        ({"in_channels": 0}, "in_channels"),
        ({"classes": 1}, "classes"),
        ({"classes": True}, "classes"),
        ({"classes": 2, "class_names": ["a"]}, "class_names"),
        ({"classes": 2, "class_names": ["a", "a"]}, "class_names"),
        ({"class_names": "0123456789"}, "class_names"),
    ],
)
def test_invalid_field_is_named_in_the_error(values, name):
    with pytest.raises(ValueError, match=name) as error:
        ModelConfig.from_dict(values)
    assert str(error.value).endswith(".")


@pytest.mark.parametrize("text", ["", "[]", "{", "null", '{"transform": "affine"', "[" * 100_000])
def test_invalid_config_text_is_refused(text):
    with pytest.raises(ValueError):
        ModelConfig.from_json(text)
