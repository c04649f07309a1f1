"""Every address that Gradio adds and the page does not use is off, for every method; odd addresses are not found."""

import pytest

OFF = [
    "/openapi.json",
    "/docs",
    "/login",
    "/logout",
    "/user",
    "/token",
    "/monitoring",
    "/monitoring/summary",
    "/pwa_icon",
    "/gradio_api/openapi.json",
    "/gradio_api/deep_link?session_hash=x",
    "/gradio_api/proxy=https://x.hf.space/",
    "/gradio_api/file=/etc/passwd",
    "/gradio_api/file=http://127.0.0.1:1/",
    "/gradio_api/file/etc/passwd",
    "/gradio_api/stream/x/1/1/playlist.m3u8",
    "/gradio_api/stream/x",
    "/gradio_api/custom_component/x/client/component/x.js",
    "/gradio_api/dev/reload",
    "/gradio_api/runs",
    "/gradio_api/run-history/buckets",
    "/gradio_api/run-history/connect",
    "/gradio_api/process_recording",
    "/gradio_api/vibe-code",
    "/gradio_api/vibe-edit",
    "/gradio_api/vibe-starter-queries",
    "/gradio_api/undo-vibe-edit",
    "/gradio_api/component_server",
    "/gradio_api/run/explain",
    "/gradio_api/api/explain",
    "/gradio_api/call/other",
    "/gradio_api/upload_progress?upload_id=x",
    "/gradio_api/user",
    "/gradio_api/token",
    "/gradio_api/profiling/traces",
    "/?deep_link=x",
]
ON = ["/", "/config", "/theme.css", "/gradio_api/info", "/gradio_api/startup-events", "/favicon.ico", "/stn/status"]


@pytest.mark.parametrize("address", OFF)
def test_unused_addresses_are_not_found(client, address):
    for method in ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"):
        answer = client.request(method, address, json={} if method in ("POST", "PUT", "PATCH") else None)
        assert answer.status_code == 404, method


@pytest.mark.parametrize("address", ON)
def test_used_addresses_are_open(client, address):
    assert client.get(address).status_code == 200


@pytest.mark.parametrize("before", ["/static/", "/assets/", "/stn/shared/", "/svelte/", "/stn/results/measured/", "/"])
@pytest.mark.parametrize("odd", ["a" * 300, "a" * 3000, "%00", "..%2f..%2fetc/passwd", "..%5cx", "%ff", "%0d%0aX: y"])
def test_an_odd_address_is_not_found(client, before, odd):
    answer = client.get(before + odd)
    assert answer.status_code in (400, 404) and "Traceback" not in answer.text
