"""Evaluation: it repeats, adds up, gives Wilson intervals, and refuses pictures of the wrong size."""

import pytest
import torch
from scipy.stats import binomtest
from training_helpers import SHORT

from stn_demo.data.digits import Digits
from stn_demo.training import Trainer, evaluate


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
