"""``python -m stn_demo export CHECKPOINT model.onnx``: write a network as ONNX, for programs without torch."""

from __future__ import annotations

import argparse
import copy
import importlib
import importlib.util
import json
import math
import os
import warnings
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from .. import checkpoints
from ..analysis import graph_file, graph_run, parity
from ..analysis.frame_graph import FRAME_OUTPUTS
from ..analysis.graph_file import ExportError
from ..data import handwriting
from ..data.digits import as_floats
from ..data.distortions import DISTORTIONS
from ..model import ModelConfig, Network

SUFFIX = ".onnx"
TOLERANCE = 1e-5  # largest allowed difference of probabilities, and for log-probabilities (relative if they exceed 1)


class Answers(nn.Module):
    """``network`` with named outputs: log_probs [N, classes]; and, for its first transformer, theta [N, num_params] and
    warped [N, C, H', W'], which is what the classifier sees.
    """

    def __init__(self, network: Network):
        super().__init__()
        self.network = network
        self.names = ["log_probs", "theta", "warped"] if network.transformers else ["log_probs"]

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        trace = self.network.trace(images)
        first = [(one.theta, one.warped) for one in trace.transforms[:1]]
        return (trace.log_probs, *(part for pair in first for part in pair))


def export(model: Network, path: str | os.PathLike[str]) -> None:
    """Write ``model`` as ONNX: one input, images [batch, channels, height, width] in [0, 1] with any batch size;
    outputs as in ``Answers``. The file's metadata holds the config and the names of the classes.

    Raises:
        ExportError: a required package is not installed, or the file cannot be written.
    """
    missing = graph_file.missing_packages()
    if missing:
        raise ExportError(f"Exporting needs {' and '.join(missing)}: python -m pip install {' '.join(missing)}.")
    path = Path(path)
    if path.suffix != SUFFIX:
        raise ExportError(f"The output must be an {SUFFIX} file, not {str(path)!r}.")
    answers = Answers(model.eval())
    images = torch.rand(2, *model.config.shape)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # warnings of torch about its own code
        program = torch.onnx.export(
            answers,
            (images,),
            dynamo=True,
            dynamic_shapes={"images": {0: torch.export.Dim("batch")}},
            input_names=["images"],
            output_names=answers.names,
            verbose=False,
        )
    assert program is not None  # with dynamo=True
    program.model.metadata_props["config"] = json.dumps(model.config.to_dict())
    program.model.metadata_props["classes"] = json.dumps(model.config.names)
    onnx_ir = importlib.import_module("onnx_ir")  # installed with onnxscript
    data = onnx_ir.serde.serialize_model(program.model).SerializeToString()
    try:
        checkpoints.write_whole(path, data)
    except checkpoints.CheckpointError as error:
        raise ExportError(str(error)) from None


def difference(model: Network, path: str | os.PathLike[str], images: Tensor) -> float | None:
    """The largest difference between the outputs of ``model`` and of the file at ``path`` for ``images``: of
    probabilities, and of log-probabilities (relative if they exceed 1). None if onnxruntime is not installed.

    The model runs in double precision here, so that only the file's rounding errors count: in single precision, torch's
    own exceed them for some networks (r-stfcn-affine: 1e-5 against 3e-6).
    """
    if not graph_run.is_installed():
        return None
    onnxruntime = importlib.import_module("onnxruntime")
    session = onnxruntime.InferenceSession(os.fspath(path), providers=["CPUExecutionProvider"])
    found = torch.from_numpy(session.run(["log_probs"], {"images": images.numpy()})[0])
    with torch.no_grad():
        expected = copy.deepcopy(model).eval().double()(images.double())
    relative = (found - expected).abs() / expected.abs().clamp(min=1)
    return max(relative.max().item(), (found.exp() - expected.exp()).abs().max().item())


def samples(config: ModelConfig, count: int = 16) -> Tensor:
    """Posed handwritten digits as images [count, channels, height, width] for a network.

    Not noise: neighbouring pixels of noise are independent, and a network that takes several looks then amplifies a
    rounding error a hundredfold.
    """
    digits = as_floats(handwriting.digits(count, 0).images)
    posed = DISTORTIONS["pose"](digits, torch.Generator().manual_seed(0)).images
    sized = functional.interpolate(posed, size=config.shape[1:], mode="bilinear", align_corners=False)
    return sized.expand(-1, config.in_channels, -1, -1).contiguous()


def export_frame(model: Network, path: str | os.PathLike[str]) -> None:
    """Write everything that the page shows of one posed digit (``frame_graph.FrameGraph``) as one ONNX file including the
    weights. Raises ExportError; ValueError for a network whose images are not square.
    """
    path = Path(path)
    if path.suffix != SUFFIX:
        raise ExportError(f"The output must be an {SUFFIX} file, not {str(path)!r}.")
    data = graph_file.with_weights(graph_file.Cache().network_graph("frame", model.config), model)
    try:
        checkpoints.write_whole(path, data)
    except checkpoints.CheckpointError as error:
        raise ExportError(str(error)) from None


def run(options: argparse.Namespace) -> None:
    written = options.checkpoint
    model = checkpoints.load(Path(written) if os.sep in written else written)
    if options.frame:
        export_frame(model, options.output)
        text, found, same = f"digit and pose -> {', '.join(FRAME_OUTPUTS)}", None, True
        if graph_run.is_installed():
            apart = parity.difference(
                model, graph_run.whole(options.output, model.config), parity.scenes(options.scenes)
            )
            found, same = max(apart[0].values()), parity.is_same(apart)
        _print_result(options.output, text, found, math.inf if same else 0)
        return
    export(model, options.output)
    images = samples(model.config)
    found = difference(model, options.output, images)
    text = f"images [N, {', '.join(map(str, model.config.shape))}] -> {', '.join(Answers(model).names)}"
    _print_result(options.output, text, found, TOLERANCE)


def _print_result(path: str, text: str, found: float | None, tolerance: float) -> None:
    """Print what was written. ExportError if its outputs differ from those of the checkpoint."""
    if found is None:
        checked = "not compared, onnxruntime is not installed"
    elif found > tolerance:
        raise ExportError(f"The outputs of {path} differ from those of the checkpoint by {found:.1g}.")
    else:
        checked = f"outputs of onnxruntime and torch differ by at most {found:.1g}"
    print(f"{path}: {Path(path).stat().st_size / 1e6:.1f} MB, {text}; {checked}")


def add(commands: argparse._SubParsersAction[Any]) -> None:
    command = commands.add_parser(
        "export",
        help="write a checkpoint as ONNX",
        description="Write one ONNX file. Input: images in [0, 1], any batch size. Outputs: log_probs, and theta and the "
        "warped image of the first transformer. The outputs are compared with torch if onnxruntime is installed. Needs the "
        "packages onnx and onnxscript.",
    )
    command.add_argument("checkpoint", metavar="CHECKPOINT", help="a name in checkpoints/, or a file")
    command.add_argument("output", metavar="OUTPUT", help="the file to write, .onnx")
    command.add_argument(
        "--frame",
        action="store_true",
        help="write the graph of the page instead: one digit and its pose -> posed image, grid, warped image, decomposition",
    )
    command.add_argument(
        "--scenes", type=int, default=20, metavar="N", help="with --frame: number of frames to compare (default 20)"
    )
    command.set_defaults(run=run)
