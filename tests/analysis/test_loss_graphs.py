"""The exported graphs of the loss say what ``gradient`` and ``landscape`` say, for every sampler and wherever transformers are."""

import numpy as np
import onnxruntime
import pytest
import torch

from stn_demo import checkpoints
from stn_demo.analysis import graph_file, loss_graphs, loss_parity, parity
from stn_demo.analysis.gradient import loss_gradient, stepped
from stn_demo.model import ModelConfig, build_model

CACHE = graph_file.Cache()
CLOSE = loss_parity.TOLERANCE


def graphs(network, of=None):
    """The graphs that ``difference`` takes; of: the network whose weights they hold."""
    classifier = loss_graphs.of_classifier(CACHE, loss_graphs.classifier_of(network.config))
    sampler = network.transformer().sampler
    read = loss_graphs.of_sampler(CACHE, sampler.mode, sampler.padding)
    held = {name: graph_file.with_weights(model, of or network) for name, model in classifier.items()}
    return {**held, **loss_graphs.of_generator(CACHE, network.config), "slope": read["slope"], "read": read["row"]}


@pytest.mark.parametrize("name", ["seed-affine", "turn-affine", "upright", "p-stcnn-projective", "rts-stcnn-tps"])
def test_a_shipped_network_equals_its_graphs(name):
    network = checkpoints.load(name)
    found = loss_parity.difference(network, graphs(network), parity.scenes(40))
    assert loss_parity.is_same(found), found


@pytest.mark.parametrize(
    "placement, sampler, padding, channels",
    [
        (("input", "conv1"), "bilinear", "border", 1),
        (("input", "conv2"), "bicubic", "zeros", 1),
        (("input",), "deconvolution", "reflection", 3),
    ],
)
def test_other_samplers_transformers_on_feature_maps_and_colour(placement, sampler, padding, channels):
    torch.manual_seed(2)
    config = ModelConfig(
        transform="similarity", placement=placement, sampler=sampler, padding=padding, in_channels=channels
    )
    network = build_model(config).eval().requires_grad_(False)
    for transformer in network.transformers.values():
        torch.nn.init.normal_(transformer.localization.theta.weight, std=0.02)
    found = loss_parity.difference(network, graphs(network), parity.scenes(10))
    assert loss_parity.is_same(found), found


def test_a_network_of_two_classes_equals_its_graphs():
    torch.manual_seed(2)
    config = ModelConfig(transform="similarity", classes=2, class_names=("circle", "square"))
    network = build_model(config).eval().requires_grad_(False)
    found = loss_parity.difference(network, graphs(network), parity.scenes(4))
    assert loss_parity.is_same(found), found


def test_another_network_is_not_taken_for_it():
    network, other = checkpoints.load("seed-affine"), checkpoints.load("turn-affine")
    assert not loss_parity.is_same(loss_parity.difference(network, graphs(network, of=other), parity.scenes(3)))


def test_one_step_down_is_that_of_python():
    network = checkpoints.load("turn-affine").requires_grad_(False)
    image, theta = torch.rand(1, 1, 28, 28), torch.tensor([[0.9, 0.3, 0.1, -0.3, 0.9, 0.0]])
    found = loss_gradient(network, image, theta, torch.tensor([7]))
    step = onnxruntime.InferenceSession(loss_graphs.of_generator(CACHE, network.config)["step"])
    by_theta, following = step.run(None, {"theta": theta[0].numpy(), "by_grid": found.by_grid[0].numpy()})
    assert by_theta == pytest.approx(found.by_theta[0].numpy(), rel=CLOSE, abs=CLOSE)
    assert following == pytest.approx(stepped(theta, found.by_theta)[0].numpy(), abs=1e-5)


def test_the_weights_of_the_classifier_come_first():
    """So that networks with the same classifier share its graphs, whatever transformer they have."""
    network = checkpoints.load("upright")
    plain = build_model(loss_graphs.classifier_of(network.config))
    names = list(graph_file.weights(plain))
    assert names == list(graph_file.weights(network))[: len(names)] and not plain.transformers
    shapes = [[tuple(value.shape) for value in graph_file.weights(one).values()] for one in (plain, network)]
    assert shapes[0] == shapes[1][: len(names)]


def test_a_graph_of_the_loss_holds_no_weights():
    network = checkpoints.load("turn-affine")
    bare = loss_graphs.of_classifier(CACHE, loss_graphs.classifier_of(network.config))
    turned = np.ascontiguousarray(network.classifier.stages["conv2"][1].weight.detach().numpy().T)
    held = graph_file.stand_in(loss_graphs.classifier_of(network.config)).classifier.stages["conv2"][1].weight
    for weight in (turned, held.detach().numpy(), held.detach().numpy().T):
        assert np.ascontiguousarray(weight).tobytes()[:64] not in bare["loss"]
