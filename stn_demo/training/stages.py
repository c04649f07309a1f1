"""A run in stages: what learns in each stage, which classifier reads the output of the transformer, and the range of
poses.

A transformer that learns together with its classifier leaves most of the rotation to it: the classifier learns the
remaining rotations, and nothing rewards undoing them. Stages separate the two. First a reader learns nearly upright
digits. Then it is frozen, and the transformer learns to make digits readable for it while poses widen. Then the
transformer is frozen, and the network's own classifier learns its output.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any, NamedTuple

from ..data.distortions import Distortion
from ..model import ModelConfig
from ..model.classifier import CLASSIFIERS, SMALLEST, height_width
from ..model.config import MOST_LOOKS
from ..model.grids import GRIDS

LEARNERS = ("reader", "transformer", "all")
OWN = "own"
READERS = (OWN, *CLASSIFIERS)
SLACK = 1e-6  # allowed deviation of the sum of all shares from 1


@dataclass(frozen=True)
class Stage:
    """One stage of a run.

    Attributes:
        share: fraction of the run's steps, above 0; the shares of all stages add up to 1.
        learns: "reader", "transformer" or "all"; the other part keeps its weights.
        reader: the classifier that reads the output of the transformer: "own", the network's classifier, or a name in
            ``CLASSIFIERS`` for one that belongs to the run only and is in no checkpoint.
        poses: (from, to): fraction of the distortion's ranges, including shifts, at the start and at the end. Up to
            1.1, which exceeds the ranges of rotation, scale and shear by a tenth.
        widening: fraction of the stage over which ``poses`` grows linearly from its first to its last value.
        rate: factor of the run's learning rate.
        labels: weight of the classification loss (mean negative log-likelihood of the labels) after the last look.
        looks: weight of the same loss after each earlier look.
        depth: number of looks that the transformer takes in this stage, or 0 for all. Further looks in later stages and
            in use sharpen the result and cost no training.
        ends: draw angles near the ends of their range more often (``Distortion.ends``): only these teach which way up a
            digit is that looks similar upside down.
        quarters: weight of the pull towards a further quarter or half turn if the reader then reads the label better
            (``objective.quarter_term``).
        views: weight of the two-view term (``objective.view_term``). Each batch then has half as many digits, each in
            two poses. It needs no angle of any digit, but uses the known difference between the two poses.
        teaching: in the two-view term only the view that is rotated further learns; the other is taken as correct.
        near: fraction of the range of angles from which the first of the two views is drawn.

    Raises:
        ValueError: a sentence that names the field.
    """

    share: float
    learns: str = "all"
    reader: str = OWN
    poses: tuple[float, float] = (1.0, 1.0)
    widening: float = 1.0
    rate: float = 1.0
    labels: float = 1.0
    looks: float = 0.0
    depth: int = 0
    ends: bool = False
    quarters: float = 0.0
    views: float = 0.0
    teaching: bool = False
    near: float = 1.0

    def __post_init__(self) -> None:
        for name, choices in (
            ("learns", LEARNERS),
            ("reader", READERS),
            ("teaching", (False, True)),
            ("ends", (False, True)),
            ("depth", range(MOST_LOOKS + 1)),
        ):
            if getattr(self, name) not in choices:
                listed = ", ".join(map(str, choices))
                raise ValueError(f"{name} of a stage is {getattr(self, name)!r}; choose one of {listed}.")
        if not isinstance(self.poses, (tuple, list)) or len(self.poses) != 2:
            raise ValueError(f"poses of a stage is {self.poses!r}; give two numbers, from and to.")
        object.__setattr__(self, "poses", tuple(_number("poses", value, 0, 1.1) for value in self.poses))
        limits = {"share": (1e-6, 1), "widening": (0, 1), "near": (0, 1)}
        for name in ("share", "widening", "rate", "labels", "looks", "quarters", "views", "near"):
            object.__setattr__(self, name, _number(name, getattr(self, name), *limits.get(name, (0, 1000))))

    def reach(self, progress: float) -> float:
        """The fraction of the ranges of poses at ``progress`` (0 to 1) through the stage."""
        first, last = self.poses
        return last if progress >= self.widening else first + (last - first) * progress / self.widening

    @classmethod
    def from_dict(cls, values: object) -> Stage:
        """A stage from its fields; missing fields take their defaults. ValueError for unknown fields and invalid
        values.
        """
        names = [item.name for item in fields(cls)]
        if not isinstance(values, dict) or not set(values) <= set(names) or "share" not in values:
            raise ValueError(f"A stage is an object with a share and any of {', '.join(names[1:])}, not {values!r}.")
        return cls(**values)

    def to_dict(self) -> dict[str, Any]:
        return {**asdict(self), "poses": list(self.poses)}


class Moment(NamedTuple):
    """The stage of a step: its number from 0, its first step, and the first step of the next stage."""

    stage: int
    first: int
    end: int


def moment(stages: tuple[Stage, ...], step: int, steps: int) -> Moment:
    """The stage of ``step`` (0 to ``steps`` - 1) in a run of ``steps`` steps."""
    first, passed = 0, 0.0
    for index, stage in enumerate(stages):
        passed += stage.share
        end = steps if index == len(stages) - 1 else round(passed * steps)
        if step < end:
            return Moment(index, first, end)
        first = end
    return Moment(len(stages) - 1, first, steps)


def checked(values: object, model: ModelConfig, distortion: Distortion) -> tuple[Stage, ...]:
    """``values``, a list of stages or of dicts of their fields, as stages that fit the network and the distortion.

    Raises:
        ValueError: a sentence.
    """
    if not isinstance(values, (tuple, list)):
        raise ValueError(f"stages is {values!r}; give a list of stages.")
    stages = tuple(value if isinstance(value, Stage) else Stage.from_dict(value) for value in values)
    if not stages:
        return stages
    total = sum(stage.share for stage in stages)
    if abs(total - 1) > SLACK:
        raise ValueError(f"The shares of the stages add up to {total:g}; make it 1.")
    if model.placement != ("input",):
        raise ValueError("A run in stages needs one transformer, at the input.")
    for stage in stages:
        if stage.reader != OWN and min(height_width(model.output_size)) < SMALLEST[stage.reader]:
            raise ValueError(f"The reader {stage.reader} needs an output_size of {SMALLEST[stage.reader]} px at least.")
        if (stage.views or stage.quarters) and not GRIDS[model.transform].composes:
            raise ValueError(
                f"The two-view and quarter terms need a transform with a rotation; {model.transform} has none."
            )
        if stage.depth > model.looks:
            raise ValueError(f"depth of a stage is {stage.depth}, but the network takes {model.looks} looks.")
        if stage.views and (distortion.corner_sigma or distortion.elastic_sigma or distortion.clutter):
            raise ValueError("The two-view term needs a distortion that only rotates, scales, shears and shifts.")
    return stages


def _number(name: str, value: object, low: float, high: float) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
        raise ValueError(f"{name} of a stage is {value!r}; give a number from {low:g} to {high:g}.")
    return float(value)
