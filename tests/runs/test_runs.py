"""Runs on the disk: driven by a page or a terminal, kept, and refused."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from run_helpers import DIGITS, ROOT, STEPS, TINY, check_same, is_gone, made, state_is, told, until, weights, work

from stn_demo import checkpoints
from stn_demo.__main__ import main
from stn_demo.cli import train as command
from stn_demo.runs import locks
from stn_demo.runs.pair import Pair
from stn_demo.runs.process import WorkerProcess
from stn_demo.runs.runs import Limits, RunError, Runs
from stn_demo.runs.schedule import Schedule
from stn_demo.runs.store import RunStore
from stn_demo.training import TrainingSettings, datasets
from stn_demo.training.presets import PRESETS

# -- schedule


@pytest.mark.parametrize("steps", [1, 2, 7, 400, 15_000])
def test_schedule_keeps_first_and_last_and_not_too_many(steps):
    schedule = Schedule(steps, 128, 100_000)
    kept = sorted(schedule.snapshots)
    assert kept[0] == 0 and kept[-1] == steps and len(kept) <= 61
    assert kept[:4] == list(range(min(4, steps + 1)))[: len(kept)]
    assert schedule.line(steps) and not schedule.test(steps)
    assert sum(map(schedule.line, range(1, steps + 1))) >= min(steps, 200)


def test_schedule_keeps_fewer_of_large_networks():
    assert len(Schedule(15_000, 128, 8 << 20).snapshots) * (8 << 20) <= 12 * (8 << 20)


# -- driving, in this process


def test_a_run_without_its_twin_is_the_same_run(tmp_path, drawn, reference):
    run = made(tmp_path)
    assert work(run, drawn)["test_digits"] == len(drawn[1].labels)
    check_same(run, reference)
    assert not run.snapshots(twin=True)


def test_pausing_stepping_and_stopping_change_no_weight(tmp_path, drawn, reference):
    run = made(tmp_path, twin=True)
    assert work(run, drawn, "pause", "step", "step", "stop")["state"] == "stopped"
    assert [line["step"] for line in run.events()[0] if line["kind"] == "step"] == [1, 2]
    assert run.last_state(True) == 2
    for orders in (["step"] * 14 + ["stop"], ["pause", "resume", "step", "resume", "stop"]):
        assert work(run, drawn, *orders)["state"] == "stopped"
    assert work(run, drawn)["state"] == "done"
    check_same(run, reference)


def test_a_new_rate_counts_from_its_step_on_and_survives(tmp_path, drawn, reference):
    runs = [made(tmp_path / name, twin=True) for name in "ab"]
    assert work(runs[0], drawn, "step", "step", "rate 0.0007", "resume")["state"] == "done"
    assert work(runs[1], drawn, "step", "step", "rate 0.0007", "stop")["top_rate"] == 0.0007
    assert work(runs[1], drawn)["state"] == "done"
    check_same(runs[0], runs[1])
    assert [line for line in told(runs[0]) if "learning_rate" in line] == [{"step": 2, "learning_rate": 0.0007}]
    assert weights(runs[0].network(2)) == weights(reference.network(2))
    assert weights(runs[0].network(3)) != weights(reference.network(3))


def test_minutes_become_steps_once(tmp_path, drawn):
    run = made(tmp_path, minutes=1.0, steps=None)
    status = work(run, drawn, "step", "stop")
    about = run.about()
    assert about["steps"] == status["steps"] > 1000 and about["settings"]["epochs"] > 12.5
    work(run, drawn, "stop")
    assert run.about() == about


def test_a_run_ends_at_its_limit(tmp_path, drawn):
    run = made(tmp_path, longest_minutes=1e-4)
    status = work(run, drawn)
    assert (status["state"], status["code"]) == ("stopped", "limit") and 0 < status["step"] < STEPS
    assert "limit of 0.0001 minutes" in status["message"]


# -- the folder of runs


def test_what_is_no_run_is_refused(tmp_path):
    runs = Runs(tmp_path)
    assert runs.all() == []
    for id in ("", "..", "../x", "a/b", "A", "nope", None, 3, "x" * 41):
        for ask in (
            runs.status,
            runs.events,
            runs.snapshots,
            runs.path,
            runs.pause,
            runs.resume,
            runs.delete,
        ):
            with pytest.raises(RunError, match="no training run"):
                ask(id)


def test_settings_that_cannot_be_are_refused(tmp_path):
    runs = Runs(tmp_path, limits=Limits(minutes=10))
    bad = (
        {"minutes": 11},
        {"minutes": 0},
        {"minutes": float("nan")},
        {"digits": 0},
        {"device": "tpu; rm"},
        {"device": "cuda:99"},
    )
    for wrong in (*bad, {"name": "x" * 81}, {"name": "\x00"}):
        with pytest.raises(RunError):
            runs.start(TINY, **wrong)
    assert not [*tmp_path.iterdir()]


def test_mnist_that_is_not_at_hand_is_refused(tmp_path):
    with pytest.raises(RunError, match="MNIST is not in") as error:
        Runs(tmp_path / "runs", data_root=tmp_path, download=False).start(TINY.but(data="mnist"))
    assert error.value.code == "data" and not (tmp_path / "runs").exists()


def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match="cannot be used: Not a directory") as error:
        Runs(tmp_path / "file" / "runs").start(TINY)
    assert error.value.code == "folder"


def test_room_is_limited(tmp_path, drawn):
    old, new = (made(tmp_path) for _ in "ab")
    for run in (old, new):
        work(run, drawn, *["step"] * 30, "stop")
    kept, size = old.snapshots(), old.size()
    with pytest.raises(RunError, match="There are already 2 runs"):
        Runs(tmp_path, limits=Limits(runs=2)).start(TINY)
    with pytest.raises(RunError, match="make room") as error:
        Runs(tmp_path, limits=Limits(free_bytes=1 << 60)).start(TINY)
    assert error.value.code == "disk"
    store = RunStore(tmp_path, Limits(bytes=2 * size - 100_000))
    store.create({"settings": TINY.to_dict()})
    assert len(old.snapshots()) <= 8 and {kept[0], kept[-1]} < set(old.snapshots())
    assert new.snapshots() == kept
    with pytest.raises(RunError, match="at most 0 MB"):
        Runs(tmp_path, limits=Limits(bytes=1000)).start(TINY)
    assert len(Runs(tmp_path).all()) == 3


def test_renaming_saving_and_deleting(tmp_path, reference):
    runs, id, folder = Runs(reference.path.parent), reference.id, tmp_path / "checkpoints"
    runs.rename(id, "  the  first ")
    assert runs.status(id)["name"] == "the first"
    path = runs.save(id, "latest", "mine", folder)
    info = checkpoints.read_info(path)
    assert weights(path) == weights(reference.network(STEPS)) and info.provenance["settings"] == TINY.to_dict()
    accuracy = runs.status(id)["accuracy"]
    assert info.provenance["test_error"]["pose"] == pytest.approx(100 * (1 - accuracy))
    assert checkpoints.load(runs.save(id, 5, "early", folder, twin=True)).config.placement == ()
    for name in ("mine", "../mine", ""):
        with pytest.raises(RunError):
            runs.save(id, "latest", name, folder)
    with pytest.raises(RunError, match="no saved"):
        runs.path(id, 11_111)
    for order in (runs.pause, runs.stop, runs.resume, runs.step):
        with pytest.raises(RunError, match="is done"):
            order(id)
    again = made(reference.path.parent)
    lock = locks.take(again.lock)
    with pytest.raises(RunError, match="stop it first"):
        runs.delete(again.id)
    os.close(lock)
    runs.delete(again.id)
    assert [run["id"] for run in runs.all()] == [id]


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_makes_a_step_after_its_way_through_json(name, drawn):
    settings = TrainingSettings.from_dict(json.loads(json.dumps(PRESETS[name].settings.to_dict())))
    assert settings == PRESETS[name].settings
    pair = Pair(settings.but(batch_size=2, holdout=0), drawn[0], PRESETS[name].twin, torch.device("cpu"), {})
    before = [value.clone() for value in pair.trainers["network"].parameters.values()]
    pair.advance()
    after = pair.trainers["network"].parameters.values()
    assert any((old != new).any() for old, new in zip(before, after, strict=True))


# -- processes


def test_drive_a_process(runs, reference):
    """Start, pause, step, stop, resume, reset: the networks are those of a run that was left alone."""
    start = time.monotonic()
    id = runs.start(TINY, name="driven", twin=True, digits=DIGITS)
    with pytest.raises(RunError, match="'driven' is") as error:
        runs.start(TINY)
    assert error.value.run == id and len(runs.all()) == 1
    with pytest.raises(RunError, match="stop it first"):
        runs.delete(id)
    runs.pause(id)
    status = state_is(runs, id, "paused")
    assert time.monotonic() - start < 15 and status["mine"] and runs.path(id).is_file()
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


def test_a_process_at_hand_takes_the_next_run(runs, reference):
    runs.warm()
    spare = runs._spare.pid
    runs.warm()
    assert runs._spare.pid == spare, "one is enough"
    id = runs.start(TINY, twin=True, digits=DIGITS)
    assert state_is(runs, id, "running", "done")["pid"] == spare
    state_is(runs, id, "done")
    check_same(runs.store.run(id), reference)


def test_a_process_that_was_loading_before_the_runs_were_takes_the_first(tmp_path, reference):
    spare = WorkerProcess(nice=0)
    runs = Runs(tmp_path / "runs", spare=spare)
    try:
        id = runs.start(TINY, twin=True, digits=DIGITS)
        assert state_is(runs, id, "running", "done")["pid"] == spare.pid
        state_is(runs, id, "done")
        check_same(runs.store.run(id), reference)
    finally:
        runs.close()


def test_a_process_that_no_run_came_for_ends_with_the_runs(tmp_path):
    spare = WorkerProcess(nice=0)
    Runs(tmp_path / "runs", spare=spare).close()
    assert not spare.running()


def test_a_process_at_hand_that_died_is_replaced(runs):
    for _ in "ab":  # found dead by ``warm``, then by ``start``
        runs.warm()
        os.kill(runs._spare.pid, signal.SIGKILL)
        until(lambda: is_gone(runs._spare.pid))
    id = runs.start(TINY, digits=DIGITS)
    state_is(runs, id, "done")


def test_a_process_at_hand_ends_with_its_app(tmp_path):
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


def test_two_who_start_at_once_get_one_run(tmp_path):
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
        next(app for app in apps if not app.status(ids[0])["mine"]).pause(ids[0])
    assert error.value.code == "foreign"
    for app in apps:
        app.close()


# -- in a terminal


def test_a_training_in_a_terminal_is_a_run_too(tmp_path, monkeypatch, capsys):
    """The page shows it, its checkpoint is the run's last network; and --resume goes on in the same run."""
    monkeypatch.setitem(datasets.WRITTEN, True, (DIGITS, 0))
    monkeypatch.setitem(datasets.WRITTEN, False, (100, 1))
    output, folder = tmp_path / "out" / "mine.safetensors", tmp_path / "runs"
    arguments = ["train", "--data-set", "handwriting", "--holdout", "0", "--batch-size", "8", "--epochs", "5"]
    arguments += ["--output", str(output)]
    arguments += ["--runs", str(folder), "--threads", "1", "--quiet"]
    original = command.run

    def interrupted(*given):
        for event in original(*given):
            yield event
            if event.step == 40:
                raise command.Interrupted("Stopped at step 40 of 80")

    with monkeypatch.context() as patched:
        patched.setattr(command, "run", interrupted)
        assert main(arguments) == 130
    runs = Runs(folder)
    (status,) = runs.all()
    assert (status["state"], status["step"], status["steps"]) == ("stopped", 40, 80) and status["name"] == "mine"
    assert runs.snapshots(status["id"])[0] == 0 and not status["resumable"]
    assert status["twin"] is False  # what the page posts when it starts another run with these settings
    with pytest.raises(RunError, match="continue it there with") as error:
        runs.resume(status["id"])
    assert error.value.code == "foreign"
    assert main([*arguments, "--resume"]) == 0
    (status,) = runs.all()
    assert status["state"] == "done" and not status["alive"] and status["test_digits"] == 100
    assert weights(runs.path(status["id"])) == weights(runs.path(status["id"], 80)) == weights(output)
    lines = [line for line in runs.events(status["id"])[0] if line["kind"] == "step"]
    assert [line["step"] for line in lines] == [20, 40, 60, 80]
    assert [line["from"] for line in lines] == [0, 20, 40, 60]
    again = runs.reset(status["id"])
    runs.close()
    assert runs.status(again)["settings"] == status["settings"] and "terminal" not in runs.status(again)


def test_a_terminal_without_a_folder_of_runs_trains_all_the_same(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(datasets.WRITTEN, True, (DIGITS, 0))
    monkeypatch.setitem(datasets.WRITTEN, False, (100, 1))
    (tmp_path / "file").write_text("")
    arguments = ["train", "--data-set", "handwriting", "--holdout", "0", "--epochs", "1"]
    arguments += ["--runs", str(tmp_path / "file" / "runs"), "--output", str(tmp_path / "mine.safetensors")]
    assert main(arguments) == 0 and (tmp_path / "mine.safetensors").is_file()
    assert "The page cannot show this run: " in capsys.readouterr().err
