"""Exported graphs in onnxruntime, and scenes to try them with."""

import math

import numpy as np

from stn_demo.analysis import graph_file, graph_run
from stn_demo.analysis.computed import MAPS
from stn_demo.analysis.frame import frames
from stn_demo.analysis.reading_graph import READING_OUTPUTS
from stn_demo.analysis.scene import Scene
from stn_demo.model import Network
from stn_demo.ui.local import networks

CACHE = graph_file.Cache()
CLOSE = 2e-4
COMPARED = ("input", "warped", "grid", "outline", "theta", "predicted", "probs")


class Reading:
    def __init__(self, mode: str, padding: str):
        self.session = graph_run.opened(CACHE.sampler_graph(mode, padding))

    def run(self, **inputs) -> dict:
        return dict(zip(READING_OUTPUTS, self.session(**inputs), strict=True))


class Exported:
    """A network as graphs and weights, side by side with the network itself. ``run``: a scene -> the tensors of a frame."""

    def __init__(self, network: Network, held: dict[str, bytes] | None = None):
        self.network = network
        self.held = networks.graphs(network, CACHE) if held is None else held
        self.weights = graph_file.pack_weights(network)
        self.weighted = {kind: graph_file.with_weights(self.held[kind], network) for kind in networks.WEIGHTED}
        self.run = graph_run.in_parts({**self.held, **self.weighted}, network.config)

    def with_network(self, network: Network) -> "Exported":
        assert network.config == self.network.config
        return Exported(network, self.held)


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
