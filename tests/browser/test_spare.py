"""The live page computes in the browser while its WebSocket is lost or the server is overloaded, if the app has the runtime."""

import json
import shutil
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from conftest import Served
from published import RUN
from run_helpers import DIGITS, made, work
from stage import frame, pixels, slide

import stn_demo.ui
from stn_demo import checkpoints
from stn_demo.checkpoints import default_folder
from stn_demo.model import ModelConfig, build_model
from stn_demo.runs.data_source import DataSource
from stn_demo.ui.local import runtime
from stn_demo.ui.options import OptionError, read_options

UI = Path(stn_demo.ui.__file__).parent
WORDS = {name: json.loads((UI / f"strings/{name}.json").read_text(encoding="utf-8")) for name in ("en", "zh-CN")}
STATUS = "document.querySelector('#status-text').textContent"
LONG = 300_000  # ms: the first time, the graphs are exported
ALL = 1200  # s: the same for the graphs of all networks and presets
LOSSES = ("-loss.onnx", "-step.onnx", "-spread.onnx", "-row.onnx", "zeros-slope.onnx", "zeros-row.onnx", "zeros.onnx")
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
    run = made(home / "runs", RUN.but(epochs=0.5), name="short", twin=True)
    assert work(run, DataSource(None, False, home / "drawn").load("handwriting", DIGITS, print))["state"] == "done"
    app = Served(home, "--checkpoints", str(home / "networks"), "--runtime", str(runtime.KEPT))
    app.run = run.id
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


@pytest.fixture
def exported(app):
    """The app, once it has exported everything."""
    if app.process.poll() is not None:
        app.start()
    end = time.monotonic() + ALL
    while json.load(urllib.request.urlopen(f"{app.url}/stn/local/data/index.json?quiet=true")) is None:
        assert time.monotonic() < end and app.process.poll() is None
        time.sleep(0.5)
    return app


def kept_without_a_server(page, app, show, names):
    """Show a network that only the server has; kill the server once the browser has prepared for the networks of these names, and the
    browser goes on with it as the server did."""
    for_each = [f"weights?name={name}" for name in names]
    fetched = []
    page.on("requestfinished", lambda one: fetched.append(one.url))
    show()
    slide(page, "pose-rotation", 30)
    expected = {field: frame(page, field) for field in ("model", "twin", "probs", "theta")}
    before = pixels(page, "#view-warped")
    end = time.monotonic() + 60
    while not all(any(wanted in url for url in fetched) for wanted in [*for_each, *LOSSES]):
        assert time.monotonic() < end, fetched
        page.wait_for_timeout(100)
    page.wait_for_load_state("networkidle")
    app.stop(kill=True)
    page.wait_for_function(f"{STATUS} === {json.dumps(WORDS['en']['status.here'])}", timeout=30_000)
    slide(page, "pose-rotation", -50)
    assert frame(page, "applied.rotation") == pytest.approx(-50, abs=0.01) and pixels(page, "#view-warped") != before
    slide(page, "pose-rotation", 30)
    found = {field: frame(page, field) for field in ("model", "twin", "probs", "theta")}
    assert (found["model"], found["twin"]) == (expected["model"], expected["twin"])
    assert found["probs"] == pytest.approx(expected["probs"], abs=2e-4)
    assert found["theta"] == pytest.approx(expected["theta"], abs=2e-4)


def gradient_and_map(page):
    page.check("[data-layer=gradient]")
    page.wait_for_function("window.stn.store.frame.gradient && window.stn.store.frame.arrows.some((value) => value)")
    page.evaluate("void window.stn.store.on('landscape', (map) => { window.map = map; })")
    page.check("[data-layer=landscape]")
    page.wait_for_function("window.map && new Set(window.map.loss).size > 100", timeout=30_000)


def test_uploaded_network_works_without_the_server(visit, exported, tmp_path):
    page = visit(url=exported.url, before=lambda page: page.add_init_script(HOOK))
    path = shutil.copy(default_folder() / "seed-affine.safetensors", tmp_path / "mine.safetensors")

    def upload():
        page.locator("input[type=file][accept*=safetensors]").first.set_input_files(path)
        page.wait_for_function("window.stn.store.frame.model.startsWith('upload-')", timeout=30_000)

    kept_without_a_server(page, exported, upload, ["upload-"])
    gradient_and_map(page)


def test_snapshot_of_a_run_works_without_the_server(visit, exported):
    page = visit(url=exported.url, before=lambda page: page.add_init_script(HOOK))
    names = [f"run-{exported.run}-0", f"run-{exported.run}-0-twin"]

    def choose():
        page.evaluate("([model, twin]) => window.stn.store.set({ model, twin, grab: null })", names)
        page.wait_for_function("(name) => window.stn.store.frame.model === name", arg=names[0], timeout=30_000)

    kept_without_a_server(page, exported, choose, names)


def test_gradient_and_map_without_their_graphs_say_so(visit, exported):
    """The page asks for the map and for the gradient for the first time when it is too late."""
    page = visit(url=exported.url, before=lambda page: page.add_init_script(HOOK))
    page.context.route("**/stn/local/data/losses/**", lambda route: route.abort())
    page.evaluate("window.lost = true; window.sockets.at(-1).close()")
    page.wait_for_function(f"{STATUS} === {json.dumps(WORDS['en']['status.here'])}", timeout=LONG)
    for layer, key in (("gradient", "error.no_losses"), ("landscape", "error.not_fetched")):
        page.check(f"[data-layer={layer}]")
        page.wait_for_function(
            "(text) => document.querySelector('#descent').innerText.includes(text)", arg=WORDS["en"][key]
        )
        slide(page, "pose-rotation", 12 if layer == "gradient" else 13)
        assert frame(page, "applied.rotation") in (12, 13), "the pictures go on"
    page.evaluate("window.lost = false")
    page.wait_for_function("window.stn.store.frame.gradient", timeout=30_000)
    page.wait_for_function(
        "(texts) => texts.every((text) => !document.querySelector('#descent').innerText.includes(text))",
        arg=[WORDS["en"]["error.no_losses"], WORDS["en"]["error.not_fetched"]],
        timeout=30_000,
    )


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
