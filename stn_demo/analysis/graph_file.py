"""Graphs as ONNX files for onnxruntime: one file for all networks of the same config, and a separate file of weights
for each.

A graph holds no weights: it refers to bytes of the file ``weights``, which ``pack_weights`` writes for any network of
the graph's config. So a browser that has loaded one network fetches only the weights of the next, and every snapshot of
a training run takes about 100 kB.

Exporting needs the packages onnx and onnxscript, see ``missing_packages``; nothing else here does.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import importlib
import importlib.metadata
import importlib.util
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from .. import checkpoints
from ..model import ModelConfig, Network, build_model
from . import frame_graph, graph, reading_graph, word_graphs

PACKAGE = Path(__file__).resolve().parents[1]
OPSET = 20  # the first with a cubic mode in GridSample
WEIGHTS = "weights"  # the name by which a graph refers to the output of ``pack_weights``
TRACED = (
    "graph",
    "graph_file",
    "frame_graph",
    "word_graphs",
    "reading_graph",
    "frame",
    "decompose",
    "readers",
    "landscape",
    "outline",
    "computed",
)  # modules of this folder that a graph is traced from
NEEDED = ("onnx", "onnxscript")
EXTERNAL = 1  # TensorProto.DataLocation of ONNX
PREFIX = "network."  # prefix of a weight's name in the graph


class ExportError(ValueError):
    """A graph cannot be exported; the message is one sentence for the user."""


def missing_packages() -> list[str]:
    """The packages that exporting needs but that are not installed."""
    return [name for name in NEEDED if importlib.util.find_spec(name) is None]


_OF_NETWORK: dict[str, tuple[type[graph.NetworkGraph], Sequence[str], Sequence[str]]] = {
    "warp": (graph.WarpGraph, graph.WARP_INPUTS, graph.WARP_OUTPUTS),
    "classify": (graph.ClassifyGraph, graph.CLASSIFY_INPUTS, graph.CLASSIFY_OUTPUTS),
    "frame": (frame_graph.FrameGraph, frame_graph.FRAME_INPUTS, frame_graph.FRAME_OUTPUTS),
}


def network_graph(kind: str, config: ModelConfig) -> bytes:
    """The graph "warp", "classify" or "frame" of all networks of this config, as ONNX without weights.

    Raises:
        ExportError: a package is missing, or the exporter cannot write this network or changes its weights.
    """
    network = stand_in(config)
    module, inputs, outputs = _OF_NETWORK[kind]
    model = exported(module(network), inputs, outputs)
    take_weights_out(model, network, all_of_them=kind == "frame")
    return model.SerializeToString()


def word_graph(kind: str, config: ModelConfig) -> bytes:
    """The graph "words" or "grab" of all networks with the transform and the sizes of this config, as ONNX. Raises ExportError."""
    if kind == "words":
        module = word_graphs.WordsGraph(config)
        return exported(module, word_graphs.WORDS_INPUTS, word_graphs.WORDS_OUTPUTS).SerializeToString()
    grab = word_graphs.GrabGraph(config)
    return exported(grab, word_graphs.GRAB_INPUTS, word_graphs.GRAB_OUTPUTS).SerializeToString()


def words_key(config: ModelConfig) -> str:
    """Names what a ``word_graph`` depends on."""
    return f"{config.transform if 'input' in config.placement else 'none'}-{config.side}-{config.output_side}"


def stand_in(config: ModelConfig) -> Network:
    """A network of this config whose weights are all different, because the exporter stores equal tensors only once."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = build_model(config).eval()
        for value in weights(network).values():
            value.uniform_(0.5, 1.5)
    return network


def sampler_graph(mode: str, padding: str) -> bytes:
    """The ``ReadingGraph`` of this kind of sampler as ONNX. Raises ExportError."""
    size, output = torch.export.Dim("size", min=8, max=256), torch.export.Dim("output", min=8, max=256)
    shapes = {"image": {0: size, 1: size}, "grid": {0: output, 1: output}, "kernel": {}, "x": {}, "y": {}}
    module = reading_graph.ReadingGraph(mode, padding)
    return exported(module, reading_graph.READING_INPUTS, reading_graph.READING_OUTPUTS, shapes).SerializeToString()


def pack_weights(network: Network) -> bytes:
    """The weights of a network for the graph of its config: float32, little-endian, concatenated."""
    return b"".join(
        value.detach().cpu().contiguous().numpy().astype("<f4").tobytes() for value in weights(network).values()
    )


def with_weights(graph: bytes, network: Network) -> bytes:
    """A ``network_graph`` as one file that includes the weights of ``network``, which must have the same config."""
    model = importlib.import_module("onnx").load_from_string(graph)
    packed = pack_weights(network)
    for tensor in model.graph.initializer:
        if tensor.data_location == EXTERNAL:
            where = {entry.key: entry.value for entry in tensor.external_data}
            start = int(where["offset"])
            tensor.raw_data = packed[start : start + int(where["length"])]
            tensor.ClearField("data_location")
            tensor.ClearField("external_data")
    return model.SerializeToString()


def weights(network: Network, attached: bool = False) -> dict[str, Tensor]:
    """The weights of a network by name, in the order of ``pack_weights``. ``attached``: the parameters themselves, for a traced
    function, not only their values."""
    if attached:
        held = network.state_dict(keep_vars=True).items()
        return {name: value for name, value in held if value.dtype == torch.float32}
    return {name: value.data for name, value in network.state_dict().items() if value.dtype == torch.float32}


def take_weights_out(model: Any, network: Network, all_of_them: bool = True) -> None:
    """Replace the initializers that hold weights by references, and check that every weight was found unchanged;
    ``all_of_them``: that none is missing.
    """
    held = {tensor.name: tensor for tensor in model.graph.initializer}
    offset = 0
    for name, value in weights(network).items():
        data, tensor = value.contiguous().numpy().tobytes(), held.get(PREFIX + name)
        if tensor is None and not all_of_them:
            offset += len(data)
            continue
        if tensor is None or tensor.raw_data != data:
            raise ExportError(
                f"The exporter of torch {torch.__version__} did not keep the weights {name!r} as they are; "
                "a graph of this network cannot be used with other weights."
            )
        tensor.ClearField("raw_data")
        tensor.data_location = EXTERNAL
        for key, text in (("location", WEIGHTS), ("offset", str(offset)), ("length", str(len(data)))):
            tensor.external_data.add(key=key, value=text)
        offset += len(data)


def exported(
    module: graph.Exportable, inputs: Sequence[str], outputs: Sequence[str], shapes: dict[str, Any] | None = None
) -> Any:
    """The ONNX model (a protobuf) of a module, without the exporter's notes about its source."""
    if missing := missing_packages():
        raise ExportError(f"Exporting needs more packages: pip install {' '.join(missing)}")
    module = module.eval().requires_grad_(False)
    with torch.no_grad():
        module(*module.examples())  # creates and caches the constant tables, which must not be created while tracing
        try:
            program = torch.onnx.export(
                module,
                module.examples(),
                input_names=list(inputs),
                output_names=list(outputs),
                dynamic_shapes=shapes,
                opset_version=OPSET,
                dynamo=True,
                optimize=False,  # otherwise batch normalisation would be folded into other weights
                verbose=False,
            )
            assert program is not None  # None only without dynamo
            optimizer = importlib.import_module("onnxscript.optimizer")
            optimizer.fold_constants(program.model, should_fold=_without_weights)
            optimizer.remove_unused_nodes(program.model)
            model = program.model_proto
        except Exception as error:
            name = type(module).__name__
            raise ExportError(f"The exporter of torch {torch.__version__} cannot write a {name}: {error}") from error
    for item in (
        model,
        model.graph,
        *model.graph.node,
        *model.graph.input,
        *model.graph.output,
        *model.graph.initializer,
    ):
        item.ClearField("metadata_props")
        item.ClearField("doc_string")
    model.graph.ClearField("value_info")
    return model


def _without_weights(node: Any) -> bool | None:
    """Whether the exporter may replace a node by its value: not if a weight goes in; else it decides by itself."""
    return False if any(value is not None and (value.name or "").startswith(PREFIX) for value in node.inputs) else None


class Cache:
    """Graphs cached on disk, because exporting one takes many seconds.

    The name of a graph is the hash of the request, of the sources that the graph is traced from, and of the versions of
    the packages that write it.
    """

    def __init__(self, folder: str | os.PathLike[str] | None = None):
        """``folder``: default ~/.cache/stn_demo/graphs."""
        self.folder = Path(folder) if folder is not None else Path.home() / ".cache" / "stn_demo" / "graphs"

    def network_graph(self, kind: str, config: ModelConfig) -> bytes:
        """See the module function ``network_graph``."""
        return self.kept(f"{kind} {config.to_json()}", lambda: network_graph(kind, config))

    def word_graph(self, kind: str, config: ModelConfig) -> bytes:
        """See the module function ``word_graph``."""
        return self.kept(f"{kind} {words_key(config)}", lambda: word_graph(kind, config))

    def sampler_graph(self, mode: str, padding: str) -> bytes:
        """See the module function ``sampler_graph``."""
        return self.kept(f"reading {mode} {padding}", lambda: sampler_graph(mode, padding))

    def kept(self, asked: str, make: Callable[[], bytes]) -> bytes:
        """The result of ``make()``, from the cached file if there is one. ``asked`` names everything that the result depends on
        besides the sources in ``TRACED``."""
        path = self.folder / f"{hashlib.sha256(f'{asked} {_version()}'.encode()).hexdigest()[:32]}.onnx"
        if path.is_file():
            return path.read_bytes()
        data = make()
        self.folder.mkdir(parents=True, exist_ok=True)
        checkpoints.write_whole(path, data)
        return data


@functools.cache
def _version() -> str:
    traced = [PACKAGE / "data" / "pose.py", *(PACKAGE / "analysis" / f"{name}.py" for name in TRACED)]
    sources = sorted([*PACKAGE.glob("model/*.py"), *traced])
    digest = hashlib.sha256()
    for path in sources:
        digest.update(_code(path).encode())
    versions = [importlib.metadata.version(name) for name in ("torch", *NEEDED)]
    return f"{digest.hexdigest()} {' '.join(versions)}"


def digest_of(*files: str | None) -> str:
    """A hash of the code of these sources, for the name of a graph that depends on more than ``TRACED``."""
    return hashlib.sha256("".join(_code(Path(file)) for file in files if file).encode()).hexdigest()


def _code(path: Path) -> str:
    """A source without comments, docstrings and layout, none of which changes a graph."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and ast.get_docstring(node) is not None:
            del node.body[0]
    return ast.dump(tree)
