"""The networks for the browser's worker: the graphs of each model config, the weights of each network, and an index."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from ...analysis import decompose, graph, graph_file, graph_run, parity, pen_graph
from ...analysis.computed import MAPS
from ...analysis.landscape import ROTATIONS, SCALES
from ...analysis.scene import Scene
from ...model import Network, Sampler
from ...names import PADDINGS, SAMPLERS
from ..live import codec
from ..live.networks import Networks, own_names
from ..live.request import Defaults
from . import losses

WEIGHTED = ("warp", "classify")  # the graphs of a network that use its weights
SEEDS, PAGE = 10_000, 500  # seeds of the elastic deformation: their number, and how many one file of noise holds
NOTHING = "no-such-folder"  # in place of the folder of visitors' networks: a published page has none
CONTRACT = {
    "pose": graph.POSE,
    "straight": graph.STRAIGHT,
    "maps": MAPS,
    "parts": decompose.PARTS,
    "seeds_a_page": PAGE,
}
AXES = {"rotations": codec.rounded(ROTATIONS.numpy(), 3), "scales": codec.rounded(SCALES.numpy(), 5)}


def infos(names: list[str], checkpoints: Path) -> list[dict[str, Any]]:
    """The descriptions of the networks ``names``; a twin that is not among them is left out."""
    found = [info for info in Networks(checkpoints, checkpoints / NOTHING).infos() if info["name"] in names]
    return [{**info, "twin": info["twin"] if info["twin"] in names else None} for info in found]


def entry(network: Network, weights: str) -> dict[str, Any]:
    """What the worker needs to know of a network. ``weights``: their address."""
    first = network.input_transformer
    sampler = None if first is None else first.sampler
    return {
        "graphs": addresses(network),
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
    """(address below the data folder, content) of each graph and of each network's weights. Each network is compared with its
    graphs on ``scenes`` random scenes. Raises graph_file.ExportError, also if they differ."""
    cache, asked = graph_file.Cache(), parity.scenes(scenes)
    written: set[str] = set()
    for name, network in networks.items():
        held, where = graphs(network, cache), addresses(network)
        for kind, content in held.items():
            if where[kind] not in written:
                written.add(where[kind])
                yield where[kind], content
        say(f"{name}: {compared(network, held, asked)}")
        yield f"weights/{name}.bin", graph_file.pack_weights(network)
    yield from common(cache)
    say("gradient and map of the loss")
    yield from losses.files(networks.values(), asked)


def common(cache: graph_file.Cache) -> Iterator[tuple[str, bytes]]:
    """(address, content) of the graphs that belong to no network. Raises graph_file.ExportError."""
    for mode in SAMPLERS:
        for padding in PADDINGS:
            yield f"readings/{mode}-{padding}.onnx", cache.sampler_graph(mode, padding)
    yield "pen.onnx", pen_graph.kept(cache)


def own(name: str, network: Network, cache: graph_file.Cache) -> Iterator[tuple[str, bytes]]:
    """(address, content) of one network's graphs and weights. Raises graph_file.ExportError."""
    where = addresses(network)
    for kind, content in graphs(network, cache).items():
        yield where[kind], content
    yield f"weights/{name}.bin", graph_file.pack_weights(network)


def index(
    chosen: dict[str, Network], defaults: Defaults, checkpoints: Path, with_losses: bool = True
) -> dict[str, Any]:
    """The file that the worker reads first: the available networks and the inputs of their graphs. ``with_losses``: whether the graphs of
    ``losses`` are there."""
    return {
        "defaults": asdict(defaults) | {"digit": None},
        "networks": {
            name: entry(network, f"weights/{name}.bin") | ({} if with_losses else {"losses": None})
            for name, network in chosen.items()
        },
        "infos": infos(list(chosen), checkpoints),
        "kernel": plain_kernel(),
        "map": AXES,
        **CONTRACT,
    }


def compared(network: Network, held: dict[str, bytes], asked: list[Scene]) -> str:
    """A text with the difference between a network and its ``graphs`` on these scenes. Raises graph_file.ExportError if they
    differ."""
    if not graph_run.is_installed():
        return "not compared, onnxruntime is not installed"
    weighted = {kind: graph_file.with_weights(held[kind], network) for kind in WEIGHTED}
    found = parity.difference(network, graph_run.in_parts({**held, **weighted}, network.config), asked)
    worst = max(found[0].values())
    if not parity.is_same(found):
        raise graph_file.ExportError(
            f"The outputs of the graphs and of their network differ by {worst:.1g}, and the class differs for {found[1]} of {len(asked)} scenes."
        )
    return f"within {worst:.1g} of torch on {len(asked)} scenes, same class on all"


def addresses(network: Network) -> dict[str, str]:
    """The addresses of a network's graphs below the data folder, by kind: see ``graphs``."""
    config = network.config
    own = f"graphs/{hashlib.sha256(config.to_json().encode()).hexdigest()[:12]}"
    shared = f"graphs/{graph_file.words_key(config)}"
    found = {kind: f"{own}-{kind}.onnx" for kind in WEIGHTED} | {"words": f"{shared}-words.onnx"}
    return found | ({"grab": f"{shared}-grab.onnx"} if network.input_transformer is not None else {})


def graphs(network: Network, cache: graph_file.Cache) -> dict[str, bytes]:
    """The graphs of a network without its weights: "warp", "classify", "words"; with a transformer at its input "grab". Raises
    graph_file.ExportError."""
    config = network.config
    return {
        kind: cache.network_graph(kind, config) if kind in WEIGHTED else cache.word_graph(kind, config)
        for kind in addresses(network)
    }


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
