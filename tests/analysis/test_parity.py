"""Shipped networks equal their graphs on many random scenes; ``upright``, with four looks, within the same bounds."""

import pytest

from stn_demo import checkpoints
from stn_demo.analysis import graph_file, parity


@pytest.mark.parametrize("name", ["seed-affine", "turn-affine", "upright"])
def test_a_shipped_network_equals_its_graph(name):
    network = checkpoints.load(name)
    graph = graph_file.with_weights(graph_file.Cache().frame_graph(network.config), network)
    found = parity.difference(network, graph, parity.scenes(200))
    assert parity.is_same(found), found


def test_graph_of_another_network_is_detected():
    network, other = checkpoints.load("seed-affine"), checkpoints.load("turn-affine")
    graph = graph_file.with_weights(graph_file.Cache().frame_graph(network.config), network)
    assert not parity.is_same(parity.difference(other, graph, parity.scenes(5)))
