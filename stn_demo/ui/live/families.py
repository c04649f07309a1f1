"""Which networks belong together: groups by what they have learnt, and the plain network that a network is compared with."""

from __future__ import annotations

from typing import Any

PAPER = ("r", "rts", "p", "e", "tc")  # the distortions of the paper, each a group of its own
UPRIGHT = "upright"  # networks that learnt any pose and stand digits up
OTHER = "other"


def group_of(distortion: object) -> str:
    """The group of a network by the distortion of its training data, a name or a description of its own."""
    if isinstance(distortion, str) and distortion in PAPER:
        return distortion
    return UPRIGHT if distortion == "pose" else OTHER


def own_error(errors: dict[str, float], distortion: object) -> float | None:
    """The measured error in percent on the kind of poses that the network was trained on; None where unknown."""
    name = distortion if isinstance(distortion, str) else "as trained"
    return errors.get(name)


def twin_of(info: dict[str, Any], infos: list[dict[str, Any]]) -> str | None:
    """The plain network of the same group, input size and, where there is one, classifier, with the least error; None
    for a plain network and where there is none."""
    if info["transform"] is None:
        return None
    plain = [
        one
        for one in infos
        if one["transform"] is None and (one["group"], one["size"]) == (info["group"], info["size"]) and one["group"]
    ]
    plain.sort(key=lambda one: (one["classifier"] != info["classifier"], _order(one["error"]), one["name"]))
    return plain[0]["name"] if plain else None


def _order(error: float | None) -> float:
    return 100.0 if error is None else error
