"""Generated digits."""

from pathlib import Path

import pytest

from stn_demo.data import handwriting


@pytest.fixture(autouse=True)
def importable(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).resolve().parents[2]))  # in processes that are started


@pytest.fixture(scope="session")
def digits():
    return handwriting.digits(512, seed=3)
