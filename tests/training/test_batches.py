"""Batches: every digit once an epoch, shared between processes, poses that widen, digits held out."""

from dataclasses import replace

import pytest
import torch
from training_helpers import SHORT

from stn_demo.data.digits import Digits
from stn_demo.data.distortions import DISTORTIONS
from stn_demo.training import Trainer
from stn_demo.training.batches import Batches
from stn_demo.training.distributed import Group
from stn_demo.training.start import split


def test_every_digit_is_seen_once_an_epoch_whatever_the_batch_size(digits):
    batches = Batches(digits, DISTORTIONS["none"], 0.0, 0, 48, torch.device("cpu"))
    seen = torch.cat([batches.index(step) for step in range(32)])  # 32 * 48 = 3 epochs of 512
    for epoch in seen.view(3, 512):
        assert torch.equal(epoch.sort().values, torch.arange(512))
    assert not torch.equal(seen[:512], seen[512:1024])


def test_processes_split_each_batch_and_draw_their_own_poses(digits):
    device = torch.device("cpu")
    alone = Batches(digits, DISTORTIONS["none"], 0.0, 0, 32, device)
    halves = [Batches(digits, DISTORTIONS["none"], 0.0, 0, 32, device, rank, 2) for rank in (0, 1)]
    for step in (0, 15, 16, 31):
        assert torch.equal(torch.cat([half(step)[0] for half in halves]), alone(step)[0])
    same = Digits(digits.images[:1].repeat(64, 1, 1), digits.labels[:1].repeat(64))
    first, second = (Batches(same, DISTORTIONS["r"], 0.0, 0, 32, device, rank, 2)(0)[0] for rank in (0, 1))
    assert not torch.equal(first, second)


@pytest.mark.parametrize("name", DISTORTIONS)
def test_each_distortion_gives_frames_of_its_size(digits, name):
    distortion = DISTORTIONS[name]
    images, labels, matrix = Batches(digits, distortion, 0.0, 0, 16, torch.device("cpu"))(0)
    assert images.shape == (16, 1, distortion.frame, distortion.frame) and matrix.shape == (16, 3, 3)
    assert images.min() >= 0 and images.max() <= 1 and len(labels) == 16


def test_clutter_has_the_sharpness_of_the_digit(digits):
    """A digit at a fraction of a pixel would be blurred, and could be distinguished from the clutter by that alone."""
    without = replace(DISTORTIONS["tc"], clutter=0)
    images, _, _ = batch = Batches(digits, without, 0.0, 0, 16, torch.device("cpu"))(0)
    index = Batches(digits, without, 0.0, 0, 16, torch.device("cpu")).index(0)
    for frame, digit in zip(images, digits.images[index] / 255, strict=True):
        torch.testing.assert_close(
            frame.flatten().sort().values[-784:], digit.flatten().sort().values, atol=1e-4, rtol=0
        )
    assert len({tuple(shift.tolist()) for shift in batch.matrix[:, :2, 2]}) > 8, "at different places"


def test_part_of_each_batch_can_stay_undistorted(digits):
    batches = Batches(digits, DISTORTIONS["r"], 0.25, 0, 32, torch.device("cpu"))
    written = digits.images[batches.index(5)][:, None] / 255
    same = (batches(5)[0] == written).flatten(1).all(1)
    assert same.tolist() == [True] * 8 + [False] * 24


def test_poses_widen_while_the_classifier_learns_slowly(digits):
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


def test_a_batch_that_does_not_divide_is_refused(digits):
    with pytest.raises(ValueError, match="32 cannot be divided among 3"):
        Trainer(SHORT, digits, group=Group(processes=3))
