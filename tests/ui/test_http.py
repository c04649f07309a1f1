"""An answer can be written whatever a request or a file put into it."""

import json

from stn_demo.ui import http


def test_half_a_character_and_a_number_that_is_none_can_be_written():
    body = http.answer({"error": {"message": "\ud800 é", "values": [float("nan"), {"x": float("inf")}, 1.5]}}).body
    assert json.loads(body)["error"] == {"message": "\ud800 é", "values": [None, {"x": None}, 1.5]}


def test_a_sentence_is_cut_to_a_bearable_length():
    assert len(json.loads(http.refuse("x", "y" * 10_000).body)["error"]["message"]) == http.LONGEST_MESSAGE
