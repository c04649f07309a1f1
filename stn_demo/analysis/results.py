"""Measurements on disk: one JSON file per kind of measurement ("concern") in ``checkpoints/results/``, one line per
network.

Each measurement names the weights it was made with (their sha256), the images, the date and the command. It is valid as
long as the weights, the images and the method stay the same.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, NamedTuple

import torch

from ..checkpoints import Info, default_folder, write_whole

FOLDER = "results"
Entry = dict[str, Any]  # one measurement: {"checkpoint", "test", "made", "result"}, JSON
CONCERNS = ("table", "robustness", "undone", "turning", "classes", "failures", "draws", "zoom")


class ResultsError(ValueError):
    """A file of results cannot be read; the message is one sentence for the user."""


class Task(NamedTuple):
    """A measurement that can be made.

    Attributes:
        concern: the file that it belongs to.
        info: the network.
        test: the images it is measured on, JSON-ready, and the ``method``, a number that increases whenever the method
            changes.
        measure: makes the measurement and returns its result, JSON-ready.
    """

    concern: str
    info: Info
    test: dict[str, Any]
    measure: Callable[[], Mapping[str, Any]]


def folder_of(checkpoints: str | os.PathLike[str] | None = None) -> Path:
    """The folder of results for a folder of checkpoints."""
    return Path(checkpoints or default_folder()) / FOLDER


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def read(folder: Path, concern: str) -> dict[str, Entry]:
    """The measurements of a concern, by network: {"checkpoint", "test", "made", "result"} each; empty if there is no
    file.

    Raises:
        ResultsError: the file is damaged.
    """
    path = folder / f"{concern}.json"
    try:
        networks: dict[str, Entry] = json.loads(path.read_text(encoding="utf-8"))["networks"]
        if not all({"checkpoint", "test", "made", "result"} <= entry.keys() for entry in networks.values()):
            raise KeyError
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise ResultsError(f"{path} cannot be read as results; delete it and run: python -m stn_demo analyse") from None
    return networks


def read_all(folder: Path) -> dict[str, dict[str, Entry]]:
    """``read`` of every concern."""
    return {concern: read(folder, concern) for concern in CONCERNS}


def write(folder: Path, concern: str, networks: dict[str, Entry]) -> None:
    """One line per network, sorted, so that a diff shows which measurements have changed."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = [f"{json.dumps(name)}: {json.dumps(networks[name], separators=(',', ':'))}" for name in sorted(networks)]
    write_whole(folder / f"{concern}.json", ('{"networks": {\n' + ",\n".join(lines) + "\n}}\n").encode())


def bring_up_to_date(folder: Path, tasks: list[Task], command: str, force: bool, log: Callable[[str], None]) -> int:
    """Make those of ``tasks`` that are out of date (all, with ``force``); returns how many were made. Each is written
    at once, so that an interruption loses at most one.
    """
    made = 0
    weights: dict[str, str] = {}
    for task in tasks:
        name = task.info.name
        digest = weights.get(name) or weights.setdefault(name, sha256(task.info.path))
        networks = read(folder, task.concern)
        old = networks.get(name)
        if not force and old and (old["checkpoint"]["sha256"], old["test"]) == (digest, task.test):
            continue
        log(f"{name}: {task.concern}")
        networks[name] = {
            "checkpoint": {"name": name, "sha256": digest},
            "test": task.test,
            "made": {
                "date": datetime.now(timezone.utc).isoformat(timespec="seconds"),
                "command": command,
                "versions": {"python": platform.python_version(), "torch": torch.__version__},
            },
            "result": task.measure(),
        }
        write(folder, task.concern, networks)
        made += 1
    return made
