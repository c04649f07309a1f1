"""The cost of a network: counted as torch counts it, and without torch's compiler, which takes seconds to import."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from stn_demo.model import ModelConfig, build_model
from stn_demo.ui.live import cost

CONFIGS = [
    ModelConfig(),
    ModelConfig(transform="similarity", localization="wide", classifier="deep", looks=4),
    ModelConfig(transform="tps", localization="deep", classifier="deep", input_size=42),
    ModelConfig(localization="mlp", classifier="fcn"),
    ModelConfig(placement=("input", "conv1")),
]

OPENED = """
import sys
from pathlib import Path
import stn_demo.ui.torch_side
from stn_demo.checkpoints import default_folder
from stn_demo.ui.live.engine import Engine
from stn_demo.ui.live.networks import Networks
from stn_demo.ui.live.request import Defaults, read_request
engine = Engine(Networks(default_folder(), Path("none")))
answer = engine.answer([read_request({"id": 1, "model": "upright", "twin": "upright-cnn"}, Defaults())])[0]
assert isinstance(answer, bytes), answer
print("torch._dynamo" in sys.modules)
"""


@pytest.mark.parametrize("config", CONFIGS)
def test_operation_count_equals_torch(config):
    model = build_model(config).eval()
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        model(torch.zeros(1, *config.shape))
    assert cost.operations(config) == pytest.approx(counter.get_total_flops(), rel=0.05)


def test_the_first_picture_does_not_wait_for_torchs_compiler():
    run = [sys.executable, "-c", OPENED]
    root = Path(__file__).resolve().parents[2]
    found = subprocess.run(run, cwd=root, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "False"
