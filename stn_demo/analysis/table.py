"""The paper's table next to our measurements, as rows and as text."""

from __future__ import annotations

import statistics
from collections.abc import Iterable
from typing import Any, TypedDict

from ..checkpoints import Info
from ..data.digits import Digits
from ..data.distortions import Distortion
from ..model import Network
from ..training.evaluation import evaluate
from . import published
from .cells import Cell, cell_of
from .results import Entry

METHOD = 1
MEASURED = ("error", "interval", "count", "parameters", "training_seconds", "machine", "device")  # shown of ``measure``
Row = dict[str, Any]  # of the paper's table, JSON: see ``cells``


class Draws(TypedDict):
    """The errors of one network on several test sets, percent, their mean and standard deviation, and the number of
    pictures in all.
    """

    errors: list[float]
    mean: float
    deviation: float
    pictures: int


def measure(model: Network, digits: Digits, distortion: Distortion, seed: int, info: Info) -> dict[str, Any]:
    """The error on the test set of a seed, the confusion matrix, and the cost of the network."""
    provenance = info.provenance
    return {
        **evaluate(model, digits, distortion, seed, batch_size=250).to_dict(),
        "parameters": info.parameters,
        "bytes": info.bytes,
        "training_seconds": provenance.get("training_seconds"),
        "machine": provenance.get("machine"),
        "device": provenance.get("device"),
        "epochs": provenance.get("epochs"),
    }


def measure_draws(model: Network, digits: Digits, distortion: Distortion, seed: int, count: int) -> Draws:
    """The errors, percent, on ``count`` test sets of the same digits with independent distortions. A single draw can
    differ by up to 0.1 percent points.
    """
    errors = [evaluate(model, digits, distortion, seed + draw, batch_size=250).error for draw in range(count)]
    spread = statistics.stdev(errors) if count > 1 else 0.0
    return {
        "errors": [round(error, 4) for error in errors],
        "mean": round(statistics.fmean(errors), 4),
        "deviation": round(spread, 4),
        "pictures": count * len(digits.labels),
    }


def cells(
    measured: dict[str, Entry],
    distortions: Iterable[str] = published.DISTORTIONS,
    draws: dict[str, Entry] | None = None,
) -> list[Row]:
    """A row for each cell of the paper's table, in its order, JSON-ready.

    ``measured`` and ``draws``: results of ``results.read``. Fields of a row: distortion, network, transform;
    checkpoint: its name; paper: percent, None if the paper has none; seeds: the errors of all seeds; spread: their
    {"mean", "deviation"} if there are several; draws: the result of ``measure_draws`` for the first seed, or None.
    Without such a network the following fields are None: error and interval (of the first seed), count, data,
    parameters, training_seconds, machine, device; and below: whether the error (or the mean of the draws) and the mean
    of all seeds are strictly below the paper's value, which is a mean of three seeds.
    """
    found: dict[Cell, list[tuple[int, str]]] = {}
    for name in measured:
        if place := cell_of(name):
            found.setdefault(place[0], []).append((place[1], name))
    every = [Cell(distortion, *network) for distortion in distortions for network in published.NETWORKS]
    return [
        _row(cell, [measured[name] for _, name in sorted(found.get(cell, []))], draws or {})
        for cell in every
        if cell in published.ERRORS or cell in found
    ]


def _row(cell: Cell, entries: list[Entry], draws: dict[str, Entry]) -> Row:
    paper = published.ERRORS.get(cell)
    row: Row = {**cell._asdict(), "checkpoint": cell.name, "paper": paper, "seeds": [], "spread": None, "draws": None}
    if not entries:
        return row | dict.fromkeys((*MEASURED, "data", "below"))
    first, errors = entries[0], [entry["result"]["error"] for entry in entries]
    row |= {name: first["result"].get(name) for name in MEASURED}
    row |= {"checkpoint": first["checkpoint"]["name"], "data": first["test"]["data"], "seeds": errors}
    row["draws"] = draws.get(row["checkpoint"], {}).get("result")
    judged = row["draws"]["mean"] if row["draws"] else row["error"]
    row["below"] = None if paper is None else max(judged, statistics.fmean(errors)) < paper
    if len(errors) > 1:
        row["spread"] = {"mean": round(statistics.fmean(errors), 4), "deviation": round(statistics.stdev(errors), 4)}
    return row


HEAD = (
    "",
    "network",
    "paper %",
    "ours %",
    "95 % interval",
    "draws: mean ± sd",
    "below",
    "seeds: mean ± sd",
    "weights",
    "training",
    "on",
)


def as_text(rows: list[Row]) -> str:
    """The table for a terminal."""
    lines = [HEAD, *(_line(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEAD))]
    written = [
        "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip() for line in lines
    ]
    measured = [row for row in rows if row["error"] is not None]
    cells_of = {name: [row for row in measured if row["network"] == name] for name in ("stcnn", "cnn")}
    ours = f"{sum(bool(row['below']) for row in cells_of['stcnn'])} of {len(cells_of['stcnn'])} ST-CNN cells"
    tests = {f"{row['count']:,} {row['data']} test digits" for row in measured}
    end = f"{ours} strictly below the paper; {len(rows) - len(measured)} cells without a network here."
    return "\n".join([*written, "", end, *(f"Measured on {', '.join(sorted(tests))}, seed 0." for _ in measured[:1])])


TURNING_HEAD = ("transformer", "slope", "agreement", "at rest", "R2 scale", "R2 shift", "error %")


def turning_as_text(turning: dict[str, Entry], measured: dict[str, Entry]) -> str:
    """How the frame of each transformer moves with the digit (``turning.measure``), highest slope first, for a
    terminal. Both arguments are results of ``results.read``, of "turning" and of "table".
    """
    lines = [TURNING_HEAD]
    for name in sorted(turning, key=lambda name: -turning[name]["result"]["slope"]):
        found, error = turning[name]["result"], measured.get(name, {}).get("result", {}).get("error")
        angles = f"{found['agreement']:.1f}° / {found['agreement_90']:.1f}°"
        row = (name, f"{found['slope']:.2f}", angles, f"{found['unturned']:.1f}°")
        lines.append((*row, f"{found['scale']:.2f}", f"{found['shift']:.2f}", "" if error is None else f"{error:.2f}"))
    widths = [max(len(line[column]) for line in lines) for column in range(len(TURNING_HEAD))]
    padded = (zip(line, widths, strict=True) for line in lines)
    return "\n".join("  ".join(text.ljust(width) for text, width in line).rstrip() for line in padded)


def _line(row: Row) -> tuple[str, ...]:
    name = title(row["network"], row["transform"])
    paper = "–" if row["paper"] is None else f"{row['paper']:.1f}"
    if row["error"] is None:
        return (row["distortion"].upper(), name, paper, "missing", "", "", "", "", "", "", "")
    low, high = row["interval"]
    spread, draws = row["spread"], row["draws"]
    return (
        row["distortion"].upper(),
        name,
        paper,
        f"{row['error']:.2f}",
        f"{low:.2f} to {high:.2f}",
        f"{len(draws['errors'])}: {draws['mean']:.2f} ± {draws['deviation']:.2f}" if draws else "",
        {True: "yes", False: "NO", None: ""}[row["below"]],
        f"{len(row['seeds'])}: {spread['mean']:.2f} ± {spread['deviation']:.2f}" if spread else "",
        f"{row['parameters']:,}",
        _time(row["training_seconds"]),
        " ".join(filter(None, (row["device"], f"({row['machine']})" if row["machine"] else ""))),
    )


def title(network: str, transform: str | None) -> str:
    """The paper's name of a network."""
    name = network.upper() if transform is None else f"ST-{network.removeprefix('st').upper()}"
    return name if transform is None else f"{name} {'TPS' if transform == 'tps' else transform}"


def _time(seconds: float | None) -> str:
    if seconds is None:
        return "?"
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
