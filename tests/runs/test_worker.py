"""A run in this process: which steps are kept, and pausing, stopping and new rates that change no other weight."""

import json

import pytest
import torch
from run_helpers import STEPS, check_same, log_of, made, weights, work

from stn_demo.runs.pair import Pair
from stn_demo.runs.schedule import Schedule
from stn_demo.training import TrainingSettings
from stn_demo.training.presets import PRESETS


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


def test_new_rate_applies_from_its_step_and_survives_resuming(tmp_path, drawn, reference):
    runs = [made(tmp_path / name, twin=True) for name in "ab"]
    assert work(runs[0], drawn, "step", "step", "rate 0.0007", "resume")["state"] == "done"
    assert work(runs[1], drawn, "step", "step", "rate 0.0007", "stop")["top_rate"] == 0.0007
    assert work(runs[1], drawn)["state"] == "done"
    check_same(runs[0], runs[1])
    assert [line for line in log_of(runs[0]) if "learning_rate" in line] == [{"step": 2, "learning_rate": 0.0007}]
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


@pytest.mark.parametrize("name", PRESETS)
def test_preset_trains_a_step_after_a_json_round_trip(name, drawn):
    settings = TrainingSettings.from_dict(json.loads(json.dumps(PRESETS[name].settings.to_dict())))
    assert settings == PRESETS[name].settings
    pair = Pair(settings.but(batch_size=2, holdout=0), drawn[0], PRESETS[name].twin, torch.device("cpu"), {})
    before = [value.clone() for value in pair.trainers["network"].parameters.values()]
    pair.advance()
    after = pair.trainers["network"].parameters.values()
    assert any((old != new).any() for old, new in zip(before, after, strict=True))
