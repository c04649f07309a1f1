"""Training runs: they learn, repeat and resume to the bit, and stop with a sentence when they diverge."""

import signal
import subprocess
import sys
import textwrap

import pytest
import torch
from training_helpers import SHORT, assert_same, finished, states_of

from stn_demo.checkpoints import CheckpointError
from stn_demo.data import handwriting
from stn_demo.training import State, Trainer, TrainingStopped, evaluate, run, train
from stn_demo.training import trainer as trainer_module
from stn_demo.training.events import Evaluated, Finished, Snapshot, Step


def test_short_run_learns_and_reports(digits):
    test = handwriting.digits(200, seed=4)
    settings = SHORT.but(epochs=12, distortion="none", learning_rate=1e-2, averaging=0.0)
    events = list(train(settings, digits, test=test, report_every=16, evaluate_every=96, snapshot_every=64))
    steps = [event for event in events if isinstance(event, Step)]
    assert [event.step for event in steps] == list(range(16, 193, 16))
    assert steps[-1].loss < 0.5 * steps[0].loss and steps[-1].accuracy > 0.8
    assert all(event.samples_per_second > 0 and event.steps == 192 for event in steps)
    assert steps[0].learning_rate < settings.learning_rate and steps[-1].learning_rate < 1e-4
    assert [event.step for event in events if isinstance(event, Snapshot)] == [64, 128, 192]
    measured = [event for event in events if isinstance(event, Evaluated)]
    assert [(event.step, event.split) for event in measured] == [(96, "test"), (192, "test")]
    end = events[-1]
    assert isinstance(end, Finished) and not end.model.training
    assert evaluate(end.model, test, "none").error == measured[-1].result.error < 30


def test_equal_settings_give_equal_weights_whatever_the_report_interval(digits):
    first = finished(SHORT, digits, report_every=1, snapshot_every=3)
    torch.manual_seed(99)  # what others draw does not matter
    second = finished(SHORT, digits, report_every=7, evaluate_every=5, test=digits)
    assert_same(first.state.tensors, second.state.tensors)
    other = finished(SHORT.but(seed=1), digits)
    assert not torch.equal(first.state.tensors["average"], other.state.tensors["average"])


@pytest.fixture(scope="module")
def whole(digits):
    """The end of a run that was never interrupted."""
    return finished(SHORT, digits)


@pytest.fixture(scope="module")
def states(digits):
    return states_of(SHORT, digits)


@pytest.mark.parametrize("stop", [1, 7, 16, 19])
def test_resumed_run_equals_an_uninterrupted_run(digits, states, whole, tmp_path, stop):
    states[stop].save(tmp_path / "run.state")
    resumed = finished(SHORT, digits, resume_from=State.load(tmp_path / "run.state"))
    assert_same(resumed.state.tensors, whole.state.tensors)
    assert_same(resumed.model.state_dict(), whole.model.state_dict())


def test_killed_run_resumes_from_its_snapshot(digits, whole, tmp_path):
    path = tmp_path / "run.state"
    script = """
        import os, signal, sys, torch
        from stn_demo.data import handwriting
        from stn_demo.training import *
        torch.set_num_threads(1)
        settings = TrainingSettings.from_json(sys.argv[1])
        for event in train(settings, handwriting.digits(512, seed=3), snapshot_every=4, report_every=1):
            if isinstance(event, Snapshot):
                event.state.save(sys.argv[2])
            if event.step == 11:
                os.kill(os.getpid(), signal.SIGKILL)
    """
    process = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script), SHORT.to_json(), str(path)], check=False, timeout=60
    )
    assert process.returncode == -signal.SIGKILL
    state = State.load(path)
    assert state.step == 8 and [file.name for file in tmp_path.iterdir()] == ["run.state"]
    assert_same(finished(SHORT, digits, resume_from=state).state.tensors, whole.state.tensors)


def test_changed_learning_rate_survives_resuming(digits):
    trainer = Trainer(SHORT, digits)
    trainer.advance()
    before = trainer.rate()
    trainer.learning_rate *= 10
    assert trainer.rate() == pytest.approx(10 * before)
    state = trainer.state()
    list(run(trainer))
    assert_same(finished(SHORT, digits, resume_from=state).state.tensors, trainer.state().tensors)


def test_a_state_does_not_change_while_the_run_goes_on(digits):
    trainer = Trainer(SHORT, digits)
    trainer.advance()
    state = trainer.state()
    kept = {name: value.clone() for name, value in state.tensors.items()}
    trainer.advance()
    assert_same(state.tensors, kept)
    assert not torch.equal(trainer.state().tensors["average"], kept["average"])


def test_resuming_with_other_settings_or_digits_is_refused(digits):
    state = Trainer(SHORT, digits).state()
    with pytest.raises(ValueError, match=r"epochs = 1.25, not 2"):
        Trainer(SHORT.but(epochs=2), digits, resume_from=state)
    with pytest.raises(ValueError, match="other digits"):
        Trainer(SHORT, handwriting.digits(512, seed=5), resume_from=state)


@pytest.mark.parametrize("fault", ["cut", "foreign", "missing", "checkpoint"])
def test_broken_state_is_reported_in_one_sentence(digits, tmp_path, fault):
    path = tmp_path / "run.state"
    Trainer(SHORT, digits).state().save(path)
    if fault == "cut":
        path.write_bytes(path.read_bytes()[:-7])
    elif fault == "foreign":
        torch.save({"step": 3}, path)
    elif fault == "missing":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes().replace(b"training state 1", b"training state 9"))
    with pytest.raises(CheckpointError, match=r"^[^\n]+\.$"):
        State.load(path)


def test_non_finite_weights_stop_the_run_and_keep_the_last_good_state(digits):
    trainer = Trainer(SHORT, digits)
    events = run(trainer, report_every=4)
    good = next(events)
    state = trainer.state()
    with torch.no_grad():
        trainer.model.classifier.stages["conv1"].conv.weight[0, 0, 0, 0] = float("nan")
    with pytest.raises(TrainingStopped, match=r"no longer a finite number.*Lower the learning rate") as stopped:
        next(events)
    assert stopped.value.state.step == good.step == 4
    assert_same(stopped.value.state.tensors, state.tensors)
    assert finished(SHORT, digits, resume_from=stopped.value.state).step == 20


def test_a_grid_outside_the_picture_stops_the_run(digits):
    trainer = Trainer(SHORT, digits)
    with torch.no_grad():
        trainer.model.transformers["input"].localization.theta.bias[2] = 9.0  # far to the right
    with pytest.raises(TrainingStopped, match="'input' no longer gets a gradient: its grid is entirely outside"):
        list(run(trainer))


def test_a_loss_that_stays_far_above_guessing_stops_the_run(digits, monkeypatch):
    monkeypatch.setattr(trainer_module, "PATIENCE", 10)
    settings = SHORT.but(learning_rate=100, clip_norm=0, placement=(), warm_up=0.0)
    with pytest.raises(TrainingStopped, match="twice the loss of guessing"):
        list(train(settings, digits, report_every=2))
