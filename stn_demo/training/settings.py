"""What a training run is made of, as data."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from ..data.distortions import DISTORTIONS, Distortion
from ..faults import RunError
from ..model import ModelConfig
from ..model.classifier import CLASSIFIERS
from .stages import Moment, Stage, checked, moment

DATA_SETS = ("mnist", "handwriting")
FOLDER = "folder"  # pictures of one's own, see data.folder: from a terminal only
PRECISIONS = ("float32", "bfloat16")
NARROW = 0.15  # of the distortion: about how far digits lean anyway


def _number(default: Any, low: float, high: float, text: str, whole: bool = False) -> Any:
    """A numeric field: its default, its range (both ends allowed), whether it is whole, and what it is in a
    line."""
    return field(default=default, metadata={"range": (low, high), "whole": whole, "help": text})


@dataclass(frozen=True)
class TrainingSettings:
    """Everything a run depends on besides the digits themselves. Two runs with equal settings on one machine
    (same number of threads, CPU) end with the same weights to the bit.

    ``distortion`` is a name in ``DISTORTIONS``, a ``Distortion``, or a dict of its fields. ``stages``: of a run in
    stages, see ``Stage``; none: everything learns together. Numbers, their ranges and what they do: the ``metadata`` of
    the fields.

    Raises:
        ValueError: a sentence that names the field and what it may be; a ``RunError`` where each field for itself may be so.
    """

    model: ModelConfig = ModelConfig()
    data: str = field(
        default="mnist",
        metadata={"choices": DATA_SETS, "help": "which digits: MNIST, or our own generator's"},
    )
    distortion: str | Distortion = field(
        default="pose",
        metadata={"choices": tuple(DISTORTIONS), "help": "how every digit is posed, anew each time"},
    )
    undistorted: float = _number(0.0, 0, 1, "part of each batch that is shown as it was written")
    settling: float = _number(0.0, 0, 1, "first part of the run, in which poses keep to 15 % of the distortion")
    widening: float = _number(0.0, 0, 1, "part of the run after that, in which they widen to all of it")
    widening_factor: float = _number(
        1.0, 0, 1, "times the learning rate while poses widen, of all but the localization network"
    )
    seed: int = _number(0, 0, 2**31 - 1, "of the first weights, the order of the digits and their poses", True)
    epochs: float = _number(20.0, 1e-3, 10_000, "how often every digit is seen")
    batch_size: int = _number(128, 1, 65_536, "digits per step, over all processes", True)
    learning_rate: float = _number(5e-3, 1e-9, 100, "AdamW's, at the top of the schedule")
    localization_factor: float = _number(1.0, 0, 1000, "times the learning rate: the localization network's own")
    weight_decay: float = _number(1e-2, 0, 10, "AdamW's, on weights (not on biases)")
    warm_up: float = _number(0.1, 0, 1, "part of the steps over which the rate rises; then it falls as a cosine")
    clip_norm: float = _number(1.0, 0, 1e9, "longest gradient; longer ones are shortened; 0 = as they are")
    averaging: float = _number(0.0, 0, 0.99999, "decay of the running mean of the weights; 0 = the last weights")
    label_smoothing: float = _number(
        0.0, 0, 0.9, "part of each label that is spread over all classes (Szegedy et al. 2016, section 7)"
    )
    precision: str = field(
        default="float32",
        metadata={
            "choices": PRECISIONS,
            "help": "of convolutions and products in training; theta, grid and sampler stay float32",
        },
    )
    holdout: int = _number(0, 0, 50_000, "training digits (the last ones) kept apart, to choose settings by", True)
    stages: tuple[Stage, ...] = ()

    def __post_init__(self):
        if isinstance(self.model, dict):
            object.__setattr__(self, "model", ModelConfig.from_dict(self.model))
        if not isinstance(self.model, ModelConfig):
            raise ValueError(f"model is {self.model!r}; give a model config.")
        for name, choices in (("data", (*DATA_SETS, FOLDER)), ("precision", PRECISIONS)):
            if getattr(self, name) not in choices:
                raise ValueError(f"{name} is {getattr(self, name)!r}; choose one of {', '.join(choices)}.")
        for item in fields(self):
            if "range" in item.metadata:
                self._check_number(item.name, *item.metadata["range"], item.metadata["whole"])
        if isinstance(self.distortion, dict):
            object.__setattr__(self, "distortion", _distortion(self.distortion))
        elif not isinstance(self.distortion, Distortion) and self.distortion not in DISTORTIONS:
            raise ValueError(f"distortion is {self.distortion!r}; choose one of {', '.join(DISTORTIONS)}.")
        self._check_together()

    def _check_together(self) -> None:
        """Raise for fields that are fine by themselves and do not fit each other."""
        if self.distort.frame != self.model.input_size:
            raise ValueError(
                f"The distortion makes pictures of {self.distort.frame} px, but the model's input_size is "
                f"{self.model.input_size}; make them equal."
            )
        object.__setattr__(self, "stages", checked(self.stages, self.model, self.distort))
        if self.stages and (self.settling or self.widening):
            raise ValueError("In a run in stages the stages say how poses widen; leave settling and widening at 0.")
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
                "with bilinear, bicubic or deconvolution (nearest is for looking)."
            )

    def _normalises_single_pixels(self) -> bool:
        """Whether a batch-normalised localization network stands on a map so small that it pools it to one pixel: batch normalisation
        then has the other digits of the batch only to compare it with."""
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
        """The distortion itself, where ``distortion`` is its name."""
        return DISTORTIONS[self.distortion] if isinstance(self.distortion, str) else self.distortion

    def poses(self, progress: float) -> float:
        """Which part of the distortion's ranges is used at ``progress`` (0 to 1) through the run. A classifier that
        first knows upright digits well, and then learns slowly while poses widen, leaves it to the transformer to
        put them upright; one that meets all poses at once learns them by heart, and the transformer only zooms."""
        if progress < self.settling:
            return NARROW
        if progress >= self.settling + self.widening:
            return 1.0
        return max(NARROW, (progress - self.settling) / self.widening)

    def is_widening(self, progress: float) -> bool:
        return self.settling <= progress < self.settling + self.widening

    def moment(self, step: int, steps: int) -> Moment | None:
        """Which stage ``step`` of a run of ``steps`` belongs to; None in a run without stages."""
        return moment(self.stages, min(step, steps - 1), steps) if self.stages else None

    def twin(self) -> TrainingSettings:
        """Of the plain twin: the same classifier without a transformer, trained as long on the same poses."""
        return self.but(placement=(), output_size=None, looks=1, stages=())

    def steps(self, count: int) -> int:
        """How many steps a run over ``count`` training digits takes."""
        return max(1, round(self.epochs * count / self.batch_size))

    def but(self, **changes: Any) -> TrainingSettings:
        """A copy with other values; fields of the model config may be given directly."""
        known = [item.name for item in fields(self)]
        model = {name: changes.pop(name) for name in list(changes) if name not in known}
        if model:
            changes["model"] = ModelConfig.from_dict({**self.model.to_dict(), **model})
        return replace(self, **changes)

    def to_dict(self) -> dict:
        values = {item.name: getattr(self, item.name) for item in fields(self)}
        values["model"] = self.model.to_dict()
        values["stages"] = [stage.to_dict() for stage in self.stages]
        if isinstance(self.distortion, Distortion):
            values["distortion"] = asdict(self.distortion)
        return values

    @classmethod
    def from_dict(cls, values: dict) -> TrainingSettings:
        """The inverse of ``to_dict``; fields left out take their defaults. ValueError for anything else."""
        if not isinstance(values, dict):
            raise ValueError(f"Training settings are a JSON object, not {type(values).__name__}.")
        names = [item.name for item in fields(cls)]
        unknown = [name for name in values if name not in names]
        if unknown:
            raise ValueError(f"{unknown[0]!r} is no training setting; choose from {', '.join(names)}.")
        return cls(**values)

    def to_json(self) -> str:
        return json.dumps(self.to_dict())

    @classmethod
    def from_json(cls, text: str) -> TrainingSettings:
        """The inverse of ``to_json``. ValueError, with a sentence, for text that is no training settings."""
        try:
            values = json.loads(text)
        except (json.JSONDecodeError, TypeError, RecursionError) as error:
            raise ValueError(f"The training settings are not JSON: {error}.") from None
        return cls.from_dict(values)


def _distortion(values: dict) -> Distortion:
    names = [item.name for item in fields(Distortion)]
    unknown = [name for name in values if name not in names]
    if unknown:
        raise ValueError(f"{unknown[0]!r} is no field of a distortion; choose from {', '.join(names)}.")
    try:
        return Distortion(**values)
    except TypeError as error:
        raise ValueError(f"The distortion cannot be read: {error}.") from None
