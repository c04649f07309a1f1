"""/explain for assistants, asked by the client of the package mcp; and what is refused at its address."""

import asyncio
import base64
import importlib.util
import io
import json
import threading
import time

import httpx
import pytest
import uvicorn
from app_process import free_port
from PIL import Image

from stn_demo.data import handwriting
from stn_demo.ui.gate.visitors import Visitors
from stn_demo.ui.options import OptionError, Options, read_options
from stn_demo.ui.server import build_app

needs_mcp = pytest.mark.skipif(importlib.util.find_spec("mcp") is None, reason="mcp is not installed")


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """An app with --mcp, served for real."""
    port = free_port()
    options = Options(port=port, runs=tmp_path_factory.mktemp("runs"), training="off", mcp=True)
    app = build_app(options, visitors=Visitors(port))
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    end = time.monotonic() + 120
    while not server.started:
        assert time.monotonic() < end and thread.is_alive()
        time.sleep(0.1)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(30)


def picture(label: int) -> str:
    made = handwriting.digits(200, 0)
    image = Image.fromarray(255 - made.images[made.labels.tolist().index(label)].numpy())
    held = io.BytesIO()
    image.resize((140, 140)).save(held, "PNG")
    return base64.b64encode(held.getvalue()).decode()


async def asked(address, *calls):
    """(the tools, the result of each call)."""
    from mcp import ClientSession  # noqa: PLC0415 (optional)
    from mcp.client.streamable_http import streamablehttp_client  # noqa: PLC0415 (optional)

    async with streamablehttp_client(f"{address}/stn/mcp") as (read, write, _), ClientSession(read, write) as session:
        await session.initialize()
        tools = (await session.list_tools()).tools
        return tools, [await session.call_tool("explain", values) for values in calls]


@needs_mcp
def test_a_client_explains_a_picture(address):
    calls = [
        {"image": picture(7), "rotation": 20, "model": "turn-affine"},
        {"image": picture(3), "model": "no-such-one"},
    ]
    calls += [
        {"image": "https://example.org/digit.png"},
        {"image": "/etc/passwd"},
        {"image": picture(3), "rotation": 999},
    ]
    tools, (found, *refused) = asyncio.run(asked(address, *calls))
    assert [tool.name for tool in tools] == ["explain"] and tools[0].inputSchema["required"] == ["image"]
    answer = json.loads(found.content[0].text)
    assert not found.isError and answer["digit"] == 7 and len(answer["theta"]) == 6 and len(answer["grid"]) == 28
    assert sum(answer["probabilities"]) == pytest.approx(1, abs=1e-4)
    assert all(one.isError for one in refused)
    words = [one.content[0].text for one in refused]
    assert "no-such-one" in words[0] and "base64" in words[1] and "rotation" in words[3], words
    assert "base64" in words[2] or "picture" in words[2].lower(), words


@needs_mcp
def test_mcp_route_refuses_invalid_requests(address):
    call = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    accepted = {"Accept": "application/json, text/event-stream"}

    def post(headers=None, **more):
        return httpx.post(f"{address}/stn/mcp", headers={**accepted, **(headers or {})}, **more)

    assert post(json=call).status_code == 200
    assert post(json=call, headers={"Origin": "https://elsewhere.example"}).status_code == 403
    assert post(json=call, headers={"Host": "elsewhere.example"}).status_code == 421
    assert "larger than 4 MB" in post(content=b" " * (5 << 20), headers={"Content-Type": "application/json"}).text
    assert httpx.get(f"{address}/stn/mcp", headers=accepted).status_code == 405
    for beside in ("/gradio_api/mcp", "/gradio_api/mcp/", "/gradio_api/mcp/sse", "/stn/mcp/other"):
        assert httpx.post(f"{address}{beside}", json=call, headers=accepted).status_code == 404, beside


def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(OptionError, match=r'--mcp needs the package mcp: python -m pip install "gradio\[mcp\]"'):
        read_options(["--mcp"])


def test_without_the_flag_there_is_no_such_address(tmp_path):
    assert not read_options([]).mcp
    app = build_app(Options(runs=tmp_path, training="off"))
    assert all(getattr(route, "path", "") != "/stn/mcp" for route in app.router.routes)
