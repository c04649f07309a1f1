"""What a link or a request may hold: one table of fields, each with its range and default, and one reader for both.

Everything that comes from a browser passes here before anything else sees it. Nothing is trusted and nothing is guessed:
a value out of range is refused with a sentence, never clipped. msgspec decodes the JSON and checks types and ranges in one
pass; the tables below say what the fields may hold, and what a refusal says.
"""

import base64
import json
import math
import re
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from ...names import CHECKPOINT

DIGIT_BYTES = 28 * 28
MOST_BYTES = 256 * 1024  # of a request
MOST_STROKES = 500
MOST_POINTS = 4000
PAD = 1000  # pad units a side
CORNER = 92.0  # px that a corner may be moved in x and in y: a third of the largest frame
SAMPLERS = ("bilinear", "nearest", "bicubic", "deconvolution")
PADDINGS = ("zeros", "border", "reflection")
LANGUAGES = ("en", "zh-CN")
STEPS = (1, 2, 4)
ONCE = ("id", "inspect", "density", "gradient", "landscape", "target")  # of a question, and no part of a link


def _between(least: float, most: float) -> Any:
    return Annotated[float, Meta(ge=least, le=most)]


Corner = _between(-CORNER, CORNER)
Far = _between(-20.0, 20.0)
Hundred = _between(-100.0, 100.0)
Thousand = _between(-1000.0, 1000.0)
Name = Annotated[str, Meta(pattern=f"^{CHECKPOINT.pattern}\\Z")]
FourCorners = tuple[(tuple[Corner, Corner],) * 4]
FourFar = tuple[(tuple[Far, Far],) * 4]


class PoseIn(Struct, frozen=True):
    """The fields of a ``data.pose.Pose``."""

    rotation: _between(-180.0, 180.0) = 0.0
    scale: _between(0.3, 2.0) = 1.0
    shift_x: _between(-128.0, 128.0) = 0.0  # half of the largest frame
    shift_y: _between(-128.0, 128.0) = 0.0
    shear: _between(-1.0, 1.0) = 0.0
    elastic: _between(0.0, 4.0) = 0.0
    elastic_seed: _between(0.0, 9999.0) = 0.0
    corners: FourCorners = ((0.0, 0.0),) * 4


class StrokeIn(Struct, frozen=True):
    """Width, whether it erases, x and y in turn; in pad units."""

    p: Annotated[tuple[_between(-PAD, 2.0 * PAD), ...], Meta(min_length=2)]
    w: _between(10.0, 300.0) = 60.0
    e: int | bool = 0


class DigitIn(Struct, frozen=True, tag_field="kind", tag="digit"):
    digit: str
    label: Annotated[int, Meta(ge=0, le=9)] | None = None


class StrokesIn(Struct, frozen=True, tag_field="kind", tag="strokes"):
    strokes: Annotated[tuple[StrokeIn, ...], Meta(max_length=MOST_STROKES)]


class PartsIn(Struct, frozen=True, forbid_unknown_fields=True):
    rotation: _between(-100_000.0, 100_000.0)
    scale_x: Hundred
    scale_y: Hundred
    shear: Hundred
    shift_x: Thousand
    shift_y: Thousand


class GrabIn(Struct, frozen=True, forbid_unknown_fields=True):
    """Exactly one of the three."""

    parts: PartsIn | UnsetType = UNSET
    theta: Annotated[list[Hundred], Meta(max_length=64)] | UnsetType = UNSET
    corners: FourFar | UnsetType = UNSET


class InspectIn(Struct, frozen=True):
    view: Literal["warped", "input"]
    x: _between(0.0, 255.0)
    y: _between(0.0, 255.0)


class LayersIn(Struct, frozen=True):
    points: bool = False
    lines: bool = True
    region: bool = True
    density: bool = False
    gradient: bool = False
    landscape: bool = False
    step: Literal[1, 2, 4] = 2


class RequestIn(Struct, frozen=True):
    """A question as it comes. Unknown fields are left alone."""

    id: int = 0
    source: DigitIn | StrokesIn | None = None
    raw: bool = False
    pose: PoseIn | None = None
    model: Name | UnsetType | None = UNSET
    twin: Name | UnsetType | None = UNSET
    grab: GrabIn | None = None
    sampler: Literal["bilinear", "nearest", "bicubic", "deconvolution"] | None = None
    padding: Literal["zeros", "border", "reflection"] | None = None
    density: bool = False
    inspect: InspectIn | None = None
    gradient: bool = False
    landscape: bool = False
    target: Annotated[int, Meta(ge=0, le=9)] | None = None


class StateIn(RequestIn, frozen=True):
    """A link: a question and how the page looks."""

    layers: LayersIn | None = None
    lang: Literal["en", "zh-CN"] | None = None


GRAB = "grab is null or an object with one of parts, theta, corners."
SENTENCES = (  # (path of the field that is wrong, code, what to say)
    ("id", "bad_request", "id is a whole number."),
    ("source.digit", "bad_request", "source.digit is not base64."),
    ("source.label", "bad_request", "label is a digit from 0 to 9."),
    ("source.strokes[...].p[...]", "bad_request", f"stroke.p is a number from {-PAD} to {2 * PAD}."),
    (
        "source.strokes[...].p",
        "too_long",
        f"A stroke holds pairs of x and y, and a drawing at most {MOST_POINTS} points.",
    ),
    ("source.strokes[...].w", "bad_request", "stroke.w is a number from 10 to 300."),
    ("source.strokes[...]", "bad_request", "A stroke is an object with a list p of x and y."),
    ("source.strokes", "bad_request", f"source.strokes is a list of at most {MOST_STROKES} strokes."),
    ("source", "bad_request", 'source is an object whose kind is "strokes" or "digit".'),
    ("raw", "bad_request", "raw is true or false."),
    ("density", "bad_request", "density is true or false."),
    ("gradient", "bad_request", "gradient is true or false."),
    ("landscape", "bad_request", "landscape is true or false."),
    ("target", "bad_request", "target is a digit from 0 to 9."),
    ("pose.rotation", "bad_request", "pose.rotation is a number from -180 to 180."),
    ("pose.scale", "bad_request", "pose.scale is a number from 0.3 to 2."),
    ("pose.shift_x", "bad_request", "pose.shift_x is a number from -128 to 128."),
    ("pose.shift_y", "bad_request", "pose.shift_y is a number from -128 to 128."),
    ("pose.shear", "bad_request", "pose.shear is a number from -1 to 1."),
    ("pose.elastic_seed", "bad_request", "pose.elastic_seed is a number from 0 to 9999."),
    ("pose.elastic", "bad_request", "pose.elastic is a number from 0 to 4."),
    ("pose.corners", "bad_request", f"pose.corners is a list of 4 points [x, y] from {-CORNER:g} to {CORNER:g}."),
    ("pose", "bad_request", "pose is an object."),
    ("model", "unknown_model", "model is not the name of a checkpoint."),
    ("twin", "unknown_model", "twin is not the name of a checkpoint."),
    (
        "grab.parts",
        "bad_request",
        "grab.parts holds rotation, scale_x, scale_y, shear, shift_x and shift_y, in their ranges.",
    ),
    ("grab.theta", "bad_request", "grab.theta is a list of at most 64 numbers from -100 to 100."),
    ("grab.corners", "bad_request", "grab.corners is a list of 4 points [x, y] from -20 to 20."),
    ("grab", "bad_request", GRAB),
    ("sampler", "bad_request", f"sampler is one of {', '.join(SAMPLERS)}."),
    ("padding", "bad_request", f"padding is one of {', '.join(PADDINGS)}."),
    ("inspect", "bad_request", 'inspect.view is "warped" or "input", and x and y are numbers from 0 to 255.'),
    ("layers.step", "link", f"layers.step is one of {', '.join(map(str, STEPS))}."),
    ("layers", "link", "layers is an object of true and false."),
    ("lang", "link", f"lang is one of {', '.join(LANGUAGES)}."),
)
PATH = re.compile(r" - at `\$\.?(.*)`$")
ID = re.compile(rb'"id"\s*:\s*(\d{1,15})')
_decode = msgspec.json.Decoder(RequestIn).decode


class RequestError(ValueError):
    """What came in cannot be read; ``code`` is stable and names the sentence in the catalogue; ``number`` is the id of the
    request, 0 where it has none."""

    def __init__(self, message: str, code: str = "bad_request", number: int = 0):
        super().__init__(message)
        self.code, self.number = code, number


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


def read_text(text: str | bytes, defaults: Defaults) -> Request:
    """A ``Request`` from the JSON text of a question. Raises RequestError, with the number of the question."""
    try:
        _check_length(text, MOST_BYTES)
        return _request(_decode(text), defaults)
    except RequestError as error:
        error.number = _number(text)
        raise
    except msgspec.ValidationError as error:
        raise _refused(error, _number(text)) from None
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise RequestError("That is not JSON.", number=_number(text)) from None


def parse(text: str | bytes | None, most: int = MOST_BYTES) -> dict:
    """A JSON object from outside, bounded in size; None stands for a body that was longer, see ``http.body``. Raises
    RequestError."""
    if text is None:
        raise too_long(most)
    _check_length(text, most)
    try:
        values = json.loads(text, parse_constant=lambda name: math.nan)
        json.dumps(values, ensure_ascii=False).encode()  # half a pair of surrogates is no text: UnicodeEncodeError
    except (ValueError, RecursionError):
        raise RequestError("That is not JSON.") from None
    if not isinstance(values, dict):
        raise RequestError("A request is a JSON object.")
    return values


def read_request(values: dict, defaults: Defaults) -> Request:
    """A ``Request`` from a parsed JSON object; what is missing takes its default. Raises RequestError."""
    return _request(_converted(values, RequestIn), defaults)


def read_state(values: dict, defaults: Defaults) -> dict:
    """The whole state of a page, as a link holds it: valid, with every default filled in, JSON-ready. Raises
    RequestError."""
    state = _converted({key: values[key] for key in values if key not in ONCE}, StateIn)
    request, source = _request(state, defaults), state.source
    if isinstance(source, StrokesIn):
        written = [{"w": stroke.w, "e": int(bool(stroke.e)), "p": list(stroke.p)} for stroke in source.strokes]
        shown: dict = {"kind": "strokes", "strokes": written}
    else:
        digit, label = request.source.digit, request.source.label
        shown = {"kind": "digit", "digit": base64.b64encode(digit).decode(), "label": label}
    return {
        "source": shown,
        "raw": request.raw,
        "pose": {**request.pose, "corners": [list(corner) for corner in request.pose["corners"]]},
        "model": request.model,
        "twin": request.twin,
        "grab": request.grab,
        "sampler": request.sampler,
        "padding": request.padding,
        "layers": msgspec.structs.asdict(state.layers or LayersIn()),
        "lang": state.lang,
    }


def read_pose(values: Any) -> dict[str, Any]:
    """The fields of a ``data.pose.Pose``, within their ranges. Raises RequestError."""
    return _pose(_converted({"pose": values}, RequestIn).pose)


def _request(read: RequestIn, defaults: Defaults) -> Request:
    """What msgspec cannot check: whether numbers are finite, points come in pairs, and one grab stands alone."""
    inspect = read.inspect
    return Request(
        source=_source(read.source, defaults),
        raw=read.raw,
        pose=_pose(read.pose),
        model=defaults.model if read.model is UNSET or read.model is None else read.model,
        twin=defaults.twin if read.twin is UNSET else read.twin,
        grab=None if read.grab is None else _grab(read.grab),
        sampler=read.sampler,
        padding=read.padding,
        density=read.density,
        inspect=None if inspect is None else (inspect.view, int(inspect.x), int(inspect.y)),
        gradient=read.gradient,
        landscape=read.landscape,
        target=read.target,
        id=read.id,
    )


def _pose(read: PoseIn | None) -> dict[str, Any]:
    pose = msgspec.structs.asdict(read if read is not None else PoseIn())
    pose["elastic_seed"] = int(pose["elastic_seed"])
    return pose


def _source(read: DigitIn | StrokesIn | None, defaults: Defaults) -> Source:
    if read is None:
        return Source(digit=defaults.digit)
    if isinstance(read, StrokesIn):
        if any(len(stroke.p) % 2 for stroke in read.strokes) or (
            sum(len(stroke.p) for stroke in read.strokes) > 2 * MOST_POINTS
        ):
            raise RequestError(
                f"A stroke holds pairs of x and y, and a drawing at most {MOST_POINTS} points.", "too_long"
            )
        return Source(strokes=tuple((stroke.w, bool(stroke.e), stroke.p) for stroke in read.strokes))
    try:
        digit = base64.b64decode(read.digit, validate=True)
    except ValueError:
        raise RequestError("source.digit is not base64.") from None
    if len(digit) != DIGIT_BYTES:
        raise RequestError(f"source.digit holds {len(digit)} bytes; a digit has {DIGIT_BYTES}.")
    return Source(digit=digit, label=read.label)


def _grab(read: GrabIn) -> dict:
    given = {name: value for name in ("parts", "theta", "corners") if (value := getattr(read, name)) is not UNSET}
    if len(given) != 1:
        raise RequestError(GRAB)
    if "parts" in given:
        return {"parts": msgspec.structs.asdict(read.parts)}
    if "corners" in given:
        return {"corners": [list(point) for point in read.corners]}
    return {"theta": read.theta}


def _converted(values: dict, kind: type):
    try:
        return msgspec.convert(values, kind)
    except msgspec.ValidationError as error:
        raise _refused(error) from None
    except (RecursionError, OverflowError, UnicodeError):
        raise RequestError("The request cannot be read.") from None


def _refused(error: msgspec.ValidationError, number: int = 0) -> RequestError:
    """The sentence for a field that msgspec refused; its message ends with the field's path."""
    match = PATH.search(str(error))
    path = match[1] if match else ""
    for start, code, sentence in SENTENCES:
        if path.startswith(start) or (not match and f"`{start}`" in str(error)):
            return RequestError(sentence, code, number)
    return RequestError("A request is a JSON object.", number=number)


def _check_length(text: str | bytes, most: int) -> None:
    if len(text) > most:
        raise too_long(most)


def too_long(most: int) -> RequestError:
    """The error for a request of more than ``most`` bytes."""
    return RequestError(f"That is more than {most // 1024} kB, the most a request may hold.", "too_long")


def _number(text: str | bytes) -> int:
    """The id of a question that could not be read, so that its sender knows which it was."""
    found = ID.search((text.encode("utf-8", "replace") if isinstance(text, str) else text)[:MOST_BYTES])
    return int(found[1]) if found else 0
