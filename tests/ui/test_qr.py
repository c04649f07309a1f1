"""Which address a QR code holds."""

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from stn_demo.ui.explore import qr
from stn_demo.ui.options import Options


@pytest.mark.parametrize(
    ("page", "host", "expected", "reach"),
    [
        ("http://127.0.0.1:7860/", "127.0.0.1", "http://127.0.0.1:7860/", "local"),
        ("http://localhost:7860/stn/", "0.0.0.0", "http://192.168.1.7:7860/stn/", "lan"),
        ("http://[::1]:7860/", "::", "http://192.168.1.7:7860/", "lan"),
        ("https://example.org/demo/", "127.0.0.1", "https://example.org/demo/", "page"),
        ("http://192.168.1.7:7860/", "0.0.0.0", "http://192.168.1.7:7860/", "page"),
    ],
)
def test_qr_address_is_reachable_from_other_devices_if_possible(monkeypatch, page, host, expected, reach):
    monkeypatch.setattr(qr, "lan_host", lambda: "192.168.1.7")
    address, found, lan = qr.reachable(page, Options(host=host))
    assert (address, found) == (expected, reach)
    assert reach == "page" or "192.168.1.7" in lan


def test_qr_route_returns_a_code_and_refuses_other_addresses():
    app = FastAPI()
    qr.add(app, Options())
    client = TestClient(app)
    answer = client.post("/stn/qr", json={"page": "http://127.0.0.1:7860/", "hash": "#scene=small-digit"})
    values = answer.json()
    assert values["address"] == "http://127.0.0.1:7860/#scene=small-digit" and values["svg"].startswith("<svg")
    assert client.post("/stn/qr", json={"page": "javascript:alert(1)", "hash": ""}).status_code == 400


def test_qr_code_is_svg_and_long_text_has_none():
    assert qr.svg("http://127.0.0.1:7860/#scene=small-digit").startswith("<svg")
    assert qr.svg("x" * (qr.MOST + 1)) is None


def test_lan_address_is_not_loopback():
    assert not qr.lan_host().startswith("127.")
