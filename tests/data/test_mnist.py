"""MNIST: a complete data set or an error."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from torchvision import datasets

from stn_demo.data import mnist

ROOT = Path(__file__).resolve().parents[2]
REAL = pytest.mark.skipif("STN_DEMO_DATA" not in os.environ, reason="STN_DEMO_DATA does not say where MNIST is")


@pytest.fixture
def copied(tmp_path):
    """A folder of MNIST that may be written."""
    raw = tmp_path / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for path in (Path(os.environ["STN_DEMO_DATA"]) / "MNIST" / "raw").iterdir():
        (raw / path.name).symlink_to(path)
    return tmp_path


@REAL
def test_interrupted_download_is_not_taken_as_complete(copied, monkeypatch):
    assert mnist.is_complete(copied)
    last = copied / "MNIST" / "raw" / "t10k-images-idx3-ubyte"
    whole = last.read_bytes()
    last.unlink()
    last.write_bytes(whole[:-1])
    assert not mnist.is_complete(copied)
    with pytest.raises(mnist.DataError, match="MNIST is not in"):
        mnist.load(copied, train=False, download=False)

    real = datasets.MNIST

    def downloaded(where, train, download):
        if download:
            assert not last.exists(), "torchvision would believe what is there"
            for path in (Path(os.environ["STN_DEMO_DATA"]) / "MNIST" / "raw").iterdir():
                shutil.copy(path, last.parent)
        return real(where, train=train)

    monkeypatch.setattr(datasets, "MNIST", downloaded)
    assert len(mnist.load(copied, train=False).labels) == 10_000


def test_torchvision_is_not_loaded_before_mnist_is():
    """Importing it takes a second, which would delay the page."""
    code = "import sys, stn_demo.ui.live.samples, stn_demo.training; print('torchvision' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "False"
