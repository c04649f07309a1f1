"""What a network is made of, as data."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from typing import Any

from .classifier import CLASSIFIERS, POINTS, SMALLEST
from .grids import GRIDS
from .localization import LOCALIZATIONS
from .sampler import MODES, PADDINGS

SIZES = (8, 256)  # px a side: of what a network takes and of what its transformer hands on
MOST_LOOKS = 4
CHOICES = {
    "transform": tuple(GRIDS),
    "sampler": MODES,
    "padding": PADDINGS,
    "localization": tuple(LOCALIZATIONS),
    "classifier": tuple(CLASSIFIERS),
}


@dataclass(frozen=True)
class ModelConfig:
    """Everything that ``build_model`` needs. Without arguments: the seed's network, 27,360 parameters.

    Attributes:
        transform: what theta may do: attention, similarity, affine, projective, tps.
        sampler, padding: see ``Sampler``.
        localization: seed, paper, deep, wide, mlp.
        classifier: seed, cnn, deep, fcn.
        input_size: side of the square image the network takes, px.
        output_size: side of the square that the transformer at the input hands on, px; None becomes ``input_size``,
            the only choice without a transformer there. Transformers on feature maps keep their map's size.
        placement: the points of the network at which a transformer stands: any of "input", "conv1", "conv2" (after
            the first, second convolutional block), in that order; none for the plain network.
        looks: how often each transformer looks, 1 to 4: from the second look on at what it has read so far, see
            ``SpatialTransformer``. More than 1 for similarity, affine and projective only, which compose.

    Raises:
        ValueError: a sentence that names the field and the choices.
    """

    transform: str = "affine"
    sampler: str = "bilinear"
    padding: str = "zeros"
    localization: str = "seed"
    classifier: str = "seed"
    input_size: int = 28
    output_size: int = None  # type: ignore[assignment]  # never None after __post_init__
    placement: tuple[str, ...] = ("input",)
    looks: int = 1

    def __post_init__(self) -> None:
        for name, choices in CHOICES.items():
            value = getattr(self, name)
            if not isinstance(value, str) or value not in choices:
                raise ValueError(f"{name} is {value!r}; choose one of {', '.join(choices)}.")
        if self.output_size is None:
            object.__setattr__(self, "output_size", self.input_size)
        for name in ("input_size", "output_size"):
            value = getattr(self, name)
            if type(value) is not int or not SIZES[0] <= value <= SIZES[1]:
                raise ValueError(f"{name} is {value!r}; give a whole number of pixels from {SIZES[0]} to {SIZES[1]}.")
        self._check_placement()
        self._check_looks()
        smallest = SMALLEST[self.classifier]
        if self.output_size < smallest:
            raise ValueError(
                f"output_size is {self.output_size}; the {self.classifier} classifier needs at least {smallest} px."
            )

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
                f"looks is {self.looks}; the {self.transform} transform takes one look, more are for {able}."
            )

    def to_dict(self) -> dict[str, Any]:
        return {**asdict(self), "placement": list(self.placement)}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> ModelConfig:
        """The inverse of ``to_dict``; fields left out take their defaults. ValueError for anything else."""
        if not isinstance(values, dict):
            raise ValueError(f"A model config is a JSON object, not {type(values).__name__}.")
        names = [field.name for field in fields(cls)]
        unknown = [name for name in values if name not in names]
        if unknown:
            raise ValueError(f"{unknown[0]!r} is no field of a model config; choose from {', '.join(names)}.")
        return cls(**values)

    def to_json(self) -> str:
        return json.dumps(self.to_dict())

    @classmethod
    def from_json(cls, text: str) -> ModelConfig:
        """The inverse of ``to_json``. ValueError, with a sentence, for text that is no model config."""
        try:
            values = json.loads(text)
        except (json.JSONDecodeError, TypeError, RecursionError) as error:
            raise ValueError(f"The model config is not JSON: {error}.") from None
        return cls.from_dict(values)
