"""The three opening sentences of the Results page: accuracy, how the transformer achieves it, and where it does not help.
Their numbers come from the measurements; a sentence whose numbers were not measured is left out."""

from __future__ import annotations

from ...analysis import cells
from .figures import number

TURN = 60  # degrees, the rotation in the second sentence


def sentences(results: dict) -> list[dict]:
    """The sentences as {"key", "args"}, from the result of ``analysis.results.read_all``."""
    return [found for found in (_right(results), _turns(results), _ties(results["table"])) if found]


def overlap(one: dict, other: dict) -> bool:
    """Whether the 95 % intervals of two results or table cells overlap; if so, neither is called better."""
    return one["interval"][0] <= other["interval"][1] and other["interval"][0] <= one["interval"][1]


def _right(results: dict) -> dict | None:
    """The errors of the default transformer and of the best plain network that was tested on the same poses."""
    pairs = cells.pairs(results["table"])
    if not pairs:
        return None
    entry = results["table"][pairs[0].name]
    args = {"name": pairs[0].name, "right": number(100 - entry["result"]["error"], 1)}
    args["distortion"] = entry["test"]["distortion"]
    twins = {pair.twin for pair in pairs if pair.twin}
    plain = [name for name in twins if results["table"][name]["test"]["distortion"] == args["distortion"]]
    if not plain:
        return _said("right.alone", args)
    best = min(plain, key=lambda name: results["table"][name]["result"]["error"])
    return _said(
        "right", args | {"plain": best, "plain_right": number(100 - results["table"][best]["result"]["error"], 1)}
    )


def _turns(results: dict) -> dict | None:
    """How far the frame of the default transformer turns with a digit."""
    pairs = cells.pairs(results["table"])
    found = results.get("turning", {}).get(pairs[0].name) if pairs else None
    if found is None:
        return None
    slope, digits = found["result"]["slope"], found["result"]["digits"]
    return _said("turns", {"turn": TURN, "turned": number(slope * TURN), "digits": f"{digits:,}"})


def _ties(table: dict) -> dict | None:
    """Digits that are only rotated: the table's ST-CNN against its plain CNN."""
    if "r-stcnn-affine" not in table or "r-cnn" not in table:
        return None
    own, plain = table["r-stcnn-affine"]["result"], table["r-cnn"]["result"]
    args = {"error": number(own["error"], 2), "plain": number(plain["error"], 2)}
    if overlap(own, plain):
        return _said("tie", args)
    return _said("better" if own["error"] < plain["error"] else "worse", args)


def _said(key: str, args: dict) -> dict:
    return {"key": f"results.opening.{key}", "args": args}
