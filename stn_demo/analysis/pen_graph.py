"""The pen as a graph of tensors: what ``data.ink.render_segments`` does for one pen, exported to ONNX.

It is independent of the networks. The caller computes the position and size of the ink (the preparation in ``data.ink``).
"""

from __future__ import annotations

import torch
from torch import Tensor

from ..data import ink
from ..data.pose import DIGIT
from . import graph_file
from .graph import Exportable

PEN_INPUTS = ("starts", "ends", "widths")
PEN_OUTPUTS = ("coverage",)
MOST_SEGMENTS = 8192


class PenGraph(Exportable):
    """``forward(starts [S, 2], ends [S, 2], widths [S])`` -> coverage of each pixel by the segments [28, 28], 0 to 1. Lengths are
    in pixels; equal ends make a dot. It calls ``data.ink.render_segments``."""

    def examples(self) -> tuple[Tensor, ...]:
        """Example inputs with the right shapes."""
        return torch.tensor([[5.0, 5], [9, 20]]), torch.tensor([[9.0, 20], [20, 9]]), torch.tensor([2.0, 3])

    def forward(self, starts: Tensor, ends: Tensor, widths: Tensor) -> Tensor:
        return ink.render_segments(starts[None], ends[None], widths[None], DIGIT)[0]


def pen_graph() -> bytes:
    """The ``PenGraph`` as ONNX, any number of segments. Raises graph_file.ExportError."""
    count = torch.export.Dim("segments", min=1, max=MOST_SEGMENTS)
    shapes = {"starts": {0: count}, "ends": {0: count}, "widths": {0: count}}
    return graph_file.exported(PenGraph(), PEN_INPUTS, PEN_OUTPUTS, shapes).SerializeToString()


def kept(cache: graph_file.Cache) -> bytes:
    """``pen_graph`` from the cache; exported again if ``data.ink`` or this file has changed."""
    return cache.kept(f"pen {graph_file.digest_of(ink.__file__, __file__)}", pen_graph)
