"""Progress of a run in a terminal: one line that is overwritten; if the output goes to a file, a new line every 10 s."""

from __future__ import annotations

import sys
import time
from typing import TextIO

from ..training.events import Evaluated, Event, Step

BAR = 24
PAUSE = {True: 0.2, False: 10.0}  # seconds between two lines, for a terminal (True) or a file (False)


class Progress:
    """Prints the events of a run; with ``quiet``, nothing."""

    def __init__(self, stream: TextIO | None = None, quiet: bool = False):
        self.stream = stream or sys.stderr
        self.terminal = self.stream.isatty()
        self.quiet, self._last, self._width = quiet, -1e9, 0

    def show(self, event: Event) -> None:
        if isinstance(event, Step):
            now = time.monotonic()
            if now - self._last >= PAUSE[self.terminal] or event.step == event.steps:
                self._last = now
                self._write(self._line(event))
        elif isinstance(event, Evaluated):
            result = event.result
            self.say(f"step {event.step}: error {result.error:.2f} % on the {event.split} pictures, distorted")

    def say(self, text: str) -> None:
        """Print a line that is not overwritten."""
        self.close()
        if not self.quiet:
            print(text, file=self.stream, flush=True)

    def close(self) -> None:
        """End the line that is being overwritten."""
        if self._width:
            print(file=self.stream, flush=True)
            self._width = 0

    def _write(self, line: str) -> None:
        if self.quiet:
            return
        if self.terminal:
            print("\r" + line.ljust(self._width), end="", file=self.stream, flush=True)
            self._width = len(line)
        else:
            print(line, file=self.stream, flush=True)

    @staticmethod
    def _line(event: Step) -> str:
        done = event.step / event.steps
        left = event.seconds / max(event.step, 1) * (event.steps - event.step)
        bar = ("#" * round(done * BAR)).ljust(BAR, ".")
        return (
            f"{done:4.0%} {bar} step {event.step}/{event.steps}  loss {event.loss:.3f}  accuracy "
            f"{event.accuracy:.1%}  {event.samples_per_second:,.0f}/s  {duration(left)} left"
        )


def duration(seconds: float) -> str:
    """70 -> 1:10"""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"
