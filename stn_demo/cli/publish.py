"""``python -m stn_demo publish FOLDER``: the page as static files, for any web server."""

from __future__ import annotations

import argparse
import importlib
import logging
import warnings
from pathlib import Path
from typing import Any

SITE = "stn_demo.ui.local.site"  # by name: only this command needs the page's packages


def run(options: argparse.Namespace) -> None:
    try:
        site = importlib.import_module(SITE)
    except ModuleNotFoundError as error:
        raise ValueError(
            f"Publishing needs the package {error.name}: python -m pip install -r requirements.txt."
        ) from None
    warnings.filterwarnings("ignore", module=r"torch\.")  # the exporter's, about its own parts
    logging.getLogger("onnxscript").setLevel(logging.ERROR)
    site.publish(
        options.folder,
        names=options.networks,
        runtime_folder=options.runtime,
        space=options.space,
        checkpoints_folder=options.checkpoints,
        runs=tuple(options.recorded),
        runs_folder=options.runs,
        scenes=options.scenes,
        say=lambda step: print(step, flush=True),
    )
    size = sum(path.stat().st_size for path in options.folder.rglob("*") if path.is_file())
    print(f"{options.folder}: {size / 1e6:.1f} MB; try it with: python -m http.server --directory {options.folder}")


def add(commands: argparse._SubParsersAction[Any]) -> None:
    command = commands.add_parser(
        "publish",
        help="write the page as static files",
        description="The page as a folder of static files, whose networks run in the visitor's browser. It works from any web "
        "server, under any address, and without a connection after the first visit. Needs onnx, onnxscript and the packages of "
        "the page; the browser's runtime comes from npm.",
    )
    command.add_argument(
        "folder", type=Path, metavar="FOLDER", help="a new or empty folder, or one that was published before"
    )
    command.add_argument("--networks", nargs="+", metavar="NAME", help="which checkpoints (default: all there are)")
    command.add_argument(
        "--checkpoints", type=Path, metavar="DIR", help="default: STN_DEMO_CHECKPOINTS, else checkpoints/"
    )
    command.add_argument(
        "--run",
        dest="recorded",
        nargs="+",
        default=[],
        metavar="ID",
        help="finished training runs that the Train page shows (an unknown ID lists those there are; default: none)",
    )
    command.add_argument("--runs", type=Path, metavar="DIR", help="default: STN_DEMO_RUNS, else ~/.cache/stn_demo/runs")
    command.add_argument(
        "--runtime",
        type=Path,
        metavar="DIR",
        help="the unpacked npm package onnxruntime-web, where npm cannot be asked",
    )
    command.add_argument(
        "--scenes",
        type=int,
        default=20,
        metavar="N",
        help="on how many random scenes each network is compared with its graph",
    )
    command.add_argument("--space", action="store_true", help="add the README.md of a static Space of Hugging Face")
    command.set_defaults(run=run)
