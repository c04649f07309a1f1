"""Frames as bytes: a JSON header and the pictures, in one lean binary message.

uint32 length of the header (little-endian), the header as UTF-8 JSON, zeros up to a multiple of 8, then the arrays in
the order of ``header.arrays``, a list of [name, type, shape]. Types: "i2" little-endian int16, "u2" uint16, "u1".
"""

from __future__ import annotations

import base64
import math
import struct

import msgspec
import numpy as np
import torch
from torch import Tensor

from ...analysis.frame import Frame
from ...analysis.gradient import Push
from ...analysis.landscape import ROTATIONS, SCALES, Landscape

_write = msgspec.json.Encoder().encode  # what is no finite number becomes null, which the page shows as a dash
GRID_UNIT = 4096  # of the int16 grid: 1 / 4096 of half a picture, 0.003 px at 28 px; saturates at 8 half pictures
TYPES = {"int16": "i2", "uint16": "u2", "uint8": "u1"}
ARROW_UNIT = 32767  # length of the longest arrow as int16


def encode(frames: list[Frame], digits: list[Tensor], headers: list[dict]) -> list[bytes]:
    """A message for each frame of one batch (equal sizes). ``digits`` are uint8 [28, 28]; each header is what its request
    said about itself, to be joined by what the frame says."""
    grids = torch.stack([frame.grid for frame in frames]) * GRID_UNIT
    columns = {
        "grid": grids.nan_to_num().clamp(-32768, 32767).round().to(torch.int16).numpy(),
        "digit": torch.stack(digits).numpy(),
        "input": as_bytes(torch.stack([frame.input for frame in frames])),
        "warped": as_bytes(torch.stack([frame.warped for frame in frames])),
    }
    return [
        _message(frame, {name: column[i] for name, column in columns.items()}, headers[i])
        for i, frame in enumerate(frames)
    ]


def _message(frame: Frame, arrays: dict[str, np.ndarray], header: dict) -> bytes:
    density_max = longest = 0.0
    if frame.density is not None:
        density_max = float(frame.density.max().clamp(min=1e-6))
        arrays["density"] = as_bytes(frame.density / density_max)
    if frame.push is not None:
        arrays["arrows"], longest = _arrows(frame.push.arrows)
    looks = frame.looks if len(frame.looks) > 1 else ()  # a single one is what was applied
    if looks:
        arrays["looks"] = as_bytes(torch.stack([look.warped for look in looks]))
    outline = _points(frame.outline)
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
        "rest": _short_parts(frame.rest),
        "followed": _short_parts(frame.followed),
        "left": _short_parts(frame.left),
        "look_outlines": [_points(look.outline) for look in looks],
        "bend": round(frame.bend, 4),
        "density_max": density_max,
        "blank": not arrays["digit"].any(),
        "inspect": frame.inspect,
        "gradient": frame.push and _gradient(frame.push, longest),
    }
    return message(values, arrays)


def message(header: dict, arrays: dict[str, np.ndarray]) -> bytes:
    """A binary message with these fields and arrays (int16, uint16 or uint8), see the top of this file."""
    described = [[name, TYPES[array.dtype.name], list(array.shape)] for name, array in arrays.items()]
    text = _write({**header, "arrays": described})
    text += b" " * (-(len(text) + 4) % 8)
    return b"".join([struct.pack("<I", len(text)), text, *(array.tobytes() for array in arrays.values())])


def _arrows(arrows: Tensor) -> tuple[np.ndarray, float]:
    """Arrows [O, O, 2] as int16, the longest of them ``ARROW_UNIT`` long, and how long that one is."""
    longest = float(arrows.norm(dim=-1).max().nan_to_num())
    scaled = arrows * (ARROW_UNIT / max(longest, 1e-12))
    return scaled.nan_to_num().round().to(torch.int16).numpy(), longest


def _gradient(push: Push, longest: float) -> dict:
    """loss in nats; longest: derivative of the loss by the place of the grid point with the longest arrow, per unit of the
    normalised input; norm: of the gradient by theta; next: theta after one step of gradient descent."""
    return {
        "target": push.target,
        "loss": round(push.loss, 5),
        "longest": longest,
        "theta": _short(push.theta, 6),
        "norm": math.hypot(*push.theta),
        "next": _short(push.following, 6),
    }


def landscape_message(number: int, target: int, found: Landscape) -> bytes:
    """The map as a message of its own: header {id, landscape: {...}} and the array "loss" in 1/1000 nat, row by row, a row
    for each scale."""
    loss = (found.loss * 1000).nan_to_num(65535).clamp(0, 65535).round().numpy().astype("<u2")
    values = {
        "id": number,
        "landscape": {
            "target": target,
            "rotation": round(found.rotation, 3),
            "scale": round(found.scale, 5),
            "rotations": _short(ROTATIONS.tolist(), 3),
            "scales": _short(SCALES.tolist(), 5),
        },
    }
    return message(values, {"loss": loss})


def _points(points: Tensor) -> list[list[float]]:
    return np.round(points.double().numpy(), 4).tolist()


def _short(values: list[float], digits: int = 4) -> list[float]:
    """No longer than their use needs: a header is written and read 60 times a second."""
    return [round(value, digits) for value in values]


def _short_parts(values: dict[str, float] | None) -> dict[str, float] | None:
    return values and {name: round(value, 4) for name, value in values.items()}


def as_bytes(pictures: Tensor) -> np.ndarray:
    return (pictures.clamp(0, 1) * 255).round().to(torch.uint8).numpy()


def as_base64(digit: Tensor) -> str:
    """784 bytes, for JSON; ``digit`` is uint8 [28, 28] or float [28, 28] in [0, 1]."""
    if digit.dtype != torch.uint8:
        digit = (digit.clamp(0, 1) * 255).round().to(torch.uint8)
    return base64.b64encode(digit.contiguous().numpy().tobytes()).decode()
