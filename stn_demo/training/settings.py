"""The settings of a training run, as data."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from .. import objects
from ..data.distortions import DISTORTIONS, Distortion
from ..faults import RunError
from ..model import ModelConfig
from ..model.classifier import CLASSIFIERS
from .stages import Moment, Stage, checked, moment

DATA_SETS = ("mnist", "handwriting")
HANDS = "mnist-and-hands"  # MNIST and some generated 1s and 4s in styles that it lacks
FOLDER = "folder"  # the user's own pictures, see data.folder; from a terminal only
PRECISIONS = ("float32", "bfloat16")
NARROW = 0.15  # fraction of the distortion: about the slant of undistorted digits


def _number(default: Any, low: float, high: float, text: str, whole: bool = False) -> Any:
    """A numeric field: its default, its range (both ends included), its one-line description, and whether it is an
    integer.
    """
    return field(default=default, metadata={"range": (low, high), "whole": whole, "help": text})


@dataclass(frozen=True)
class TrainingSettings:
    """Everything that a run depends on except the digits themselves. Two runs with equal settings on one machine (same
    number of threads, CPU) end with the same weights to the bit.

    ``distortion`` is a name in ``DISTORTIONS``, a ``Distortion``, or a dict of its fields. ``stages``: the stages of
    the run, see ``Stage``; empty: everything learns together. The ``metadata`` of the numeric fields holds their ranges
    and descriptions.

    Raises:
        ValueError: a sentence that names the field and its allowed values. A ``RunError`` if the fields are allowed one
            by one but not together.
    """

    model: ModelConfig = ModelConfig()
    data: str = field(
        default="mnist",
        metadata={
            "choices": (*DATA_SETS, HANDS),
            "help": "MNIST, generated handwriting, or MNIST and generated 1s and 4s in styles that it lacks",
        },
    )
    distortion: str | Distortion = field(
        default="pose",
        metadata={"choices": tuple(DISTORTIONS), "help": "random distortion of each training digit"},
    )
    undistorted: float = _number(0.0, 0, 1, "fraction of each batch that is not distorted")
    settling: float = _number(0.0, 0, 1, "first fraction of the run, with 15 % of the distortion")
    widening: float = _number(0.0, 0, 1, "fraction of the run after that, in which the distortion grows to 100 %")
    widening_factor: float = _number(
        1.0, 0, 1, "factor of the learning rate while the distortion grows, except for the localization network"
    )
    seed: int = _number(0, 0, 2**31 - 1, "of the initial weights, the order of the digits and their poses", True)
    epochs: float = _number(20.0, 1e-3, 10_000, "number of passes over the training digits")
    batch_size: int = _number(128, 1, 65_536, "digits per step, over all processes", True)
    learning_rate: float = _number(5e-3, 1e-9, 100, "of AdamW, at the top of the schedule")
    localization_factor: float = _number(1.0, 0, 1000, "factor of the learning rate for the localization network")
    weight_decay: float = _number(1e-2, 0, 10, "of AdamW, on weights (not on biases)")
    warm_up: float = _number(0.1, 0, 1, "fraction of the steps in which the rate rises; then it falls as a cosine")
    clip_norm: float = _number(1.0, 0, 1e9, "largest norm of the gradient; longer ones are clipped; 0 = no limit")
    averaging: float = _number(0.0, 0, 0.99999, "decay of the running mean of the weights; 0 = the last weights")
    label_smoothing: float = _number(
        0.0, 0, 0.9, "fraction of each label that is spread over all classes (Szegedy et al. 2016, section 7)"
    )
    precision: str = field(
        default="float32",
        metadata={
            "choices": PRECISIONS,
            "help": "of convolutions and matrix products in training; theta, grid and sampler stay float32",
        },
    )
    holdout: int = _number(
        0, 0, 50_000, "number of training digits (the last ones) held out for choosing settings", True
    )
    stages: tuple[Stage, ...] = ()

    def __post_init__(self) -> None:
        if isinstance(self.model, dict):
            object.__setattr__(self, "model", ModelConfig.from_dict(self.model))
        if not isinstance(self.model, ModelConfig):
            raise ValueError(f"model is {self.model!r}; give a model config.")
        for name, choices in (("data", (*DATA_SETS, HANDS, FOLDER)), ("precision", PRECISIONS)):
            if getattr(self, name) not in choices:
                raise ValueError(f"{name} is {getattr(self, name)!r}; choose one of {', '.join(choices)}.")
        for item in fields(self):
            if "range" in item.metadata:
                low, high = item.metadata["range"]
                self._check_number(item.name, low, high, item.metadata["whole"])
        if isinstance(self.distortion, dict):
            object.__setattr__(self, "distortion", _distortion(self.distortion))
        elif not isinstance(self.distortion, Distortion) and self.distortion not in DISTORTIONS:
            raise ValueError(f"distortion is {self.distortion!r}; choose one of {', '.join(DISTORTIONS)}.")
        self._check_together()

    def _check_together(self) -> None:
        """Raise for fields that are allowed one by one but do not fit together."""
        if self.distort.frame != self.model.input_size:
            raise ValueError(
                f"The distortion makes images of {self.distort.frame} px, but the model's input_size is "
                f"{self.model.input_size}; make them equal."
            )
        object.__setattr__(self, "stages", checked(self.stages, self.model, self.distort))
        if self.stages and (self.settling or self.widening):
            raise ValueError(
                "In a run in stages the stages set the range of the poses; leave settling and widening at 0."
            )
        if self.batch_size % 2 and any(stage.views for stage in self.stages):
            raise ValueError(f"batch_size is {self.batch_size}; the two-view term needs an even number.")
        if self.settling + self.widening > 1:
            raise RunError("settings_parts", settling=self.settling, widening=self.widening)
        if self.undistorted and self.distort.frame != self.distort.picture:
            raise RunError(
                "settings_undistorted",
                undistorted=self.undistorted,
                written=self.distort.picture,
                frame=self.distort.frame,
            )
        if self.batch_size == 1 and self._normalises_single_pixels():
            raise RunError("settings_single")
        if self.model.sampler == "nearest" and self.model.placement:
            raise ValueError(
                "The nearest sampler has no gradient in theta, so its transformer would never learn; train "
                "with bilinear, bicubic or deconvolution (nearest is only for viewing)."
            )

    def _normalises_single_pixels(self) -> bool:
        """Whether a localization network with batch normalisation gets a map so small that it is pooled to one pixel.
        The only other values for the normalisation are then those of the other digits in the batch.
        """
        shapes = CLASSIFIERS[self.model.classifier](self.model.output_size).shapes
        return self.model.localization in ("deep", "wide") and any(
            min(shapes[point][1:]) < 4 for point in self.model.placement
        )

    def _check_number(self, name: str, low: float, high: float, whole: bool) -> None:
        value = getattr(self, name)
        kinds = int if whole else (int, float)
        if isinstance(value, bool) or not isinstance(value, kinds) or not low <= value <= high:
            kind = "a whole number" if whole else "a number"
            raise ValueError(f"{name} is {value!r}; give {kind} from {low:g} to {high:g}.")
        if not whole:
            object.__setattr__(self, name, float(value))

    @property
    def distort(self) -> Distortion:
        """The distortion itself, also if ``distortion`` is a name."""
        return DISTORTIONS[self.distortion] if isinstance(self.distortion, str) else self.distortion

    def poses(self, progress: float) -> float:
        """The fraction of the distortion's ranges that is used at ``progress`` (0 to 1) through the run.

        A classifier that first learns upright digits well, and then learns slowly while poses widen, leaves rotation to
        the transformer. A classifier that sees all poses from the start memorises them, and the transformer only zooms.
        """
        if progress < self.settling:
            return NARROW
        if progress >= self.settling + self.widening:
            return 1.0
        return max(NARROW, (progress - self.settling) / self.widening)

    def is_widening(self, progress: float) -> bool:
        return self.settling <= progress < self.settling + self.widening

    def moment(self, step: int, steps: int) -> Moment | None:
        """The stage of ``step`` in a run of ``steps``; None in a run without stages."""
        return moment(self.stages, min(step, steps - 1), steps) if self.stages else None

    def twin(self) -> TrainingSettings:
        """Settings of the plain twin: the same classifier without a transformer, trained as long on the same poses."""
        return self.but(placement=(), output_size=None, looks=1, stages=())

    def steps(self, count: int) -> int:
        """The number of steps of a run over ``count`` training digits."""
        return max(1, round(self.epochs * count / self.batch_size))

    def but(self, **changes: Any) -> TrainingSettings:
        """A copy with some values changed; fields of the model config may be given directly."""
        known = [item.name for item in fields(self)]
        model = {name: changes.pop(name) for name in list(changes) if name not in known}
        if model:
            changes["model"] = ModelConfig.from_dict({**self.model.to_dict(), **model})
        return replace(self, **changes)

    def to_dict(self) -> dict[str, Any]:
        values = {item.name: getattr(self, item.name) for item in fields(self)}
        values["model"] = self.model.to_dict()
        values["stages"] = [stage.to_dict() for stage in self.stages]
        if isinstance(self.distortion, Distortion):
            values["distortion"] = asdict(self.distortion)
        return values

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> TrainingSettings:
        """The inverse of ``to_dict``; missing fields take their defaults. ValueError for unknown fields and invalid
        values.
        """
        objects.check_names(values, cls, "the training settings")
        return cls(**values)

    def to_json(self) -> str:
        return json.dumps(self.to_dict())

    @classmethod
    def from_json(cls, text: str) -> TrainingSettings:
        """The inverse of ``to_json``. ValueError, with a sentence, for any other text."""
        return cls.from_dict(objects.parsed(text, "the training settings"))


def _distortion(values: dict[str, Any]) -> Distortion:
    objects.check_names(values, Distortion, "the distortion")
    try:
        return Distortion(**values)
    except TypeError as error:
        raise ValueError(f"The distortion cannot be read: {error}.") from None
