"""From the name of a checkpoint, such as ``rts-stcnn-tps``, ``r-cnn`` or ``r-cnn-seed1``, to its cell in the paper's
table and to its plain twin.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from ..checkpoints import Info
from ..data.distortions import DISTORTIONS, Distortion

_NAME = re.compile(
    r"(?P<distortion>r|rts|p|e|tc)-(?:(?P<plain>cnn|fcn)|(?P<network>stcnn|stfcn)-(?P<transform>affine|projective|tps))"
    r"(?:-seed(?P<seed>\d+))?"
)
_OF_THE_STAGE = {  # networks trained for the page, and their plain twins
    "upright": "upright-cnn",
    "upright-labels": "upright-cnn",
    "turn-affine": "seed-cnn",
    "seed-affine": "seed-cnn",
}


class Cell(NamedTuple):
    """A cell of the paper's table: distortion r, rts, p, e or tc; network fcn, cnn, stfcn or stcnn; transform None for
    plain networks.
    """

    distortion: str
    network: str
    transform: str | None

    @property
    def name(self) -> str:
        """The checkpoint of this cell."""
        return "-".join(filter(None, self))


class Pair(NamedTuple):
    """A network with a transformer, and its ``twin``: the same classifier without one (None if there is no such
    checkpoint).
    """

    name: str
    twin: str | None


def cell_of(name: str) -> tuple[Cell, int] | None:
    """The cell and the seed number of a checkpoint name; None if it belongs to no cell."""
    found = _NAME.fullmatch(name)
    if found is None:
        return None
    cell = Cell(found["distortion"], found["plain"] or found["network"], found["transform"])
    return cell, int(found["seed"] or 0)


def pairs(names: Iterable[str]) -> list[Pair]:
    """The pairs to compare among ``names``: first the page's own networks, then those of the table in its order (first
    seeds only).
    """
    names = list(names)
    stage = [name for name in _OF_THE_STAGE if name in names]
    cells = [found[0] for name in names if (found := cell_of(name)) and found[1] == 0 and found[0].transform]
    order = list(DISTORTIONS)
    cells.sort(key=lambda cell: (cell.network != "stcnn", order.index(cell.distortion), cell.transform))
    twins = {name: _OF_THE_STAGE[name] for name in stage}
    twins |= {cell.name: Cell(cell.distortion, cell.network.removeprefix("st"), None).name for cell in cells}
    return [Pair(name, twin if twin in names else None) for name, twin in twins.items()]


def distortion_of(info: Info) -> tuple[str, Distortion] | None:
    """The distortion a checkpoint was trained on, and its name; None if it is unknown, or if its images have another
    size.
    """
    name = info.provenance.get("distortion")
    distortion = DISTORTIONS.get(name) if isinstance(name, str) else None
    if not isinstance(name, str) or distortion is None or distortion.frame != info.config.input_size:
        return None
    return name, distortion
