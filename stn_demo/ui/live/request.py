"""Read a link or a request: everything that comes from a browser is checked here first.

A value out of range is refused with a sentence; it is never clipped. msgspec decodes the JSON and checks types and ranges
in one pass; ``fields`` holds the fields and the sentences.
"""

from __future__ import annotations

import base64
import json
import math
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
from msgspec import UNSET

from ...limits import LARGEST_REQUEST
from .fields import (
    COLOUR_SIDES,
    DIGIT_BYTES,
    GRAB,
    MOST_POINTS,
    ONCE,
    SENTENCES,
    DigitIn,
    GrabIn,
    LayersIn,
    PoseIn,
    RequestIn,
    StateIn,
    StrokesIn,
)

if TYPE_CHECKING:
    from ...analysis.scene import Grab  # loads torch

Kind = TypeVar("Kind")
PATH = re.compile(r" - at `\$\.?(.*)`$")
ID = re.compile(rb'"id"\s*:\s*(\d{1,15})')
_decode = msgspec.json.Decoder(RequestIn).decode


class RequestError(ValueError):
    """The request cannot be read.

    Attributes:
        code: stable; names the sentence in the catalogue.
        number: the id of the request, 0 if it has none.
    """

    def __init__(self, message: str, code: str = "bad_request", number: int = 0):
        super().__init__(message)
        self.code, self.number = code, number


@dataclass(frozen=True)
class Source:
    """The digit: 784 bytes, or a colour picture of 3 planes (red, green, blue), or strokes (width, erase, points) in pad
    units. Either ``digit`` or ``strokes`` is set.
    """

    digit: bytes | None = None
    strokes: tuple[tuple[float, bool, tuple[float, ...]], ...] | None = None
    label: int | None = None

    @property
    def side(self) -> int | None:
        """Side of a colour picture, px; None for any other source."""
        return None if self.digit is None or len(self.digit) == DIGIT_BYTES else math.isqrt(len(self.digit) // 3)


@dataclass(frozen=True)
class Request:
    """A valid request."""

    source: Source
    raw: bool
    pose: dict[str, Any]
    model: str
    twin: str | None
    grab: Grab | None
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
    """The values of fields that a request leaves out."""

    model: str = "turn-affine"
    twin: str | None = "seed-cnn"
    digit: bytes = field(default=bytes(DIGIT_BYTES))


def error_text(number: int, code: str, message: str) -> str:
    """The JSON answer that refuses request ``number``."""
    return json.dumps({"id": number, "error": {"code": code, "message": message}})


def read_text(text: str | bytes, defaults: Defaults) -> Request:
    """A ``Request`` from JSON text. Raises RequestError with the id of the request."""
    try:
        _check_length(text, LARGEST_REQUEST)
        return _request(_decode(text), defaults)
    except RequestError as error:
        error.number = _number(text)
        raise
    except msgspec.ValidationError as error:
        raise _refused(error, _number(text)) from None
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise RequestError("That is not JSON.", number=_number(text)) from None


def parse(text: str | bytes | None, most: int = LARGEST_REQUEST) -> dict[str, Any]:
    """A JSON object of limited size; None means that the body was too long, see ``http.body``. Raises RequestError."""
    if text is None:
        raise too_long(most)
    _check_length(text, most)
    try:
        values = json.loads(text, parse_constant=lambda name: math.nan)
        json.dumps(values, ensure_ascii=False).encode()  # an unpaired surrogate raises UnicodeEncodeError
    except (ValueError, RecursionError):
        raise RequestError("That is not JSON.") from None
    if not isinstance(values, dict):
        raise RequestError("A request is a JSON object.")
    return values


def read_request(values: dict[str, Any], defaults: Defaults) -> Request:
    """A ``Request`` from a parsed JSON object; missing fields take their defaults. Raises RequestError."""
    return _request(_converted(values, RequestIn), defaults)


def read_state(values: dict[str, Any], defaults: Defaults) -> dict[str, Any]:
    """The whole state of a page, as a link holds it: valid, with all defaults filled in, JSON-ready. Raises
    RequestError.
    """
    state = _converted({key: values[key] for key in values if key not in ONCE}, StateIn)
    request, source = _request(state, defaults), state.source
    if isinstance(source, StrokesIn):
        written = [{"w": stroke.w, "e": int(bool(stroke.e)), "p": list(stroke.p)} for stroke in source.strokes]
        shown: dict[str, Any] = {"kind": "strokes", "strokes": written}
    else:
        digit, label = request.source.digit, request.source.label
        assert digit is not None  # the source is no drawing
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
    """Check what msgspec cannot: numbers are finite, points come in pairs, and there is only one grab."""
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
    if len(digit) != DIGIT_BYTES and not _is_colour(len(digit)):
        raise RequestError(
            f"source.digit holds {len(digit)} bytes; a digit has {DIGIT_BYTES}, a square colour picture three per pixel."
        )
    return Source(digit=digit, label=read.label)


def _is_colour(count: int) -> bool:
    """Whether ``count`` can be the number of bytes of a square colour picture."""

    side, (least, most) = math.isqrt(count // 3), COLOUR_SIDES
    return count == 3 * side * side and least <= side <= most


def _grab(read: GrabIn) -> Grab:
    given: list[Grab] = []
    if read.parts is not UNSET:
        given.append({"parts": msgspec.structs.asdict(read.parts)})
    if read.theta is not UNSET:
        given.append({"theta": read.theta})
    if read.corners is not UNSET:
        given.append({"corners": [list(point) for point in read.corners]})
    if len(given) != 1:
        raise RequestError(GRAB)
    return given[0]


def _converted(values: dict[str, Any], kind: type[Kind]) -> Kind:
    try:
        return msgspec.convert(values, kind)
    except msgspec.ValidationError as error:
        raise _refused(error) from None
    except (RecursionError, OverflowError, UnicodeError):
        raise RequestError("The request cannot be read.") from None


def _refused(error: msgspec.ValidationError, number: int = 0) -> RequestError:
    """The sentence for a field that msgspec refused; msgspec's message ends with the path of the field."""
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
    return RequestError(f"The request is longer than the limit of {most // 1024} kB.", "too_long")


def _number(text: str | bytes) -> int:
    """The id in a request that could not be parsed, for the error message to its sender."""
    found = ID.search((text.encode("utf-8", "replace") if isinstance(text, str) else text)[:LARGEST_REQUEST])
    return int(found[1]) if found else 0
