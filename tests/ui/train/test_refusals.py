"""Requests that the Train page refuses, each with a code and a sentence."""

import time

import pytest
from starlette.testclient import TestClient

from stn_demo.ui.options import OptionError, read_options

from .helpers import LONG, SETTINGS, app_of, log, post, refused


@pytest.mark.parametrize(
    "values",
    [
        {"settings": 5},
        {"settings": {"learning_rate": -1}},
        {"settings": {"learning_rate": "fast"}},
        {"settings": {"nonsense": 1}},
        {"settings": {"model": {"sampler": "nearest"}}},
        {"settings": {"model": {"transform": "magic"}}},
        {"settings": {"model": 3}},
        {"settings": {"distortion": {"rotation": 400}}},
        {"settings": {"distortion": ["pose"]}},
        {"settings": SETTINGS, "minutes": -1},
        {"settings": SETTINGS, "minutes": 1e9},
        {"settings": SETTINGS, "device": "abacus"},
        {"settings": SETTINGS, "name": "x" * 81},
        {"settings": SETTINGS, "surprise": 1},
        {},
    ],
)
def test_settings_that_do_not_fit_are_refused_with_a_sentence(client, values):
    before = len(client.get("/stn/train").json()["runs"])
    refused(client, "start", **values)
    assert len(client.get("/stn/train").json()["runs"]) == before


@pytest.mark.parametrize(
    "kind, settings",
    [
        ("settings_parts", {"settling": 0.7, "widening": 0.7}),
        ("settings_undistorted", {"distortion": "tc", "undistorted": 0.1}),
        (
            "settings_single",
            {"batch_size": 1, "model": {"localization": "deep", "placement": ["conv2"], "classifier": "deep"}},
        ),
    ],
)
def test_settings_valid_alone_but_not_together_are_refused_as_data(client, kind, settings):
    """Each field is within its range, but they conflict: the page reports this in its own language."""
    error = post(client, "start", 400, settings={**SETTINGS, **settings})["error"]
    assert (error["code"], error["kind"]) == ("run_settings", kind)


def test_too_large_holdout_is_refused_as_data(client):
    id = post(client, "start", settings={**SETTINGS, "holdout": 50_000}, digits=100)["id"]
    end = time.monotonic() + 60
    while (run := log(client, id, -1)["run"])["state"] != "failed":
        assert time.monotonic() < end
        time.sleep(0.1)
    assert (run["kind"], run["values"]) == ("settings_holdout", {"holdout": 50_000, "count": 100})
    post(client, "delete", id=id)


@pytest.mark.parametrize(
    "action, values",
    [
        ("pause", {"id": "none"}),
        ("pause", {"id": "../../etc"}),
        ("pause", {"id": 5}),
        ("delete", {}),
        ("rate", {"id": "none", "rate": "much"}),
        ("reset", {"id": "none", "seed": -1}),
        ("save", {"id": "none", "step": "newest", "name": "x"}),
        ("replay", {"id": "none", "format": "gif"}),
    ],
)
def test_requests_about_unknown_runs_are_refused(client, action, values):
    refused(client, action, **values)


def test_other_pages_cannot_control_runs(client, short):
    for action in ("start", "delete", "replay"):
        answer = client.post(f"/stn/train/{action}", json={"id": short}, headers={"Origin": "http://elsewhere.example"})
        assert answer.status_code == 403
    assert log(client, short)["run"]["id"] == short


def test_a_page_that_is_closed_to_training_still_shows_the_runs(client, short):
    with TestClient(app_of(client.folder, training="off")) as closed:
        assert not closed.get("/stn/train").json()["allowed"]
        assert log(closed, short)["run"]["state"] == "done"
        assert closed.get("/stn/train/strip", params={"id": short}).status_code == 200
        for action in ("start", "pause", "resume", "step", "stop", "reset", "rate", "rename", "save", "delete"):
            assert refused(closed, action, id=short)[0] == "train_closed"
        assert closed.post("/stn/train/replay", json={"id": short, "format": "gif"}).status_code == 200


def test_options():
    assert read_options([]).who_trains == "everyone" and read_options(["--no-training"]).who_trains == "off"
    assert str(read_options(["--runs", "somewhere"]).runs) == "somewhere"
    limited = read_options(["--longest-run", "5", "--most-disk", "100"])
    assert (limited.longest_run, limited.most_disk) == (5.0, 100)
    for wrong in (["--longest-run", "0"], ["--longest-run", "nan"], ["--most-disk", "-1"]):
        with pytest.raises(OptionError, match="give a number above 0"):
            read_options(wrong)


def test_limits_of_the_command_line_apply_to_runs(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    with TestClient(app_of(tmp_path, longest_run=2.0, most_disk=1)) as limited:
        assert limited.get("/stn/train").json()["choices"]["longest"] == 2
        assert refused(limited, "start", **LONG, minutes=3)[0] == "run_limit"
        for name in ("a", "b"):
            (tmp_path / "runs" / name).mkdir(parents=True)
            (tmp_path / "runs" / name / "big").write_bytes(bytes(600 << 10))
        code, message = refused(limited, "start", **LONG)
        assert code == "run_limit" and "1 MB of at most 1 MB" in message
