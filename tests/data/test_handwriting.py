"""Generated digits: MNIST's format, balanced classes, determinism, and readability as digits."""

import os

import pytest
import torch
import torch.nn.functional as F
from torchvision.datasets import MNIST

from stn_demo.data.digits import Digits
from stn_demo.data.handwriting import _write, digits, sample, unlike_mnist
from stn_demo.data.skeletons import SKELETONS, UNLIKE_MNIST
from stn_demo.training import datasets
from stn_demo.training.settings import HANDS


@pytest.fixture(scope="module")
def written(one_thread):
    return digits(4000, seed=1)


def fitted(images, labels, steps=300):
    """A small two-layer network on images float [N, 28, 28]: enough to tell whether they carry digits."""
    torch.manual_seed(0)
    network = torch.nn.Sequential(
        torch.nn.Conv2d(1, 8, 5, stride=2),
        torch.nn.ReLU(),
        torch.nn.MaxPool2d(2),
        torch.nn.Flatten(),
        torch.nn.Linear(8 * 6 * 6, 64),
        torch.nn.ReLU(),
        torch.nn.Linear(64, 10),
    )
    optimizer = torch.optim.Adam(network.parameters(), 5e-3)
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = 5e-3 * (1 - step / steps)
        batch = torch.randint(0, len(labels), (128,))
        loss = F.cross_entropy(network(images[batch, None]), labels[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return network.eval()


@torch.no_grad()
def accuracy(network, images, labels):
    return (network(images[:, None]).argmax(1) == labels).float().mean().item()


def test_shape_and_type(written):
    assert written.images.shape == (4000, 28, 28) and written.images.dtype == torch.uint8
    assert written.labels.shape == (4000,) and written.labels.dtype == torch.int64


@pytest.mark.parametrize("count", [0, 1, 7, 103])
def test_labels_are_balanced(count):
    occurrences = torch.bincount(digits(count).labels, minlength=10)
    assert occurrences.sum() == count and occurrences.max() - occurrences.min() <= 1


def test_labels_are_shuffled(written):
    # Independent neighbours are equal one time in ten; a sorted or cyclic order gives about 1 or 0.
    assert 0.07 < (written.labels[1:] == written.labels[:-1]).float().mean() < 0.13


def test_the_seed_decides_every_byte(written):
    again = digits(4000, seed=1)
    assert torch.equal(again.images, written.images) and torch.equal(again.labels, written.labels)
    assert not torch.equal(digits(100, seed=2).images, digits(100, seed=1).images)


def test_the_global_random_state_is_neither_used_nor_changed():
    torch.manual_seed(3)
    state = torch.get_rng_state()
    first = digits(20)
    assert torch.equal(torch.get_rng_state(), state)
    torch.manual_seed(4)
    assert torch.equal(digits(20).images, first.images)


def test_no_two_digits_are_alike(written):
    assert len(torch.unique(written.images.flatten(1), dim=0)) == len(written.images)


def test_generated_digits_have_the_position_and_size_of_mnist(written):
    ink = written.images.float() / 255
    for axis in (1, 2):
        index = torch.arange(28.0)
        centre = (ink.sum(3 - axis) @ index) / ink.sum((1, 2))
        # MNIST's centres of mass: mean 14.0, standard deviation 0.28, as they are moved by whole pixels.
        assert centre.mean().item() == pytest.approx(14, abs=0.1)
        assert (centre - 14).abs().max() < 1.5
    tall = (ink.amax(2) > 0).sum(1)
    wide = (ink.amax(1) > 0).sum(1)
    longest = torch.maximum(tall, wide)
    assert longest.max() <= 20 and longest.float().mean() > 19.5
    # Published mean and standard deviation of MNIST's training pixels.
    assert ink.mean().item() == pytest.approx(0.1307, abs=0.02)
    assert ink.std().item() == pytest.approx(0.3081, abs=0.02)


def test_every_digit_has_ink(written):
    assert written.images.flatten(1).amax(1).min() > 128


def test_every_style_can_be_written_and_differs_in_name():
    assert sorted(SKELETONS) == list(range(10))
    for styles in SKELETONS.values():
        assert len({style.name for style in styles}) == len(styles)
        for style in styles:
            ink = _write(style, 2, torch.Generator().manual_seed(0))
            assert ink.isfinite().all() and ink.flatten(1).amax(1).min() > 0.5


def test_styles_that_mnist_lacks_come_alone_and_mixed():
    for label, names in UNLIKE_MNIST.items():
        assert set(names) < {style.name for style in SKELETONS[label]}
    alone = unlike_mnist(101, seed=3)
    assert torch.bincount(alone.labels, minlength=10).tolist() in (
        [0, 51, 0, 0, 50] + [0] * 5,
        [0, 50, 0, 0, 51] + [0] * 5,
    )
    assert torch.equal(alone.images, unlike_mnist(101, seed=3).images)
    # A flag is as wide as the 1 is: a bare bar fills a smaller share of its columns.
    wide = (alone.images[alone.labels == 1].amax(1) > 128).sum(1).float().mean()
    assert wide > 6


def test_classifier_trained_on_one_seed_reads_another_seed(written):
    network = fitted(written.images.float() / 255, written.labels)
    fresh = digits(2000, seed=9)
    assert accuracy(network, fresh.images.float() / 255, fresh.labels) > 0.9
    tidy = torch.stack([sample(label, seed) for seed in range(10) for label in range(10)])
    assert accuracy(network, tidy, torch.arange(10).repeat(10)) > 0.95


@pytest.mark.skipif("STN_DEMO_DATA" not in os.environ, reason="STN_DEMO_DATA does not say where MNIST is")
def test_classifier_trained_on_generated_digits_reads_mnist():
    real = MNIST(os.environ["STN_DEMO_DATA"], train=False)
    images = digits(10000, seed=0)
    network = fitted(images.images.float() / 255, images.labels, steps=500)
    assert accuracy(network, real.data.float() / 255, real.targets) > 0.88


def test_sample_is_one_tidy_digit_in_the_frame():
    first, again, other = sample(7, 1), sample(7, 1), sample(7, 2)
    assert first.shape == (28, 28) and first.dtype == torch.float32
    assert first.min() == 0 and 0.9 < first.max() <= 1
    assert torch.equal(first, again) and not torch.equal(first, other)


def test_impossible_requests_are_refused_with_a_reason():
    with pytest.raises(ValueError, match="give 0 or more"):
        digits(-1)
    with pytest.raises(ValueError, match="0 to 9"):
        sample(10)


def test_styles_that_mnist_lacks_are_mixed_into_training_digits_only(monkeypatch):
    fake = Digits(torch.zeros(40, 28, 28, dtype=torch.uint8), torch.full((40,), 5))
    monkeypatch.setattr(datasets.mnist, "load", lambda root, train, download: fake)
    monkeypatch.setattr(datasets, "UNLIKE", {True: (20, 0), False: (10, 1)})
    mixed = datasets.load_digits(HANDS, train=True)
    assert mixed.labels.bincount().tolist() == [0, 10, 0, 0, 10, 40]
    assert (mixed.labels[:30] != 5).any() and (mixed.labels[30:] != 5).any(), "they are not all at one end"
    assert torch.equal(mixed.images, datasets.load_digits(HANDS, train=True).images)
    assert datasets.load_digits(HANDS, train=False) is fake
    alone = datasets.load_digits(datasets.ONLY_HANDS, train=False)
    assert torch.equal(alone.images, unlike_mnist(10, seed=1).images)
