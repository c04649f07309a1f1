"""The networks for the browser's worker: one graph per model config, the weights of each network, and an index."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from ...analysis import decompose, graph, graph_file, parity, pen_graph
from ...analysis.computed import MAPS
from ...analysis.landscape import ROTATIONS, SCALES
from ...analysis.scene import Scene
from ...model import Network, Sampler
from ...names import PADDINGS, SAMPLERS
from ..live import codec
from ..live.networks import Networks, own_names
from ..live.request import Defaults
from . import losses

SEEDS, PAGE = 10_000, 500  # seeds of the elastic deformation: their number, and how many one file of noise holds
NOTHING = "no-such-folder"  # in place of the folder of visitors' networks: a published page has none
CONTRACT = {"pose": graph.POSE, "maps": MAPS, "parts": decompose.PARTS, "seeds_a_page": PAGE}
AXES = {"rotations": codec.rounded(ROTATIONS.numpy(), 3), "scales": codec.rounded(SCALES.numpy(), 5)}


def infos(names: list[str], checkpoints: Path) -> list[dict[str, Any]]:
    """The descriptions of the networks ``names``; a twin that is not among them is left out."""
    found = [info for info in Networks(checkpoints, checkpoints / NOTHING).infos() if info["name"] in names]
    return [{**info, "twin": info["twin"] if info["twin"] in names else None} for info in found]


def entry(network: Network, frame_graph: str, weights: str) -> dict[str, Any]:
    """The description of a network that the worker needs besides its graph and weights."""
    first = network.input_transformer
    sampler = None if first is None else first.sampler
    return {
        "graph": frame_graph,
        "weights": weights,
        "losses": losses.addresses(network),
        "transform": None if first is None else network.config.transform,
        "length": 0 if first is None else first.grid.num_params,
        "size": network.config.side,
        "output": network.config.output_side,
        "channels": network.config.in_channels,
        "classifier": network.config.classifier,
        "names": own_names(network.config),
        "sampler": sampler and sampler.mode,
        "padding": sampler and sampler.padding,
        "kernel": sampler.kernel.flatten().tolist() if sampler and sampler.mode == "deconvolution" else None,
    }


def files(networks: dict[str, Network], scenes: int, say: Callable[[str], None]) -> Iterator[tuple[str, bytes]]:
    """(address below the data folder, content) of each graph and of each network's weights, see ``address_of``. Each network
    is compared with its graph on ``scenes`` random scenes. Raises graph_file.ExportError, also if they differ."""
    cache, asked = graph_file.Cache(), parity.scenes(scenes)
    graphs: dict[str, bytes] = {}
    for name, network in networks.items():
        where = address_of(network)
        if where not in graphs:
            graphs[where] = cache.frame_graph(network.config)
            yield where, graphs[where]
        say(f"{name}: {compared(network, graphs[where], asked)}")
        yield f"weights/{name}.bin", graph_file.pack_weights(network)
    yield from common(cache)
    say("gradient and map of the loss")
    yield from losses.files(networks.values(), asked)


def common(cache: graph_file.Cache) -> Iterator[tuple[str, bytes]]:
    """(address, content) of the graphs that belong to no network. Raises graph_file.ExportError."""
    for mode in SAMPLERS:
        for padding in PADDINGS:
            yield f"readings/{mode}-{padding}.onnx", cache.reading_graph(mode, padding)
    yield "pen.onnx", pen_graph.kept(cache)


def own(name: str, network: Network, cache: graph_file.Cache) -> Iterator[tuple[str, bytes]]:
    """(address, content) of one network's graph and weights. Raises graph_file.ExportError."""
    yield address_of(network), cache.frame_graph(network.config)
    yield f"weights/{name}.bin", graph_file.pack_weights(network)


def index(
    chosen: dict[str, Network], defaults: Defaults, checkpoints: Path, with_losses: bool = True
) -> dict[str, Any]:
    """The file that the worker reads first: the available networks and the inputs of their graphs. ``with_losses``: whether the graphs of
    ``losses`` are there."""
    return {
        "defaults": asdict(defaults) | {"digit": None},
        "networks": {
            name: entry(network, address_of(network), f"weights/{name}.bin") | ({} if with_losses else {"losses": None})
            for name, network in chosen.items()
        },
        "infos": infos(list(chosen), checkpoints),
        "kernel": plain_kernel(),
        "map": AXES,
        **CONTRACT,
    }


def compared(network: Network, frame_graph: bytes, asked: list[Scene]) -> str:
    """A text with the difference between a network and its graph on these scenes. Raises graph_file.ExportError if they differ."""
    found = parity.difference(network, graph_file.with_weights(frame_graph, network), asked)
    if found is None:
        return "not compared, onnxruntime is not installed"
    worst = max(found[0].values())
    if not parity.is_same(found):
        raise graph_file.ExportError(
            f"The outputs of a graph and its network differ by {worst:.1g}, and the class differs for {found[1]} of {len(asked)} scenes."
        )
    return f"within {worst:.1g} of torch on {len(asked)} scenes, same class on all"


def address_of(network: Network) -> str:
    """The address of the graph for a network's config."""
    return f"graphs/{hashlib.sha256(network.config.to_json().encode()).hexdigest()[:12]}.onnx"


def plain_kernel() -> list[float]:
    """The 4 x 4 kernel of an untrained deconvolution."""
    return Sampler("deconvolution", "zeros").kernel.detach().flatten().tolist()


def noise() -> Iterator[tuple[str, bytes]]:
    """(address, content) of the normal numbers [PAGE, 16, 2] behind each seed of the elastic deformation, as
    ``data.pose.Pose.displacement`` draws them: float32, little-endian."""
    for page in range(SEEDS // PAGE):
        seeds = range(page * PAGE, (page + 1) * PAGE)
        drawn = torch.stack([torch.randn(16, 2, generator=torch.Generator().manual_seed(seed)) for seed in seeds])
        yield f"noise/{page}.bin", drawn.numpy().astype("<f4").tobytes()
