"""Writes the folder of ``spare``: ``python -m stn_demo.ui.local.spare_files FOLDER CHECKPOINTS``.

The default networks of the page come first, and ``index.json`` lists the networks written so far, so that a page need not
wait for the others. Then follow the graphs of the presets of the Train page, and last those of the gradient and of the map of the
loss.
"""

from __future__ import annotations

import contextlib
import gzip
import logging
import os
import sys
import warnings
from pathlib import Path

import torch

from ... import checkpoints
from ...analysis import graph_file
from ...model import Network
from ...training.presets import PRESETS
from ...training.start import untrained
from ..page import defaults
from . import data, losses, networks

PACKED = ("ort-wasm-simd-threaded.wasm",)  # of the runtime: 14 MB, a quarter of that when compressed


def fill(folder: Path, found: Path, program: Path | None = None) -> None:
    """Write the data for the checkpoints of the folder ``found``. ``program``: the folder of the runtime, to be packed.

    Raises:
        graph_file.ExportError: the packages are missing, or a graph of all networks cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    names = sorted(path.stem for path in found.glob(f"*{checkpoints.SUFFIX}"))
    first = defaults(names)
    if program is not None:
        for name in PACKED:
            _write(folder / f"{name}.gz", gzip.compress((program / name).read_bytes(), 6))
    for address, content in (*networks.noise(), *networks.common(graph_file.Cache())):
        _write(folder / address, content)
    there: dict[str, Network] = {}
    for name in sorted(names, key=lambda name: (name != first.model, name != first.twin, name)):
        try:
            network = checkpoints.load(found / f"{name}{checkpoints.SUFFIX}")
            written = list(networks.own(name, network, graph_file.Cache()))
        except (graph_file.ExportError, checkpoints.CheckpointError) as error:
            print(f"{name}: {error}", file=sys.stderr, flush=True)
            continue
        there[name] = network
        for address, content in written:
            _write(folder / address, content)
        if first.model in there and (first.twin is None or first.twin in there):
            _write(folder / "index.json", data.as_json(networks.index(there, first, found, with_losses=False)))
    beginnings = [untrained(one) for preset in PRESETS.values() for one in (preset.settings, preset.settings.twin())]
    for network in beginnings:  # for the networks of runs, whose weights the app itself hands out
        where = networks.addresses(network)
        if not all((folder / address).is_file() for address in where.values()):
            for kind, content in networks.graphs(network, graph_file.Cache()).items():
                _write(folder / where[kind], content)
    for address, content in losses.files([*there.values(), *beginnings], []):
        _write(folder / address, content)
    _write(folder / "index.json", data.as_json(networks.index(there, first, found)))
    _write(folder / "complete", b"")


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    checkpoints.write_whole(path, content)


def main(arguments: list[str]) -> int:
    with contextlib.suppress(OSError):
        os.nice(10)
    torch.set_num_threads(1)
    warnings.filterwarnings("ignore", module=r"torch\.")  # the exporter warns about torch's own code
    logging.getLogger("onnxscript").setLevel(logging.ERROR)
    try:
        fill(*map(Path, arguments))
    except graph_file.ExportError as error:
        print(f"The page will not work without a connection: {error}", file=sys.stderr, flush=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
