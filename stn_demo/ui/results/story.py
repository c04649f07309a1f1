"""The content of the Results page for a pair of networks, in order: figures, the table, and how everything was
measured.
"""

from __future__ import annotations

from typing import Any

from ...analysis import cells, compare, table
from . import figures, limits, opening


class UnknownPair(ValueError):
    """The network has not been measured."""

    code = "unknown_model"


def overview(results: dict[str, Any], wanted: str | None) -> dict[str, Any]:
    """Everything for the network ``wanted`` (None: the first pair), from the result of ``analysis.results.read_all``.

    Raises:
        UnknownPair: that network has no results.
    """
    choices = [pair for pair in cells.pairs(results["table"]) if pair.name in results["classes"]]
    if not choices:
        return {"pairs": [], "pair": None}
    by_name = {pair.name: pair for pair in choices}
    if wanted is not None and wanted not in by_name:
        raise UnknownPair(f"There are no results about {wanted}.")
    pair = by_name[wanted] if wanted else choices[0]
    rows = table.cells(results["table"], draws=results.get("draws"))
    return {
        "pairs": [_in_short(results, one) for one in choices],
        "pair": {**_in_short(results, pair), **_made(results["table"][pair.name])},
        "opening": opening.sentences(results, rows),
        "table": {"cells": rows, "says": says_of_table(rows), "ties": ties(rows)},
        "turning": turning(results),
        "figures": [one for one in drawn(results, pair.name, pair.twin) if one],
        "picture": results["classes"][pair.name]["result"]["picture"],
    }


def drawn(results: dict[str, Any], name: str, twin: str | None) -> list[dict[str, Any] | None]:
    """The figures about a network and its twin; measurements that were not made (see ``analysis.analyse``) are left
    out.
    """
    robustness, undone = results["robustness"], results["undone"].get(name)
    drawn: list[dict[str, Any] | None] = [limits.kinds(results), limits.unrewarded(results), limits.unseen(results)]
    if name in robustness:
        drawn += [figures.curve(part, robustness[name], robustness.get(twin)) for part in figures.UNITS]
    if undone:
        drawn += [figures.undone(part, undone) for part in ("rotation", "scale")]
        drawn += [figures.theta(part, undone) for part in ("rotation", "scale")]
    return [*drawn, figures.alignment(results["classes"][name]), figures.confusion(results["table"][name])]


def turning(results: dict[str, Any]) -> list[dict[str, Any]]:
    """How the frame of each transformer moves with the digit (``analysis.turning``) and its error, the highest slope first."""
    rows = [
        {"name": name, **entry["result"], "error": results["table"].get(name, {}).get("result", {}).get("error")}
        for name, entry in results["turning"].items()
    ]
    return sorted(rows, key=lambda row: -row["slope"])


def says_of_table(cells: list[dict[str, Any]]) -> dict[str, Any]:
    """The number of the paper's ST-CNN cells that are measured here, and of those strictly below the paper's values."""
    ours = [cell for cell in cells if cell["network"] == "stcnn"]
    measured = [cell for cell in ours if cell["error"] is not None]
    args = {"below": sum(bool(cell["below"]) for cell in measured), "measured": len(measured), "all": len(ours)}
    return {"key": "results.says.table" if measured else "results.says.table.none", "args": args}


def ties(cells: list[dict[str, Any]]) -> list[str]:
    """The distortions on which the measurements do not tell an ST-CNN and the plain CNN apart, see ``compare.judge``."""
    return [name for name, (own, plain) in opening.pairs(cells).items() if compare.judge(own, plain) == "tie"]


def _in_short(results: dict[str, Any], pair: cells.Pair) -> dict[str, Any]:
    measured = {name: results["table"][name]["result"] for name in pair if name in results["table"]}
    own, twin = measured[pair.name], measured.get(pair.twin)
    return {
        "name": pair.name,
        "twin": pair.twin if twin else None,
        "distortion": results["table"][pair.name]["test"]["distortion"],
        **{name: own[name] for name in table.MEASURED},
        "twin_error": twin and twin["error"],
    }


def _made(entry: dict[str, Any]) -> dict[str, Any]:
    """The origin of the measurements, for the line below the page's title."""
    return {"data": entry["test"]["data"], "sha256": entry["checkpoint"]["sha256"], **entry["made"]}
