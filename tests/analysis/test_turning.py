"""The measure of how a transformer moves with the digit, on networks for which the result is known."""

import math

import pytest
import torch
from torch import nn

from stn_demo.analysis import turning
from stn_demo.data.digits import Digits
from stn_demo.model import ModelConfig, build_model


class Moments(nn.Module):
    """theta of the similarity family from the moments of the picture: its centre of mass, its spread, and the direction of its
    skew (the angle of the third moment). ``share``: fraction of the rotation that is undone."""

    def __init__(self, share=1.0, lag=0.0, still=False):
        super().__init__()
        self.share, self.lag, self.still = share, lag, still

    def forward(self, x):
        side = x.shape[-1]
        axis = (torch.arange(side) + 0.5) / side * 2 - 1
        mass = x[:, 0] / x.sum((1, 2, 3))[:, None, None]
        middle = torch.stack([(mass.sum(1) * axis).sum(1), (mass.sum(2) * axis).sum(1)], 1)
        dx, dy = axis[None, None, :] - middle[:, 0, None, None], axis[None, :, None] - middle[:, 1, None, None]
        squared = dx.square() + dy.square()
        spread = (mass * squared).sum((1, 2)).sqrt()
        heavy = torch.stack([(mass * squared * dx).sum((1, 2)), (mass * squared * dy).sum((1, 2))], 1)
        phi = torch.atan2(-heavy[:, 1], -heavy[:, 0])
        theta = torch.stack([spread / 0.35, self.share * phi + math.radians(self.lag)], 1)
        if self.still:
            return torch.tensor([1.0, 0, 0, 0]).expand(len(x), -1)
        return torch.cat([theta, middle], 1)


@pytest.fixture(scope="module")
def digits():
    """Smooth asymmetric blobs: a large one on the right, a thin one to the left."""
    y, x = torch.meshgrid(torch.arange(28.0) - 13.5, torch.arange(28.0) - 13.5, indexing="ij")

    def blob(at, width):
        return torch.exp(-((x - at).square() + y.square()) / (2 * width**2))

    pictures = [(blob(2 + 0.1 * i, 2.4) + 0.6 * blob(-6 - 0.1 * i, 1.5)).clamp(0, 1) for i in range(8)]
    return Digits((torch.stack(pictures) * 255).round().byte(), torch.arange(8))


def network(**how):
    model = build_model(ModelConfig(transform="similarity")).eval()
    model.transformers["input"].localization = Moments(**how)
    return model


def test_full_correction_has_slope_and_r_squared_1(digits):
    found = turning.measure(network(), digits)
    assert found["slope"] == pytest.approx(1, abs=0.02)
    assert found["agreement"] < 2 and found["agreement_90"] < 4
    assert found["scale"] > 0.97 and found["shift"] > 0.99


def test_half_correction_has_slope_one_half(digits):
    found = turning.measure(network(share=0.5), digits)
    assert found["slope"] == pytest.approx(0.5, abs=0.02)
    assert found["agreement"] == pytest.approx(0.5 * 45, abs=2)  # the (lower) median of the angles 15, 30 ... 90 is 45


def test_constant_rotation_affects_only_the_unturned_measure(digits):
    found, leaning = turning.measure(network(), digits), turning.measure(network(lag=20), digits)
    assert leaning["unturned"] - found["unturned"] == pytest.approx(20, abs=0.5)
    assert leaning["slope"] == pytest.approx(found["slope"], abs=1e-3)
    assert leaning["agreement_90"] == pytest.approx(found["agreement_90"], abs=0.1)


def test_no_correction_has_slope_and_r_squared_0(digits):
    found = turning.measure(network(still=True), digits)
    assert found["slope"] == 0 and found["unturned"] == 0 and found["agreement_90"] == 90
    assert found["scale"] <= 0 and found["shift"] <= 0


def test_larger_frame_gives_the_same_measures(digits):
    model = build_model(ModelConfig(transform="similarity", input_size=42, output_size=28)).eval()
    model.transformers["input"].localization = Moments()
    assert turning.measure(model, digits)["slope"] == pytest.approx(1, abs=0.02)
