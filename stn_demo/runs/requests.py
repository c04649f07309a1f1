"""Checks of the requests to start or change a run."""

from __future__ import annotations

import math
from typing import Any

from ..faults import RunError
from ..training.distributed import is_there
from ..training.settings import TrainingSettings
from .store import checked_name


def described(
    settings: TrainingSettings,
    name: str,
    twin: bool,
    minutes: float | None,
    digits: int | None,
    device: str,
    longest: float,
) -> dict[str, Any]:
    """The content of run.json for a new run, see ``Runs.start``. RunError for values that are not allowed.

    ``longest``: minutes that a run may take.
    """
    if not isinstance(settings, TrainingSettings):
        raise RunError("settings_none", what=type(settings).__name__)
    if not isinstance(device, str) or not is_there(device):
        raise RunError("settings_device", device=device)
    if minutes is not None and not (is_number(minutes) and 0 < minutes <= longest):
        raise RunError("limit_asked", most=longest, minutes=minutes)
    if digits is not None and (type(digits) is not int or digits < 1):
        raise RunError("settings_digits", digits=digits)
    about = {"name": checked_name(name), "settings": settings.to_dict(), "twin": bool(twin)}
    return about | {"minutes": minutes, "steps": None, "digits": digits, "device": device}


def rate_order(rate: float) -> str:
    """The worker's order for a learning rate. RunError for a rate out of range."""
    low, high = TrainingSettings.__dataclass_fields__["learning_rate"].metadata["range"]
    if not is_number(rate) or not low <= rate <= high:
        raise RunError("settings_rate", rate=rate, least=low, most=high)
    return f"rate {float(rate)!r}"


def is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
