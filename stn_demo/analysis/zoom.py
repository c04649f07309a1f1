"""How much of the image a transformer reads: the scale of its frame, and the fraction of its grid outside the image."""

from __future__ import annotations

import torch

from ..data.digits import Digits, as_floats
from ..data.pose import resample
from ..model import Network
from . import decompose

METHOD = 1
AT_ONCE = 500


def measure(model: Network, digits: Digits) -> dict[str, float] | None:
    """For undistorted ``digits`` in the middle of the frame; None if there is no transformer at the input.

    scale: mean over the digits of the square root of the area of theta's affine part; 1: as large as the image, above
    1: zooms out. outside: mean fraction of grid points outside the image, 0 to 1.
    """
    if "input" not in model.transformers:
        return None
    first, side = model.transformer(), model.config.side
    scales, outside = [], []
    with torch.inference_mode():
        for images in as_floats(digits.images).split(AT_ONCE):
            framed = resample(images, torch.eye(3).expand(len(images), 3, 3), None, side)
            trace = first.trace(framed.expand(-1, model.config.in_channels, -1, -1))
            matrix, _ = decompose.theta_matrix(first.grid, trace.theta, 2, 2)
            scales.append(torch.linalg.det(matrix[:, :2, :2]).abs().sqrt())
            outside.append((trace.grid.abs() > 1).any(-1).float().mean((1, 2)))
    return {
        "scale": round(float(torch.cat(scales).mean()), 3),
        "outside": round(float(torch.cat(outside).mean()), 3),
        "digits": len(digits.labels),
    }


def in_words(result: dict[str, float] | None) -> str:
    """The result as a phrase for ``list``; empty if there is no result."""
    if not result:
        return ""
    return f"reads at scale {result['scale']:.2f}, {result['outside']:.0%} of its grid outside the picture"
