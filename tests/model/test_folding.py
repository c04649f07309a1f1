"""Batch normalisation folded into convolutions, against the network as it was trained."""

import pytest
import torch
from torch import nn

from stn_demo.model import ModelConfig, build_model
from stn_demo.model.folding import folded


@pytest.mark.parametrize(
    "config",
    [
        ModelConfig(transform="similarity", localization="wide", classifier="deep", looks=3),
        ModelConfig(transform="affine", localization="deep", classifier="deep"),
        ModelConfig(transform="tps", localization="seed", classifier="seed"),
        ModelConfig(placement=(), classifier="deep"),
    ],
    ids=str,
)
def test_a_folded_network_computes_the_same(config):
    torch.manual_seed(0)
    network = build_model(config)
    for module in network.modules():  # as after training: no statistic is 0 or 1
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.running_mean, -0.5, 0.5)
            nn.init.uniform_(module.running_var, 0.5, 2)
            nn.init.uniform_(module.weight, 0.5, 2)
            nn.init.uniform_(module.bias, -0.5, 0.5)
    network.eval()
    images = torch.rand(5, 1, 28, 28)
    quick = folded(network)
    assert not any(isinstance(module, nn.BatchNorm2d) for module in quick.modules())
    with torch.no_grad():
        whole, fast = network.trace(images), quick.trace(images)
    torch.testing.assert_close(fast.log_probs, whole.log_probs, rtol=1e-4, atol=1e-4)
    for one, other in zip(fast.transforms, whole.transforms, strict=True):
        torch.testing.assert_close(one.theta, other.theta, rtol=1e-4, atol=1e-5)


def test_folding_does_not_change_the_network():
    network = build_model(ModelConfig(classifier="deep")).eval()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    folded(network)
    assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())
    with pytest.raises(ValueError, match="eval mode"):
        folded(network.train())
