"""Two networks compared by their draws: against published quantiles, closed forms and a simulation."""

import pytest
import torch

from stn_demo.analysis.compare import difference, judge, student

PUBLISHED = {1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776, 5: 2.571, 9: 2.262, 19: 2.093, 29: 2.045, 99: 1.984}


def row(errors, interval=(0.5, 0.9)):
    return {"error": errors[0], "interval": interval, "draws": {"errors": errors} if len(errors) > 1 else None}


@pytest.mark.parametrize("degrees", PUBLISHED)
def test_the_quantiles_are_those_of_a_printed_table(degrees):
    assert student(degrees) == pytest.approx(PUBLISHED[degrees], abs=0.005)


def test_the_difference_is_paired_and_its_interval_is_students():
    found = difference({"errors": [0.6, 0.7, 0.8]}, {"errors": [0.8, 0.9, 1.2]})  # 0.2, 0.2, 0.4
    assert found.mean == pytest.approx(0.8 / 3)
    half = 4.303 * (0.04 / 3) ** 0.5 / 3**0.5  # the variance of 0.2, 0.2, 0.4 is 0.04 / 3
    assert (found.low, found.high) == pytest.approx((0.8 / 3 - half, 0.8 / 3 + half), abs=1e-3)


def test_an_interval_of_95_percent_misses_a_true_difference_of_0_in_5_percent():
    torch.manual_seed(0)
    draws = 0.7 + 0.05 * torch.randn(4000, 2, 10)
    tied = sum(judge(row(one.tolist()), row(other.tolist())) == "tie" for one, other in draws)
    assert 0.94 < tied / 4000 < 0.96


def test_variation_shared_by_all_draws_does_not_hide_a_difference():
    easy_and_hard = [0.3, 0.9, 0.5, 1.1]
    assert judge(row(easy_and_hard), row([error + 0.02 for error in easy_and_hard])) == "better"
    assert judge(row(easy_and_hard), row([error - 0.02 for error in easy_and_hard])) == "worse"


def test_without_comparable_draws_the_intervals_of_one_draw_decide():
    assert judge(row([0.6], (0.4, 0.8)), row([0.9], (0.7, 1.1))) == "tie"
    assert judge(row([0.6], (0.5, 0.7)), row([0.9], (0.8, 1.0))) == "better"
    assert judge(row([0.6, 0.6, 0.6], (0.4, 0.8)), row([0.9, 0.9], (0.7, 1.1))) == "tie", "another number of draws"
    with pytest.raises(ValueError, match="at least two"):
        difference({"errors": [0.6]}, {"errors": [0.7]})
