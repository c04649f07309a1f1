"""A page at another address can neither control the app nor read its answers."""

import pytest

STRANGER = {"origin": "http://evil.example"}
POSTS = ["/stn/picture", "/stn/ask", "/stn/network", "/stn/train/start", "/stn/train/delete", "/gradio_api/upload"]


@pytest.mark.parametrize("address", [*POSTS, "/gradio_api/queue/join", "/gradio_api/cancel"])
def test_another_page_can_post_nothing(client, address):
    assert client.post(address, json={}, headers=STRANGER).status_code == 403
    assert client.post(address, json={}, headers={"origin": "null"}).status_code == 403


@pytest.mark.parametrize("address", ["/", "/config", "/gradio_api/info", "/stn/status"])
def test_another_page_can_read_nothing(client, address):
    for origin in ("http://evil.example", "http://localhost:9"):
        headers = client.get(address, headers={"origin": origin}).headers
        assert not [name for name in headers if name.startswith("access-control-")]
    asked = {"origin": "http://evil.example", "access-control-request-method": "POST"}
    answer = client.options(address, headers=asked)
    assert answer.status_code in (404, 405) or "access-control-allow-origin" not in answer.headers
    assert not [name for name in answer.headers if name.startswith("access-control-")]
