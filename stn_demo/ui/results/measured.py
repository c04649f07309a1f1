"""Measurements of the networks, read from files, and the listed failures, recomputed with this server's networks."""

from __future__ import annotations

import asyncio
import functools
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

from torch import Tensor

from ...analysis import results
from ...analysis.frame import frames
from ...analysis.scene import Scene
from ...data import mnist
from ...data.digits import Digits
from ...data.pose import Pose
from ...names import CHECKPOINT
from ...training.datasets import load_digits
from ..live.batcher import Batcher
from ..live.codec import as_base64
from ..live.engine import Engine
from ..live.request import RequestError, read_pose
from ..options import Options
from . import story

KEPT = 16  # galleries kept in memory
AT_ONCE = 6  # failures per batch, so that live requests are answered between two batches
HOW = "python -m stn_demo analyse"


class Measured:
    """The results for the page, read again when their files have changed."""

    def __init__(self, options: Options, batcher: Batcher | None):
        """``batcher`` may be None if only ``overview_now`` and ``gallery`` are called."""
        self.options, self.batcher = options, batcher
        self.folder = options.checkpoints / "results"
        self._read: tuple[tuple[Any, ...], dict[str, Any]] | None = None
        self._galleries: OrderedDict[tuple[Any, ...], dict[str, Any]] = OrderedDict()

    async def overview(self, pair: str | None) -> dict[str, Any]:
        """See ``story.overview``; "stale": the network here has other weights than the one that was measured."""
        return await asyncio.to_thread(self.overview_now, _checked(pair))

    def overview_now(self, pair: str | None) -> dict[str, Any]:
        """``overview``, in this thread."""
        answer = story.overview(self.results(), pair)
        if shown := answer["pair"]:
            shown["stale"] = self._weights(shown["name"]) != shown["sha256"]
        return {**answer, "how": HOW, "files": self.files()}

    def files(self) -> list[str]:
        """The names of the existing files of results."""
        return sorted(path.name for path in self.folder.glob("*.json"))

    def results(self) -> dict[str, Any]:
        files = sorted(self.folder.glob("*.json"))
        version = tuple((file.name, file.stat().st_mtime_ns, file.stat().st_size) for file in files)
        if self._read is None or self._read[0] != version:
            self._read = version, results.read_all(self.folder)
        return self._read[1]

    async def failures(self, name: str, twin: str | None, of: str) -> dict[str, Any]:
        """The failures ``of`` a network or of its twin, as both see them: on MNIST if it is on this machine, else on
        generated digits. {"set", "looked_at", "failures": [{"digit", "pose", "label", "input", "warped", "answer", "confidence",
        "twin_answer", "twin_confidence"}]}."""
        loop = asyncio.get_running_loop()

        def run(work: Callable[..., Any]) -> list[dict[str, Any]]:
            assert self.batcher is not None
            return asyncio.run_coroutine_threadsafe(self.batcher.run(work), loop).result()

        for one in (name, twin, of):
            _checked(one)
        return await asyncio.to_thread(self.gallery, name, twin, of, run)

    def gallery(self, name: str, twin: str | None, of: str, run: Callable[..., Any]) -> dict[str, Any]:
        """``failures``, in this thread. ``run(work)`` gives what ``work(engine)`` returns."""
        measured = self.results()["failures"].get(of)
        if measured is None:
            return {"set": None, "looked_at": 0, "failures": []}
        key = (measured["made"]["date"], of, name, self._weights(name), twin, self._weights(twin))
        if key not in self._galleries:
            chosen = self._set(measured["result"])
            found, digits = measured["result"][chosen], self._digits(chosen)
            looked: list[dict[str, Any]] = []
            for start in range(0, len(found["failures"]), AT_ONCE):
                work = functools.partial(_looked_at, found["failures"][start : start + AT_ONCE], digits, name, twin)
                looked += run(work)
            self._galleries[key] = {"set": chosen, "looked_at": found["looked_at"], "failures": looked}
            while len(self._galleries) > KEPT:
                self._galleries.popitem(last=False)
        return self._galleries[key]

    def _set(self, result: dict[str, Any]) -> str:
        return "mnist" if "mnist" in result and mnist.is_complete(self.options.data) else "handwriting"

    @functools.cache  # noqa: B019  (this object lives as long as the app)
    def _digits(self, name: str) -> Digits:
        return load_digits(name, train=False, root=self.options.data, download=False)

    def _weights(self, name: str | None) -> str | None:
        path = Path(self.options.checkpoints) / f"{name}.safetensors"
        return _sha256(path, path.stat().st_mtime_ns) if path.is_file() else None


@functools.lru_cache(maxsize=64)
def _sha256(path: Path, _changed: int) -> str:
    return results.sha256(path)


def _checked(name: str | None) -> str | None:
    if name is not None and not CHECKPOINT.fullmatch(name):
        raise RequestError("That is not the name of a network.", "unknown_model")
    return name


def _looked_at(
    rows: list[dict[str, Any]], digits: Digits, name: str, twin: str | None, engine: Engine
) -> list[dict[str, Any]]:
    """Runs in the engine's thread: the same frames that Explore would show."""

    model = engine.networks.get(name)
    poses = [read_pose(row["pose"]) for row in rows]
    scenes = [Scene(digits.images[row["index"]], Pose(**pose)) for row, pose in zip(rows, poses, strict=True)]
    shown = frames(model, scenes, engine.networks.get(twin) if twin else None)
    return [
        {
            "digit": as_base64(scene.digit),
            "pose": pose,
            "label": row["label"],
            "input": as_base64(frame.input),
            "warped": as_base64(frame.warped),
            **_prediction(frame.probs, ""),
            **_prediction(frame.twin_probs, "twin_"),
        }
        for row, pose, scene, frame in zip(rows, poses, scenes, shown, strict=True)
    ]


def _prediction(probs: Tensor | None, whose: str) -> dict[str, Any]:
    if probs is None:
        return {f"{whose}answer": None, f"{whose}confidence": None}
    return {f"{whose}answer": int(probs.argmax()), f"{whose}confidence": round(float(probs.max()), 4)}
