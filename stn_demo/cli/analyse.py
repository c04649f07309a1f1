"""The commands ``table`` and ``analyse``."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from typing import Any

from ..analysis import analyse, published, results, table
from ..analysis.cells import cell_of
from ..training.distributed import find_device
from ..training.settings import DATA_SETS

DRAWS = 10


def add(commands: argparse._SubParsersAction[Any], common: Callable[[argparse.ArgumentParser], None]) -> None:
    """Register both commands; ``common`` adds the options that every computing command has."""
    command = commands.add_parser(
        "table",
        help="compare the errors with the paper's table",
        description="Measure every network of the table on the fixed test set of its own distortion (seed 0), and on "
        "several independent draws of that distortion; print both errors and the paper's. For every transformer, also "
        "print how its frame moves with the digit: slope and agreement of the rotation, R squared of scale and shift (see "
        "analysis/turning.py). Earlier measurements of the same weights are read from results/ in the folder.",
    )
    command.add_argument("--distortion", choices=published.DISTORTIONS, help="only this column of the paper's table")
    command.add_argument("--json", action="store_true", help="print JSON")
    command.add_argument(
        "--draws",
        type=int,
        metavar="N",
        default=DRAWS,
        help="measure each network on N independent draws of its distortion, and compare their mean with the paper's "
        f"error (default {DRAWS}: 100,000 images); 1: on the fixed test set only",
    )
    _add_shared(command, common)
    command.set_defaults(run=_table)

    command = commands.add_parser(
        "analyse",
        help="measure everything that the Results page shows",
        description="Measure everything that the Results page shows, and write it to results/ in the folder of the "
        "checkpoints. Measurements that exist for the same weights are not repeated.",
    )
    command.add_argument("names", nargs="*", metavar="CHECKPOINT", help="names in the folder (default: all)")
    _add_shared(command, common)
    command.set_defaults(run=_analyse)


def _add_shared(command: argparse.ArgumentParser, common: Callable[[argparse.ArgumentParser], None]) -> None:
    command.add_argument("--folder", help="default: STN_DEMO_CHECKPOINTS, else checkpoints/")
    command.add_argument("--force", action="store_true", help="also repeat measurements that are up to date")
    common(command)
    command.add_argument("--data-set", dest="data", choices=DATA_SETS, default="mnist", help="the test digits")


def _subjects(options: argparse.Namespace) -> analyse.Subjects:
    return analyse.Subjects(options.data, options.data_folder, find_device(options.device))


def _log(sentence: str) -> None:
    print(f"stn_demo: {sentence}", file=sys.stderr)


def _table(options: argparse.Namespace) -> None:
    every = analyse.infos_of(options.folder, [], _log)
    chosen = [options.distortion] if options.distortion else list(published.DISTORTIONS)
    infos = [info for info in every if (place := cell_of(info.name)) and place[0].distortion in chosen]
    folder, subjects = results.folder_of(options.folder), _subjects(options)
    tasks = analyse.table_tasks(infos, subjects, _log)
    if not 1 <= options.draws <= 100:
        raise ValueError(f"--draws is {options.draws}; give a whole number from 1 to 100.")
    if options.draws > 1:
        tasks += analyse.draw_tasks(infos, subjects, options.draws, _log)
    tasks += analyse.turning_tasks([] if options.distortion else every, subjects, _log)
    results.bring_up_to_date(folder, tasks, "python -m stn_demo table", options.force, _log)
    measured = results.read(folder, "table")
    kept = {task.info.name: measured[task.info.name] for task in tasks if task.concern == "table"}
    draws = results.read(folder, "draws") if options.draws > 1 else {}
    rows = table.cells(kept, chosen, draws)
    turns = [task.info.name for task in tasks if task.concern == "turning"]
    turning = {name: entry for name, entry in results.read(folder, "turning").items() if name in turns}
    if options.json:
        print(json.dumps({"seed": analyse.SEED, "cells": rows, "turning": turning}))
        return
    print(table.as_text(rows))
    if turning:
        print("", table.turning_as_text(turning, measured), sep="\n")


def _analyse(options: argparse.Namespace) -> None:
    folder, made = analyse.run(options.folder, options.names, _subjects(options), options.force, _log)
    size = sum(path.stat().st_size for path in folder.glob("*.json"))
    print(f"{folder}: {made} measurements made, {size / 1000:.0f} kB in all")
