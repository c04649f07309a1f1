"""Ten digits as a network of a run sees them, and the average of what it reads of each class.

The digits and their poses are the same for every snapshot of a run; they are drawn once from its distortion. A strip is
computed in the engine's thread in pieces of a few milliseconds, between which visitors' requests are answered.
"""

from __future__ import annotations

import asyncio
import itertools
import weakref
from collections import OrderedDict
from typing import Any

import torch
from torch import Tensor

from ...analysis.outline import CORNERS, EDGE
from ...data.digits import Digits
from ...model import Network
from ...model.grids import ThinPlateSplineGrid
from ...training.settings import TrainingSettings
from ..live.batcher import Batcher
from ..live.codec import as_bytes, message
from ..live.engine import Engine
from ..live.samples import Samples

PER_CLASS = 24  # digits per class in the average
CLASSES = range(0, 10 * PER_CLASS, PER_CLASS)  # where each class begins
MOST_KEPT = 200  # strips of 24 kB
SEED = 4  # of the ten poses; chosen so that they look different


class Pictures:
    """``await strip(name, run)`` -> the version and the binary message of the network ``name``.

    The message: uint32 length, JSON header, arrays, see ``live/codec.py``. header: outlines (10 closed polylines,
    normalised input coordinates, empty without a transformer at the input), earlier (for each digit the outlines of the
    looks before the last, empty if there is one look), guesses and sure (10 each: the digit and its probability),
    twin_guesses (or null), size, output, version. arrays: input u1 [10, S, S], warped and mean u1 [10, O, O]; a mean is
    scaled to its own brightest pixel.
    """

    def __init__(self, samples: Samples, batcher: Batcher):
        self.samples, self.batcher = samples, batcher
        self._digits: dict[str, Tensor] = {}
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._versions: weakref.WeakKeyDictionary[Network, str] = weakref.WeakKeyDictionary()
        self._count = itertools.count(1)
        self._one = asyncio.Lock()

    async def strip(self, name: str, run: dict[str, Any]) -> tuple[str, bytes]:
        """Raises StateError if there is no such network."""
        settings = TrainingSettings.from_dict(run["settings"])
        async with self._one:
            model, twin = await self.batcher.run(_networks, name, bool(run.get("twin")))
            # a network whose file has changed is another object
            version = self._versions.setdefault(model, str(next(self._count)))
            if version not in self._kept:
                digits = await asyncio.to_thread(self._posed, settings)
                about = await self.batcher.run(_ten, model, twin, digits[::PER_CLASS])
                means = [await self.batcher.run(_mean, model, digits[at : at + PER_CLASS]) for at in CLASSES]
                self._kept[version] = _packed(digits, about, means, version)
            self._kept.move_to_end(version)
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
            return version, self._kept[version]

    def _posed(self, settings: TrainingSettings) -> Tensor:
        """The module function, cached."""
        key = f"{settings.data} {settings.distort}"
        if key not in self._digits:
            if len(self._digits) > 20:
                self._digits.clear()
            self._digits[key] = posed(settings, self._set(settings.data))
        return self._digits[key]

    def _set(self, name: str) -> Digits:
        found = self.samples.mnist if name == "mnist" else None
        return found if found is not None else self.samples.handwriting


def posed(settings: TrainingSettings, digits: Digits) -> Tensor:
    """Tensor[10 * PER_CLASS, 1, S, S]: the first of ``digits`` in class order, in poses of the run's distortion."""
    chosen = torch.cat([(digits.labels == label).nonzero()[:PER_CLASS, 0] for label in range(10)])
    images = digits.images[chosen][:, None].float() / 255
    return settings.distort(images, torch.Generator().manual_seed(SEED)).images


def whole(model: Network, twin: Network | None, digits: Tensor, version: str) -> bytes:
    """The message of a network, see ``Pictures``, without an engine. ``digits``: of ``posed``."""
    means = [_mean(None, model, digits[at : at + PER_CLASS]) for at in CLASSES]
    return _packed(digits, _ten(None, model, twin, digits[::PER_CLASS]), means, version)


def _packed(digits: Tensor, about: tuple[dict[str, Any], Tensor], means: list[Tensor], version: str) -> bytes:
    header, ten = about
    arrays = {"input": digits[::PER_CLASS, 0], "warped": ten, "mean": torch.stack(means)}
    pictures = {name: as_bytes(values) for name, values in arrays.items()}
    return message({**header, "version": version}, pictures)


def _networks(engine: Engine, name: str, with_twin: bool) -> tuple[Network, Network | None]:
    return engine.networks.get(name), engine.networks.get(f"{name}-twin") if with_twin else None


@torch.no_grad()
def _ten(engine: Engine | None, model: Network, twin: Network | None, images: Tensor) -> tuple[dict[str, Any], Tensor]:
    """The header, and the input of the classifier for each digit: [10, O, O]."""
    trace = model.trace(images)
    outlines: list[list[list[float]]] = []
    earlier: list[list[list[list[float]]]] = []
    seen, first = images, model.input_transformer
    if first is not None:
        grid, transform = first.grid, trace.transforms[0]
        points = EDGE if isinstance(grid, ThinPlateSplineGrid) else CORNERS
        *before, outlines = [_outlines(grid.at(theta, points)) for theta in transform.looks.unbind(1)]
        earlier = [list(looks) for looks in zip(*before, strict=True)]
        seen = transform.warped
    sure, guesses = trace.log_probs.exp().max(1)
    header = {
        "size": images.shape[-1],
        "output": seen.shape[-1],
        "outlines": outlines,
        "earlier": earlier,
        "guesses": guesses.tolist(),
        "sure": [round(value, 4) for value in sure.tolist()],
        "twin_guesses": None if twin is None else twin(images).argmax(1).tolist(),
    }
    return header, seen[:, 0]


def _outlines(points: Tensor) -> list[list[list[float]]]:
    return [[[round(x, 3), round(y, 3)] for x, y in one] for one in points.tolist()]


@torch.no_grad()
def _mean(engine: Engine | None, model: Network, images: Tensor) -> Tensor:
    """[O, O]: the average input of the classifier for these digits, its brightest pixel 1."""
    first = model.input_transformer
    seen = images if first is None else first.trace(images).warped
    mean = seen[:, 0].mean(0)
    return mean / mean.max().clamp(min=1e-3)
