"""Runs in processes of their own: controlling one, the process kept ready for the next run, two starts at once."""

import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from run_helpers import DIGITS, ROOT, TINY, check_same, is_gone, state_is, until

from stn_demo.runs.process import WorkerProcess
from stn_demo.runs.runs import RunError, Runs


def test_control_a_process(runs, reference):
    """Start, pause, step, stop, resume, reset: the networks equal those of an uninterrupted run."""
    start = time.monotonic()
    id = runs.start(TINY, name="driven", twin=True, digits=DIGITS)
    with pytest.raises(RunError, match="'driven' is") as error:
        runs.start(TINY)
    assert error.value.run == id and len(runs.all()) == 1
    with pytest.raises(RunError, match="stop it first"):
        runs.delete(id)
    runs.pause(id)
    status = state_is(runs, id, "paused")
    assert time.monotonic() - start < 15 and status["controlled"] and runs.path(id).is_file()
    for more in (1, 2):
        runs.step(id)
        until(lambda more=more: runs.status(id)["step"] == status["step"] + more)
        assert state_is(runs, id, "paused")["step"] == status["step"] + more
    runs.resume(id)
    until(lambda: runs.status(id)["step"] > 20)
    runs.stop(id)
    status = state_is(runs, id, "stopped")
    until(lambda: is_gone(status["pid"]))
    assert runs.status(id)["resumable"] and not runs.status(id)["alive"]
    runs.resume(id)
    until(lambda: runs.status(id)["step"] > status["step"])
    new = runs.reset(id)
    assert runs.status(id)["state"] == "stopped"
    assert state_is(runs, new, "done")["name"] == "driven"
    check_same(runs.store.run(new), reference)


def test_spare_process_takes_the_next_run(runs, reference):
    runs.warm()
    spare = runs._spare.pid
    runs.warm()
    assert runs._spare.pid == spare, "one is enough"
    id = runs.start(TINY, twin=True, digits=DIGITS)
    assert state_is(runs, id, "running", "done")["pid"] == spare
    state_is(runs, id, "done")
    check_same(runs.store.run(id), reference)


def test_process_started_before_the_runs_takes_the_first_run(tmp_path, reference):
    spare = WorkerProcess(nice=0)
    runs = Runs(tmp_path / "runs", spare=spare)
    try:
        id = runs.start(TINY, twin=True, digits=DIGITS)
        assert state_is(runs, id, "running", "done")["pid"] == spare.pid
        state_is(runs, id, "done")
        check_same(runs.store.run(id), reference)
    finally:
        runs.close()


def test_unused_spare_process_ends_when_the_runs_close(tmp_path):
    spare = WorkerProcess(nice=0)
    Runs(tmp_path / "runs", spare=spare).close()
    assert not spare.running()


def test_dead_spare_process_is_replaced(runs):
    for _ in "ab":  # found dead by ``warm``, then by ``start``
        runs.warm()
        os.kill(runs._spare.pid, signal.SIGKILL)
        until(lambda: is_gone(runs._spare.pid))
    id = runs.start(TINY, digits=DIGITS)
    state_is(runs, id, "done")


def test_spare_process_ends_with_its_app(tmp_path):
    code = "from stn_demo.runs.runs import Runs; r = Runs('runs'); r.warm(); print(r._spare.pid, flush=True); input()"
    command = [sys.executable, "-c", code]
    with subprocess.Popen(
        command,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stdin=subprocess.PIPE,
    ) as app:
        pid = int(app.stdout.readline())
        app.kill()
    until(lambda: is_gone(pid), 2.0)


def test_two_simultaneous_starts_give_one_run(tmp_path):
    """Two visitors of one app, and one of another app on the same folder. Who comes second waits up to 2 s for a
    run that is just ending, so this one is too long to end meanwhile."""
    apps, endless = [Runs(tmp_path), Runs(tmp_path)], TINY.but(epochs=100 * TINY.epochs)
    gate, errors = threading.Barrier(3), []

    def start(app):
        gate.wait()
        try:
            return app.start(endless, digits=DIGITS)
        except RunError as error:
            errors.append(error)

    with ThreadPoolExecutor(3) as pool:
        ids = [id for id in pool.map(start, (apps[0], apps[0], apps[1])) if id]
    assert len(ids) == 1 and [error.code for error in errors] == ["running"] * 2
    assert [run["id"] for run in apps[1].all()] == ids
    with pytest.raises(RunError) as error:
        next(app for app in apps if not app.status(ids[0])["controlled"]).pause(ids[0])
    assert error.value.code == "foreign"
    for app in apps:
        app.close()
