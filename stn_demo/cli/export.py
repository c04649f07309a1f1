"""``python -m stn_demo export CHECKPOINT model.onnx``: a network as ONNX, for programs without torch."""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import json
import os
import random
import warnings
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from .. import checkpoints
from ..analysis import graph_file
from ..analysis.frame import Scene, frames
from ..analysis.graph import FRAME_OUTPUTS, inputs_of
from ..analysis.graph_file import ExportError
from ..data import handwriting
from ..data.digits import as_floats
from ..data.distortions import DISTORTIONS
from ..data.pose import NO_CORNERS, Pose
from ..model import ModelConfig, Network

SUFFIX = ".onnx"
NEEDED = ("onnx", "onnxscript")
FRAME_TOLERANCE = 2e-4  # of pixels in [0, 1], normalised coordinates, theta and probabilities
TOLERANCE = 1e-5  # of probabilities, and of log-probabilities relative to their size where that is above 1


class Answers(nn.Module):
    """``network`` with named answers: log_probs [N, classes]; and, of its first transformer, theta [N, num_params] and
    warped [N, C, H', W'], what the classifier sees."""

    def __init__(self, network: Network):
        super().__init__()
        self.network = network
        self.names = ["log_probs", "theta", "warped"] if network.transformers else ["log_probs"]

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        trace = self.network.trace(images)
        first = [(one.theta, one.warped) for one in trace.transforms[:1]]
        return (trace.log_probs, *(part for pair in first for part in pair))


def export(model: Network, path: str | os.PathLike) -> None:
    """Write ``model`` as ONNX: one input, images [batch, channels, height, width] in [0, 1], with any batch; answers as
    ``Answers`` says. The file's metadata holds the config, with the names of the classes.

    Raises:
        ExportError: a package that exporting needs is not installed, or the file cannot be written.
    """
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise ExportError(f"Exporting needs {' and '.join(missing)}: python -m pip install {' '.join(missing)}.")
    path = Path(path)
    if path.suffix != SUFFIX:
        raise ExportError(f"The output is an {SUFFIX} file; {str(path)!r} does not end so.")
    answers = Answers(model.eval())
    images = torch.rand(2, *model.config.shape)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's, about its own parts
        program = torch.onnx.export(
            answers,
            (images,),
            dynamo=True,
            dynamic_shapes={"images": {0: torch.export.Dim("batch")}},
            input_names=["images"],
            output_names=answers.names,
            verbose=False,
        )
    program.model.metadata_props["config"] = json.dumps(model.config.to_dict())
    program.model.metadata_props["classes"] = json.dumps(model.config.names)
    onnx_ir = importlib.import_module("onnx_ir")  # of onnxscript
    data = onnx_ir.serde.serialize_model(program.model).SerializeToString()
    try:
        checkpoints.write_whole(path, data)
    except checkpoints.CheckpointError as error:
        raise ExportError(str(error)) from None


def difference(model: Network, path: str | os.PathLike, images: Tensor) -> float | None:
    """The largest difference between what ``model`` and the file at ``path`` answer for ``images``: of probabilities, and of
    log-probabilities divided by their size where that is above 1. None where onnxruntime is not installed."""
    if importlib.util.find_spec("onnxruntime") is None:
        return None
    onnxruntime = importlib.import_module("onnxruntime")
    session = onnxruntime.InferenceSession(os.fspath(path), providers=["CPUExecutionProvider"])
    found = torch.from_numpy(session.run(["log_probs"], {"images": images.numpy()})[0])
    with torch.no_grad():
        expected = model.eval()(images)
    relative = (found - expected).abs() / expected.abs().clamp(min=1)
    return max(relative.max().item(), (found.exp() - expected.exp()).abs().max().item())


def samples(config: ModelConfig, count: int = 16) -> Tensor:
    """Posed digits of our own handwriting as pictures [count, channels, height, width] for a network. (Not noise: there one pixel
    says nothing about the next, and a network that looks several times makes a rounding error a hundred times as large.)"""
    digits = as_floats(handwriting.digits(count, 0).images)
    posed = DISTORTIONS["pose"](digits, torch.Generator().manual_seed(0)).images
    sized = functional.interpolate(posed, size=config.shape[1:], mode="bilinear", align_corners=False)
    return sized.expand(-1, config.in_channels, -1, -1).contiguous()


def export_frame(model: Network, path: str | os.PathLike) -> None:
    """Write everything that the page shows of one digit in a pose (``graph.FrameGraph``) as one ONNX file, weights within.
    Raises ExportError, ValueError (a network of pictures that are not square)."""
    path = Path(path)
    if path.suffix != SUFFIX:
        raise ExportError(f"The output is an {SUFFIX} file; {str(path)!r} does not end so.")
    data = graph_file.with_weights(graph_file.Cache().frame_graph(model.config), model)
    try:
        checkpoints.write_whole(path, data)
    except checkpoints.CheckpointError as error:
        raise ExportError(str(error)) from None


def frame_difference(model: Network, path: str | os.PathLike, asked: list[Scene]) -> float | None:
    """The largest difference between ``frames`` and the file at ``path``, of pixels, grid, theta and probabilities. None where
    onnxruntime is not installed."""
    if importlib.util.find_spec("onnxruntime") is None:
        return None
    onnxruntime = importlib.import_module("onnxruntime")
    session = onnxruntime.InferenceSession(os.fspath(path), providers=["CPUExecutionProvider"])
    taken = {one.name for one in session.get_inputs()}
    worst = 0.0
    for scene in asked:
        feeds = {name: value.numpy() for name, value in inputs_of(scene, model.config).items() if name in taken}
        found = dict(zip(FRAME_OUTPUTS, session.run(None, feeds), strict=True))
        frame = frames(model, [scene])[0]
        for name in ("input", "warped", "grid", "outline", "theta", "predicted", "probs"):
            expected = torch.as_tensor(getattr(frame, name), dtype=torch.float32)
            if expected.numel():
                worst = max(worst, (torch.from_numpy(found[name]) - expected).abs().max().item())
    return worst


def scenes(count: int, seed: int = 0, span: float = 3.0) -> list[Scene]:
    """Handwritten digits in poses of every kind: half of them with perspective, a third bent. ``span``: px that a corner moves
    at most."""
    images, chance = handwriting.digits(count, seed).images, random.Random(seed)
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
        made.append(Scene(images[index], pose))
    return made


def run(options: argparse.Namespace) -> None:
    written = options.checkpoint
    model = checkpoints.load(Path(written) if os.sep in written else written)
    if options.frame:
        export_frame(model, options.output)
        found = frame_difference(model, options.output, scenes(options.scenes))
        said = f"digit and pose -> {', '.join(FRAME_OUTPUTS)}"
        _say(options.output, said, found, FRAME_TOLERANCE)
        return
    export(model, options.output)
    images = samples(model.config)
    found = difference(model, options.output, images)
    said = f"images [N, {', '.join(map(str, model.config.shape))}] -> {', '.join(Answers(model).names)}"
    _say(options.output, said, found, TOLERANCE)


def _say(path: str, said: str, found: float | None, tolerance: float) -> None:
    """What was written; ExportError where it answers otherwise than the checkpoint."""
    if found is None:
        checked = "not compared, onnxruntime is not installed"
    elif found > tolerance:
        raise ExportError(f"{path} answers otherwise than the checkpoint: by {found:.1g}.")
    else:
        checked = f"onnxruntime answers within {found:.1g} of torch"
    print(f"{path}: {Path(path).stat().st_size / 1e6:.1f} MB, {said}; {checked}")


def add(commands: argparse._SubParsersAction) -> None:
    command = commands.add_parser(
        "export",
        help="write a checkpoint as ONNX",
        description="One ONNX file: images in [0, 1] of any batch -> log_probs, theta and the warped picture of the first "
        "transformer. Compared with torch where onnxruntime is installed. Needs onnx and onnxscript.",
    )
    command.add_argument("checkpoint", metavar="CHECKPOINT", help="a name in checkpoints/, or a file")
    command.add_argument("output", metavar="OUTPUT", help="the file to write, .onnx")
    command.add_argument(
        "--frame",
        action="store_true",
        help="one digit in a pose instead -> all that the page shows of it: posing, grid, warped picture, decomposition ...",
    )
    command.add_argument(
        "--scenes", type=int, default=20, metavar="N", help="how many frames are compared with --frame (default 20)"
    )
    command.set_defaults(run=run)
