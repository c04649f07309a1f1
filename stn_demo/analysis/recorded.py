"""Networks recorded as TorchScript programs, which are faster for a single request.

The operations on one picture of 28 x 28 px take torch 1 to 2 ms; the overhead of Python and of dispatching several hundred small
operations is larger than that. A program (``torch.jit.trace`` and ``torch.jit.freeze``) runs the same operations without Python: a
frame of ``upright`` takes a third of the time. Each program takes one picture at a time.
"""

from __future__ import annotations

import logging
import threading
import warnings
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn

from ..model import Network
from .computed import Computed, compute
from .landscape import CHUNK, classify

# A condition on a shape is the same for every picture. (A filter for one thread only does not exist.)
warnings.filterwarnings("ignore", category=torch.jit.TracerWarning)
# torch advises torch.compile, which needs a C++ compiler where the app runs.
warnings.filterwarnings("ignore", message="`torch.jit", category=FutureWarning)
Kind = TypeVar("Kind", "Program", "Plain", "Reader")
log = logging.getLogger(__name__)
ASKED = 8  # times that a network is asked for before it is recorded, which takes 0.1 to 0.4 s; the first one only once
MOST = 8  # programs that are ever made: torch keeps the memory of each, 4 to 8 MB, until the process ends
WARM = 3  # runs after which torch has optimised a program


class Program:
    """One network recorded. ``frame``: see ``compute``, for N = 1. ``theta``: inputs [1, C, S, S] -> theta [1, P] of the
    transformer at the input."""

    def __init__(self, network: Network):
        config = network.config
        image, nothing = torch.rand(1, config.in_channels, config.side, config.side), torch.zeros(1, 0)
        self._own = theta = nothing
        if "input" in network.transformers:
            self.theta = _record(_Theta(network), image)
            theta = network.transformer().grid.identity()[None]
            self._own = torch.full_like(theta, torch.nan)
        self._frame = _record(_Frame(network), image, torch.eye(3)[None], theta, self._own)

    def frame(self, inputs: Tensor, applied: Tensor, at_rest: Tensor, wanted: Tensor | None = None) -> Computed:
        return Computed(*self._frame(inputs, applied, at_rest, self._own if wanted is None else wanted))


class Plain:
    """One network recorded as a twin. ``probs``: inputs [1, C, S, S] -> [1, classes]."""

    def __init__(self, network: Network):
        config = network.config
        self.probs = _record(_Probs(network), torch.rand(1, config.in_channels, config.side, config.side))


class Reader:
    """The layers after the transformer of one network, recorded for the map of the loss. ``log_probs``: warped [CHUNK, C, O, O]
    -> [CHUNK, classes]."""

    def __init__(self, network: Network):
        config = network.config
        warped = torch.rand(CHUNK, config.in_channels, config.output_side, config.output_side)
        self.log_probs = _record(_Classify(network), warped, batch=True)


class Programs:
    """The programs of the networks in use. A separate thread records them: the first network, the default of the page, at once,
    and others after ``ASKED`` requests. A network without a program is computed in Python."""

    def __init__(self, asked: int = ASKED, most: int = MOST):
        self._asked, self._left = asked, most
        self._kinds: set[type] = set()  # of which at least one is recorded
        self._counts: WeakKeyDictionary[Network, Counter[type]] = WeakKeyDictionary()
        self._made: WeakKeyDictionary[Network, dict[type, Program | Plain | Reader]] = WeakKeyDictionary()
        self._lock = threading.Lock()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="recorder")

    def get(self, network: Network) -> Program | None:
        """The program of ``network``, or None if there is none yet."""
        return self._get(network, Program)

    def twin(self, network: Network) -> Plain | None:
        """The program of ``network`` as a twin, or None if there is none yet."""
        return self._get(network, Plain)

    def reader(self, network: Network) -> Reader | None:
        """The program of the layers after the transformer of ``network``, or None if there is none yet."""
        return self._get(network, Reader)

    def _get(self, network: Network, kind: type[Kind]) -> Kind | None:
        with self._lock:
            found = self._made.get(network, {}).get(kind)
            counts = self._counts.setdefault(network, Counter())
            counts[kind] += 1
            is_due = counts[kind] == (self._asked if kind in self._kinds else 1)
            if found is None and is_due and self._left > 0:
                self._left -= 1
                self._kinds.add(kind)
                self._thread.submit(self._make, network, kind)
        return found if isinstance(found, kind) else None

    def _make(self, network: Network, kind: type[Program] | type[Plain] | type[Reader]) -> None:
        try:
            program = kind(network)
        except Exception:
            log.exception("A network could not be recorded; it is computed in Python")
            return
        with self._lock:
            self._made.setdefault(network, {})[kind] = program

    def wait(self) -> None:
        """Return once every network that is being recorded is done."""
        self._thread.submit(int).result()


class _Part(nn.Module):
    def __init__(self, network: Network):
        super().__init__()
        self.network = network


class _Probs(_Part):
    def forward(self, inputs: Tensor) -> Tensor:
        return self.network(inputs).exp()


class _Classify(_Part):
    def forward(self, warped: Tensor) -> Tensor:
        return classify(self.network, warped)


class _Theta(_Part):
    def forward(self, inputs: Tensor) -> Tensor:
        return self.network.transformer().trace(inputs).theta


class _Frame(_Part):
    def forward(self, inputs: Tensor, applied: Tensor, at_rest: Tensor, wanted: Tensor) -> tuple[Tensor, ...]:
        looks = at_rest
        if "input" in self.network.transformers:
            looks = self.network.transformer().trace(inputs).looks
        return tuple(compute(self.network, inputs, applied, looks, at_rest, wanted))


def _record(module: _Part, *example: Tensor, batch: bool = False) -> Callable[..., Tensor]:
    """``batch``: use oneDNN for convolutions, which is slower for a single small picture."""
    with torch.no_grad():
        program = torch.jit.freeze(torch.jit.trace(module.eval(), example, check_trace=False))
        if batch:
            program = torch.jit.optimize_for_inference(program)
        for _ in range(WARM):
            program(*example)
    return program
