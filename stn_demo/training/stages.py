"""A run in stages: who learns in each, who reads what the transformer hands on, and how far poses reach.

A transformer that learns together with its classifier leaves most of the turning to it: the classifier learns the turns
that are left, and there is nothing to gain from undoing them. In stages the two are kept apart. First a reader learns
digits that are nearly upright; then it is frozen, and the transformer learns to make digits readable for it while poses
widen; then the transformer is frozen, and the classifier of the network learns what is handed on.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import NamedTuple

from ..data.distortions import Distortion
from ..model import ModelConfig
from ..model.classifier import CLASSIFIERS, SMALLEST, height_width
from ..model.config import MOST_LOOKS
from ..model.grids import GRIDS

LEARNERS = ("reader", "transformer", "all")
OWN = "own"
READERS = (OWN, *CLASSIFIERS)
SLACK = 1e-6  # the shares of the stages may miss 1 by this much


@dataclass(frozen=True)
class Stage:
    """One stage of a run.

    Attributes:
        share: of the steps of the run, above 0; the shares of all stages add up to 1.
        learns: "reader", "transformer" or "all" of both; what does not learn keeps its weights.
        reader: who reads what the transformer hands on: "own", the network's classifier, or another classifier of
            ``CLASSIFIERS``, which belongs to the run only and is in no checkpoint.
        poses: (from, to): which part of the ranges of the distortion is used at first and at last; shifts, too. The ranges
            of rotation, scale and shear may be passed by a tenth (1.1).
        widening: the part of the stage over which ``poses`` goes from its first to its last value, linearly.
        rate: times the learning rate of the run.
        labels: weight of the error in the class, the mean negative log-likelihood of the labels, after the last look.
        looks: weight of the same after each of the looks before the last.
        depth: how many of its looks the transformer takes, or 0: all. Those that it takes later only, in further stages and
            when it is used, sharpen what it has learnt, and cost no training.
        ends: angles are drawn more often near the ends of their range (``Distortion.ends``): which way up a digit is that
            looks much the same from below, only the ends can teach.
        quarters: weight of the pull to a quarter turn or a half turn more, where the reader then reads the label better
            (``objective.quarter_term``).
        views: weight of the two-view term (``objective.view_term``); with it each batch is half as many digits, each in
            two poses. It needs no angle of any digit, but it uses that we know what we did between the two.
        teaching: in the two-view term only the view that was turned further learns; the other is taken as right.
        near: part of the range of angles from which the first of the two views is drawn.

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

    def __post_init__(self):
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
        """Which part of the ranges of poses is used at ``progress`` (0 to 1) through the stage."""
        first, last = self.poses
        return last if progress >= self.widening else first + (last - first) * progress / self.widening

    @classmethod
    def from_dict(cls, values: object) -> Stage:
        """Of its fields; those left out take their defaults. ValueError for anything else."""
        names = [item.name for item in fields(cls)]
        if not isinstance(values, dict) or not set(values) <= set(names) or "share" not in values:
            raise ValueError(f"A stage is an object with a share and any of {', '.join(names[1:])}, not {values!r}.")
        return cls(**values)

    def to_dict(self) -> dict:
        return {**asdict(self), "poses": list(self.poses)}


class Moment(NamedTuple):
    """Where a step is: the number of its stage, the first step of that stage and the first of the next."""

    index: int
    first: int
    end: int


def moment(stages: tuple[Stage, ...], step: int, steps: int) -> Moment:
    """Of ``step`` (0 to ``steps`` - 1) in a run of ``steps`` steps."""
    first, passed = 0, 0.0
    for index, stage in enumerate(stages):
        passed += stage.share
        end = steps if index == len(stages) - 1 else round(passed * steps)
        if step < end:
            return Moment(index, first, end)
        first = end
    return Moment(len(stages) - 1, first, steps)


def checked(values: object, model: ModelConfig, distortion: Distortion) -> tuple[Stage, ...]:
    """``values``, a row of stages or of dicts of their fields, as stages that fit the network and the distortion.

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
            raise ValueError(f"The two-view and quarter terms are for transforms that turn, not for {model.transform}.")
        if stage.depth > model.looks:
            raise ValueError(f"depth of a stage is {stage.depth}, but the network takes {model.looks} looks.")
        if stage.views and (distortion.corner_sigma or distortion.elastic_sigma or distortion.clutter):
            raise ValueError("The two-view term is for distortions that turn, scale, shear and shift only.")
    return stages


def _number(name: str, value: object, low: float, high: float) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
        raise ValueError(f"{name} of a stage is {value!r}; give a number from {low:g} to {high:g}.")
    return float(value)
