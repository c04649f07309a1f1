"""``python -m stn_demo publish FOLDER``: the page as static files, for any web server."""

from __future__ import annotations

import argparse
import importlib
import logging
import warnings
from pathlib import Path
from typing import Any

SITE = "stn_demo.ui.local.site"  # imported by name: only this command needs the packages of the page


def run(options: argparse.Namespace) -> None:
    try:
        site = importlib.import_module(SITE)
    except ModuleNotFoundError as error:
        raise ValueError(
            f"Publishing needs the package {error.name}: python -m pip install -r requirements.txt."
        ) from None
    warnings.filterwarnings("ignore", module=r"torch\.")  # the exporter warns about torch's own code
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
        description="Write the page as a folder of static files; the networks run in the visitor's browser. Any web server can "
        "serve it, at any address, and it works offline after the first visit. Needs onnx, onnxscript and the packages of the "
        "page; npm downloads the runtime for the browser.",
    )
    command.add_argument(
        "folder", type=Path, metavar="FOLDER", help="a new or empty folder, or one that was published before"
    )
    command.add_argument("--networks", nargs="+", metavar="NAME", help="checkpoints to publish (default: all)")
    command.add_argument(
        "--checkpoints", type=Path, metavar="DIR", help="default: STN_DEMO_CHECKPOINTS, else checkpoints/"
    )
    command.add_argument(
        "--run",
        dest="recorded",
        nargs="+",
        default=[],
        metavar="ID",
        help="finished training runs that the Train page shows (default: none); an unknown ID lists the available runs",
    )
    command.add_argument("--runs", type=Path, metavar="DIR", help="default: STN_DEMO_RUNS, else ~/.cache/stn_demo/runs")
    command.add_argument(
        "--runtime",
        type=Path,
        metavar="DIR",
        help="folder of the unpacked npm package onnxruntime-web, if npm is not available",
    )
    command.add_argument(
        "--scenes",
        type=int,
        default=20,
        metavar="N",
        help="number of random scenes on which each network is compared with its graph",
    )
    command.add_argument("--space", action="store_true", help="add the README.md of a static Space of Hugging Face")
    command.set_defaults(run=run)
