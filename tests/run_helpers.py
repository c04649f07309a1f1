"""Tiny training runs, and comparisons of them."""

import queue
import time
from pathlib import Path

from safetensors.torch import load_file

from stn_demo.runs.folder import RunFolder
from stn_demo.runs.runs import Runs
from stn_demo.runs.store import RunStore
from stn_demo.runs.worker import Worker
from stn_demo.training import TrainingSettings

ROOT = Path(__file__).resolve().parents[1]
DIGITS = 128
TINY = TrainingSettings(data="handwriting", localization_factor=0.5, batch_size=8, epochs=12.5, learning_rate=2e-3).but(
    localization="mlp"
)
STEPS = 200


def made(folder, settings=TINY, **about) -> RunFolder:
    folder.mkdir(parents=True, exist_ok=True)
    return RunStore(folder).create({"settings": settings.to_dict(), "digits": DIGITS, **about})


class Drawn:
    """Existing digits, in place of a DataSource."""

    def __init__(self, digits):
        self.digits, self.folder = digits, Path("/there")

    def load(self, name, count, say):
        if isinstance(self.digits, Exception):
            raise self.digits
        return self.digits


def work(run: RunFolder, digits, *orders: str) -> dict:
    """Train in this process; returns the final status."""
    line = queue.SimpleQueue()
    for order in orders:
        line.put(order)
    worker = Worker(run, line, Drawn(digits))
    assert worker.run()
    return run.status()


def weights(path: Path) -> bytes:
    """All weights, to the bit."""
    return b"".join(value.numpy().tobytes() for _, value in sorted(load_file(path).items()))


def log_of(run: RunFolder) -> list[dict]:
    """The log without times, and without the grouping of steps into lines."""
    return [{k: v for k, v in line.items() if k in ("step", "accuracy", "twin_accuracy", "learning_rate")}
            for line in run.events()[0] if line["kind"] in ("test", "rate")]  # fmt: skip


def check_same(run: RunFolder, reference: RunFolder) -> None:
    """The same networks at every saved step, and a log that contains every step once."""
    assert run.snapshots() == reference.snapshots() and run.snapshots()[-1] == STEPS
    twin = bool(run.about().get("twin"))
    for step in [*reference.snapshots(), "latest"]:
        for role in (False, True)[: 1 + twin]:
            assert weights(run.network(step, role)) == weights(reference.network(step, role)), step
    lines = [line for line in run.events()[0] if line["kind"] == "step"]
    assert [line["from"] for line in lines] == [0] + [line["step"] for line in lines[:-1]]
    assert lines[-1]["step"] == STEPS
    tests, expected = (
        [(line["step"], line["accuracy"]) for line in log_of(one) if "accuracy" in line] for one in (run, reference)
    )
    assert tests == expected
    assert [str(path) for path in run.path.rglob(".*.part")] == []


def until(what, seconds: float = 30.0):
    """Wait until ``what()`` is true; returns its value."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := what():
            return found
        time.sleep(0.01)
    raise AssertionError(f"not within {seconds} s")


def state_is(runs: Runs, id: str, *states: str, seconds: float = 30.0) -> dict:
    def look():
        status = runs.status(id)
        assert status["state"] != "failed" or "failed" in states, status["message"]
        return status if status["state"] in states else None

    return until(look, seconds)


def is_gone(pid: int) -> bool:
    """Whether the process has ended (a zombie counts as ended)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except FileNotFoundError:
        return True
