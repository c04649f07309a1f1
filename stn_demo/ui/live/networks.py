"""The networks that the page can show: read from the checkpoints folder when they are asked for, and kept."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import logging
import re
import threading
from collections import OrderedDict
from pathlib import Path

from ... import checkpoints
from ...data.distortions import DISTORTIONS
from ...model import ModelConfig, Network
from ...training.presets import PRESETS
from ...training.settings import TrainingSettings
from ...training.start import untrained
from .request import Defaults, RequestError

log = logging.getLogger(__name__)
MOST_LOADED = 96  # a timeline is dragged to and fro over some sixty
MOST_UPLOADS = 64
RUN = re.compile(r"run-([a-z0-9-]{1,40})-(latest|\d{1,9})(-twin)?")  # a network in training, or a snapshot of it
UNTRAINED = re.compile(r"untrained-([a-z0-9-]{1,40})")  # the network of a preset, before its first step


class Networks:
    """Networks by name. ``folders`` are searched in order; ``uploads`` is the last of them and the only one written.
    ``runs`` (a ``training.runs.Runs``) has those called run-<id>-<step>, run-<id>-latest, each with -twin or without;
    untrained-<preset> is what a run of that preset begins with."""

    def __init__(self, folder: Path, uploads: Path, runs=None):
        self.runs = runs
        self.folders, self.uploads = (folder, uploads), uploads
        self._loaded: OrderedDict[str, tuple[tuple, Network]] = OrderedDict()
        self._lock = threading.Lock()
        self._stand_ins: dict[str, tuple[str, bool]] = {}

    def stand_in(self, names: dict[str, tuple[str, bool]]) -> None:
        """Let the networks of runs go by the names of checkpoints that are missing: name -> run id, whether its twin."""
        self._stand_ins = names

    def names(self) -> list[str]:
        """What there is, without opening it: the shipped ones, then the uploaded ones."""
        return [path.stem for folder in self.folders for path in sorted(folder.glob("*.safetensors"))]

    def infos(self) -> list[dict]:
        """What there is to say about each network: name, transform (None for a plain one), size, measured errors in
        percent (None where unknown)."""
        found = [
            _describe(info)
            for folder in self.folders
            if folder.is_dir()
            for info in checkpoints.available(folder, log.warning)
        ]
        for name, (id, twin) in self._stand_ins.items():
            found.append(_describe_config(name, _settings(self.runs.status(id), twin).model))
        return found

    def warm(self, defaults: Defaults) -> None:
        """Open the default networks, so that the first visitor does not wait for them; a missing one is no fault yet."""
        for name in filter(None, (defaults.model, defaults.twin)):
            with contextlib.suppress(RequestError):
                self.get(name)

    def get(self, name: str) -> Network:
        """The network of this name in eval mode, read again if its file has changed (while it trains, say).

        Raises:
            StateError: there is none, or its file is damaged.
        """
        if (first := UNTRAINED.fullmatch(name)) and (network := _untrained(first[1])):
            return network
        path = self._path(name)
        if path is None and name in self._stand_ins:
            id, twin = self._stand_ins[name]
            path = self.runs.store.run(id).network("latest", twin)
            if not path.is_file():  # the run has not made it yet: as it will be before the first step
                return _untrained_of(_settings(self.runs.status(id), twin))
        if path is None:
            raise RequestError(f"There is no checkpoint {name!r} here.", "unknown_model")
        try:
            stat = path.stat()
            version = (stat.st_mtime_ns, stat.st_size)
            with self._lock:
                kept = self._loaded.get(name)
                if kept is None or kept[0] != version:
                    kept = (version, checkpoints.load(path).requires_grad_(False))
                self._loaded[name] = kept
                self._loaded.move_to_end(name)
                while len(self._loaded) > MOST_LOADED:
                    self._loaded.popitem(last=False)
            return kept[1]
        except (checkpoints.CheckpointError, OSError) as error:
            raise RequestError(str(error), "broken_model") from None

    def add(self, data: bytes) -> str:
        """Keep an uploaded checkpoint; its name, made from its content. Raises checkpoints.CheckpointError."""
        model = checkpoints.loads(data)
        name = f"upload-{hashlib.sha256(data).hexdigest()[:8]}"
        self.uploads.mkdir(parents=True, exist_ok=True)
        kept = sorted(self.uploads.glob("upload-*.safetensors"), key=lambda path: path.stat().st_mtime)
        for old in kept[: max(0, len(kept) - MOST_UPLOADS + 1)]:
            old.unlink(missing_ok=True)
        target = self.uploads / f"{name}.safetensors"
        partial = target.with_suffix(f".{threading.get_ident()}.part")
        partial.write_bytes(data)
        partial.replace(target)
        del model
        return name

    def _path(self, name: str) -> Path | None:
        if self.runs is not None and (run := RUN.fullmatch(name)):
            id, step, twin = run.groups()
            try:
                return self.runs.path(id, step if step == "latest" else int(step), twin is not None)
            except ValueError as error:  # a RunError, whose sentence says what is missing
                raise RequestError(str(error), "unknown_model") from None
        return next((folder / f"{name}.safetensors" for folder in self.folders if self._has(folder, name)), None)

    @staticmethod
    def _has(folder: Path, name: str) -> bool:
        return (folder / f"{name}.safetensors").is_file()


def _settings(run: dict, twin: bool) -> TrainingSettings:
    settings = TrainingSettings.from_dict(run["settings"])
    return settings.twin() if twin else settings


def _untrained(preset: str) -> Network | None:
    return _untrained_of(PRESETS[preset].settings) if preset in PRESETS else None


@functools.lru_cache(maxsize=32)
def _untrained_of(settings: TrainingSettings) -> Network:
    return untrained(settings).eval().requires_grad_(False)


def _describe(info: checkpoints.Info) -> dict:
    errors = info.provenance.get("test_error") or {}
    return {
        **_describe_config(info.name, info.config),
        "error_posed": errors.get("pose"),
        "error_clean": errors.get("none"),
        "distortion": info.provenance.get("distortion"),
        "trained": _trained(info.provenance.get("distortion")),
    }


def _trained(name: object) -> dict[str, list[float]] | None:
    """Which turns, degrees, and sizes a network has seen in training; None where that is not known."""
    distortion = DISTORTIONS.get(name) if isinstance(name, str) else None
    if distortion is None:
        return None
    return {"rotation": [-distortion.rotation, distortion.rotation], "scale": list(distortion.scale)}


def _describe_config(name: str, config: ModelConfig) -> dict:
    transform = config.transform if "input" in config.placement else None
    unknown = dict.fromkeys(("error_posed", "error_clean", "distortion", "trained"))
    return {"name": name, "transform": transform, "size": config.input_size, **unknown}
