"""Every shipped network equals its graphs on 200 random scenes; ``upright``, with four looks, within the same bounds."""

import gzip

import pytest
from graph_helpers import Exported

from stn_demo import checkpoints
from stn_demo.analysis import parity

SHIPPED = sorted(path.stem for path in checkpoints.default_folder().glob("*.safetensors"))


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_network_equals_its_graphs(name):
    network = checkpoints.load(name)
    found = parity.difference(network, Exported(network).run, parity.scenes(200))
    assert parity.is_same(found), found


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_network_is_a_small_download(name):
    exported = Exported(checkpoints.load(name))
    assert sum(len(gzip.compress(content)) for content in (exported.weights, *exported.held.values())) <= 1_700_000


def test_graphs_of_another_network_are_detected():
    network, other = checkpoints.load("seed-affine"), checkpoints.load("turn-affine")
    assert not parity.is_same(parity.difference(other, Exported(network).run, parity.scenes(5)))
