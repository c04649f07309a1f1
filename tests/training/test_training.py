"""Training: settings as data, runs that repeat and resume to the bit, faults that stop with a sentence."""

import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import torch
from scipy.stats import binomtest

from stn_demo.checkpoints import CheckpointError
from stn_demo.data import handwriting
from stn_demo.data.digits import Digits
from stn_demo.data.distortions import DISTORTIONS, Distortion
from stn_demo.training import RECIPES, State, Trainer, TrainingSettings, TrainingStopped, evaluate, run, train
from stn_demo.training import trainer as trainer_module
from stn_demo.training.batches import Batches
from stn_demo.training.distributed import Group
from stn_demo.training.events import Evaluated, Finished, Snapshot, Step
from stn_demo.training.start import split

SHORT = TrainingSettings(data="handwriting", batch_size=32, epochs=1.25, averaging=0.9, learning_rate=3e-3)


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)  # small batches gain nothing from more
    yield
    torch.set_num_threads(before)


@pytest.fixture(autouse=True)
def importable(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).resolve().parents[2]))  # in processes that are started


@pytest.fixture(scope="module")
def digits():
    return handwriting.digits(512, seed=3)


def weights(state: State) -> dict:
    return state.tensors


def assert_same(one: dict, other: dict):
    assert one.keys() == other.keys()
    for name, value in one.items():
        assert torch.equal(value.cpu(), other[name].cpu()), name


def finished(*args, **options) -> Finished:
    return next(event for event in train(*args, **options) if isinstance(event, Finished))


# Settings


@pytest.mark.parametrize("name", RECIPES)
def test_recipes_survive_json(name):
    assert TrainingSettings.from_json(RECIPES[name].to_json()) == RECIPES[name]


def test_a_distortion_of_ones_own_survives_json():
    settings = TrainingSettings(distortion={"rotation": 30.0, "scale": [0.8, 1.1], "shift": "ink"})
    assert settings.distort == Distortion(rotation=30.0, scale=(0.8, 1.1), shift="ink")
    assert TrainingSettings.from_json(settings.to_json()) == settings


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"epochs": 0}, "epochs is 0"),
        ({"epochs": float("nan")}, "epochs is nan"),
        ({"batch_size": 1.5}, "batch_size is 1.5; give a whole number"),
        ({"batch_size": True}, "batch_size"),
        ({"learning_rate": "fast"}, "learning_rate is 'fast'"),
        ({"averaging": 1}, "averaging"),
        ({"data": "svhn"}, "choose one of mnist, handwriting"),
        ({"distortion": "q"}, "choose one of none, pose"),
        ({"distortion": {"spin": 3}}, "Unknown field 'spin' of a distortion"),
        ({"distortion": {"rotation": "x"}}, "distortion"),
        ({"distortion": "rts"}, "42 px, but the model's input_size is 28"),
        ({"undistorted": 0.1, "distortion": "tc", "model": {"input_size": 60}}, "undistorted is 0.1, but"),
        ({"settling": 0.7, "widening": 0.7}, "settling is 0.7"),
        ({"precision": "float8"}, "choose one of float32, bfloat16"),
        ({"label_smoothing": 1}, "label_smoothing"),
        ({"momentum": 0.9}, "Unknown training setting 'momentum'"),
        ({"model": {"transform": "spiral"}}, "transform is 'spiral'"),
        ({"model": {"sampler": "nearest"}}, "nearest sampler has no gradient"),
    ],
)
def test_wrong_settings_are_refused_with_a_sentence_that_names_the_field(values, told):
    with pytest.raises(ValueError, match=told):
        TrainingSettings.from_dict(values)


def test_nearest_is_refused_only_where_a_transformer_would_use_it():
    assert TrainingSettings().but(sampler="nearest", placement=()).model.sampler == "nearest"


# Batches


def test_every_digit_is_seen_once_an_epoch_whatever_the_batch_size(digits):
    batches = Batches(digits, DISTORTIONS["none"], 0.0, 0, 48, torch.device("cpu"))
    seen = torch.cat([batches.index(step) for step in range(32)])  # 32 * 48 = 3 epochs of 512
    for epoch in seen.view(3, 512):
        assert torch.equal(epoch.sort().values, torch.arange(512))
    assert not torch.equal(seen[:512], seen[512:1024])


def test_processes_share_each_batch_and_pose_apart(digits):
    device = torch.device("cpu")
    alone = Batches(digits, DISTORTIONS["none"], 0.0, 0, 32, device)
    halves = [Batches(digits, DISTORTIONS["none"], 0.0, 0, 32, device, rank, 2) for rank in (0, 1)]
    for step in (0, 15, 16, 31):
        assert torch.equal(torch.cat([half(step)[0] for half in halves]), alone(step)[0])
    same = Digits(digits.images[:1].repeat(64, 1, 1), digits.labels[:1].repeat(64))
    first, second = (Batches(same, DISTORTIONS["r"], 0.0, 0, 32, device, rank, 2)(0)[0] for rank in (0, 1))
    assert not torch.equal(first, second)


def test_a_part_of_each_batch_can_stay_as_it_was_written(digits):
    batches = Batches(digits, DISTORTIONS["r"], 0.25, 0, 32, torch.device("cpu"))
    written = digits.images[batches.index(5)][:, None] / 255
    same = (batches(5)[0] == written).flatten(1).all(1)
    assert same.tolist() == [True] * 8 + [False] * 24


def test_poses_widen_and_the_classifier_waits_meanwhile(digits):
    settings = SHORT.but(distortion="r", settling=0.25, widening=0.5, widening_factor=0.0, averaging=0.0)
    parts = [settings.poses(progress) for progress in (0, 0.1, 0.25, 0.375, 0.5, 0.75, 1)]
    assert parts == pytest.approx([0.15, 0.15, 0.15, 0.25, 0.5, 1, 1])
    trainer = Trainer(settings, digits)
    turned = []
    for step in range(trainer.steps):
        before = {name: value.detach().clone() for name, value in trainer.parameters.items()}
        turned.append(trainer.batches.at(step)[0].rotation)
        trainer.advance()
        moved = {name for name, value in trainer.parameters.items() if not torch.equal(value, before[name])}
        widening = 0.25 <= step / trainer.steps < 0.75
        assert any(name.startswith("classifier.") for name in moved) != widening
        assert any(".localization." in name for name in moved)
    assert turned[0] == pytest.approx(13.5) and turned[-1] == 90 and turned == sorted(turned)


def test_digits_held_out_are_never_trained_on(digits):
    trainer = Trainer(SHORT.but(holdout=100), digits)
    assert len(trainer.batches.labels) == 412
    assert torch.equal(trainer.holdout.images, digits.images[-100:])
    with pytest.raises(ValueError, match="only 512 training digits"):
        split(digits, 512)


# Runs


def test_a_short_run_learns_and_tells(digits):
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


def test_equal_settings_give_equal_weights_to_the_bit_however_often_the_run_tells(digits):
    first = finished(SHORT, digits, report_every=1, snapshot_every=3)
    torch.manual_seed(99)  # what others draw does not matter
    second = finished(SHORT, digits, report_every=7, evaluate_every=5, test=digits)
    assert_same(first.state.tensors, second.state.tensors)
    other = finished(SHORT.but(seed=1), digits)
    assert not torch.equal(first.state.tensors["average"], other.state.tensors["average"])


@pytest.mark.parametrize("stop", [1, 7, 16, 19])
def test_stop_save_and_resume_equal_never_having_stopped(digits, tmp_path, stop):
    whole = finished(SHORT, digits)
    for event in train(SHORT, digits, snapshot_every=1):
        if isinstance(event, Snapshot) and event.step == stop:
            event.state.save(tmp_path / "run.state")
            break
    resumed = finished(SHORT, digits, resume_from=State.load(tmp_path / "run.state"))
    assert_same(resumed.state.tensors, whole.state.tensors)
    assert_same(resumed.model.state_dict(), whole.model.state_dict())


def test_killed_in_mid_run_goes_on_from_its_snapshot(digits, tmp_path):
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
    assert_same(finished(SHORT, digits, resume_from=state).state.tensors, finished(SHORT, digits).state.tensors)


def test_a_learning_rate_changed_on_the_way_stays_changed_when_resumed(digits):
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
def test_a_broken_state_is_one_sentence(digits, tmp_path, fault):
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


def test_the_localization_network_has_a_learning_rate_of_its_own(digits):
    trainer = Trainer(SHORT.but(localization_factor=0.0), digits)
    before = {name: value.detach().clone() for name, value in trainer.model.named_parameters()}
    for _ in range(3):
        trainer.advance()
    for name, value in trainer.model.named_parameters():
        assert torch.equal(value, before[name]) == (".localization." in name), name


def test_averaged_weights_are_a_mean_over_the_steps(digits):
    trainer = Trainer(SHORT.but(averaging=0.5), digits)
    mean = None
    for decay in (0.0, 1 / 11, 2 / 12, 3 / 13):  # min(0.5, t / (t + 10))
        trainer.advance()
        now = torch.cat([value.detach().flatten() for value in trainer.model.parameters()])
        mean = now if mean is None else decay * mean + (1 - decay) * now
    result = torch.cat([value.detach().flatten() for value in trainer.result().parameters()])
    torch.testing.assert_close(result, mean)


def test_what_batch_normalisation_knows_is_averaged_and_resumed_too(digits):
    settings = SHORT.but(averaging=0.5, epochs=0.5, classifier="deep", localization="deep")
    trainer, mean = Trainer(settings, digits), None
    for decay in (0.0, 1 / 11, 2 / 12):
        trainer.advance()
        now = trainer.model.classifier.stages["input"][1][1].running_mean.clone()
        mean = now if mean is None else decay * mean + (1 - decay) * now
    assert mean.abs().max() > 0.01
    torch.testing.assert_close(trainer.result().classifier.stages["input"][1][1].running_mean, mean)
    resumed = Trainer(settings, digits, resume_from=trainer.state())
    for one in (trainer, resumed):
        one.advance()
    assert_same(weights(trainer.state()), weights(resumed.state()))


def test_smoothed_labels_are_the_cross_entropy_that_torch_computes(digits):
    trainer = Trainer(SHORT.but(label_smoothing=0.2, clip_norm=0.0, averaging=0.0), digits)
    images, labels, _ = trainer.batches(0)
    log_probs = trainer.model(images)
    expected = torch.nn.functional.cross_entropy(log_probs, labels, label_smoothing=0.2)
    trainer.advance()
    assert trainer.report().loss == pytest.approx(expected.item(), rel=1e-5)


def test_in_bfloat16_theta_and_grid_stay_exact_and_the_network_learns_the_same(digits):
    settings = SHORT.but(classifier="deep", localization="deep", epochs=4)
    exact, short = (Trainer(settings.but(precision=name), digits) for name in ("float32", "bfloat16"))
    seen = []
    transformer = short.model.transformers["input"]
    transformer.grid.register_forward_hook(lambda module, inputs, output: seen.append((inputs[0], output)))
    transformer.localization.fc.register_forward_hook(lambda module, inputs, output: seen.append(output))
    while not short.done:
        short.advance()
        exact.advance()
    hidden, (theta, grid) = seen[-2:]
    assert hidden.dtype == torch.bfloat16 and theta.dtype == grid.dtype == torch.float32
    assert all(value.dtype == torch.float32 for value in short.result().parameters())
    assert short.report().loss == pytest.approx(exact.report().loss, rel=0.1)


def test_decay_shrinks_weights_and_leaves_biases(digits):
    settings = SHORT.but(learning_rate=1e-3, warm_up=0.0)
    ends = [Trainer(settings.but(weight_decay=decay), digits) for decay in (0.0, 10.0)]
    for trainer in ends:
        trainer.advance()
    plain, decayed = (dict(trainer.model.named_parameters()) for trainer in ends)
    start = dict(Trainer(settings, digits).model.named_parameters())
    for name in plain:
        shrunk = 10.0 * ends[0].optimizer.param_groups[0]["lr"] * start[name] if plain[name].dim() > 1 else 0.0
        torch.testing.assert_close(decayed[name], plain[name] - shrunk, atol=1e-6, rtol=1e-4)


# Faults


def test_weights_that_are_no_numbers_stop_the_run_and_the_last_good_state_is_kept(digits):
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
    with pytest.raises(TrainingStopped, match="twice that of guessing"):
        list(train(settings, digits, report_every=2))


# Evaluation


def test_an_evaluation_is_the_same_every_time_and_adds_up(digits):
    model = Trainer(SHORT, digits).model.train()
    one, two = (
        evaluate(model, digits, "pose", seed=1),
        evaluate(model, digits, "pose", seed=1, batch_size=100),
    )
    assert model.training
    assert torch.equal(one.confusion, two.confusion) and one.loss == pytest.approx(two.loss, rel=1e-5)
    assert torch.equal(one.confusion.sum(1), torch.bincount(digits.labels, minlength=10))
    assert one.error == pytest.approx(100 * (1 - one.confusion.trace().item() / 512))
    assert not torch.equal(evaluate(model, digits, "pose", seed=2).confusion, one.confusion)


def test_the_interval_is_wilsons(digits):
    result = evaluate(Trainer(SHORT, digits).model, digits)
    wrong = round(result.error * 512 / 100)
    expected = binomtest(wrong, 512).proportion_ci(method="wilson")
    assert result.interval == pytest.approx((100 * expected.low, 100 * expected.high), abs=1e-4)


def test_pictures_of_the_wrong_size_are_refused(digits):
    model = Trainer(SHORT, digits).model
    with pytest.raises(ValueError, match="takes images of 28 px, but the distortion makes images of 42 px"):
        evaluate(model, digits, "rts")
    with pytest.raises(ValueError, match="no digits"):
        evaluate(model, Digits(digits.images[:0], digits.labels[:0]))


# Several processes (see also test_cli)


def test_a_batch_that_does_not_divide_is_refused(digits):
    with pytest.raises(ValueError, match="32 cannot be divided among 3"):
        Trainer(SHORT, digits, group=Group(processes=3))
