"""``python -m stn_demo list``: the checkpoints in a folder."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from .. import checkpoints
from ..analysis import results, zoom


def add(commands: argparse._SubParsersAction[Any]) -> None:
    command = commands.add_parser("list", help="list the checkpoints", description="List the checkpoints in a folder.")
    command.add_argument("--folder", help="default: STN_DEMO_CHECKPOINTS, else checkpoints/")
    command.add_argument("--json", action="store_true", help="print JSON, with configs and provenance")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    broken: list[str] = []
    found = checkpoints.available(options.folder, broken.append)
    if options.json:
        shown = [{**info._asdict(), "path": str(info.path), "config": info.config.to_dict()} for info in found]
        print(json.dumps({"checkpoints": shown, "broken": broken}))
        return
    measured = results.read(results.folder_of(options.folder), "zoom")
    for info in found:
        place = ", ".join(info.config.placement)
        what = f"{info.config.transform} transformer at {place}" if place else "no transformer"
        tests = info.provenance.get("test_error", {})
        errors = ", ".join(f"{name} {error:.2f} %" for name, error in tests.items())
        what += f", {info.config.classifier} classifier"
        if info.config.class_names:
            what += f", classes {', '.join(info.config.class_names)}"
        print(f"{info.name:24} {what}, {info.parameters:,} weights; test error {errors or 'not measured'}")
        if "input" in info.config.placement:
            print(f"{'':24} {zoom.in_words(_zoom(info, measured)) or 'scale of its frame not measured (run analyse)'}")
    for sentence in broken:
        print(f"stn_demo: {sentence}", file=sys.stderr)
    if not found:
        print(f"no checkpoints in {options.folder or checkpoints.default_folder()}")


def _zoom(info: checkpoints.Info, measured: dict[str, dict[str, Any]]) -> dict[str, Any] | None:
    """The measured zoom of these weights: from ``analyse``, else from when the checkpoint was written."""
    entry = measured.get(info.name)
    if entry and entry["checkpoint"]["sha256"] == results.sha256(info.path):
        return entry["result"]
    own = info.provenance.get("zoom")
    numbers = isinstance(own, dict) and all(isinstance(own.get(name), (int, float)) for name in ("scale", "outside"))
    return own if numbers else None
