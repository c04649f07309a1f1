"""Controlling a run: start, pause, step, rate, resume, stop, reset, delete; and the process kept ready for the next."""

import threading

import torch
from starlette.testclient import TestClient

from stn_demo import checkpoints

from .helpers import LONG, app_of, log, post, refused, until, wait


def test_pause_step_rate_resume_stop(client, long):
    post(client, "pause", id=long)
    at = wait(client, long, "paused")["step"]
    post(client, "step", id=long)
    now = until(client, long, lambda run: run["step"] != at and run["state"] == "paused")
    assert (now["state"], now["step"]) == ("paused", at + 1)
    post(client, "rate", id=long, rate=1e-4)
    until(client, long, lambda run: run["top_rate"] == 1e-4)
    assert log(client, long)["rates"]["learning_rate"] == [1e-4]
    post(client, "resume", id=long)
    assert wait(client, long, "running")["step"] >= at + 1
    post(client, "stop", id=long)
    assert until(client, long, lambda run: run["resumable"])["state"] == "stopped"


def test_second_start_is_refused_with_the_id_of_the_running_one(client, long):
    answer = post(client, "start", 400, **LONG)
    assert answer["error"]["code"] == "run_running" and answer["running"] == long
    assert client.get("/stn/train").json()["running"] == long
    assert refused(client, "delete", id=long)[0] == "run_running"


def test_visit_starts_a_spare_process_unless_training_is_closed(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    made = threading.Event()

    def mine(runs):
        return tmp_path in runs.store.folder.parents  # the other tests' app prepares, too

    monkeypatch.setattr("stn_demo.runs.runs.Runs.warm", lambda self: mine(self) and made.set())
    monkeypatch.setattr("stn_demo.ui.train.routes.ARRIVING", 0.0)
    for path in ("/stn/train", "/stn/train/networks"):
        for allowed in (False, True):
            made.clear()
            with TestClient(app_of(tmp_path, training="everyone" if allowed else "off")) as client:
                client.get(path)
                assert made.wait(30.0 if allowed else 0.5) == allowed


def test_spare_process_starts_after_the_first_seconds_of_a_run(client, long, monkeypatch):
    """A new start, or a restart with the same seed, does not wait for a process to load."""
    made = threading.Event()
    monkeypatch.setattr("stn_demo.runs.runs.Runs.warm", lambda self: made.set())
    monkeypatch.setattr("stn_demo.ui.train.service.BEGINNING", 1e9)
    client.get("/stn/train")
    assert not made.wait(1.5)
    monkeypatch.setattr("stn_demo.ui.train.service.BEGINNING", 0.1)
    assert made.wait(10)


def test_rename_reset_and_delete(client, short):
    post(client, "rename", id=short, name="Übung 一")
    assert log(client, short)["run"]["name"] == "Übung 一"
    post(client, "rename", id=short, name="short")  # the other tests of this folder share the run
    again = post(client, "reset", id=short)["id"]
    wait(client, again, "done")
    last = [checkpoints.load(client.folder / "runs" / id / "latest.safetensors").state_dict() for id in (short, again)]
    assert all(torch.equal(last[0][name], last[1][name]) for name in last[0]), "the same seed: the same run"
    until(client, again, lambda run: not run["alive"])
    post(client, "delete", id=again)
    assert again not in [run["id"] for run in client.get("/stn/train").json()["runs"]]
    assert refused(client, "delete", id=again)[0] == "run_unknown"
