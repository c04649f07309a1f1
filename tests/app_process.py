"""The app as a process of its own, for tests and benchmarks."""

import socket
import time
import urllib.request
from pathlib import Path

LONGEST_START = 120.0  # seconds


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def wait_until_up(url: str, process, log: Path | None = None) -> None:
    """Wait until the app at ``url`` answers. ``log``: what it has written is the message if it ends before."""
    end = time.monotonic() + LONGEST_START
    while True:
        try:
            urllib.request.urlopen(f"{url}/stn/strip", timeout=60).read()
            return
        except OSError:
            assert process.poll() is None, log.read_text() if log else "the app has ended"
            assert time.monotonic() < end, "the app did not come up"
            time.sleep(0.1)
