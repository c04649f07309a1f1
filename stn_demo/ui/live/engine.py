"""Answers validated requests with torch: a list of requests in, a list of binary messages or error texts out."""

from __future__ import annotations

import contextlib
import functools
import logging
import threading
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ...analysis import colours
from ...analysis.frame import Frame, frames
from ...analysis.gradient import check_transformer
from ...analysis.landscape import landscape
from ...analysis.recorded import Programs
from ...analysis.scene import Scene
from ...data import ink
from ...data.pose import DIGIT, Pose
from ...model import Network, Sampler
from . import codec
from .fields import PAD
from .networks import Networks, are_comparable, own_names
from .request import Request, RequestError, Source, error_text

log = logging.getLogger(__name__)
MANY = 8  # batch size from which on oneDNN is faster than torch's own convolutions
FEW = 3  # requests of a batch that are faster one by one through recorded programs
_mkldnn: Any = torch.backends.mkldnn  # its module is replaced at run time by one with this property
_switch, _plain = threading.Lock(), 0  # _plain: number of threads that currently need oneDNN switched off


class Engine:
    """Answers batches of requests with ``networks``. May be called from several threads."""

    def __init__(self, networks: Networks):
        self.networks = networks
        self.programs = Programs()
        torch.set_num_threads(1)  # starting a second thread takes longer than a 28 x 28 picture

    def answer(self, requests: list[Request]) -> list[bytes | str]:
        """A binary message for each request, or the text of its error. Requests for the same networks form one batch; if
        one of them fails, the others are still answered."""
        with _plain_convolutions() if len(requests) < MANY else contextlib.nullcontext():
            return self._answer(requests)

    def _answer(self, requests: list[Request]) -> list[bytes | str]:
        answers: list[bytes | str] = [""] * len(requests)
        groups = defaultdict(list)
        for index, request in enumerate(requests):
            groups[request.model, request.twin, request.sampler, request.padding, request.source.side].append(index)
        for indices in groups.values():
            batch = [requests[index] for index in indices]
            messages: Sequence[bytes | str]
            try:
                messages = self._batch(batch)
            except Exception as error:
                if len(batch) == 1:
                    messages = [self._refusal(batch[0], error)]
                else:
                    messages = [self._answer([request])[0] for request in batch]
            for index, message in zip(indices, messages, strict=True):
                answers[index] = message
        return answers

    def frame(self, request: Request) -> tuple[Frame, Scene, Network]:
        """The frame of one request, at full precision. Raises RequestError, ValueError."""
        model, twin, sampler = self._networks(request)
        scene = self._scene(request, model)
        with _plain_convolutions():
            return frames(model, [scene], twin, sampler)[0], scene, model

    def landscape(self, request: Request) -> bytes | str:
        """The message of one request's map of the loss, or the text of its error. Takes as long as hundreds of frames."""
        try:
            model, _, sampler = self._networks(request)
            check_transformer(model)
            if not self.networks.is_light(request.model):
                raise RequestError("A map of the loss takes too long for a network of this size.")
            programs = self.programs if self.networks.is_on_disk(request.model) else None
            reader = programs and programs.reader(model)
            frame = frames(model, [self._scene(request, model)], None, sampler, programs)[0]
            scene_target = _target(request, model)
            target = int(frame.probs.argmax()) if scene_target is None else scene_target
            theta = torch.tensor(frame.theta)
            image = frame.input.expand(model.config.in_channels, -1, -1)
            found = landscape(model, image, theta, target, sampler, reader.log_probs if reader else None)
            return codec.landscape_message(request.id, target, found)
        except Exception as error:
            return self._refusal(request, error)

    def _batch(self, batch: list[Request]) -> list[bytes]:
        model, twin, sampler = self._networks(batch[0])
        scenes = [self._scene(request, model) for request in batch]
        first = model.input_transformer
        has_transformer = first is not None
        used = sampler or (first and first.sampler)
        headers = [
            {
                "id": request.id,
                "model": request.model,
                "twin": request.twin if twin else None,
                "incomparable": None if twin else request.twin,
                "transform": model.config.transform if has_transformer else None,
                "overruled": has_transformer and request.grab is not None,
                "sampler": used and used.mode,
                "padding": used and used.padding,
                "names": own_names(model.config),
                "twin_names": twin and own_names(twin.config),
                "channels": model.config.in_channels,
            }
            for request in batch
        ]
        found = self._frames(batch[0], model, scenes, twin, sampler)
        return codec.encode(found, [scene.digit for scene in scenes], headers)

    def _frames(
        self, request: Request, model: Network, scenes: list[Scene], twin: Network | None, sampler: Sampler | None
    ) -> list[Frame]:
        """A few scenes one by one through recorded programs, if there are any; else all together. The network of a run changes
        every second, and a heavy one gains nothing, so neither is recorded."""
        names = [request.model, *([request.twin] if request.twin and twin else [])]
        lasting = all(self.networks.is_on_disk(name) and self.networks.is_light(name) for name in names)
        if len(scenes) > FEW or not lasting:
            return frames(model, scenes, twin, sampler)
        return [frames(model, [scene], twin, sampler, self.programs)[0] for scene in scenes]

    def _networks(self, request: Request) -> tuple[Network, Network | None, Sampler | None]:
        model = self.networks.get(request.model)
        twin = self.networks.get(request.twin) if request.twin else None
        if twin is not None and not are_comparable(model, twin):
            twin = None
        first = model.input_transformer
        own = None if first is None else first.sampler
        sampler = None
        if own is not None and (request.sampler or request.padding):
            mode, padding = request.sampler or own.mode, request.padding or own.padding
            sampler = None if (mode, padding) == (own.mode, own.padding) else _sampler(mode, padding)
            if mode == own.mode == "deconvolution" and sampler is not None:
                sampler = Sampler(mode, padding).requires_grad_(False)
                sampler.load_state_dict(own.state_dict())
        return model, twin, sampler

    def _scene(self, request: Request, model: Network) -> Scene:
        digit = digit_of(request.source, request.raw)
        if request.source.side is not None:
            digit = colours.fitted(digit, self.networks.own_side(model) or DIGIT, model.config.in_channels)
        return Scene(
            digit,
            Pose(**request.pose),
            request.grab,
            request.density,
            request.inspect,
            request.gradient,
            _target(request, model),
        )

    @staticmethod
    def _refusal(request: Request, error: Exception) -> str:
        if isinstance(error, RequestError):
            return error_text(request.id, error.code, str(error))
        if isinstance(error, ValueError):
            return error_text(request.id, "bad_request", str(error))
        log.exception("A request failed: %s", request)
        return error_text(request.id, "internal", "This could not be worked out; the server's log says why.")


@contextlib.contextmanager
def _plain_convolutions() -> Iterator[None]:
    """Disables oneDNN for small batches. oneDNN prepares each convolution again at every call, which takes longer than
    the convolution of one small picture; without it a single request takes half the time. The setting applies to the whole
    process, so the threads that need it disabled are counted."""
    global _plain  # noqa: PLW0603
    with _switch:
        _plain += 1
        _mkldnn.enabled = False
    try:
        yield
    finally:
        with _switch:
            _plain -= 1
            _mkldnn.enabled = _plain == 0


@functools.lru_cache
def _sampler(mode: str, padding: str) -> Sampler:
    return Sampler(mode, padding).requires_grad_(False)


def _target(request: Request, model: Network) -> int | None:
    """The true class: chosen by the visitor, else the label of a ready digit, else None. None for a network whose classes
    are not the digits."""
    if own_names(model.config) is not None:
        return None
    return request.source.label if request.target is None else request.target


def digit_of(source: Source, raw: bool) -> Tensor:
    """The picture of a source: uint8 [28, 28], or [3, n, n] in colour. Strokes are rendered, and prepared unless ``raw``."""
    if source.digit is not None:
        shape = (28, 28) if source.side is None else (3, source.side, source.side)
        return torch.frombuffer(bytearray(source.digit), dtype=torch.uint8).view(shape)
    strokes = [
        ink.Stroke(np.asarray(points, dtype=np.float64).reshape(-1, 2) / PAD, width / PAD, erase)
        for width, erase, points in source.strokes or ()
    ]
    return (ink.render(strokes, prepare=not raw) * 255).round().to(torch.uint8)
