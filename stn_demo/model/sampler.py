"""The sampler: reads the input at the grid (paper section 3.3)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..names import PADDINGS, SAMPLERS


class Sampler(nn.Module):
    """``sampler(image, grid)`` reads ``image`` [N, C, H, W] at ``grid`` [N, H', W', 2] -> Tensor[N, C, H', W'].

    Modes:
        bilinear: the paper's equation 5, a tent kernel of one pixel on either side.
        nearest: the paper's integer kernel, equation 4. Its gradient with respect to theta is zero, so it is for
            viewing only.
        bicubic: Keys' kernel with a = -0.75, as in ``F.grid_sample``; may leave [0, 1] slightly near edges.
        deconvolution: a learned transposed convolution doubles the resolution, with one 4 x 4 kernel for all channels,
            initialised to bilinear upsampling (Long et al. 2015, section 3.3); the result is read bilinearly.

    Padding defines the values outside the image: ``zeros`` (the black of the background), ``border`` (repeats the edge
    pixel) or ``reflection`` (mirrors at the edge). Coordinates follow ``align_corners=False``, see ``grids``.

    Raises:
        ValueError: an unknown mode or padding.
    """

    def __init__(self, mode: str = "bilinear", padding: str = "zeros"):
        super().__init__()
        if mode not in SAMPLERS:
            raise ValueError(f"The sampler {mode!r} is unknown; choose one of {', '.join(SAMPLERS)}.")
        if padding not in PADDINGS:
            raise ValueError(f"The padding {padding!r} is unknown; choose one of {', '.join(PADDINGS)}.")
        self.mode, self.padding = mode, padding
        if mode == "deconvolution":
            tent = torch.tensor([0.25, 0.75, 0.75, 0.25])
            self.kernel: Tensor = nn.Parameter(torch.outer(tent, tent).view(1, 1, 4, 4))

    def forward(self, image: Tensor, grid: Tensor) -> Tensor:
        if self.mode == "deconvolution":
            image = self._upsampled(image)
        mode = "bilinear" if self.mode == "deconvolution" else self.mode
        return F.grid_sample(image, grid, mode=mode, padding_mode=self.padding, align_corners=False)

    def _upsampled(self, image: Tensor) -> Tensor:
        """[N, C, H, W] -> [N, C, 2H, 2W]. The pixels just outside the image follow the padding (mirrored at its edge,
        an image continues with the edge pixel itself, so reflection and border are equal here).
        """
        n, c, h, w = image.shape
        flat = image.reshape(n * c, 1, h, w)
        flat = F.pad(flat, (1, 1, 1, 1), mode="constant" if self.padding == "zeros" else "replicate")
        doubled = F.conv_transpose2d(flat, self.kernel, stride=2, padding=3)
        return doubled.view(n, c, 2 * h, 2 * w)

    def extra_repr(self) -> str:
        return f"mode={self.mode!r}, padding={self.padding!r}"
