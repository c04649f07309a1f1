"""What a link or a request may hold: one table of fields, each with its range and default, and one reader for both.

Everything that comes from a browser passes here before anything else sees it. Nothing is trusted and nothing is
guessed: a value out of range is refused with a sentence, never clipped in silence.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
from dataclasses import dataclass, field
from typing import Any

from ...names import CHECKPOINT

DIGIT_BYTES = 28 * 28
MOST_STROKES = 500
MOST_POINTS = 4000
PAD = 1000  # pad units a side
PARTS = {
    "rotation": (-100_000.0, 100_000.0),
    "scale_x": (-100.0, 100.0),
    "scale_y": (-100.0, 100.0),
    "shear": (-100.0, 100.0),
    "shift_x": (-1000.0, 1000.0),
    "shift_y": (-1000.0, 1000.0),
}
POSE = {  # name: (least, most, default)
    "rotation": (-180.0, 180.0, 0.0),
    "scale": (0.3, 2.0, 1.0),
    "shift_x": (-128.0, 128.0, 0.0),  # half of the largest frame
    "shift_y": (-128.0, 128.0, 0.0),
    "shear": (-1.0, 1.0, 0.0),
    "elastic": (0.0, 4.0, 0.0),
    "elastic_seed": (0, 9999, 0),
}
CORNER = 92.0  # px that a corner may be moved in x and in y: a third of the largest frame
SAMPLERS = ("bilinear", "nearest", "bicubic", "deconvolution")
PADDINGS = ("zeros", "border", "reflection")
LANGUAGES = ("en", "zh-CN")
LAYERS = {"points": False, "lines": True, "region": True, "density": False, "gradient": False, "landscape": False}
STEPS = (1, 2, 4)
ONCE = ("id", "inspect", "density", "gradient", "landscape", "target")  # of a question, and no part of a link


class RequestError(ValueError):
    """What came in is not a state; ``code`` is stable and names the sentence in the catalogue."""

    def __init__(self, message: str, code: str = "bad_request"):
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Source:
    """The digit: 784 bytes, or strokes (width, erase, points), all in pad units. Exactly one of the two is set."""

    digit: bytes | None = None
    strokes: tuple[tuple[float, bool, tuple[float, ...]], ...] | None = None
    label: int | None = None


@dataclass(frozen=True)
class Request:
    """One valid question to the network."""

    source: Source
    raw: bool
    pose: dict[str, Any]
    model: str
    twin: str | None
    grab: dict | None
    sampler: str | None
    padding: str | None
    density: bool = False
    inspect: tuple[str, int, int] | None = None
    gradient: bool = False
    landscape: bool = False
    target: int | None = None
    id: int = 0


@dataclass
class Defaults:
    """What a request that leaves something out means."""

    model: str = "turn-affine"
    twin: str | None = "seed-cnn"
    digit: bytes = field(default=bytes(DIGIT_BYTES))


def error_text(number: int, code: str, message: str) -> str:
    """The JSON answer to request ``number``, refused."""
    return json.dumps({"id": number, "error": {"code": code, "message": message}})


def parse(text: str | bytes, most: int = 256 * 1024) -> dict:
    """JSON object from the outside, bounded in size. Raises StateError."""
    if len(text) > most:
        raise RequestError(f"That is more than {most // 1024} kB, the most a request may hold.", "too_long")
    try:
        values = json.loads(text, parse_constant=lambda name: math.nan)
    except (ValueError, RecursionError):
        raise RequestError("That is not JSON.") from None
    if not isinstance(values, dict):
        raise RequestError("A request is a JSON object.")
    return values


def read_request(values: dict, defaults: Defaults) -> Request:
    """A ``Request`` from a parsed JSON object; what is missing takes its default. Raises StateError."""
    number = values.get("id", 0)
    if not isinstance(number, int) or isinstance(number, bool):
        raise RequestError("id is a whole number.")
    return Request(
        source=_source(values.get("source"), defaults),
        raw=_flag(values, "raw", False),
        pose=read_pose(values.get("pose")),
        model=_name(values, "model", defaults.model),
        twin=_name(values, "twin", defaults.twin),
        grab=_grab(values.get("grab")),
        sampler=_choice(values, "sampler", SAMPLERS),
        padding=_choice(values, "padding", PADDINGS),
        density=_flag(values, "density", False),
        inspect=_inspect(values.get("inspect")),
        gradient=_flag(values, "gradient", False),
        landscape=_flag(values, "landscape", False),
        target=_label(values.get("target"), "target"),
        id=number,
    )


def read_state(values: dict, defaults: Defaults) -> dict:
    """The whole state of a page, as a link holds it: valid, with every default filled in, JSON-ready. Raises StateError."""
    request = read_request({key: values[key] for key in values if key not in ONCE}, defaults)
    layers = values.get("layers") or {}
    if not isinstance(layers, dict):
        raise RequestError("layers is an object.", "link")
    step = layers.get("step", 2)
    if step not in STEPS or isinstance(step, bool):
        raise RequestError(f"layers.step is one of {', '.join(map(str, STEPS))}.", "link")
    language = values.get("lang")
    if language is not None and language not in LANGUAGES:
        raise RequestError(f"lang is one of {', '.join(LANGUAGES)}.", "link")
    source = request.source
    if source.strokes is not None:
        written = [{"w": width, "e": int(erase), "p": list(points)} for width, erase, points in source.strokes]
        shown: dict = {"kind": "strokes", "strokes": written}
    else:
        shown = {"kind": "digit", "digit": base64.b64encode(source.digit).decode(), "label": source.label}
    return {
        "source": shown,
        "raw": request.raw,
        "pose": {**request.pose, "corners": [list(corner) for corner in request.pose["corners"]]},
        "model": request.model,
        "twin": request.twin,
        "grab": request.grab,
        "sampler": request.sampler,
        "padding": request.padding,
        "layers": {**{name: _flag(layers, name, LAYERS[name]) for name in LAYERS}, "step": step},
        "lang": language,
    }


def read_pose(values: Any) -> dict[str, Any]:
    """The fields of a ``data.pose.Pose``, within the ranges of ``POSE``. Raises StateError."""
    values = {} if values is None else values
    if not isinstance(values, dict):
        raise RequestError("pose is an object.")
    pose: dict[str, Any] = {}
    for name, (least, most, default) in POSE.items():
        pose[name] = _number(values.get(name, default), least, most, f"pose.{name}")
    pose["elastic_seed"] = int(pose["elastic_seed"])
    corners = values.get("corners", [[0, 0]] * 4)
    pose["corners"] = _points(corners, 4, -CORNER, CORNER, "pose.corners")
    return pose


def _source(values: Any, defaults: Defaults) -> Source:
    if values is None:
        return Source(digit=defaults.digit)
    if not isinstance(values, dict):
        raise RequestError("source is an object.")
    if values.get("kind") == "digit":
        label = _label(values.get("label"), "label")
        try:
            digit = base64.b64decode(values.get("digit", ""), validate=True)
        except (binascii.Error, ValueError, TypeError):
            raise RequestError("source.digit is not base64.") from None
        if len(digit) != DIGIT_BYTES:
            raise RequestError(f"source.digit holds {len(digit)} bytes; a digit has {DIGIT_BYTES}.")
        return Source(digit=digit, label=label)
    if values.get("kind") == "strokes":
        return Source(strokes=_strokes(values.get("strokes")))
    raise RequestError('source.kind is "strokes" or "digit".')


def _strokes(values: Any) -> tuple:
    if not isinstance(values, list) or len(values) > MOST_STROKES:
        raise RequestError(f"source.strokes is a list of at most {MOST_STROKES} strokes.")
    strokes, points = [], 0
    for stroke in values:
        if not isinstance(stroke, dict) or not isinstance(stroke.get("p"), list):
            raise RequestError("A stroke is an object with a list p of x and y.")
        path = stroke["p"]
        points += len(path) // 2
        if len(path) % 2 or not path or points > MOST_POINTS:
            raise RequestError(
                f"A stroke holds pairs of x and y, and a drawing at most {MOST_POINTS} points.", "too_long"
            )
        width = _number(stroke.get("w", 60), 10, 300, "stroke.w")
        path = tuple(_number(value, -PAD, 2 * PAD, "stroke.p") for value in path)
        strokes.append((width, bool(stroke.get("e", 0)), path))
    return tuple(strokes)


def _grab(values: Any) -> dict | None:
    if values is None:
        return None
    if not isinstance(values, dict) or len(values) != 1:
        raise RequestError("grab is null or an object with one of parts, theta, corners.")
    if isinstance(values.get("parts"), dict):
        read = {name: _number(values["parts"].get(name), *PARTS[name], f"grab.parts.{name}") for name in PARTS}
        return {"parts": read}
    if isinstance(values.get("theta"), list) and len(values["theta"]) <= 64:
        return {"theta": [_number(value, -100, 100, "grab.theta") for value in values["theta"]]}
    if "corners" in values:
        return {"corners": [list(point) for point in _points(values["corners"], 4, -20, 20, "grab.corners")]}
    raise RequestError("grab is null or an object with one of parts, theta, corners.")


def _inspect(values: Any) -> tuple[str, int, int] | None:
    if values is None:
        return None
    if not isinstance(values, dict) or values.get("view") not in ("warped", "input"):
        raise RequestError('inspect.view is "warped" or "input".')
    x, y = (int(_number(values.get(axis), 0, 255, f"inspect.{axis}")) for axis in ("x", "y"))
    return values["view"], x, y


def _points(values: Any, count: int, least: float, most: float, name: str) -> tuple[tuple[float, float], ...]:
    if not isinstance(values, list) or len(values) != count:
        raise RequestError(f"{name} is a list of {count} points.")
    if any(not isinstance(point, list) or len(point) != 2 for point in values):
        raise RequestError(f"{name} is a list of {count} points [x, y].")
    return tuple((_number(x, least, most, name), _number(y, least, most, name)) for x, y in values)


def _number(value: Any, least: float, most: float, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not least <= value <= most:
        raise RequestError(f"{name} is a number from {least:g} to {most:g}.")
    return value


def _label(value: Any, name: str) -> int | None:
    if value is not None and (not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= 9):
        raise RequestError(f"{name} is a digit from 0 to 9.")
    return value


def _flag(values: dict, name: str, default: bool) -> bool:
    value = values.get(name, default)
    if not isinstance(value, bool):
        raise RequestError(f"{name} is true or false.")
    return value


def _choice(values: dict, name: str, choices: tuple[str, ...]) -> str | None:
    value = values.get(name)
    if value is not None and value not in choices:
        raise RequestError(f"{name} is one of {', '.join(choices)}.")
    return value


def _name(values: dict, name: str, default: str | None) -> str | None:
    value = values.get(name, default)
    if value is not None and (not isinstance(value, str) or not CHECKPOINT.fullmatch(value)):
        raise RequestError(f"{name} is not the name of a checkpoint.", "unknown_model")
    return value
