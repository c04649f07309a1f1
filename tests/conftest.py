"""Settings and fixtures for all tests: no requests to other hosts, one thread (two are slower on small images), and
fixtures for training runs.
"""

import os

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")

import pytest
import torch
from run_helpers import DIGITS, made, work
from starlette.testclient import TestClient

from stn_demo.runs.data_source import DataSource
from stn_demo.runs.runs import Runs

torch.set_num_threads(1)


def pytest_collection_modifyitems(items):
    """The tests in a browser come last: Playwright keeps an event loop open until the end, and other tests call asyncio.run."""
    items.sort(key=lambda item: "tests/browser/" in item.path.as_posix())


# The app answers to local names only, and "testserver" is not one.
TestClient.__init__.__defaults__ = tuple(
    "http://localhost" if value == "http://testserver" else value for value in TestClient.__init__.__defaults__
)
_connect = TestClient.websocket_connect
TestClient.websocket_connect = lambda self, url, *rest, **named: _connect(self, f"ws://localhost{url}", *rest, **named)


@pytest.fixture(scope="module")
def one_thread():
    """One thread, as in the training processes: with more threads the last bits of sums differ."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory, one_thread):
    return DataSource(None, False, tmp_path_factory.mktemp("drawn")).load("handwriting", DIGITS, print)


@pytest.fixture(scope="module")
def reference(tmp_path_factory, drawn):
    """A run with its twin that was never interrupted."""
    run = made(tmp_path_factory.mktemp("reference"), twin=True)
    assert work(run, drawn)["state"] == "done"
    return run


@pytest.fixture
def runs(tmp_path):
    runs = Runs(tmp_path / "runs", save_every=0.05)
    yield runs
    runs.close()
