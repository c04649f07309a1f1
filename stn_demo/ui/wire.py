"""Frames as bytes: a JSON header and the pictures, in one lean binary message.

uint32 length of the header (little-endian), the header as UTF-8 JSON, zeros up to a multiple of 8, then the arrays in
the order of ``header.arrays``, a list of [name, type, shape]. Types: "i2" little-endian int16, "u1".
"""

from __future__ import annotations

import json
import struct

import torch
from torch import Tensor

from ..analysis.frame import Frame

GRID_UNIT = 4096  # of the int16 grid: 1 / 4096 of half a picture, 0.003 px at 28 px; saturates at 8 half pictures


def encode(frame: Frame, digit: Tensor, header: dict) -> bytes:
    """One message. ``digit`` uint8 [28, 28]; ``header`` is what the request said about itself, joined by what the frame
    says."""
    arrays = {
        "grid": (frame.grid * GRID_UNIT).nan_to_num().clamp(-32768, 32767).round().to(torch.int16),
        "digit": digit,
        "input": _bytes(frame.input),
        "warped": _bytes(frame.warped),
    }
    density_max = 0.0
    if frame.density is not None:
        density_max = float(frame.density.max().clamp(min=1e-6))
        arrays["density"] = _bytes(frame.density / density_max)
    outline = _rounded(frame.outline)
    values = {
        **header,
        "size": frame.input.shape[-1],
        "output": frame.warped.shape[-1],
        "theta": _rounded(frame.theta, 6),
        "predicted": _rounded(frame.predicted, 6),
        "outline": outline,
        "corners": outline[:: len(outline) // 4],
        "probs": _rounded(frame.probs, 6),
        "twin_probs": None if frame.twin_probs is None else _rounded(frame.twin_probs, 6),
        "applied": _rounded(frame.applied),
        "undone": _rounded(frame.undone),
        "residual": _rounded(frame.residual),
        "predicted_parts": _rounded(frame.predicted_parts),
        "bend": _rounded(frame.bend, 6),
        "density_max": density_max,
        "blank": not bool(digit.any()),
        "inspect": _rounded(frame.inspect),
        "arrays": [
            [name, "i2" if array.dtype == torch.int16 else "u1", list(array.shape)] for name, array in arrays.items()
        ],
    }
    text = json.dumps(_finite(values), separators=(",", ":")).encode()
    text += b" " * (-(len(text) + 4) % 8)
    pictures = [array.contiguous().numpy().tobytes() for array in arrays.values()]
    return b"".join([struct.pack("<I", len(text)), text, *pictures])


def _bytes(picture: Tensor) -> Tensor:
    return (picture.clamp(0, 1) * 255).round().to(torch.uint8)


def _rounded(values, digits: int = 4):
    """Numbers as short as their use allows: a header is parsed 60 times a second."""
    if isinstance(values, Tensor):
        values = values.tolist()
    if isinstance(values, dict):
        return {key: _rounded(value, digits) for key, value in values.items()}
    if isinstance(values, list):
        return [_rounded(value, digits) for value in values]
    return round(values, digits) if isinstance(values, float) else values


def _finite(value):
    """JSON has no NaN: a number that is none becomes null, which the page shows as a dash."""
    if isinstance(value, float):
        return value if abs(value) < 1e12 else None
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_finite(item) for item in value]
    return value
