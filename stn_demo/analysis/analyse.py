"""All measurements for the Results page: which is made for which network, and on which digits."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from .. import checkpoints
from ..checkpoints import Info
from ..data.digits import Digits
from ..data.distortions import Distortion
from ..model import Network
from ..training.datasets import load_digits
from . import classes, failures, robustness, table, turning, undone, zoom
from .cells import cell_of, distortion_of
from .results import CONCERNS, Task, bring_up_to_date, folder_of, read, write

SEED = 0
POINT = 1000  # digits per point of a curve, and in the scatter plots
LAID_OVER = 2000  # digits in the class means and variances
FAILURES = {"mnist": 24, "handwriting": 12}


class Subjects:
    """The networks and digits that measurements need, each loaded on first use."""

    def __init__(self, data: str, root: str | None, device: torch.device):
        self.data, self.root, self.device = data, root, device
        self.model = functools.lru_cache(maxsize=1)(self._model)
        self.digits = functools.cache(self._digits)

    def _model(self, path: Path) -> Network:
        return checkpoints.load(path).requires_grad_(False)

    def _digits(self, name: str) -> Digits:
        return load_digits(name, train=False, root=self.root)


def table_tasks(infos: list[Info], subjects: Subjects, log: Callable[[str], None]) -> list[Task]:
    """The error of each network on the test set of its own distortion."""
    return [_table(info, *found, subjects) for info, found in _known(infos, log)]


def _table(info: Info, name: str, distortion: Distortion, subjects: Subjects) -> Task:
    def measure() -> dict[str, Any]:
        model = subjects.model(info.path).to(subjects.device)
        try:
            return table.measure(model, subjects.digits(subjects.data), distortion, SEED, info)
        finally:
            model.cpu()

    test = {"data": subjects.data, "distortion": name, "seed": SEED, "method": table.METHOD}
    return Task("table", info, test, measure)


def draw_tasks(infos: list[Info], subjects: Subjects, count: int, log: Callable[[str], None]) -> list[Task]:
    """The error of each network on ``count`` independent draws of the distortion, each over the whole test set."""
    return [_draws(info, *found, subjects, count) for info, found in _known(infos, log)]


def _draws(info: Info, name: str, distortion: Distortion, subjects: Subjects, count: int) -> Task:
    def measure() -> table.Draws:
        model = subjects.model(info.path).to(subjects.device)
        try:
            return table.measure_draws(model, subjects.digits(subjects.data), distortion, SEED, count)
        finally:
            model.cpu()

    test = {"data": subjects.data, "distortion": name, "seed": SEED, "draws": count, "method": table.METHOD}
    return Task("draws", info, test, measure)


def turning_tasks(infos: list[Info], subjects: Subjects, log: Callable[[str], None]) -> list[Task]:
    """How each transformer at the input moves with the digit. Not for networks trained with clutter, see ``all_tasks``."""
    return [
        _turning(info, subjects)
        for info, (_, distortion) in _known(infos, log)
        if "input" in info.config.placement and failures.can_show(distortion)
    ]


def _turning(info: Info, subjects: Subjects) -> Task:
    def measure() -> dict[str, Any]:
        digits = robustness.thinned(subjects.digits(subjects.data), POINT)
        return turning.measure(subjects.model(info.path), digits, SEED)

    test = {"data": subjects.data, "digits": POINT, "seed": SEED, "method": turning.METHOD}
    return Task("turning", info, test, measure)


def _zoom(info: Info, subjects: Subjects) -> Task:
    def measure() -> dict[str, Any]:
        return zoom.measure(subjects.model(info.path), robustness.thinned(subjects.digits(subjects.data), POINT)) or {}

    return Task("zoom", info, {"data": subjects.data, "digits": POINT, "seed": SEED, "method": zoom.METHOD}, measure)


def all_tasks(infos: list[Info], subjects: Subjects, log: Callable[[str], None]) -> list[Task]:
    """Every measurement, network by network. A network trained with clutter (TC) performs badly without it, so only its
    error and the class means over its own test set are measured.
    """
    return [task for info, found in _known(infos, log) for task in _of_one(info, *found, subjects)]


def _of_one(info: Info, name: str, distortion: Distortion, subjects: Subjects) -> list[Task]:
    data = subjects.data
    test = {"data": data, "distortion": name, "seed": SEED}

    def model() -> Network:
        return subjects.model(info.path)

    def some(count: int) -> Digits:
        return robustness.thinned(subjects.digits(data), count)

    def curves() -> dict[str, Any]:
        return {"curves": robustness.curves(model(), some(POINT)), "trained": robustness.trained_range(distortion)}

    def undoing() -> dict[str, Any]:
        digits = some(POINT)
        return {"posed": undone.measure(model(), digits, SEED), "upright": undone.of_upright(model(), digits)}

    def errors() -> dict[str, Any]:
        sets = [data] if data == "handwriting" else [data, "handwriting"]
        return {one: failures.measure(model(), subjects.digits(one), distortion, SEED, FAILURES[one]) for one in sets}

    poses, transforms = failures.can_show(distortion), "input" in info.config.placement
    tasks = [_table(info, name, distortion, subjects)]
    if transforms and poses:
        tasks.append(_turning(info, subjects))
    if transforms:
        tasks.append(_zoom(info, subjects))
    if (place := cell_of(info.name)) and place[1]:
        return tasks  # a repetition with another seed appears in the table only
    if poses:
        tasks.append(Task("robustness", info, {**test, "digits": POINT, "method": robustness.METHOD}, curves))
    if transforms and poses:
        tasks.append(Task("undone", info, {**test, "digits": POINT, "method": undone.METHOD}, undoing))
    if transforms:
        laid = {**test, "digits": LAID_OVER, "method": classes.METHOD}
        tasks.append(Task("classes", info, laid, lambda: classes.measure(model(), some(LAID_OVER), distortion, SEED)))
    if poses:
        tasks.append(Task("failures", info, {**test, "most": FAILURES, "method": failures.METHOD}, errors))
    return tasks


def _known(infos: list[Info], log: Callable[[str], None]) -> list[tuple[Info, tuple[str, Distortion]]]:
    known = []
    for info in infos:
        if (found := distortion_of(info)) is None:
            log(f"{info.name} is left out: its checkpoint does not name a known distortion")
        else:
            known.append((info, found))
    return known


def infos_of(folder: str | os.PathLike[str] | None, names: list[str], log: Callable[[str], None]) -> list[Info]:
    """The checkpoints of these names; all if ``names`` is empty."""
    if names:
        return [checkpoints.read_info(checkpoints.path_of(name, folder)) for name in names]
    return checkpoints.available(folder, log)


def run(
    folder: str | None,
    names: list[str],
    subjects: Subjects,
    force: bool = False,
    log: Callable[[str], None] = functools.partial(print, file=sys.stderr),
) -> tuple[Path, int]:
    """Bring the results for ``names`` (all if empty) up to date and remove results for checkpoints that no longer
    exist.

    Returns:
        The folder of results, and the number of measurements that were made.
    """
    tasks = all_tasks(infos_of(folder, names, log), subjects, log)
    command = "python -m stn_demo analyse" + ("" if subjects.data == "mnist" else f" --data-set {subjects.data}")
    where = folder_of(folder)
    made = bring_up_to_date(where, tasks, command, force, log)
    _forget(where, {path.stem for path in where.parent.glob("*" + checkpoints.SUFFIX)})
    return where, made


def _forget(folder: Path, there: set[str]) -> None:
    for concern in CONCERNS:
        networks = read(folder, concern)
        if networks.keys() - there:
            write(folder, concern, {name: entry for name, entry in networks.items() if name in there})
