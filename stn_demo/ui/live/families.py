"""Groups of networks by their training data, and the plain network that each is compared with."""

from __future__ import annotations

from typing import Any

from ...analysis.published import DISTORTIONS

UPRIGHT = "upright"  # networks trained on any pose that turn digits upright
OTHER = "other"
ALIKE = ("group", "size", "channels", "names")  # what a network and its twin have in common


def group_of(distortion: object, has_own_classes: bool = False) -> str:
    """The group of a network, from the distortion of its training data (a name or a dict). A network with classes other than
    the ten digits belongs to none of the groups of digits."""
    if has_own_classes:
        return OTHER
    if isinstance(distortion, str) and distortion in DISTORTIONS:
        return distortion
    return UPRIGHT if distortion == "pose" else OTHER


def own_error(errors: dict[str, float], distortion: object) -> float | None:
    """The measured error, percent, on the distortion that the network was trained on; None if unknown."""
    name = distortion if isinstance(distortion, str) else "as trained"
    return errors.get(name)


def twin_of(info: dict[str, Any], infos: list[dict[str, Any]]) -> str | None:
    """The plain network with the lowest error in the same group, with the same input size, channels and classes and, if
    possible, the same classifier; None for a plain network or if there is none.
    """
    if info["transform"] is None:
        return None
    plain = [
        one
        for one in infos
        if one["transform"] is None and one["group"] and all(one[key] == info[key] for key in ALIKE)
    ]
    plain.sort(key=lambda one: (one["classifier"] != info["classifier"], _order(one["error"]), one["name"]))
    return plain[0]["name"] if plain else None


def _order(error: float | None) -> float:
    return 100.0 if error is None else error
