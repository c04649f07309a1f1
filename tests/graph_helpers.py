"""Exported graphs in onnxruntime, and scenes to try them with."""

import math
import random

import numpy as np
import onnxruntime

from stn_demo.analysis import decompose, graph, graph_file
from stn_demo.analysis.frame import MAPS, Scene, frames
from stn_demo.data import handwriting
from stn_demo.data.pose import NO_CORNERS, Pose
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
        config, pose, grab = self.network.config, scene.pose, scene.grab or {}
        first = self.network.transformers["input"] if "input" in self.network.transformers else None  # noqa: SIM401 (it has no get)
        length = first.grid.num_params if first is not None else 0
        parts = [grab["parts"][name] for name in decompose.PARTS] if "parts" in grab else [0] * 6
        inputs = {
            "digit": scene.digit.numpy(),
            "pose": [getattr(pose, name) for name in graph.POSE],
            "corners": pose.corners,
            "elastic": pose.displacement().numpy(),
            "grab": [float(name in grab) for name in ("theta", "parts", "corners")],
            "grab_theta": grab.get("theta", [0] * length),
            "grab_parts": parts,
            "grab_corners": grab.get("corners", [[0, 0]] * 4),
            "given": np.zeros((config.output_size,) * 2) if given is None else given,
            "use_given": float(given is not None),
        }
        taken = {one.name for one in self.session.get_inputs()}
        feeds = {
            name: value if name == "digit" else np.asarray(value, dtype=np.float32)
            for name, value in inputs.items()
            if name in taken
        }
        return dict(zip(graph.FRAME_OUTPUTS, self.session.run(None, feeds), strict=True))


def scenes(count: int, seed: int = 0, span: float = 3.0) -> list[Scene]:
    """Handwritten digits in poses of every kind: half of them with perspective, a third bent."""
    digits, chance = handwriting.digits(count, seed).images, random.Random(seed)
    made = []
    for index in range(count):
        corners = tuple((chance.uniform(-span, span), chance.uniform(-span, span)) for _ in range(4))
        pose = Pose(
            rotation=chance.uniform(-180, 180),
            scale=chance.uniform(0.4, 1.6),
            shift_x=chance.uniform(-6, 6),
            shift_y=chance.uniform(-6, 6),
            shear=chance.uniform(-0.6, 0.6),
            corners=corners if index % 2 else NO_CORNERS,
            elastic=chance.uniform(0.5, 2) if index % 3 == 0 else 0.0,
            elastic_seed=index,
        )
        made.append(Scene(digits[index], pose))
    return made


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
