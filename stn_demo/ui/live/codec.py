"""Frames as bytes: a JSON header and the pictures, in one lean binary message.

uint32 length of the header (little-endian), the header as UTF-8 JSON, zeros up to a multiple of 8, then the arrays in
the order of ``header.arrays``, a list of [name, type, shape]. Types: "i2" little-endian int16, "u1".
"""

from __future__ import annotations

import base64
import json
import struct

import numpy as np
import torch
from torch import Tensor

from ...analysis.frame import Frame

_write = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode
GRID_UNIT = 4096  # of the int16 grid: 1 / 4096 of half a picture, 0.003 px at 28 px; saturates at 8 half pictures


def encode(frames: list[Frame], digits: list[Tensor], headers: list[dict]) -> list[bytes]:
    """A message for each frame of one batch (equal sizes). ``digits`` are uint8 [28, 28]; each header is what its request
    said about itself, to be joined by what the frame says."""
    grids = torch.stack([frame.grid for frame in frames]) * GRID_UNIT
    columns = {
        "grid": grids.nan_to_num().clamp(-32768, 32767).round().to(torch.int16).numpy(),
        "digit": torch.stack(digits).numpy(),
        "input": _bytes(torch.stack([frame.input for frame in frames])),
        "warped": _bytes(torch.stack([frame.warped for frame in frames])),
    }
    return [
        _message(frame, {name: column[i] for name, column in columns.items()}, headers[i])
        for i, frame in enumerate(frames)
    ]


def _message(frame: Frame, arrays: dict[str, np.ndarray], header: dict) -> bytes:
    density_max = 0.0
    if frame.density is not None:
        density_max = float(frame.density.max().clamp(min=1e-6))
        arrays["density"] = _bytes(frame.density / density_max)
    outline = [_short(point) for point in frame.outline.tolist()]
    values = {
        **header,
        "size": frame.input.shape[-1],
        "output": frame.warped.shape[-1],
        "theta": _short(frame.theta, 6),
        "predicted": _short(frame.predicted, 6),
        "outline": outline,
        "corners": outline[:: len(outline) // 4],
        "probs": _short(frame.probs.tolist(), 6),
        "twin_probs": None if frame.twin_probs is None else _short(frame.twin_probs.tolist(), 6),
        "applied": _short_parts(frame.applied),
        "undone": _short_parts(frame.undone),
        "residual": _short_parts(frame.residual),
        "predicted_parts": _short_parts(frame.predicted_parts),
        "bend": round(frame.bend, 4),
        "density_max": density_max,
        "blank": not arrays["digit"].any(),
        "inspect": frame.inspect,
        "arrays": [
            [name, "i2" if array.dtype == np.int16 else "u1", list(array.shape)] for name, array in arrays.items()
        ],
    }
    try:
        text = _write(values).encode()
    except ValueError:
        text = _write(_finite(values)).encode()
    text += b" " * (-(len(text) + 4) % 8)
    return b"".join([struct.pack("<I", len(text)), text, *(array.tobytes() for array in arrays.values())])


def _short(values: list[float], digits: int = 4) -> list[float]:
    """No longer than their use needs: a header is written and read 60 times a second."""
    return [round(value, digits) for value in values]


def _short_parts(values: dict[str, float] | None) -> dict[str, float] | None:
    return values and {name: round(value, 4) for name, value in values.items()}


def _bytes(pictures: Tensor) -> np.ndarray:
    return (pictures.clamp(0, 1) * 255).round().to(torch.uint8).numpy()


def _finite(value):
    """JSON has no NaN: a number that is none becomes null, which the page shows as a dash."""
    if isinstance(value, float):
        return value if abs(value) < 1e12 else None
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_finite(item) for item in value]
    return value


def as_base64(digit: Tensor) -> str:
    """784 bytes, for JSON; ``digit`` is uint8 [28, 28] or float [28, 28] in [0, 1]."""
    if digit.dtype != torch.uint8:
        digit = (digit.clamp(0, 1) * 255).round().to(torch.uint8)
    return base64.b64encode(digit.contiguous().numpy().tobytes()).decode()
