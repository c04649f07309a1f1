"""Networks recorded as programs of torch, for a visitor who waits alone.

One picture of 28 x 28 px keeps torch busy for 1 to 2 ms. Python, and the search for what each of some hundred small operations is
called with, take longer than that. A program (``torch.jit.trace`` and ``torch.jit.freeze``) does the same operations without
Python: a frame of ``upright`` takes a third of the time. Each holds for one picture at a time.
"""

from __future__ import annotations

import logging
import threading
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn

from ..model import Network
from .computed import Computed, compute

log = logging.getLogger(__name__)
ASKED = 8  # times that a network is asked for before it is recorded, which takes 0.1 to 0.4 s
MOST = 6  # programs at once, about 12 MB each
WARM = 3  # runs after which torch has optimised a program


class Program:
    """One network recorded. ``frame``: see ``compute``, for N = 1. ``theta``: inputs [1, C, S, S] -> theta [1, P] of the
    transformer at the input. ``probs``: inputs -> [1, classes]."""

    def __init__(self, network: Network):
        config = network.config
        image = torch.rand(1, config.in_channels, config.side, config.side)
        self.probs = _record(_Probs(network), image)
        self._has_transformer = "input" in network.transformers
        length = network.transformers["input"].grid.num_params if self._has_transformer else 0
        if self._has_transformer:
            self.theta = _record(_Theta(network), image)
        self._own = torch.full((1, length), torch.nan)
        theta = network.transformers["input"].grid.identity()[None] if self._has_transformer else self._own
        self._frame = _record(_Frame(network), image, torch.eye(3)[None], theta, self._own)

    def frame(self, inputs: Tensor, applied: Tensor, at_rest: Tensor, wanted: Tensor | None = None) -> Computed:
        return Computed(*self._frame(inputs, applied, at_rest, self._own if wanted is None else wanted))


class Programs:
    """The programs of the networks in use, each recorded in a thread of its own once its network has been asked for often. The one
    that was not asked for longest goes when there are too many. A network whose program is gone, or that cannot be recorded,
    is computed in Python."""

    def __init__(self, asked: int = ASKED):
        self._asked = asked
        self._counts: WeakKeyDictionary[Network, int] = WeakKeyDictionary()
        self._made: WeakKeyDictionary[Network, Program | None] = WeakKeyDictionary()
        self._lock = threading.Lock()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="recorder")

    def get(self, network: Network) -> Program | None:
        """The program of ``network``, or None if there is none yet."""
        with self._lock:
            if network in self._made:
                self._made[network] = found = self._made.pop(network)  # now the last one
                return found
            count = self._counts.get(network, 0) + 1
            self._counts[network] = count
        if count == self._asked:
            self._thread.submit(self._make, network)
        return None

    def _make(self, network: Network) -> None:
        try:
            program = Program(network)
        except Exception:
            log.exception("A network could not be recorded; it goes on in Python")
            program = None
        with self._lock:
            self._made[network] = program
            while len(self._made) > MOST:
                del self._made[next(iter(self._made))]

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


class _Theta(_Part):
    def forward(self, inputs: Tensor) -> Tensor:
        return self.network.transformers["input"].trace(inputs).theta


class _Frame(_Part):
    def forward(self, inputs: Tensor, applied: Tensor, at_rest: Tensor, wanted: Tensor) -> tuple[Tensor, ...]:
        looks = at_rest
        if "input" in self.network.transformers:
            looks = self.network.transformers["input"].trace(inputs).looks
        return tuple(compute(self.network, inputs, applied, looks, at_rest, wanted))


def _record(module: _Part, *example: Tensor) -> Callable[..., Tensor]:
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch advises torch.compile, which needs a C++ compiler where the app runs
        program = torch.jit.freeze(torch.jit.trace(module.eval(), example, check_trace=False))
        for _ in range(WARM):
            program(*example)
    return program
