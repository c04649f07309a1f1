"""Converts frames to binary messages: a JSON header followed by arrays.

uint32 length of the header (little-endian), the header as UTF-8 JSON, spaces up to a multiple of 8, then the arrays in
the order of ``header.arrays``, a list of [name, type, shape]. Types: "i2" little-endian int16, "u2" uint16, "u1".
"""

from __future__ import annotations

import base64
import math
import struct
from typing import Any

import msgspec
import numpy as np
import torch
from torch import Tensor

from ...analysis.computed import MAPS
from ...analysis.frame import Frame
from ...analysis.gradient import Push
from ...analysis.landscape import ROTATIONS, SCALES, Landscape

_write = msgspec.json.Encoder().encode  # NaN and infinity become null, which the page shows as a dash
GRID_UNIT = 4096  # int16 steps per normalised unit: 0.003 px at 28 px; saturates at +-8 normalised units
TYPES = {np.dtype(name): code for name, code in (("int16", "i2"), ("<u2", "u2"), ("uint8", "u1"))}
ARROW_UNIT = 32767  # int16 length of the longest arrow


def encode(frames: list[Frame], digits: list[Tensor], headers: list[dict[str, Any]]) -> list[bytes]:
    """A message for each frame of one batch (equal sizes). ``digits``: as in ``scene.Scene``; pictures in colour have three
    planes (red, green, blue), all others one. ``headers``: fields from each request; those of its frame are added."""
    grids = torch.stack([frame.grid for frame in frames]) * GRID_UNIT
    columns = {
        "grid": grids.nan_to_num().clamp(-32768, 32767).round().to(torch.int16).numpy(),
        "digit": torch.stack(digits).numpy(),
        "input": as_bytes(torch.stack([frame.input for frame in frames])),
        "warped": as_bytes(torch.stack([frame.warped for frame in frames])),
    }
    numbers, parts, (outlines, looks) = _numbers(frames), _parts(frames), _looks(frames)
    messages = []
    for i, frame in enumerate(frames):
        arrays = {name: column[i] for name, column in columns.items()}
        if outlines[i]:
            arrays["looks"] = looks[i]
        values = {**headers[i], **numbers[i], **parts[i], "look_outlines": outlines[i]}
        messages.append(_message(frame, arrays, values))
    return messages


def _numbers(frames: list[Frame]) -> list[dict[str, Any]]:
    """theta, probabilities and outline of each frame, with only as many decimals as needed: a header is written and read
    60 times a second. The whole batch is rounded at once."""
    thetas = rounded([frame.theta for frame in frames], 6)
    predicted = rounded([frame.predicted for frame in frames], 6)
    probs = rounded(torch.stack([frame.probs for frame in frames]).numpy(), 6)
    second = [frame.twin_probs for frame in frames if frame.twin_probs is not None]  # all frames have one, or none
    twins = rounded(torch.stack(second).numpy(), 6) if second else [None] * len(frames)
    outlines = rounded(torch.stack([frame.outline for frame in frames]).numpy(), 4)
    return [
        {
            "size": frame.input.shape[-1],
            "output": frame.warped.shape[-1],
            "theta": thetas[i],
            "predicted": predicted[i],
            "outline": outlines[i],
            "corners": outlines[i][:: len(outlines[i]) // 4],
            "probs": probs[i],
            "twin_probs": twins[i],
            "bend": round(frame.bend, 4),
        }
        for i, frame in enumerate(frames)
    ]


def _parts(frames: list[Frame]) -> list[dict[str, Any]]:
    """The decompositions of each frame by their names in ``MAPS``; None for one that does not exist."""
    found = [[getattr(frame, name) for name in MAPS] for frame in frames]
    numbers = iter(rounded([list(part.values()) for parts in found for part in parts if part], 4))
    return [
        {name: part and dict(zip(part, next(numbers), strict=True)) for name, part in zip(MAPS, parts, strict=True)}
        for parts in found
    ]


def _looks(frames: list[Frame]) -> tuple[list[Any], dict[int, np.ndarray]]:
    """The outlines of each frame's looks, and by the frame's index the output of each look, uint8 [looks, O, O], in colour
    [looks, 3, O, O]. Empty for a frame with a single look, because that equals the frame itself."""
    several = [i for i, frame in enumerate(frames) if len(frame.looks) > 1]
    outlines: list[Any] = [[] for _ in frames]
    if not several:
        return outlines, {}
    looks = [look for i in several for look in frames[i].looks]
    rows = rounded(torch.stack([look.outline for look in looks]).numpy(), 4)
    warped = as_bytes(torch.stack([look.warped for look in looks]))
    each = len(frames[several[0]].looks)
    for place, i in enumerate(several):
        outlines[i] = rows[place * each : (place + 1) * each]
    return outlines, {i: warped[place * each : (place + 1) * each] for place, i in enumerate(several)}


def _message(frame: Frame, arrays: dict[str, np.ndarray], values: dict[str, Any]) -> bytes:
    density_max = longest = 0.0
    if frame.density is not None:
        density_max = float(frame.density.max().clamp(min=1e-6))
        arrays["density"] = as_bytes(frame.density / density_max)
    if frame.push is not None:
        arrays["arrows"], longest = _arrows(frame.push.arrows)
    values |= {
        "density_max": density_max,
        "blank": not arrays["digit"].any(),
        "inspect": frame.inspect,
        "gradient": frame.push and _gradient(frame.push, longest),
    }
    return message(values, arrays)


def message(header: dict[str, Any], arrays: dict[str, np.ndarray]) -> bytes:
    """A binary message with these fields and arrays (int16, uint16 or uint8), see the top of this file."""
    described = [[name, TYPES[array.dtype], list(array.shape)] for name, array in arrays.items()]
    text = _write({**header, "arrays": described})
    text += b" " * (-(len(text) + 4) % 8)
    return b"".join([struct.pack("<I", len(text)), text, *(array.tobytes() for array in arrays.values())])


def _arrows(arrows: Tensor) -> tuple[np.ndarray, float]:
    """Arrows [O, O, 2] as int16, scaled so that the longest is ``ARROW_UNIT``, and the true length of the longest."""
    longest = float(arrows.norm(dim=-1).max().nan_to_num())
    scaled = arrows * (ARROW_UNIT / max(longest, 1e-12))
    return scaled.nan_to_num().round().to(torch.int16).numpy(), longest


def _gradient(push: Push, longest: float) -> dict[str, Any]:
    """loss: nats; longest: length of the loss gradient at the grid point with the longest arrow, nats per normalised unit;
    norm: of the gradient with respect to theta; next: theta after one step of gradient descent."""
    return {
        "target": push.target,
        "loss": round(push.loss, 5),
        "longest": longest,
        "theta": rounded(push.theta, 6),
        "norm": math.hypot(*push.theta),
        "next": rounded(push.following, 6),
    }


def landscape_message(number: int, target: int, found: Landscape) -> bytes:
    """The map of the loss as a separate message: header {id, landscape: {...}} and the array "loss" in 1/1000 nat, a row for
    each scale."""
    loss = (found.loss * 1000).nan_to_num(65535).clamp(0, 65535).round().numpy().astype("<u2")
    values = {
        "id": number,
        "landscape": {
            "target": target,
            "rotation": round(found.rotation, 3),
            "scale": round(found.scale, 5),
            "rotations": rounded(ROTATIONS.numpy(), 3),
            "scales": rounded(SCALES.numpy(), 5),
        },
    }
    return message(values, {"loss": loss})


def rounded(values: list[float] | list[list[float]] | np.ndarray, digits: int) -> list[Any]:
    """``values`` rounded to ``digits`` decimals, as nested lists of floats."""
    return np.round(np.asarray(values, dtype=np.float64), digits).tolist()


def as_bytes(pictures: Tensor) -> np.ndarray:
    return (pictures.clamp(0, 1) * 255).round().to(torch.uint8).numpy()


def as_base64(digit: Tensor) -> str:
    """A byte per value, for JSON; ``digit`` is uint8, or float in [0, 1]: [28, 28], or [3, n, n] in colour."""
    if digit.dtype != torch.uint8:
        digit = (digit.clamp(0, 1) * 255).round().to(torch.uint8)
    return base64.b64encode(digit.contiguous().numpy().tobytes()).decode()
