"""What a visitor may request beside a frame, as a graph for each mode and padding of the sampler: another sampler, the read
density, a pixel to inspect. No network belongs to it.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ..model import Sampler
from . import readers
from .graph import Exportable
from .outline import untouched_grid

READING_INPUTS = ("image", "grid", "kernel", "x", "y")
READING_OUTPUTS = ("warped", "density", "weights", "source", "outside", "readers")


class ReadingGraph(Exportable):
    """``forward(image, grid, kernel, x, y)`` -> what one kind of sampler reads and how, in the order of
    ``READING_OUTPUTS``.

    image [S, S], grid [O, O, 2] as in a frame, of any size; kernel [4, 4]: of the deconvolution (ignored by the
    others); x, y []: a pixel of the warped output, or, for ``readers``, of the input. warped [O, O]; density [S, S];
    weights [S, S], source [2], outside [4, 4], readers [O, O]: see ``analysis.readers``.
    """

    def __init__(self, mode: str, padding: str):
        super().__init__()
        self.sampler = Sampler(mode, padding).requires_grad_(False)

    def examples(self) -> tuple[Tensor, ...]:
        grid = untouched_grid(torch.zeros(1, 1, 20, 20))[0]
        return torch.zeros(28, 28), grid, torch.full((4, 4), 0.25), torch.tensor(3), torch.tensor(4)

    def forward(self, image: Tensor, grid: Tensor, kernel: Tensor, x: Tensor, y: Tensor) -> tuple[Tensor, ...]:
        size, grid, sampler = image.shape[0], grid[None], self.sampler
        if sampler.mode == "deconvolution":
            sampler = WithKernel(sampler.padding, kernel)
        warped = sampler(image[None, None], grid)[0, 0]
        source = readers.source(grid, size, x, y)
        return (
            warped,
            readers.density(sampler, grid, size)[0],
            readers.weights(sampler, grid, size, x, y),
            source,
            readers.outside(sampler, source, size),
            readers.readers(sampler, grid, size, x, y),
        )


class WithKernel(Sampler):
    """A deconvolution whose kernel is an input of the graph instead of a weight."""

    def __init__(self, padding: str, kernel: Tensor):
        super().__init__("bilinear", padding)
        self.mode = "deconvolution"
        self.kernel = kernel[None, None]
