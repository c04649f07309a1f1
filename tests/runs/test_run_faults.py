"""Faults: after any fault a run continues with the same result, or an error message gives the reason."""

import json
import os
import queue
import random
import resource
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch
from run_helpers import DIGITS, ROOT, TINY, check_same, is_gone, made, state_is, until, work

from stn_demo import checkpoints
from stn_demo.data.mnist import DataError
from stn_demo.runs import folder as run_folder
from stn_demo.runs import journal
from stn_demo.runs.endings import explained
from stn_demo.runs.folder import RunFolder
from stn_demo.runs.runs import Runs
from stn_demo.runs.worker import Worker

# -- in this process


def test_divergence_is_reported_and_an_earlier_step_can_be_resumed(tmp_path, drawn):
    run = made(tmp_path, TINY.but(learning_rate=100.0, clip_norm=0.0, warm_up=0.0))
    status = work(run, drawn)
    assert (status["state"], status["code"]) == ("failed", "diverged")
    step = run.last_state(False)
    assert "Lower " in status["message"] and f" resume from step {step} or start again." in status["message"]
    for kept in [*run.snapshots(), "latest"]:
        checkpoints.load(run.network(kept))  # refuses what is no number
    status = work(run, drawn, "rate 0.001", "step", "step", "stop")
    assert (status["state"], status["step"]) == ("stopped", step + 2)


def test_unavailable_digits_are_reported(tmp_path):
    run = made(tmp_path, TINY.but(data="mnist"))
    status = work(run, DataError("MNIST is not in /there and could not be downloaded. Go online once."))
    assert (status["state"], status["code"]) == ("failed", "data") and "Go online" in status["message"]
    assert not run.log.exists() and not run.snapshots() and run.last_state(False) is None


def test_hanging_download_can_be_stopped_and_restarted(tmp_path, drawn, reference):
    """Orders received during the download are obeyed after it."""
    run, line, gate = made(tmp_path, twin=True), queue.SimpleQueue(), threading.Event()

    class Hanging:
        def load(self, name, count, say):
            say("busy_download")
            line.put("pause")
            line.put("stop")
            gate.wait(20)
            return drawn

    assert Worker(run, line, Hanging()).run()
    status = run.status()
    gate.set()
    assert (status["state"], status["step"], status["code"]) == ("stopped", 0, "")
    assert not run.log.exists() and run.last_state(True) is None
    assert work(run, drawn, "pause", "step", "step", "resume")["state"] == "done"
    check_same(run, reference)


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (MemoryError(), "error_memory"),
        (torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB."), "error_memory"),
        (RuntimeError("The sizes differ.\nA second line."), "error_unforeseen"),
        (AssertionError(), "error_unexplained"),
    ],
)
def test_unexpected_error_is_reported_without_its_class_name(tmp_path, fault, kind, capsys):
    ending = explained(fault, None, tmp_path)
    assert (ending["code"], ending["kind"]) == ("error", kind)
    assert type(fault).__name__ not in ending["message"] and "\n" not in ending["message"]
    assert ending["message"].endswith(".") and ": ." not in ending["message"]
    assert (type(fault).__name__ in capsys.readouterr().err) == (kind != "error_memory"), "developers see the traceback"


@pytest.mark.parametrize("fails_at", [1, 12, 40])
def test_full_disk_is_reported_and_nothing_is_lost(tmp_path, drawn, reference, monkeypatch, fails_at):
    """The writes of files fail, from one of them on, for the rest of the process."""
    run, count = made(tmp_path, twin=True), [0]
    whole, small = journal.write_whole, run_folder.replace

    def full(path, data):
        count[0] += 1
        if count[0] > fails_at:
            raise checkpoints.CheckpointError(f"{path} cannot be written: No space left on device.")
        whole(path, data)

    def short(path, data):
        if count[0] > fails_at and len(data) > 10_000:
            raise OSError(28, "No space left on device")
        small(path, data)

    with monkeypatch.context() as patched:
        for module in (journal, checkpoints, sys.modules["stn_demo.training.state"]):
            patched.setattr(module, "write_whole", full)
        patched.setattr(journal, "replace", short)
        status = work(run, drawn)
    assert (status["state"], status["code"]) == ("failed", "disk")
    assert "No space left on device" in status["message"] and "make room" in status["message"]
    assert not run.reserve.exists()
    assert work(run, drawn)["state"] == "done"
    check_same(run, reference)


def test_incomplete_log_line_is_ignored_and_removed(tmp_path, drawn, reference):
    run = made(tmp_path, twin=True)
    work(run, drawn, "step", "step", "stop")
    before, cursor = run.events()
    with open(run.log, "ab") as file:
        file.write(b'{"kind": "step", "from": 2, "st')
    assert run.events() == (before, cursor) and run.events(cursor) == ([], cursor)
    assert work(run, drawn)["state"] == "done"
    check_same(run, reference)
    again, _ = run.events(cursor)
    assert again[0]["kind"] == "start" and len(again) > len(before)  # cut since: the whole log is sent again


# -- processes that die


def test_a_real_full_disk(runs, reference):
    """The system refuses the process to write more than 20 kB into a file."""
    id = runs.start(TINY, twin=True, digits=DIGITS)
    status = state_is(runs, id, "running")
    resource.prlimit(status["pid"], resource.RLIMIT_FSIZE, (20_000, 20_000))
    status = state_is(runs, id, "failed")
    assert status["code"] == "disk" and "make room" in status["message"] and status["resumable"]
    for step in [*runs.snapshots(id), "latest"]:
        checkpoints.load(runs.path(id, step))
    runs.resume(id)
    state_is(runs, id, "done")
    check_same(runs.store.run(id), reference)


APP = """
import sys, time
from stn_demo.runs.runs import Runs
from stn_demo.runs.worker import Worker
runs = Runs(sys.argv[1], save_every=0.05)
runs.resume(sys.argv[2])
print("started", flush=True)
time.sleep(600)
"""


class Lane:
    """One run, whose training process and app are killed repeatedly, at times drawn from ``seed``: each process trains for at
    most ``longest`` seconds, so that it is killed while it trains."""

    def __init__(self, folder: Path, seed: int, longest: float):
        self.runs, self.random = Runs(folder, save_every=0.05), random.Random(seed)
        self.longest, self.struck = longest, 0

    def trainer(self, kills: int) -> str:
        id = self.runs.start(TINY, twin=True, digits=DIGITS)
        for kill in range(kills):
            self.wait(id)
            pid = self.runs._worker.pid
            os.kill(pid, signal.SIGKILL)
            self.notice(id, pid)
            if kill < kills - 1:
                self.runs.resume(id)
        return id

    def app(self, id: str, kills: int) -> None:
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        for _ in range(kills):
            command = [sys.executable, "-c", APP, str(self.runs.store.folder), id]
            with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as app:
                app.stdout.readline()
                self.wait(id)
                pid = self.runs.status(id).get("pid")
                app.kill()
            until(lambda: not self.runs.status(id)["alive"], 7.0)  # it may save for so long
            assert pid is None or until(lambda pid=pid: is_gone(pid), 1.0)
            assert self.runs.status(id)["state"] in ("stopped", "lost")
            self.struck += 1

    def wait(self, id: str) -> None:
        """Wait for the time of the next kill: during start-up or later."""
        if self.random.random() < 0.7:
            until(lambda: self.runs.status(id)["state"] == "running")
            time.sleep(self.random.uniform(0, self.longest))
        else:
            end = time.monotonic() + self.random.uniform(0, 1.5)
            until(lambda: time.monotonic() > end or self.runs.status(id)["state"] == "running")

    def notice(self, id: str, pid: int) -> None:
        status = until(lambda: (s := self.runs.status(id))["state"] == "lost" and s, 2.0)
        assert not status["alive"] and until(lambda: is_gone(pid), 1.0)
        self.struck += 1

    def finish(self, id: str) -> RunFolder:
        self.runs.resume(id)
        state_is(self.runs, id, "done", seconds=120.0)  # two lanes train at once, on a machine that may be slow
        return self.runs.store.run(id)


def test_killed_at_random_nothing_is_lost(tmp_path, reference):
    """Kill the training process 14 times and the app 6 times with signal 9: the networks equal those of an uninterrupted run."""

    def suffer(seed: int) -> tuple[RunFolder, Lane]:
        lane = Lane(tmp_path / str(seed), seed, longest=reference.status()["seconds"] / 10)
        id = lane.trainer(7)
        lane.app(id, 3)
        return lane.finish(id), lane

    with ThreadPoolExecutor(2) as pool:
        lanes = list(pool.map(suffer, (1, 2)))
        assert sum(lane.struck for _, lane in lanes) == 20
        for run, lane in lanes:
            check_same(run, reference)
            assert json.loads(run.log.read_bytes().split(b"\n")[0])["generation"] > 2
            lane.runs.close()
