"""How much of the picture a transformer reads, compared with the theta that was set."""

import torch

from stn_demo.analysis import zoom
from stn_demo.data.digits import Digits
from stn_demo.model import ModelConfig, build_model


def fixed(theta, **config):
    model = build_model(ModelConfig(**config)).eval()
    model.transformers["input"].localization.theta.bias.data.copy_(torch.tensor(theta))
    return model


def test_scale_and_the_part_outside_are_those_of_theta():
    digits = Digits(torch.randint(256, (3, 28, 28), dtype=torch.uint8), torch.arange(3))
    twice = zoom.measure(fixed([2.0, 0, 0, 0, 2, 0]), digits)
    assert twice == {"scale": 2.0, "outside": 0.75, "digits": 3}  # a picture of twice the side is a quarter inside
    moved = zoom.measure(fixed([0.5, 0, 0.75, 0, 0.5, 0], output_size=16), digits)
    assert moved["scale"] == 0.5 and moved["outside"] == 0.25
    assert zoom.measure(build_model(ModelConfig(placement=())), digits) is None
