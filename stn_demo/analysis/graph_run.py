"""Runs exported graphs in onnxruntime, one scene at a time, in the order in which the browser's worker runs them."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ..model import ModelConfig
from ..model.grids import GRIDS
from . import frame_graph, graph, word_graphs
from .scene import Scene

Run = Callable[[Scene], dict[str, np.ndarray]]  # the outputs of a ``FrameGraph``, by name


def is_installed() -> bool:
    """Whether onnxruntime is."""
    return importlib.util.find_spec("onnxruntime") is not None


def opened(model: bytes | str) -> Callable[..., list[np.ndarray]]:
    """A function that runs a graph (or the file at a path) for inputs by name, and leaves out those that the graph does not use."""
    onnxruntime = importlib.import_module("onnxruntime")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # more threads are slower for one small picture
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    taken = {one.name for one in session.get_inputs()}

    def run(**inputs: Any) -> list[np.ndarray]:
        return session.run(None, {name: np.asarray(value) for name, value in inputs.items() if name in taken})

    return run


def whole(model: bytes | str, config: ModelConfig) -> Run:
    """Runs a ``FrameGraph`` with its weights."""
    session = opened(model)

    def run(scene: Scene) -> dict[str, np.ndarray]:
        found = session(**frame_graph.frame_inputs(scene, config))
        return dict(zip(frame_graph.FRAME_OUTPUTS, found, strict=True))

    return run


def in_parts(held: Mapping[str, bytes], config: ModelConfig) -> Run:
    """Runs the graphs "warp", "classify" (with their weights), "words" and, with a transformer at the input, "grab"."""
    sessions = {name: opened(model) for name, model in held.items()}
    length = GRIDS[config.transform]().num_params if "input" in config.placement else 0
    still = {"pose": graph.STRAIGHT, "corners": np.zeros((4, 2)), "elastic": np.zeros((16, 2))}

    def warp(inputs: Mapping[str, Any], theta: Any = None) -> dict[str, np.ndarray]:
        given = {"grab": np.float32(theta is not None), "grab_theta": np.zeros(length) if theta is None else theta}
        floats = {name: np.asarray(value, np.float32) for name, value in {**inputs, **given}.items() if name != "digit"}
        return dict(zip(graph.WARP_OUTPUTS, sessions["warp"](digit=inputs["digit"], **floats), strict=True))

    def wanted(scene: Scene) -> Any:
        if not scene.grab or "theta" in scene.grab:
            return scene.grab and scene.grab["theta"]
        by_parts, by_corners = sessions["grab"](**word_graphs.grab_inputs(scene.grab))
        return by_parts if "parts" in scene.grab else by_corners

    def run(scene: Scene) -> dict[str, np.ndarray]:
        inputs = graph.inputs_of(scene)
        found = warp(inputs, wanted(scene))
        at_rest = warp({**inputs, **still})["predicted"]
        thetas = {"theta": found["theta"], "predicted": found["predicted"], "at_rest": at_rest}
        words, bend = sessions["words"](applied=found["applied"], **thetas)
        (probs,) = sessions["classify"](warped=found["warped"])
        return {**found, "words": words, "bend": bend, "probs": probs}

    return run
