"""Writes the folder of the page without a server. Any web server can serve it, at any address, also in a frame.

The addresses equal those of the live page, so that the pages' files are copied unchanged. ``stn/local/data`` contains
the answers that the server would compute; ``stn/local/static`` contains the worker that replaces the server.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import itertools
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from ... import checkpoints
from ...model import Network
from .. import page as live_page
from . import data, document, networks, recorded, runtime

UI = Path(__file__).resolve().parents[1]
LICENCE = UI.parents[1] / "LICENSE"
DATA = "stn/local/data"
LATER = ("stn/results/measured", "stn/plotly", "stn/shared/picture.png")  # not part of the first visit
SMALL = (
    "index.json",
    "link.json",
    "export.json",
    "poses.json",
    "strip.json",
    "digits.bin",
    "pen.onnx",
    "noise/0.bin",
    "readings/",
    "results/.json",
)
MARK = "stn-site.json"  # a file that identifies a published folder
SPACE = """---
title: Spatial Transformer
emoji: 🔄
colorFrom: blue
colorTo: gray
sdk: static
app_file: index.html
license: mit
short_description: Watch a spatial transformer network look at your digit
---

The whole page runs in the browser. Written by `python -m stn_demo publish FOLDER --space`.
"""


class PublishError(ValueError):
    """The folder cannot be written; the message is one sentence."""


def publish(
    folder: Path,
    names: list[str] | None = None,
    runtime_folder: Path | None = None,
    space: bool = False,
    checkpoints_folder: Path | None = None,
    runs: tuple[str, ...] = (),
    runs_folder: Path | None = None,
    scenes: int = 20,
    say: Callable[[str], None] = lambda text: None,
) -> None:
    """Write the page with the networks ``names`` (None: all in ``checkpoints_folder``) to ``folder``, which must be new, empty,
    or published before. Each network is compared with its graph on ``scenes`` random scenes. ``runs``: ids of finished runs in
    ``runs_folder``, which the Train page shows. ``say`` receives a line for each slow step.

    Raises:
        PublishError, runtime.MissingRuntime, graph_file.ExportError, checkpoints.CheckpointError, recorded.NoRun
    """
    folder, checkpoints_folder = _checked(folder), checkpoints_folder or checkpoints.default_folder()
    program = runtime.files(runtime_folder)
    chosen, runs_chosen = _networks(names, checkpoints_folder), recorded.chosen(runs, runs_folder)
    temporary = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(temporary, ignore_errors=True)
    try:
        for address, content in _contents(chosen, runs_chosen, program, checkpoints_folder, scenes, say):
            path = temporary / address
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        if space:
            (temporary / "README.md").write_text(SPACE, encoding="utf-8")
        (temporary / ".nojekyll").touch()  # makes GitHub Pages serve the files unchanged
        _finish(temporary)
        shutil.rmtree(folder, ignore_errors=True)
        temporary.rename(folder)
    except OSError as error:
        raise PublishError(f"{folder} cannot be written: {error.strerror}.") from None
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _checked(folder: Path) -> Path:
    folder = folder.resolve()
    if folder.exists() and not folder.is_dir():
        raise PublishError(f"{folder} is a file; give a folder.")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / MARK).is_file():
        raise PublishError(
            f"{folder} holds other files; give a new folder, an empty one, or one that was published before."
        )
    return folder


def _networks(names: list[str] | None, folder: Path) -> dict[str, Network]:
    found = [path.stem for path in sorted(folder.glob(f"*{checkpoints.SUFFIX}"))]
    missing = [name for name in names or [] if name not in found]
    if missing or not found:
        raise PublishError(
            f"There is no checkpoint {', '.join(missing)} in {folder}." if missing else f"No checkpoint in {folder}."
        )
    return {name: checkpoints.load(folder / f"{name}{checkpoints.SUFFIX}") for name in names or found}


def _contents(
    chosen: dict[str, Network],
    runs: list[recorded.Recorded],
    program: dict[str, bytes],
    folder: Path,
    scenes: int,
    say: Callable[[str], None],
) -> Iterator[tuple[str, bytes]]:
    """(address, content) of every file of the page except those of ``_finish``."""
    names, pages = list(chosen), [page for page in live_page.PAGES if (UI / page / f"{page}.html").is_file()]
    yield "index.html", document.html(pages).encode()
    yield "stn/licence.txt", LICENCE.read_bytes()
    for part in ("shared", "strings", "local/static", *(f"{page}/static" for page in pages)):
        yield from _copied(part)
    for name, content in program.items():
        yield f"stn/local/runtime/{name}", content
    defaults = live_page.defaults(names)
    yield f"{DATA}/index.json", data.as_json(networks.index(chosen, defaults, folder) | recorded.index(runs))
    yield f"{DATA}/link.json", data.as_json(data.link(defaults))
    yield f"{DATA}/export.json", data.as_json(data.export_texts())
    yield f"{DATA}/poses.json", data.poses()
    computed = (data.digits(), networks.noise(), networks.files(chosen, scenes, say), recorded.files(runs, say))
    for address, content in itertools.chain(*computed):
        yield f"{DATA}/{address}", content
    say("results")
    for address, content in data.results(names, folder):
        yield f"{DATA}/{address}", content
    for path in sorted((folder / "results").glob("*.json")):
        yield f"stn/results/measured/{path.name}", path.read_bytes()
    plotly = importlib.util.find_spec("plotly")
    if plotly is not None and plotly.origin is not None:
        yield "stn/plotly.js", (Path(plotly.origin).parent / "package_data" / "plotly.min.js").read_bytes()


def _copied(part: str) -> Iterator[tuple[str, bytes]]:
    for path in sorted((UI / part).rglob("*")):
        if path.is_file():
            yield f"stn/{path.relative_to(UI).as_posix()}", path.read_bytes()


def _finish(folder: Path) -> None:
    """Write the version into the page, the service worker with the files that it caches, and the file that marks a published folder."""
    digest, files = hashlib.sha256(), sorted(path for path in folder.rglob("*") if path.is_file())
    addresses = [path.relative_to(folder).as_posix() for path in files]
    template = (Path(__file__).parent / "service.js").read_text(encoding="utf-8")
    for path, address in zip(files, addresses, strict=True):
        digest.update(f"{address} {path.stat().st_size} ".encode() + path.read_bytes())
    digest.update(template.encode())
    version = digest.hexdigest()[:16]
    needed = json.dumps(_first_visit(folder, addresses))
    page = (folder / "index.html").read_text(encoding="utf-8")
    (folder / "index.html").write_text(page.replace(document.VERSION, version), encoding="utf-8")
    written = template.replace(document.VERSION, version).replace('"@FILES@"', needed)
    (folder / "service.js").write_text(written, encoding="utf-8")
    mark = {"version": version, "torch": importlib.metadata.version("torch"), "runtime": runtime.VERSION}
    (folder / MARK).write_text(json.dumps(mark), encoding="utf-8")


def _first_visit(folder: Path, addresses: list[str]) -> list[str]:
    """The addresses that a first visit caches: the pages, the default networks, and the small files that all pages need with them."""
    index = json.loads((folder / DATA / "index.json").read_text(encoding="utf-8"))
    names = [name for name in (index["defaults"]["model"], index["defaults"]["twin"]) if name]
    first = [index["networks"][name] for name in names]
    needed = {"./", *(f"{DATA}/{address}" for one in first for address in (one["weights"], *one["graphs"].values()))}
    needed |= {f"{DATA}/{address}" for one in first for address in (one["losses"] or {}).values()}
    gallery = f"{DATA}/results/failures/{'~'.join([*names, ''][:2])}~"
    for address in addresses:
        if address.startswith((*(f"{DATA}/{name}" for name in SMALL), gallery)) or (
            address.startswith("stn/") and not address.startswith((DATA, *LATER))
        ):
            needed.add(address)
    return sorted(needed)
