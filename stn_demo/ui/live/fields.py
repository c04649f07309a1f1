"""The fields that a link or a request may have: their types, ranges and defaults, and the sentence for each that is
refused. msgspec checks types and ranges while it decodes the JSON, see ``request``.
"""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from ...names import CHECKPOINT, LANGUAGES, PADDINGS, SAMPLERS, Language, PaddingName, SamplerName

DIGIT_BYTES = 28 * 28
COLOUR_SIDES = (8, 128)  # px: of a colour picture, 3 planes of side * side bytes
MOST_STROKES = 500
MOST_POINTS = 4000
PAD = 1000  # side of the drawing pad in pad units
CORNER = 92.0  # largest shift of a corner in x and in y, px: a third of the largest frame
STEPS = (1, 2, 4)
# fields of a request that are not part of a link
ONCE = ("id", "inspect", "density", "gradient", "landscape", "target")


Corner = Annotated[float, Meta(ge=-CORNER, le=CORNER)]
Far = Annotated[float, Meta(ge=-20.0, le=20.0)]
Hundred = Annotated[float, Meta(ge=-100.0, le=100.0)]
Thousand = Annotated[float, Meta(ge=-1000.0, le=1000.0)]
HalfFrame = Annotated[float, Meta(ge=-128.0, le=128.0)]  # px: half of the largest frame
Pixel = Annotated[float, Meta(ge=0.0, le=255.0)]
Name = Annotated[str, Meta(pattern=f"^{CHECKPOINT.pattern}\\Z")]
CornerShift = tuple[Corner, Corner]
FourCorners = tuple[CornerShift, CornerShift, CornerShift, CornerShift]
FarPoint = tuple[Far, Far]
FourFar = tuple[FarPoint, FarPoint, FarPoint, FarPoint]


class PoseIn(Struct, frozen=True):
    """The fields of a ``data.pose.Pose``."""

    rotation: Annotated[float, Meta(ge=-180.0, le=180.0)] = 0.0
    scale: Annotated[float, Meta(ge=0.3, le=2.0)] = 1.0
    shift_x: HalfFrame = 0.0
    shift_y: HalfFrame = 0.0
    shear: Annotated[float, Meta(ge=-1.0, le=1.0)] = 0.0
    elastic: Annotated[float, Meta(ge=0.0, le=4.0)] = 0.0
    elastic_seed: Annotated[float, Meta(ge=0.0, le=9999.0)] = 0.0
    corners: FourCorners = ((0.0, 0.0), (0.0, 0.0), (0.0, 0.0), (0.0, 0.0))


class StrokeIn(Struct, frozen=True):
    """p: x and y of each point in turn; w: width; both in pad units. e: whether it erases."""

    p: Annotated[tuple[Annotated[float, Meta(ge=-PAD, le=2.0 * PAD)], ...], Meta(min_length=2)]
    w: Annotated[float, Meta(ge=10.0, le=300.0)] = 60.0
    e: int | bool = 0


class DigitIn(Struct, frozen=True, tag_field="kind", tag="digit"):
    digit: str
    label: Annotated[int, Meta(ge=0, le=9)] | None = None


class StrokesIn(Struct, frozen=True, tag_field="kind", tag="strokes"):
    strokes: Annotated[tuple[StrokeIn, ...], Meta(max_length=MOST_STROKES)]


class PartsIn(Struct, frozen=True, forbid_unknown_fields=True):
    rotation: Annotated[float, Meta(ge=-100_000.0, le=100_000.0)]
    scale_x: Hundred
    scale_y: Hundred
    shear: Hundred
    shift_x: Thousand
    shift_y: Thousand


class GrabIn(Struct, frozen=True, forbid_unknown_fields=True):
    """Exactly one of the three is set."""

    parts: PartsIn | UnsetType = UNSET
    theta: Annotated[list[Hundred], Meta(max_length=64)] | UnsetType = UNSET
    corners: FourFar | UnsetType = UNSET


class InspectIn(Struct, frozen=True):
    view: Literal["warped", "input"]
    x: Pixel
    y: Pixel


class LayersIn(Struct, frozen=True):
    points: bool = False
    lines: bool = True
    region: bool = True
    density: bool = False
    gradient: bool = False
    landscape: bool = False
    step: Literal[1, 2, 4] = 2


class RequestIn(Struct, frozen=True):
    """A request as received. Unknown fields are ignored."""

    id: int = 0
    source: DigitIn | StrokesIn | None = None
    raw: bool = False
    pose: PoseIn | None = None
    model: Name | UnsetType | None = UNSET
    twin: Name | UnsetType | None = UNSET
    grab: GrabIn | None = None
    sampler: SamplerName | None = None
    padding: PaddingName | None = None
    density: bool = False
    inspect: InspectIn | None = None
    gradient: bool = False
    landscape: bool = False
    target: Annotated[int, Meta(ge=0, le=9)] | None = None


class StateIn(RequestIn, frozen=True):
    """A link: a request and the settings of the page."""

    layers: LayersIn | None = None
    lang: Language | None = None


GRAB = "grab is null or an object with one of parts, theta, corners."
SENTENCES = (  # (path of the wrong field, code, sentence)
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
