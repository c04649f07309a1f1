"""The live page computes in the browser while its WebSocket is lost or the server is overloaded, if the app has the runtime."""

import json
import shutil
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from conftest import Served
from stage import frame, slide

import stn_demo.ui
from stn_demo import checkpoints
from stn_demo.checkpoints import default_folder
from stn_demo.model import ModelConfig, build_model
from stn_demo.ui.local import runtime
from stn_demo.ui.options import OptionError, read_options

UI = Path(stn_demo.ui.__file__).parent
WORDS = {name: json.loads((UI / f"strings/{name}.json").read_text(encoding="utf-8")) for name in ("en", "zh-CN")}
STATUS = "document.querySelector('#status-text').textContent"
LONG = 300_000  # ms: the first time, the graphs are exported
# ``lost``: no WebSocket can be opened; ``crowded``: the server refuses every question.
HOOK = """
window.sockets = []; window.asked = 0;
const Real = window.WebSocket;
window.WebSocket = class extends Real {
  constructor(url) { super(window.lost ? String(url) + "-not" : url); window.sockets.push(this); }
  send(text) {
    if (!window.crowded) { window.asked += 1; return super.send(text); }
    const busy = JSON.stringify({ id: JSON.parse(text).id, error: { code: "busy", message: "busy" } });
    setTimeout(() => this.dispatchEvent(new MessageEvent("message", { data: busy })));
  }
};
"""


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    """An app with two networks and the runtime. Its home has the graphs that were exported before on this machine."""
    try:
        runtime.files()
    except runtime.MissingRuntime as missing:
        pytest.skip(str(missing))
    home = tmp_path_factory.mktemp("home")
    (home / "networks").mkdir()
    for name in ("turn-affine", "seed-cnn"):
        shutil.copy(default_folder() / f"{name}.safetensors", home / "networks")
    (home / ".cache/stn_demo").mkdir(parents=True)
    graphs = Path.home() / ".cache/stn_demo/graphs"
    graphs.mkdir(parents=True, exist_ok=True)
    (home / ".cache/stn_demo/graphs").symlink_to(graphs)
    app = Served(home, "--checkpoints", str(home / "networks"), "--runtime", str(runtime.KEPT))
    yield app
    if app.process.poll() is None:
        app.stop()


@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
def test_browser_computes_while_the_connection_is_lost(visit, app, locale):
    words = WORDS["en" if locale == "en-US" else locale]
    page = visit(url=app.url, before=lambda page: page.add_init_script(HOOK), locale=locale)
    page.click("#pose-reset")
    slide(page, "pose-rotation", 30)
    probs = frame(page, "probs")
    page.evaluate("window.lost = true; window.sockets.at(-1).close()")
    page.wait_for_function(f"{STATUS} === {json.dumps(words['status.here'])}", timeout=LONG)
    slide(page, "pose-rotation", 31)
    slide(page, "pose-rotation", 30)
    assert frame(page, "applied.rotation") == pytest.approx(30, abs=0.01)
    assert frame(page, "probs") == pytest.approx(probs, abs=2e-4), "the browser computes what the server did"
    page.evaluate("window.lost = false")
    page.wait_for_function(f"{STATUS} === {json.dumps(words['status.ready'])}", timeout=30_000)
    asked = page.evaluate("window.asked")
    slide(page, "pose-rotation", 10)
    assert page.evaluate("window.asked") > asked and frame(page, "applied.rotation") == pytest.approx(10, abs=0.01)


def test_server_only_network_waits_and_another_is_computed_in_the_browser(visit, app, tmp_path):
    page = visit(url=app.url, before=lambda page: page.add_init_script(HOOK))
    checkpoints.save(tmp_path / "mine.safetensors", build_model(ModelConfig(transform="tps")), {})
    page.locator("input[type=file][accept*=safetensors]").first.set_input_files(tmp_path / "mine.safetensors")
    page.wait_for_function("window.stn.store.frame.model.startsWith('upload-')", timeout=30_000)
    page.evaluate("window.lost = true; window.sockets.at(-1).close()")
    page.wait_for_function(f"{STATUS} === {json.dumps(WORDS['en']['status.not_here'])}", timeout=LONG)
    page.evaluate("window.stn.setModel('turn-affine')")
    page.wait_for_function("window.stn.store.frame.model === 'turn-affine'", timeout=30_000)
    page.wait_for_function(f"{STATUS} === {json.dumps(WORDS['en']['status.here'])}")
    page.evaluate("window.lost = false")
    page.wait_for_function(f"{STATUS} === {json.dumps(WORDS['en']['status.ready'])}", timeout=30_000)


def test_browser_computes_while_the_server_is_overloaded(visit, app):
    page = visit(url=app.url, before=lambda page: page.add_init_script(HOOK))
    page.evaluate("window.crowded = true")
    page.evaluate("window.stn.store.set({ pose: { ...window.stn.store.get().pose, rotation: 44 } })")
    page.wait_for_function(f"{STATUS} === {json.dumps(WORDS['en']['status.here'])}", timeout=LONG)
    page.wait_for_function("Math.abs(window.stn.store.frame.applied.rotation - 44) < 0.01", timeout=30_000)
    page.evaluate("window.crowded = false; window.asked = 0")
    turned = "window.stn.store.set({ pose: { ...window.stn.store.get().pose, rotation: window.turn = (window.turn ?? 0) + 1 } })"
    page.wait_for_function(f"{turned}, window.asked > 0", polling=500, timeout=30_000)
    page.wait_for_function(f"{STATUS} === {json.dumps(WORDS['en']['status.ready'])}")


def test_stage_works_after_the_server_has_ended(visit, app):
    page = visit(url=app.url, before=lambda page: page.add_init_script(HOOK))
    page.evaluate("window.lost = true; window.sockets.at(-1).close()")
    page.wait_for_function(f"{STATUS} === {json.dumps(WORDS['en']['status.here'])}", timeout=LONG)
    app.stop()
    slide(page, "pose-rotation", -20)
    assert frame(page, "applied.rotation") == pytest.approx(-20, abs=0.01)
    page.evaluate("window.lost = false")
    app.start()
    page.wait_for_function(f"{STATUS} === {json.dumps(WORDS['en']['status.ready'])}", timeout=60_000)


def test_app_without_the_runtime_serves_no_worker(served):
    for address in ("data/index.json", "static/worker.js", "runtime/ort.wasm.bundle.min.mjs"):
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(f"{served.url}/stn/local/{address}")


def test_folder_without_the_runtime_is_refused_by_name(tmp_path):
    with pytest.raises(OptionError, match=r"--runtime: There is no ort\.wasm\.bundle\.min\.mjs in .*: unpack"):
        read_options(["--runtime", str(tmp_path)])
