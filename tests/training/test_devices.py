"""Devices by name: those of this machine, or a sentence."""

import pytest
import torch

from stn_demo.training.distributed import find_device, is_there


def test_cpu_is_always_available():
    assert find_device("cpu") == torch.device("cpu") and is_there("auto")


@pytest.mark.parametrize("name", ["", "meta", "cuda:-1", "cuda:1000", "xla", "cpu; rm"])
def test_unknown_device_name_is_reported(name):
    with pytest.raises(ValueError, match="is unknown; choose auto, cpu, cuda, cuda:N or mps"):
        find_device(name)
    assert not is_there(name)


def test_missing_device_is_reported(monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    with pytest.raises(ValueError, match=r"There is no GPU 1 here \(1 found\)"):
        find_device("cuda:1")
    with pytest.raises(ValueError, match="There is no Apple GPU"):
        find_device("mps")
    assert find_device("cuda", 0) == torch.device("cuda", 0)


def test_apple_gpu_is_used_if_available(monkeypatch):
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert find_device("mps") == torch.device("mps")
