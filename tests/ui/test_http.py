"""An answer can be written whatever a request or a file put into it."""

import json

from stn_demo.ui import http


def test_unpaired_surrogates_and_non_finite_numbers_can_be_encoded():
    body = http.answer({"error": {"message": "\ud800 é", "values": [float("nan"), {"x": float("inf")}, 1.5]}}).body
    assert json.loads(body)["error"] == {"message": "\ud800 é", "values": [None, {"x": None}, 1.5]}


def test_long_error_messages_are_truncated():
    assert len(json.loads(http.refuse("x", "y" * 10_000).body)["error"]["message"]) == http.LONGEST_MESSAGE
