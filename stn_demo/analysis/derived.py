"""Functions that contain derivatives, as programs of plain tensor operations, which can be exported.

The exporter does not know ``torch.func.vjp`` and the backward operations of autograd. Autograd itself runs here, once, and what
it computes is recorded (``make_fx``). Two of its operations are replaced, because ONNX has none like them: the backward
operation of a convolution, and that of ``F.grid_sample``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch._decomp import core_aten_decompositions
from torch._decomp.decompositions import _grid_sampler_2d
from torch.fx import GraphModule
from torch.fx.experimental.proxy_tensor import make_fx
from torch.overrides import TorchFunctionMode

_aten = torch.ops.aten
_MODES = ("bilinear", "nearest", "bicubic")  # in the order of the numbers that torch gives them
_PADDINGS = ("zeros", "border", "reflection")


def recorded(function: Callable[..., Any], *examples: Any, any_size: bool = False) -> GraphModule:
    """A program that computes what ``function`` does, derivatives included, for arguments of the shapes of ``examples``.
    ``any_size``: for other lengths of the dimensions as well.
    """

    def called(*arguments: Any) -> Any:
        with _GridSample():
            return function(*arguments)

    table = {**core_aten_decompositions(), _aten.convolution_backward.default: _convolution_backward}
    return make_fx(called, decomposition_table=table, tracing_mode="symbolic" if any_size else "real")(*examples)


class _GridSample(TorchFunctionMode):
    """Replaces ``F.grid_sample`` by torch's own definition of it in plain operations."""

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if function is not F.grid_sample:
            return function(*args, **kwargs)
        image, grid = args
        mode, padding = _MODES.index(kwargs["mode"]), _PADDINGS.index(kwargs["padding_mode"])
        return _grid_sampler_2d(image, grid, mode, padding, kwargs["align_corners"])


def _convolution_backward(
    by_output: Tensor,
    x: Tensor,
    weight: Tensor,
    bias_sizes: list[int] | None,
    stride: list[int],
    padding: list[int],
    dilation: list[int],
    transposed: bool,
    output_padding: list[int],
    groups: int,
    needed: list[bool],
) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
    """The derivative by the input ``x``: the transposed convolution with the same weights (Dumoulin & Visin 2016, section 4).
    Those by weights and bias are not supported, neither is a convolution that is transposed already.
    """
    if transposed or needed[1] or needed[2]:
        raise NotImplementedError("Only the derivative of a plain convolution by its input can be recorded.")
    left = [
        x.shape[2 + i] - ((by_output.shape[2 + i] - 1) * stride[i] - 2 * padding[i] + dilation[i] * (side - 1) + 1)
        for i, side in enumerate(weight.shape[2:])
    ]
    by_x = _aten.convolution.default(by_output, weight, None, stride, padding, dilation, True, left, groups)
    return by_x, None, None
