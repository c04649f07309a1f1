"""A run in stages: the learning part of each stage, the range of poses, the two-view term, and resuming."""

import math

import pytest
import torch
import torch.nn.functional as F
from training_helpers import assert_same, finished, states_of

from stn_demo.data.distortions import DISTORTIONS
from stn_demo.data.pose import affine_matrix
from stn_demo.model import ModelConfig
from stn_demo.training import State, Trainer, TrainingSettings
from stn_demo.training.batches import Batches
from stn_demo.training.objective import view_term
from stn_demo.training.stages import Stage, moment

STAGES = (
    Stage(share=0.25, learns="reader", reader="fcn", poses=(0.1, 0.1)),
    Stage(
        share=0.5,
        learns="transformer",
        reader="fcn",
        poses=(0.1, 1.0),
        widening=0.5,
        looks=0.3,
        quarters=0.5,
        views=1.0,
        near=0.5,
        depth=2,
    ),
    Stage(share=0.25, learns="reader", rate=0.5),
)
SHORT = TrainingSettings(
    model=ModelConfig(transform="similarity", localization="deep", classifier="deep", looks=3),
    data="handwriting",
    batch_size=32,
    epochs=1.25,  # 20 steps: 5, 10 and 5
    averaging=0.9,
    learning_rate=3e-3,
    stages=STAGES,
)
BOUNDARIES = [5, 15]


def test_settings_in_stages_survive_json():
    assert TrainingSettings.from_json(SHORT.to_json()) == SHORT


@pytest.mark.parametrize(
    "values, message",
    [
        ({"share": 0.5, "learns": "nobody"}, "learns of a stage"),
        ({"share": 0.5, "reader": "librarian"}, "reader of a stage"),
        ({"share": 0.0}, "share of a stage"),
        ({"share": 0.5}, "add up to 0.5"),
        ({"share": 1, "poses": [0.1]}, "poses of a stage"),
        ({"share": 1, "poses": [0.1, 1.2]}, "poses of a stage"),
        ({"share": 1, "rate": "fast"}, "rate of a stage"),
        ({"share": 1, "views": float("nan")}, "views of a stage"),
        ({"part": 1}, "A stage is an object"),
        (3, "A stage is an object"),
    ],
)
def test_wrong_stages_are_refused_with_a_sentence(values, message):
    with pytest.raises(ValueError, match=message):
        TrainingSettings(stages=[values])


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"placement": ()}, "one transformer, at the input"),
        ({"placement": ("input", "conv1")}, "one transformer, at the input"),
        ({"transform": "tps"}, "looks|two-view"),
        ({"transform": "attention", "looks": 1}, "two-view"),
        ({"distortion": "e"}, "two-view"),
        ({"settling": 0.1}, "settling"),
        ({"batch_size": 31}, "even"),
        ({"output_size": 20, "stages": (Stage(1, reader="cnn"),)}, "24 px"),
    ],
)
def test_stages_that_do_not_fit_the_network_or_the_poses_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        SHORT.but(**changes)


def test_twin_of_a_staged_run_has_no_stages():
    twin = SHORT.twin()
    assert twin.stages == () and twin.model.placement == () and twin.epochs == SHORT.epochs


@pytest.mark.parametrize("steps", [3, 7, 20, 1001])
def test_the_stages_share_all_steps_in_their_order(steps):
    moments = [moment(STAGES, step, steps) for step in range(steps)]
    assert [one.stage for one in moments] == sorted(one.stage for one in moments)
    for step, one in enumerate(moments):
        assert one.first <= step < one.end
        if step and moments[step - 1].stage != one.stage:
            assert one.first == step == moments[step - 1].end
    assert moments[-1].end == steps


def test_only_the_learning_part_of_each_stage_changes(digits):
    trainer = Trainer(SHORT.but(weight_decay=0.1), digits)
    parts = ("classifier.", "transformers.", "readers.fcn.")
    learnt = []
    while not trainer.done:
        before = {name: value.detach().clone() for name, value in trainer.parameters.items()}
        buffers = {name: value.clone() for name, value in trainer.model.named_buffers()}
        trainer.advance()
        moved = [name for name, value in trainer.parameters.items() if not torch.equal(value, before[name])]
        noted = [name for name, value in trainer.model.named_buffers() if not torch.equal(value, buffers[name])]
        if trainer.step - 1 not in BOUNDARIES:  # whose first step finds averaged weights
            learnt.append({part for part in parts if any(name.startswith(part) for name in (*moved, *noted))})
    assert learnt == [{"readers.fcn."}] * 5 + [{"transformers."}] * 9 + [{"classifier."}] * 4


def test_poses_and_rates_follow_the_stages(digits):
    trainer = Trainer(SHORT.but(warm_up=0.0), digits)
    turned, twice, rates = [], [], []
    while not trainer.done:
        *first, distortion = trainer.batches.at(trainer.step)
        assert [one.rotation for one in first] == [distortion.rotation / 2] * len(first)
        turned.append(round(distortion.rotation, 3))
        twice.append(bool(first))
        rates.append(trainer.rate())
        assert distortion.reach == pytest.approx(distortion.rotation / 90)
        trainer.advance()
    assert turned == [9] * 5 + [pytest.approx(value) for value in (9, 25.2, 41.4, 57.6, 73.8)] + [90] * 10
    assert twice == [False] * 5 + [True] * 10 + [False] * 5
    assert rates[0] == pytest.approx(2 * rates[15])  # the same place in stages of the same length, at half the rate
    for first, end in ((0, 5), (5, 15), (15, 20)):
        assert rates[first:end] == sorted(rates[first:end], reverse=True)


def test_a_stage_begins_with_the_averaged_weights_of_the_one_before(digits):
    trainer = Trainer(SHORT, digits)
    while trainer.step < 15:
        trainer.advance()
    expected = trainer.result().transformers.state_dict()
    trainer.advance()
    weights = dict(trainer.model.transformers.named_parameters())
    assert weights and all(torch.equal(value, expected[name]) for name, value in weights.items())


@pytest.fixture(scope="module")
def run_in_stages(digits):
    """The state after each step, and the end of a run without snapshots."""
    return states_of(SHORT, digits), finished(SHORT, digits)


@pytest.mark.parametrize("stop", [1, 5, 6, 14, 15, 19])
def test_resumed_run_equals_an_uninterrupted_run(digits, run_in_stages, tmp_path, stop):
    states, whole = run_in_stages
    states[stop].save(tmp_path / "run.state")
    resumed = finished(SHORT, digits, resume_from=State.load(tmp_path / "run.state"))
    assert_same(resumed.state.tensors, whole.state.tensors)
    assert_same(resumed.model.state_dict(), whole.model.state_dict())


def test_the_reader_of_a_run_is_in_no_checkpoint(digits):
    trainer = Trainer(SHORT, digits)
    trainer.advance()
    assert not [name for name in trainer.result().state_dict() if "fcn" in name or "reader" in name]
    assert [name for name in trainer.state().tensors if name.startswith("readers.fcn.")]


def test_each_digit_of_a_batch_is_shown_in_two_poses(digits):
    batches = Batches(
        digits, DISTORTIONS["pose"], 0.25, 0, 32, torch.device("cpu"), at=lambda step: (DISTORTIONS["pose"],) * 2
    )
    images, labels, matrix = batches(3)
    assert images.shape == (32, 1, 28, 28) and torch.equal(labels[:16], labels[16:])
    assert torch.equal(matrix[:8], torch.eye(3).expand(8, 3, 3))  # as they were written, all in the first view
    written = digits.images[batches.index(3)[:16]][:, None] / 255
    assert torch.equal(images[:8], written[:8]) and not torch.equal(images[16:24], written[:8])


# The two-view term


def poses(count=8, seed=0):
    draws = torch.rand(count, 6, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) * 2 - 1
    params = draws * torch.tensor([90, 0.3, 0.3, 0, 4, 4]) + torch.tensor([0.0, 1, 1, 0, 0, 0])
    params[:, 2] = params[:, 1]
    return affine_matrix(params)


def points(matrix):
    """Where thetas that do what ``matrix`` [N, 3, 3] does, in px, read their middle and (1, 0) of a frame of 28 px."""
    normalised = matrix @ torch.tensor([[0.0, 14], [0, 0], [1, 1]], dtype=torch.float64)
    return normalised[:, :2].mT / 14


def test_two_view_term_is_zero_if_theta_moves_with_the_digit():
    pose, own = poses(), poses(4, seed=1).repeat(2, 1, 1)  # each digit at rest in a way of its own
    assert view_term(points(pose @ own), pose, 28).item() == pytest.approx(0, abs=1e-12)
    assert view_term(points(own), pose, 28).item() > 0.1


def test_two_view_term_grows_linearly_for_large_angles():
    pose = poses()
    missed = affine_matrix(torch.tensor([[30.0, 1, 1, 0, 0, 0]] * 8, dtype=torch.float64))
    missed[:4] = torch.eye(3)  # the first views are right
    centred = pose.clone()
    centred[:, :2, 2] = 0
    found = view_term(points(centred @ missed), centred, 28).item()
    assert found == pytest.approx(math.radians(30) - 0.15, abs=1e-9)


def test_with_teaching_only_the_further_rotated_view_learns():
    angles = torch.tensor([10.0, -70, 60, 20])
    params = torch.zeros(4, 6)
    params[:, 0], params[:, 1:3] = angles, 1
    where = points(affine_matrix(torch.rand(4, 6) * 0 + params).double()).requires_grad_()
    term = view_term(where * 1.1 + torch.tensor([0.1, 0.2]), affine_matrix(params).double(), 28, teaching=True)
    (gradient,) = torch.autograd.grad(term, where)
    assert (gradient.flatten(1).abs().sum(1) > 0).tolist() == [False, True, True, False]


def test_label_loss_of_a_stage_is_the_cross_entropy_of_the_reader(digits):
    trainer = Trainer(SHORT.but(clip_norm=0.0), digits)
    images, labels, _ = trainer.batches(0)
    reader = trainer.readers["fcn"]
    expected = torch.autograd.grad(F.cross_entropy(reader(images), labels), list(reader.parameters()))
    trainer.advance()
    for value, gradient in zip(reader.parameters(), expected, strict=True):
        assert torch.allclose(value.grad, gradient, atol=1e-6)
