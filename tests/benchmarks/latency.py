"""Latency from an input event to the updated pictures: our stage and idiomatic Gradio, side by side in one run.

    python tests/benchmarks/latency.py [--drags 100] [--seconds 5]

Both pages stand on this machine, driven in headless Chromium, and run the same network. "Idiomatic" is a slider whose event
gives three gr.Plot (Plotly) and a gr.Label. Latency: from the input event to the last change of the page that it caused.
Updates per second: while the slider (or the pen) moves at every display frame; moves and updates would be equal in number
if every move were answered by itself.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator

from crowd import ROOT, percentile, served
from playwright.sync_api import Page, sync_playwright

sys.path.insert(0, str(ROOT / "tests"))

from chromium import CHROMIUM, FLAGS, SETTLED

# Seconds in which the server records its first networks (``analysis.recorded``); no event marks the end.
RECORDED = 4
PORT = 7937

IDIOMATIC = """
import gradio as gr, plotly.express as px, torch
from stn_demo import checkpoints
from stn_demo.data import handwriting
from stn_demo.data.pose import Pose, pose_images
model, digit = checkpoints.load("seed-affine"), handwriting.sample(5)[None, None]
def show(rotation):
    with torch.no_grad():
        seen = pose_images(digit, [Pose(rotation=rotation)])
        trace = model.trace(seen)
    pictures = seen[0, 0], trace.transforms[0].grid[0, ..., 0], trace.transforms[0].warped[0, 0]
    probs = dict(zip("0123456789", trace.log_probs.exp()[0].tolist()))
    return [px.imshow(picture.numpy(), title=f"{rotation}") for picture in pictures] + [probs]
with gr.Blocks() as demo:
    slider = gr.Slider(-180, 180, 0, step=1, elem_id="pose-rotation")
    plots = [gr.Plot() for _ in range(3)]
    label = gr.Label(elem_id="answer")
    slider.input(show, slider, [*plots, label], trigger_mode="always_last", show_progress="hidden")
demo.launch(server_port=PORT, prevent_thread_lock=False, quiet=True)
""".replace("PORT", str(PORT))

SET = """(value) => {
  const slider = document.querySelector('#pose-rotation input[type=range]');
  slider.value = value;
  slider.dispatchEvent(new Event('input', { bubbles: true }));
}"""


def opened(page: Page) -> None:
    """Wait until the browser has loaded all, and the server has recorded the networks that the page opens with."""
    page.wait_for_load_state("networkidle")
    page.evaluate(SETTLED)
    time.sleep(RECORDED)


def ours(page: Page, drags: int, seconds: float) -> tuple[list[float], float]:
    page.wait_for_selector("#view-warped")
    page.wait_for_function("document.querySelector('#theta').textContent.match(/[0-9]/)")
    page.evaluate(SETTLED)
    latencies = []
    for i in range(drags):
        before = page.evaluate("performance.getEntriesByName('stn-update').length")
        page.evaluate(SET, i % 120 - 60)
        page.wait_for_function(f"performance.getEntriesByName('stn-update').length > {before}")
        latencies.append(page.evaluate("performance.getEntriesByName('stn-update').at(-1).duration"))
    page.evaluate("performance.clearMeasures()")
    return latencies, drag(page, seconds, "performance.getEntriesByName('stn-update').length")


def idiomatic(page: Page, drags: int, seconds: float) -> tuple[list[float], float]:
    page.wait_for_selector("#pose-rotation input[type=range]")
    page.evaluate(
        """() => {
          window.changes = 0;
          const plots = () => [...document.querySelectorAll('.js-plotly-plot .gtitle')].map((title) => title.textContent).join();
          let last = plots();
          new MutationObserver(() => {
            const now = plots();
            if (now !== last && now.split(',').length === 3 && new Set(now.split(',')).size === 1) {
              last = now; window.changes += 1; window.changed = performance.now();
            }
          }).observe(document.body, { subtree: true, childList: true, characterData: true });
        }"""
    )
    page.evaluate(SET, 1)
    page.wait_for_function("window.changes > 0", timeout=60_000)
    latencies = []
    for i in range(drags):
        before = page.evaluate("window.changes")
        start = page.evaluate(
            f"(value) => {{ const start = performance.now(); ({SET})(value); return start; }}", i % 120 - 60
        )
        page.wait_for_function(f"window.changes > {before}", timeout=60_000)
        latencies.append(page.evaluate("window.changed") - start)
    return latencies, drag(page, seconds, "window.changes")


def drag(page: Page, seconds: float, count: str) -> float:
    """Move the slider at every display frame, each time to another value (to and fro by 2 degrees: where a position is
    the last one again there is nothing to answer); updates per second."""
    return page.evaluate(
        f"""async (seconds) => {{
          const before = {count}, start = performance.now();
          let i = 0;
          while (performance.now() - start < 1000 * seconds) {{
            ({SET})(Math.abs(2 * i++ % 240 - 120) - 60);
            await new Promise(requestAnimationFrame);
          }}
          window.moves = i;
          return ({count} - before) / ((performance.now() - start) / 1000);
        }}""",
        seconds,
    )


MEASURED = "performance.getEntriesByName('stn-update').map((entry) => entry.duration)"


def drag_latencies(page: Page, seconds: float) -> tuple[list[float], float, int]:
    """While the slider moves at every display frame, ours only: latencies, updates per second, and moves made."""
    page.evaluate("performance.clearMeasures()")
    rate = drag(page, seconds, "performance.getEntriesByName('stn-update').length")
    page.evaluate(SETTLED)
    return page.evaluate(MEASURED), rate, page.evaluate("window.moves")


def draw_latencies(page: Page, seconds: float) -> tuple[list[float], float, int]:
    """The same while the pen goes on drawing one stroke, a new point at every display frame."""
    page.evaluate("performance.clearMeasures()")
    moves, rate = page.evaluate(
        """async (seconds) => {
          const pad = document.querySelector('#view-digit'), box = pad.getBoundingClientRect();
          const send = (type, x, y) => pad.dispatchEvent(new PointerEvent(type, { pointerId: 7, pointerType: 'pen',
            isPrimary: true, bubbles: true, button: 0, buttons: 1,
            clientX: box.x + x * box.width, clientY: box.y + y * box.height }));
          send('pointerdown', 0.5, 0.5);
          const start = performance.now();
          let i = 0;
          while (performance.now() - start < 1000 * seconds) {
            i += 1;
            send('pointermove', 0.5 + 0.3 * Math.sin(i / 9), 0.5 + 0.35 * Math.sin(i / 13));
            await new Promise(requestAnimationFrame);
          }
          const rate = performance.getEntriesByName('stn-update').length / ((performance.now() - start) / 1000);
          send('pointerup', 0.5, 0.5);
          return [i, rate];
        }""",
        seconds,
    )
    page.evaluate(SETTLED)
    return page.evaluate(MEASURED), rate, moves


def mouse_latencies(page: Page, seconds: float) -> list[float]:
    """While a real mouse, driven from here, draws as fast as the browser takes its moves."""
    page.evaluate("performance.clearMeasures()")
    box = page.locator("#view-digit").bounding_box()
    page.mouse.move(box["x"] + 40, box["y"] + 40)
    page.mouse.down()
    end, i = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        i += 1
        page.mouse.move(box["x"] + 40 + i * 7 % 120, box["y"] + 40 + i * 3 % 120)
    page.mouse.up()
    page.evaluate(SETTLED)
    return page.evaluate(MEASURED)


def say(name: str, latencies: list[float], rate: float | None = None, moves: int | None = None) -> None:
    values = f"p50 {percentile(latencies, 0.5):6.1f} ms, p95 {percentile(latencies, 0.95):6.1f} ms"
    pace = "" if rate is None else f", {rate:.1f} updates/s"
    pace += "" if moves is None else f" for {moves} moves"
    print(f"{name:<38} {values}, mean {statistics.mean(latencies):6.1f} ms over {len(latencies)}{pace}")


@contextlib.contextmanager
def layers(page: Page, *names: str) -> Iterator[None]:
    """Layers by name: "gradient", at each grid point, is part of every frame; "landscape", the map of the loss (21 x 21), is
    asked for meanwhile."""
    boxes = [f"#layer-{name}" for name in names]
    page.evaluate(
        "() => { window.maps = 0; window.stn.store.on('landscape', (map) => { window.maps += Boolean(map); }); }"
    )
    for box in boxes:
        page.check(box)
    if "gradient" in names:
        page.wait_for_function("window.stn.store.frame.gradient")
    if "landscape" in names:
        page.wait_for_function("window.maps > 0")
    yield
    for box in boxes:
        page.uncheck(box)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--drags", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--ours", action="store_true", help="leave the rival out")
    options = parser.parse_args()
    environment = {**os.environ, "GRADIO_ANALYTICS_ENABLED": "False", "PYTHONPATH": str(ROOT)}
    rival = None  # started after ours has been measured: its start-up would take both cores
    try:
        with served() as (url, _), sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            page = browser.new_page(viewport={"width": 1280, "height": 800})
            page.goto(f"{url}/#explore")
            opened(page)
            latencies, rate = ours(page, options.drags, options.seconds)
            say("ours, one drag at a time", latencies, rate)
            say("ours, while the slider moves", *drag_latencies(page, options.seconds))
            for names in (("landscape",), ("gradient",), ("gradient", "landscape")):
                with layers(page, *names):
                    say(f"ours, the slider, {' and '.join(names)} on", *drag_latencies(page, options.seconds))
            say("ours, while the pen draws", *draw_latencies(page, options.seconds))
            page.click('[data-tool="clear"]')
            say("ours, while a mouse draws", mouse_latencies(page, options.seconds))
            page.close()
            if options.ours:
                return
            rival = subprocess.Popen([sys.executable, "-c", IDIOMATIC], env=environment, stdout=subprocess.DEVNULL)
            for _ in range(300):
                try:
                    urllib.request.urlopen(f"http://127.0.0.1:{PORT}", timeout=5)
                    break
                except OSError:
                    time.sleep(0.1)
            page = browser.new_page(viewport={"width": 1280, "height": 800})
            page.goto(f"http://127.0.0.1:{PORT}")
            latencies, rate = idiomatic(page, max(10, options.drags // 5), options.seconds)
            say("idiomatic Gradio, one drag at a time", latencies, rate)
            browser.close()
    finally:
        if rival is not None:
            rival.terminate()
            rival.wait(10)


if __name__ == "__main__":
    main()
