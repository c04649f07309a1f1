"""Exported graphs in onnxruntime, and scenes to try them with."""

import math

import numpy as np
import onnxruntime
import torch

from stn_demo.analysis import graph, graph_file
from stn_demo.analysis.computed import MAPS
from stn_demo.analysis.frame import frames
from stn_demo.analysis.scene import Scene
from stn_demo.model import Network

CACHE = graph_file.Cache()
CLOSE = 2e-4
COMPARED = ("input", "warped", "grid", "outline", "theta", "predicted", "probs")


def session(model: bytes, weights: bytes | None = None) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    if weights is not None:
        options.add_external_initializers_from_files_in_memory([graph_file.WEIGHTS], [weights], [len(weights)])
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


class Reading:
    def __init__(self, mode: str, padding: str):
        self.session = session(CACHE.reading_graph(mode, padding))

    def run(self, **inputs) -> dict:
        taken = {one.name for one in self.session.get_inputs()}
        return dict(
            zip(
                graph.READING_OUTPUTS,
                self.session.run(None, {name: value for name, value in inputs.items() if name in taken}),
                strict=True,
            )
        )


class Exported:
    """A network as graph and weights, side by side with the network itself."""

    def __init__(self, network: Network, exported: bytes | None = None):
        self.network = network
        self.graph = CACHE.frame_graph(network.config) if exported is None else exported
        self.weights = graph_file.pack_weights(network)
        self.session = session(self.graph, self.weights)

    def with_network(self, network: Network) -> "Exported":
        assert network.config == self.network.config
        return Exported(network, self.graph)

    def run(self, scene: Scene, given=None) -> dict:
        inputs = graph.inputs_of(scene, self.network.config, None if given is None else torch.from_numpy(given))
        taken = {one.name for one in self.session.get_inputs()}
        feeds = {name: value.numpy() for name, value in inputs.items() if name in taken}
        return dict(zip(graph.FRAME_OUTPUTS, self.session.run(None, feeds), strict=True))


def differences(exported: Exported, asked: list[Scene]) -> tuple[dict[str, float], int]:
    """The largest difference of each part of the frames, and how often the class is the same. Decompositions are compared
    in fractions of what they say (a rotation of 100 degrees, a shift of 100 px) and where a number is not NaN."""
    worst, same = dict.fromkeys((*COMPARED, "words"), 0.0), 0
    for scene in asked:
        frame, seen = frames(exported.network, [scene])[0], exported.run(scene)
        for name in COMPARED:
            expected = np.asarray(getattr(frame, name), dtype=np.float32)
            if expected.size:
                worst[name] = max(worst[name], float(np.abs(expected - seen[name]).max()))
        for name, row in zip(MAPS, seen["words"], strict=True):
            expected = getattr(frame, name)
            assert (expected is None) == bool(np.isnan(row).any()), name
            for value, found in zip((expected or {}).values(), row.tolist(), strict=False):
                worst["words"] = max(worst["words"], _apart(value, found) / max(100, abs(value)))
        for look, warped in zip(frame.looks, seen["looks"], strict=False):
            worst["warped"] = max(worst["warped"], float(np.abs(look.warped.numpy() - warped).max()))
        same += int(np.argmax(frame.probs.numpy()) == np.argmax(seen["probs"]))
    return worst, same


def _apart(a: float, b: float) -> float:
    """Of two numbers; angles that are a whole turn apart are the same (a rotation of 180 degrees is one of -180)."""
    return min(abs(a - b), abs(abs(a - b) - 360)) if math.isfinite(a) else 0.0
