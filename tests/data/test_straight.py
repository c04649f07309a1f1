"""Straight pieces of lines: which of them are taken apart."""

import numpy as np

from stn_demo.data import straight


def joined(lines):
    """This many horizontal lines, and a stroke that connects them."""
    part = np.zeros((10 * lines, 200), bool)
    part[4::10] = True
    part[4:-5, 90] = True
    return part


def test_a_pattern_of_many_lines_is_not_taken_apart():
    """Otherwise a dense pattern takes ten times as long as any other picture."""
    few, many = joined(straight.MOST_JOINED), joined(straight.MOST_JOINED + 1)
    assert len(straight._separated(few)) == straight.MOST_JOINED
    assert len(straight._separated(many)) == 1
