"""A limit of how often each visitor may do something."""

from __future__ import annotations

import time

MOST_NAMES = 10_000  # of visitors that are remembered


class Rate:
    """A bucket for each name: ``burst`` times at once, then ``per_second``. Not for several threads at a time."""

    def __init__(self, per_second: float, burst: int):
        self.per_second, self.burst = per_second, float(burst)
        self._left: dict[str, tuple[float, float]] = {}  # name: (times left, when they were counted)

    def allows(self, name: str) -> bool:
        """Whether ``name`` may do it once more; counts it."""
        now = time.monotonic()
        left, at = self._left.pop(name, (self.burst, now))
        left = min(self.burst, left + (now - at) * self.per_second)
        self._left[name] = (max(0.0, left - 1), now)
        while len(self._left) > MOST_NAMES:
            self._left.pop(next(iter(self._left)))
        return left >= 1
