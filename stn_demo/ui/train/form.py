"""The settings of a run that a visitor can choose: presets, choices with their ranges, and the parser of the posted form."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from ...data import mnist
from ...data.distortions import DISTORTIONS
from ...model.classifier import POINTS
from ...model.config import CHOICES, MOST_LOOKS
from ...model.grids import GRIDS
from ...names import LONGEST_CHECKPOINT, LONGEST_RUN
from ...training.distributed import is_there
from ...training.presets import PRESETS
from ...training.settings import DATA_SETS, TrainingSettings
from ..live.request import RequestError
from ..options import Options

ASKED = ("name", "twin", "minutes", "digits", "device")  # arguments of Runs.start besides the settings


def presets() -> list[dict[str, Any]]:
    """[{name, settings, twin, minutes}], in display order."""

    return [
        {
            "name": name,
            "settings": preset.settings.to_dict(),
            "twin": preset.twin,
            "minutes": preset.minutes,
        }
        for name, preset in PRESETS.items()
    ]


def begun(name: str) -> dict[str, Any]:
    """The part of the status that is known before a run of this preset begins. StateError if there is no such preset."""

    if name not in PRESETS:
        raise RequestError(f"{name[:40]!r} is not a preset.")
    return {"settings": PRESETS[name].settings.to_dict()}


def choices(options: Options) -> dict[str, Any]:
    """Every field of the settings with its values or range, and the devices and digits of this machine."""
    return {
        "data": list(DATA_SETS),
        "mnist": mnist.is_complete(options.data),
        "distortion": list(DISTORTIONS),
        "points": {name: list(points) for name, points in POINTS.items()},
        "model": {name: list(values) for name, values in CHOICES.items()},
        "numbers": {
            item.name: {**item.metadata, "range": list(item.metadata["range"])}
            for item in fields(TrainingSettings)
            if "range" in item.metadata
        },
        "named": {
            item.name: {**item.metadata, "choices": list(item.metadata["choices"])}
            for item in fields(TrainingSettings)
            if "choices" in item.metadata
        },
        "longest": options.longest_run,
        "longest_names": {"run": LONGEST_RUN, "network": LONGEST_CHECKPOINT},
        "composes": [name for name, grid in GRIDS.items() if grid.composes],
        "most_looks": MOST_LOOKS,
        "devices": [name for name in ("cpu", "cuda", "mps") if is_there(name)],
    }


def read(values: dict[str, Any]) -> dict[str, Any]:
    """The arguments of ``Runs.start`` from a posted {settings, name, twin, minutes, digits, device}; the input size of
    the network is set to that of the distortion. ValueError, with a sentence, for values that are not allowed.
    """

    unknown = set(values) - {"settings", *ASKED}
    if unknown:
        raise RequestError(f"Unknown field {min(unknown)!r}.")
    settings = values.get("settings")
    if not isinstance(settings, dict) or not isinstance(settings.get("model", {}), dict):
        raise RequestError("settings is an object.")
    distortion = settings.get("distortion", "pose")
    if not isinstance(distortion, (str, dict)):
        raise RequestError("distortion is a name, or an object of ranges.")
    if isinstance(distortion, dict):
        size = distortion.get("frame", 28)
    else:
        size = DISTORTIONS[distortion].frame if distortion in DISTORTIONS else 28
    asked = {
        "settings": TrainingSettings.from_dict(
            {**settings, "model": {"input_size": size, **settings.get("model", {})}}
        ),
        "name": values.get("name", ""),
        "twin": values.get("twin", False),
        "minutes": values.get("minutes"),
        "digits": values.get("digits"),
        "device": values.get("device", "cpu"),
    }
    for name, kinds in (("name", str), ("twin", bool), ("device", str)):
        if not isinstance(asked[name], kinds):
            raise RequestError(f"{name} has the wrong type.")
    for name in ("minutes", "digits"):
        value = asked[name]
        if value is not None and (isinstance(value, bool) or not isinstance(value, (int, float)) or not value > 0):
            raise RequestError(f"{name} is a number above 0, or nothing.")
    if asked["digits"] is not None:
        asked["digits"] = int(asked["digits"])
    return asked
