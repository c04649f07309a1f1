"""What every test may rely on: no call to another host, one thread (two are slower on small pictures); and the fixtures
for the tests of training runs."""

import os

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")

import pytest
import torch
from run_helpers import DIGITS, made, work
from starlette.testclient import TestClient

from stn_demo.runs.data_source import DataSource
from stn_demo.runs.runs import Runs

torch.set_num_threads(1)
# The app answers to this machine's own names only, and "testserver" is none of them.
TestClient.__init__.__defaults__ = tuple(
    "http://localhost" if value == "http://testserver" else value for value in TestClient.__init__.__defaults__
)
_connect = TestClient.websocket_connect
TestClient.websocket_connect = lambda self, url, *rest, **named: _connect(self, f"ws://localhost{url}", *rest, **named)


@pytest.fixture(scope="module")
def one_thread():
    """As in the processes that train: sums over more threads have other last bits."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory, one_thread):
    return DataSource(None, False, tmp_path_factory.mktemp("drawn")).load("handwriting", DIGITS, print)


@pytest.fixture(scope="module")
def reference(tmp_path_factory, drawn):
    """A run that nothing ever happened to, with its twin."""
    run = made(tmp_path_factory.mktemp("reference"), twin=True)
    assert work(run, drawn)["state"] == "done"
    return run


@pytest.fixture
def runs(tmp_path):
    runs = Runs(tmp_path / "runs", save_every=0.05)
    yield runs
    runs.close()
