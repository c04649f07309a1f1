"""The steps at which a run writes a line, measures its accuracy and saves its network.

They depend only on the length of the run, so that a run that was killed and resumed writes the same as one that was
not.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

LINE_DIGITS = 2560  # training digits between two lines: about a second on one core
LINES = 200  # lines in the log, at least (if there are as many steps)
TESTS = 12  # measurements during the run, at least
TEST_DIGITS = 60_000  # and at least one for each 60,000 training digits
SNAPSHOTS = 60  # snapshots, at most
SNAPSHOT_BYTES = 64 << 20  # size of all snapshots together, at most
LATE = 20  # snapshots at even distances; the others are denser the earlier they are


@dataclass(frozen=True)
class Schedule:
    """For a run of ``steps`` steps of ``batch_size`` digits, whose snapshots have ``snapshot_bytes`` bytes each."""

    steps: int
    batch_size: int
    snapshot_bytes: int = 0

    def line(self, step: int) -> bool:
        every = max(1, min(LINE_DIGITS // self.batch_size, self.steps // LINES))
        return step <= 10 or step % every == 0 or step == self.steps

    def test(self, step: int) -> bool:
        """Whether to measure at this step on a part of the test digits; all of them are used at the end only."""
        every = max(1, min(self.steps // TESTS, TEST_DIGITS // self.batch_size))
        return step % every == 0 and step < self.steps

    def snapshot(self, step: int) -> bool:
        return step in self.snapshots

    @cached_property
    def snapshots(self) -> frozenset[int]:
        """0, 1, 2, 3, 5, 8, ... (most is learnt early), then even distances, and the last step."""
        count = max(10, min(SNAPSHOTS, SNAPSHOT_BYTES // max(1, self.snapshot_bytes)))
        late = min(LATE, count // 3)
        early = count - late - 2
        dense = {round(self.steps ** (i / early)) for i in range(early)}
        even = {round(i * self.steps / late) for i in range(1, late + 1)}
        return frozenset({0, self.steps} | dense | even)
