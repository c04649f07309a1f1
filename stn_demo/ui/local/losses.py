"""The graphs of the gradient and of the map of the loss, for the browser's worker (see ``analysis.loss_graphs``). Networks with the
same classifier share two of them, those with the same kind of grid two others; a sampler has two. None belongs to the first visit.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator

from ...analysis import graph_file, loss_graphs, loss_parity
from ...analysis.scene import Scene
from ...model import Network
from ...names import PADDINGS, SAMPLERS

MAPS = 1  # maps of the loss that are compared for each network


def addresses(network: Network) -> dict[str, str] | None:
    """The addresses of a network's graphs below the data folder; None without a transformer at its input."""
    if "input" not in network.transformers:
        return None
    classifier = loss_graphs.classifier_of(network.config).to_json()
    classified = f"losses/{hashlib.sha256(classifier.encode()).hexdigest()[:12]}"
    grid = f"losses/{'-'.join(map(str, loss_graphs.generator_of(network.config)))}"
    return {
        name: f"{classified if name in ('loss', 'row') else grid}-{name}.onnx"
        for name in ("loss", "row", "step", "spread")
    }


def of_network(network: Network, cache: graph_file.Cache) -> Iterator[tuple[str, bytes]]:
    """(address, content) of a network's graphs; nothing without a transformer at its input. Raises graph_file.ExportError."""
    where = addresses(network)
    if where is not None:
        for name, content in _graphs(network, cache).items():
            yield where[name], content


def of_samplers(cache: graph_file.Cache) -> Iterator[tuple[str, bytes]]:
    """(address, content) of the graphs of all kinds of samplers. Raises graph_file.ExportError."""
    for mode in SAMPLERS:
        for padding in PADDINGS:
            for name, content in loss_graphs.of_sampler(cache, mode, padding).items():
                yield f"readings/{mode}-{padding}-{name}.onnx", content


def files(networks: Iterable[Network], asked: list[Scene]) -> Iterator[tuple[str, bytes]]:
    """(address, content) of all these graphs, each address once. Those of each network are compared with ``analysis.gradient`` and
    ``analysis.landscape`` on the scenes ``asked``. Raises graph_file.ExportError, also if they differ."""
    cache, written = graph_file.Cache(), set()
    for network in networks:
        compare(network, cache, asked)
        for address, content in of_network(network, cache):
            if address not in written:
                written.add(address)
                yield address, content
    yield from of_samplers(cache)


def compare(network: Network, cache: graph_file.Cache, asked: list[Scene]) -> dict[str, float] | None:
    """See ``loss_parity.difference``; None without scenes. Raises graph_file.ExportError if the graphs differ."""
    if "input" not in network.transformers or not asked:
        return None
    sampler, held = network.transformer().sampler, _graphs(network, cache)
    read = loss_graphs.of_sampler(cache, sampler.mode, sampler.padding)
    weighted = {name: graph_file.with_weights(held[name], network) for name in ("loss", "row")}
    found = loss_parity.difference(
        network, {**held, **weighted, "slope": read["slope"], "read": read["row"]}, asked, MAPS
    )
    if found is not None and not loss_parity.is_same(found):
        worst = max(found, key=lambda name: found[name])
        raise graph_file.ExportError(f"A graph of the loss differs from its network: {worst} by {found[worst]:.1g}.")
    return found


def _graphs(network: Network, cache: graph_file.Cache) -> dict[str, bytes]:
    classifier = loss_graphs.classifier_of(network.config)
    return {**loss_graphs.of_classifier(cache, classifier), **loss_graphs.of_generator(cache, network.config)}
