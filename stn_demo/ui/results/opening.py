"""The three opening sentences of the Results page: accuracy, how the frame follows the digit, and where a transformer does not
help. Their numbers come from the measurements; a sentence whose numbers were not measured is left out."""

from __future__ import annotations

from typing import Any

from ...analysis import cells, compare
from .figures import number

TURN = 60  # degrees, the rotation in the second sentence


def sentences(results: dict[str, Any], rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The sentences as {"key", "args", "also": further ones in the same paragraph}.

    ``results``: of ``analysis.results.read_all``; ``rows``: the table that the page shows, of ``analysis.table.cells``.
    """
    return [found for found in (_right(results), _turns(results), _pays(rows)) if found]


def pairs(rows: list[dict[str, Any]]) -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """By distortion: the rows of ST-CNN affine and of the plain CNN, where both have been measured."""
    at = {(row["distortion"], row["network"], row["transform"]): row for row in rows if row["error"] is not None}
    found = {}
    for distortion in dict.fromkeys(row["distortion"] for row in rows):
        own, plain = at.get((distortion, "stcnn", "affine")), at.get((distortion, "cnn", None))
        if own and plain:
            found[distortion] = own, plain
    return found


def _right(results: dict[str, Any]) -> dict[str, Any] | None:
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
        return _entry("right.alone", args)
    best = min(plain, key=lambda name: results["table"][name]["result"]["error"])
    return _entry(
        "right", args | {"plain": best, "plain_right": number(100 - results["table"][best]["result"]["error"], 1)}
    )


def _turns(results: dict[str, Any]) -> dict[str, Any] | None:
    """How far the frame of the default transformer turns with a digit."""
    pairs = cells.pairs(results["table"])
    found = results.get("turning", {}).get(pairs[0].name) if pairs else None
    if found is None:
        return None
    slope, digits = found["result"]["slope"], found["result"]["digits"]
    return _entry("turns", {"turn": TURN, "turned": number(slope * TURN), "digits": f"{digits:,}"})


def _pays(rows: list[dict[str, Any]]) -> dict[str, Any] | None:
    """Digits that are only rotated: the table's ST-CNN against its plain CNN; and where a transformer raises the error."""
    found = pairs(rows)
    if "r" not in found:
        return None
    own, plain = found["r"]
    paragraph = _entry(compare.judge(own, plain), {"error": _error(own, plain), "plain": _error(plain, own)})
    if compare.paired(own, plain):
        paragraph["also"].append(_entry("draws", {"draws": len(own["draws"]["errors"])}))
    for distortion, (stn, cnn) in found.items():
        if distortion != "r" and compare.judge(stn, cnn) == "worse":
            args = {"error": _error(stn, cnn), "plain": _error(cnn, stn), "distortion": distortion}
            paragraph["also"].append(_entry("except", args))
    return paragraph


def _error(row: dict[str, Any], other: dict[str, Any]) -> str:
    """The error as the table shows it: mean and deviation of the draws if both rows have them."""
    if not compare.paired(row, other):
        return number(row["error"], 2)
    return f"{number(row['draws']['mean'], 2)} ± {number(row['draws']['deviation'], 2)}"


def _entry(key: str, args: dict[str, Any]) -> dict[str, Any]:
    return {"key": f"results.opening.{key}", "args": args, "also": []}
