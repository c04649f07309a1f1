"""MNIST: whole or not at all, and the same as torchvision's."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from stn_demo.data import mnist

ROOT = Path(__file__).resolve().parents[1]
REAL = pytest.mark.skipif("STN_DEMO_DATA" not in os.environ, reason="STN_DEMO_DATA does not say where MNIST is")


@REAL
@pytest.mark.parametrize("train", [True, False])
def test_it_is_what_torchvision_reads(train):
    from torchvision.datasets import MNIST

    real, ours = MNIST(os.environ["STN_DEMO_DATA"], train=train), mnist.load(train=train, download=False)
    assert torch.equal(ours.images, real.data) and torch.equal(ours.labels, real.targets)
    assert (ours.images.dtype, ours.labels.dtype) == (torch.uint8, torch.int64)


@pytest.fixture
def copied(tmp_path):
    """A folder of MNIST that may be written."""
    raw = tmp_path / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for path in (Path(os.environ["STN_DEMO_DATA"]) / "MNIST" / "raw").iterdir():
        (raw / path.name).symlink_to(path)
    return tmp_path


@REAL
def test_a_download_that_broke_off_is_not_taken_for_the_whole(copied, monkeypatch):
    assert mnist.is_at_hand(copied)
    last = copied / "MNIST" / "raw" / "t10k-images-idx3-ubyte"
    whole = last.read_bytes()
    last.unlink()
    last.write_bytes(whole[:-1])
    assert not mnist.is_at_hand(copied)
    with pytest.raises(mnist.DataError, match="MNIST is not in"):
        mnist.load(copied, train=False, download=False)

    def downloaded(where, download):
        assert download and not last.exists(), "torchvision would believe what is there"
        for path in (Path(os.environ["STN_DEMO_DATA"]) / "MNIST" / "raw").iterdir():
            shutil.copy(path, last.parent)

    monkeypatch.setattr("torchvision.datasets.MNIST", downloaded)
    assert len(mnist.load(copied, train=False).labels) == 10_000


@REAL
def test_a_file_of_something_else_is_refused(copied):
    labels = copied / "MNIST" / "raw" / "train-labels-idx1-ubyte"
    labels.unlink()
    labels.write_bytes(bytes(60_008))
    with pytest.raises(mnist.DataError, match="train-labels-idx1-ubyte is damaged"):
        mnist.load(copied, download=False)


def test_torchvision_is_not_loaded_for_what_is_at_hand():
    """It takes a second, which a training that is started would wait for."""
    code = "import sys, stn_demo.training.worker_main, stn_demo.ui.samples; print('torchvision' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "False"
