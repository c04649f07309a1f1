"""The networks that the page can show: read from their folders on request, and kept in memory within limits."""

from __future__ import annotations

import contextlib
import functools
import logging
import re
import threading
from collections import OrderedDict
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from ... import checkpoints
from ...data.distortions import DISTORTIONS
from ...model import ModelConfig, Network
from ...model.folding import folded
from ...names import RUN_ID
from ...runs.runs import Runs
from ...training.presets import PRESETS
from ...training.settings import TrainingSettings
from ...training.start import untrained
from ..options import FIRST_TRAINED
from . import cost, families, private
from .request import Defaults, RequestError

log = logging.getLogger(__name__)
MOST_LOADED = 96  # networks; a timeline has about sixty snapshots
MOST_BYTES = 160 << 20  # of their weights; beyond it the least recently used networks are dropped
RUN = re.compile(rf"run-({RUN_ID})-(latest|\d{{1,9}})(-twin)?")  # a network in training, or a snapshot of it
UNTRAINED = re.compile(rf"untrained-({RUN_ID})")  # the network of a preset, before its first step


class Networks:
    """Networks by name, of four kinds:

    - those in ``folder`` (shipped) and ``saved`` (saved from runs, or trained at the first start), listed for everyone;
    - upload-<...>: uploaded by a visitor, in ``private``, listed for that visitor only;
    - run-<id>-<step>, run-<id>-latest, each with or without -twin: those of ``runs`` (a ``runs.runs.Runs``);
    - untrained-<preset>: the initial network of a run of that preset.

    ``get`` may be called from several threads.
    """

    def __init__(self, folder: Path, saved: Path, runs: Runs | None = None):
        self.runs = runs
        self.folders, self.saved = (folder, saved), saved
        self.private = private.Private(saved / "private")
        self._loaded: OrderedDict[str, tuple[tuple[Any, ...], Network, int, bool]] = OrderedDict()
        self._bytes = 0
        self._sides: WeakKeyDictionary[Network, int] = WeakKeyDictionary()
        self._lock = threading.Lock()
        self._stand_ins: dict[str, tuple[str, bool]] = {}

    def stand_in(self, names: dict[str, tuple[str, bool]]) -> None:
        """Make networks of runs available under the names of missing checkpoints: name -> (run id, is its twin)."""
        self._stand_ins = names

    def _runs_here(self) -> Runs:
        assert self.runs is not None  # only an app with runs has networks that stand in
        return self.runs

    def names(self) -> list[str]:
        """The names of the shipped networks, then of the saved ones; opens no file."""
        return [path.stem for folder in self.folders for path in sorted(folder.glob("*.safetensors"))]

    def infos(self) -> list[dict[str, Any]]:
        """A description of each network: name, transform (None for a plain one), classifier, size, group and twin
        (families.py), channels and names of its pictures and classes (None: the ten digits), measured errors in percent
        (None if unknown); ``error`` is the one on its own training poses."""
        found = [
            _describe(info)
            for folder in self.folders
            if folder.is_dir()
            for info in checkpoints.available(folder, log.warning)
        ]
        for name, (id, twin) in self._stand_ins.items():
            found.append(_describe_config(name, _settings(self._runs_here().status(id), twin).model))
        return [{**info, "twin": families.twin_of(info, found)} for info in found]

    def warm(self, defaults: Defaults) -> None:
        """Open the default networks, so that the first visitor does not wait for them; missing ones are ignored."""
        for name in filter(None, (defaults.model, defaults.twin)):
            with contextlib.suppress(RequestError):
                self.get(name)

    def is_light(self, name: str) -> bool:
        """Whether a network is open and fast enough for the thread of the light networks; does not open it."""
        if UNTRAINED.fullmatch(name):
            return True
        kept = self._loaded.get(name)
        return kept is not None and kept[3]

    def is_on_disk(self, name: str) -> bool:
        """Whether another process can find the network's file by this name."""
        return not (UNTRAINED.fullmatch(name) or RUN.fullmatch(name) or name in self._stand_ins)

    def get(self, name: str) -> Network:
        """The network of this name in eval mode, read again if its file has changed (for example during training).

        Raises:
            RequestError: it does not exist, or its file is damaged.
        """
        if (first := UNTRAINED.fullmatch(name)) and (network := _untrained(first[1])):
            return network
        path = self._path(name)
        if path is None and name in self._stand_ins:
            id, twin = self._stand_ins[name]
            path = self._runs_here().store.run(id).network("latest", twin)
            if not path.is_file():  # the run has not written it yet: use the initial network
                return _untrained_of(_settings(self._runs_here().status(id), twin))
        if path is None:
            raise RequestError(f"There is no checkpoint {name!r} here.", "unknown_model")
        try:
            stat = path.stat()
            version = (stat.st_mtime_ns, stat.st_size)
            with self._lock:
                kept = self._loaded.get(name)
                if kept is not None and kept[0] == version:
                    self._loaded.move_to_end(name)
                    return kept[1]
            network = folded(checkpoints.load(path)).requires_grad_(False)
            if own_names(network.config) is not None:
                self._sides[network] = _picture_side(checkpoints.read_info(path))
            self._keep(name, version, network)
            return network
        except (checkpoints.CheckpointError, OSError) as error:
            raise RequestError(str(error), "broken_model") from None

    def in_file(self, name: str, visitor: str) -> tuple[Network, str]:
        """The network as its file holds it, with nothing folded, and the version of the file. Read each time.

        Raises:
            RequestError: it does not exist, another visitor uploaded it, or its file is damaged.
        """
        if (first := UNTRAINED.fullmatch(name)) and (network := _untrained(first[1])):
            return network, ""
        path = self._path(name)
        if path is None or (private.NAME.fullmatch(name) and not self.private.is_of(name, visitor)):
            raise RequestError(f"There is no checkpoint {name!r} here.", "unknown_model")
        try:
            return checkpoints.load(path).requires_grad_(False), str(path.stat().st_mtime_ns)
        except (checkpoints.CheckpointError, OSError) as error:
            raise RequestError(str(error), "broken_model") from None

    def own_side(self, network: Network) -> int | None:
        """The side of a picture before it is posed, px, for a network from ``get`` with classes of its own; else None."""
        return self._sides.get(network)

    def remove(self, name: str) -> bool:
        """Remove a saved network; False if there is none of this name, or if it is from the first start."""
        path = self.saved / f"{name}.safetensors"
        if name in FIRST_TRAINED or not path.is_file():
            return False
        path.unlink(missing_ok=True)
        return True

    def saved_names(self) -> list[str]:
        """The names that ``remove`` accepts."""
        return sorted(path.stem for path in self.saved.glob("*.safetensors") if path.stem not in FIRST_TRAINED)

    def _keep(self, name: str, version: tuple[Any, ...], network: Network) -> None:
        size = sum(tensor.nbytes for tensor in network.state_dict().values())
        light = cost.is_light(network.config)
        with self._lock:
            if (before := self._loaded.pop(name, None)) is not None:
                self._bytes -= before[2]
            self._loaded[name] = (version, network, size, light)
            self._bytes += size
            while len(self._loaded) > MOST_LOADED or (self._bytes > MOST_BYTES and len(self._loaded) > 1):
                _, (_, _, gone, _) = self._loaded.popitem(last=False)
                self._bytes -= gone

    def _path(self, name: str) -> Path | None:
        if self.runs is not None and (run := RUN.fullmatch(name)):
            id, step, twin = run.groups()
            try:
                return self.runs.path(id, step if step == "latest" else int(step), twin is not None)
            except ValueError as error:  # a RunError; its message says what is missing
                raise RequestError(str(error), "unknown_model") from None
        if private.NAME.fullmatch(name):
            path = self.private.path(name)
            return path if path.is_file() else None
        paths = (folder / f"{name}.safetensors" for folder in self.folders)
        return next((path for path in paths if path.is_file()), None)


def are_comparable(one: Network, other: Network) -> bool:
    """Whether two networks have the same classes; each takes a picture in its own size and channels."""
    return one.config.names == other.config.names


def own_names(config: ModelConfig) -> tuple[str, ...] | None:
    """The names of a network's classes if they are not the ten digits; else None."""
    return config.names if config.class_names or config.classes != 10 else None


def _picture_side(info: checkpoints.Info) -> int:
    """The side of a picture before it is posed, px: with distortions that shift, it is smaller than the frame."""
    distortion = DISTORTIONS.get(str(info.provenance.get("distortion")))
    return info.config.side if distortion is None else distortion.framed(info.config.side).picture


def _settings(run: dict[str, Any], twin: bool) -> TrainingSettings:
    settings = TrainingSettings.from_dict(run["settings"])
    return settings.twin() if twin else settings


def _untrained(preset: str) -> Network | None:
    return _untrained_of(PRESETS[preset].settings) if preset in PRESETS else None


@functools.lru_cache(maxsize=32)
def _untrained_of(settings: TrainingSettings) -> Network:
    return untrained(settings).eval().requires_grad_(False)


def _describe(info: checkpoints.Info) -> dict[str, Any]:
    errors = info.provenance.get("test_error") or {}
    return {
        **_describe_config(info.name, info.config),
        "error_posed": errors.get("pose"),
        "error_clean": errors.get("none"),
        "distortion": info.provenance.get("distortion"),
        "trained": _trained(info.provenance.get("distortion")),
        "group": families.group_of(info.provenance.get("distortion"), own_names(info.config) is not None),
        "error": families.own_error(errors, info.provenance.get("distortion")),
    }


def _trained(name: object) -> dict[str, list[float]] | None:
    """The ranges of rotation (degrees) and scale in a network's training; None if unknown."""
    distortion = DISTORTIONS.get(name) if isinstance(name, str) else None
    if distortion is None:
        return None
    return {"rotation": [-distortion.rotation, distortion.rotation], "scale": list(distortion.scale)}


def _describe_config(name: str, config: ModelConfig) -> dict[str, Any]:
    transform = config.transform if "input" in config.placement else None
    unknown = dict.fromkeys(("error_posed", "error_clean", "distortion", "trained", "group", "error"))
    return {
        "name": name,
        "transform": transform,
        "classifier": config.classifier,
        "size": config.input_size,
        "channels": config.in_channels,
        "names": own_names(config),
        **unknown,
    }
