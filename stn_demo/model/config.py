"""The architecture of a network, as data."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from .. import objects
from ..names import PADDINGS, SAMPLERS
from .classifier import CLASSIFIERS, POINTS, SMALLEST, Size, height_width
from .grids import GRIDS
from .localization import LOCALIZATIONS

CHANNELS, CLASSES, LONGEST_NAME = (1, 64), (2, 1000), 60
SIZES = (8, 256)  # side, px, of the network's input and of the transformer's output
MOST_LOOKS = 4
CHOICES = {
    "transform": tuple(GRIDS),
    "sampler": SAMPLERS,
    "padding": PADDINGS,
    "localization": tuple(LOCALIZATIONS),
    "classifier": tuple(CLASSIFIERS),
}


@dataclass(frozen=True)
class ModelConfig:
    """Everything that ``build_model`` needs. The defaults describe the seed network with 27,360 parameters.

    Attributes:
        transform: the family of transforms: attention, similarity, affine, projective, tps.
        sampler, padding: see ``Sampler``.
        localization: seed, paper, deep, wide, mlp.
        classifier: seed, cnn, deep, fcn.
        input_size: of the network, px: the side of a square image, or (height, width).
        output_size: of the transformer at the input, px, likewise; None becomes ``input_size``, which is required
            without a transformer there. Transformers on feature maps keep the size of their map.
        placement: where the transformers are: any of "input", "conv1", "conv2" (after the first, second convolutional
            block), in that order; empty for a plain network.
        looks: number of looks of each transformer, 1 to 4: from the second look on it sees what it has read so far, see
            ``SpatialTransformer``. More than 1 only for families that compose: similarity, affine and projective.
        in_channels: of the image: 1 for grey, 3 for colour, up to 64.
        classes: number of classes, 2 to 1000.
        class_names: in the order of the network's output; empty: "0", "1", "2" ..., see ``names``.

    Raises:
        ValueError: a sentence that names the field and its allowed values.
    """

    transform: str = "affine"
    sampler: str = "bilinear"
    padding: str = "zeros"
    localization: str = "seed"
    classifier: str = "seed"
    input_size: Size = 28
    output_size: Size = None  # type: ignore[assignment]  # never None after __post_init__
    placement: tuple[str, ...] = ("input",)
    looks: int = 1
    in_channels: int = 1
    classes: int = 10
    class_names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name, choices in CHOICES.items():
            value = getattr(self, name)
            if not isinstance(value, str) or value not in choices:
                raise ValueError(f"{name} is {value!r}; choose one of {', '.join(choices)}.")
        if self.output_size is None:
            object.__setattr__(self, "output_size", self.input_size)
        for name in ("input_size", "output_size"):
            object.__setattr__(self, name, _checked_size(name, getattr(self, name)))
        self._check_placement()
        self._check_looks()
        self._check_classes()
        smallest = SMALLEST[self.classifier]
        if min(height_width(self.output_size)) < smallest:
            raise ValueError(
                f"output_size is {self.output_size}; the {self.classifier} classifier needs at least {smallest} px."
            )

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the classes, in the order of the network's output."""
        return self.class_names or tuple(map(str, range(self.classes)))

    @property
    def side(self) -> int:
        """Side of the network's input, px; ValueError if it is not square."""
        return _side(self.input_size)

    @property
    def output_side(self) -> int:
        """Side of the output of the transformer at the input, px; ValueError if it is not square."""
        return _side(self.output_size)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height and width of the network's input."""
        return (self.in_channels, *height_width(self.input_size))

    def _check_placement(self) -> None:
        points = POINTS[self.classifier]
        choices = f"any of {', '.join(points)} for the {self.classifier} classifier, each once, or none"
        if isinstance(self.placement, str) or not isinstance(self.placement, (tuple, list)):
            raise ValueError(f"placement is {self.placement!r}; give a list with {choices}.")
        if any(point not in points for point in self.placement) or len(set(self.placement)) < len(self.placement):
            raise ValueError(f"placement is {list(self.placement)!r}; choose {choices}.")
        object.__setattr__(self, "placement", tuple(point for point in points if point in self.placement))
        if "input" not in self.placement and self.output_size != self.input_size:
            raise ValueError(
                f"output_size is {self.output_size}; without a transformer at the input it must equal input_size, "
                f"{self.input_size}."
            )

    def _check_looks(self) -> None:
        if type(self.looks) is not int or not 1 <= self.looks <= MOST_LOOKS:
            raise ValueError(f"looks is {self.looks!r}; give a whole number from 1 to {MOST_LOOKS}.")
        if self.looks > 1 and not GRIDS[self.transform].composes:
            able = ", ".join(name for name, grid in GRIDS.items() if grid.composes)
            raise ValueError(
                f"looks is {self.looks}; the {self.transform} transform allows one look only (more: {able})."
            )

    def _check_classes(self) -> None:
        for name, (low, high) in (("in_channels", CHANNELS), ("classes", CLASSES)):
            value = getattr(self, name)
            if type(value) is not int or not low <= value <= high:
                raise ValueError(f"{name} is {value!r}; give a whole number from {low} to {high}.")
        names = self.class_names
        if not isinstance(names, (tuple, list)) or not all(isinstance(name, str) and name for name in names):
            raise ValueError(f"class_names is {names!r}; give a list of names.")
        if names and (len(names) != self.classes or len(set(names)) < len(names)):
            raise ValueError(
                f"class_names has {len(names)} names; give one for each of the {self.classes} classes, all different."
            )
        object.__setattr__(self, "class_names", tuple(name[:LONGEST_NAME] for name in names))

    def to_dict(self) -> dict[str, Any]:
        """For JSON. Fields that were added later are left out if they have their defaults."""
        values = {**asdict(self), "placement": list(self.placement), "class_names": list(self.class_names)}
        for name in ("input_size", "output_size"):
            if not isinstance(values[name], int):
                values[name] = list(values[name])
        defaults = {"in_channels": 1, "classes": 10, "class_names": []}
        return {name: value for name, value in values.items() if name not in defaults or value != defaults[name]}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> ModelConfig:
        """The inverse of ``to_dict``; missing fields take their defaults. ValueError for unknown fields and invalid
        values.
        """
        objects.check_names(values, cls, "the model config")
        return cls(**values)

    def to_json(self) -> str:
        return json.dumps(self.to_dict())

    @classmethod
    def from_json(cls, text: str) -> ModelConfig:
        """The inverse of ``to_json``. ValueError, with a sentence, for any other text."""
        return cls.from_dict(objects.parsed(text, "the model config"))


def _checked_size(name: str, value: object) -> Size:
    """``value`` as an int, the side of a square, or as (height, width); ValueError for anything else."""
    sides: tuple[Any, ...] = tuple(value) if isinstance(value, (tuple, list)) and len(value) == 2 else (value, value)
    if any(type(side) is not int or not SIZES[0] <= side <= SIZES[1] for side in sides):
        raise ValueError(
            f"{name} is {value!r}; give a whole number of pixels from {SIZES[0]} to {SIZES[1]}, or two: height, width."
        )
    height, width = sides
    return int(height) if height == width else (height, width)


def _side(size: Size) -> int:
    if isinstance(size, int):
        return size
    raise ValueError(f"This network has images of {size[0]} x {size[1]} px; this needs a network with square images.")
