"""The Train page in figures: how soon a grid moves, how fast it learns, and how live the rest stays meanwhile.

    python tests/benchmarks/train_page.py [--times 3] [--seconds 5] [--jumps 200]

Starts the app itself, each time with an empty folder of runs, and drives it in headless Chromium. Movement: from the press
of the button to the first θ on the Train page, of the visitor's own digit, that is not the identity. The minute's demo runs
on MNIST where STN_DEMO_DATA names its folder, else on the generated digits.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

from crowd import ROOT, free_port, percentile
from latency import CHROMIUM, FLAGS, SET, SETTLED, drag_latencies
from playwright.sync_api import Browser, Page, sync_playwright

# seconds, part of what is measured: how long a visitor looks at the page before a press
LATER, INTO_A_RUN = 5, 8

WATCH = """
window.press = { at: null, run: null, moved: null };
const watched = () => document.querySelector('#train-runs [aria-pressed=true]')?.dataset.run ?? null;
document.addEventListener('click', (event) => {
  if (event.target.closest?.('#train-start, #train-reset')) window.press = { at: performance.now(), run: watched(), moved: null };
}, true);
new MutationObserver(() => {
  const { at, run, moved } = window.press;
  if (at === null || moved !== null || watched() === run) return;
  if (document.querySelector('#train-status').dataset.state !== 'running') return;
  const numbers = document.querySelector('#train-theta').textContent.match(/\\d+\\.\\d+/g) ?? [];
  if (numbers.length && numbers.map(Number).join() !== '1,0,0,0,1,0') window.press.moved = performance.now();
}).observe(document, { subtree: true, childList: true, characterData: true });
"""
JUMPS = """async (count) => {
  const slider = document.querySelector('#timeline input'), most = Number(slider.max);
  performance.clearMeasures('stn-rewind');
  for (let i = 0; i < count; i++) {
    const before = performance.getEntriesByName('stn-rewind').length;
    slider.value = (Number(slider.value) + 1 + Math.floor(Math.random() * (most - 1))) % (most + 1);
    slider.dispatchEvent(new Event('input', { bubbles: true }));
    const end = performance.now() + 5000;
    while (performance.getEntriesByName('stn-rewind').length === before && performance.now() < end) {
      await new Promise(requestAnimationFrame);
    }
  }
  return performance.getEntriesByName('stn-rewind').map((entry) => entry.duration);
}"""


@contextmanager
def started() -> Iterator[str]:
    """The app with no runs, from the moment that it takes a connection: its address."""
    port = free_port()
    with tempfile.TemporaryDirectory() as runs:
        command = [sys.executable, "app.py", "--port", str(port), "--runs", runs]
        process = subprocess.Popen(command, cwd=ROOT, env=os.environ, stdout=subprocess.DEVNULL)
        try:
            end = time.monotonic() + 120
            while True:
                try:
                    socket.create_connection(("127.0.0.1", port)).close()
                    break
                except OSError:
                    assert process.poll() is None and time.monotonic() < end, "the app did not come up"
                    time.sleep(0.02)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(20)


def opened(browser: Browser, url: str) -> Page:
    """The Train page, as soon as Start can be pressed."""
    page = browser.new_page(viewport={"width": 1280, "height": 800}, locale="en-US")
    page.add_init_script(WATCH)
    page.goto(f"{url}/#explore", wait_until="commit")
    page.click("#pages [role=tab][data-tab-id=train]")
    page.wait_for_selector("#train-start:not([disabled])")
    return page


def movement(page: Page, button: str) -> float:
    """Press it; seconds until the grid of the run that follows moves."""
    page.click(button)
    page.wait_for_function("window.press.moved !== null", timeout=120_000)
    return page.evaluate("(window.press.moved - window.press.at) / 1000")


def learning(page: Page, url: str) -> None:
    """The minute's demo, with the page open: to 95 % of the test digits, and to its end."""
    page.evaluate("document.querySelector('#train-start').click()")
    start, reached = time.monotonic(), None
    while True:
        time.sleep(0.1)
        page.evaluate("0")  # lets Playwright process pending events
        run = log(url)
        if reached is None and (run["accuracy"] or 0) >= 0.95:
            reached = time.monotonic() - start
        if run["state"] not in ("starting", "running"):
            break
    words = "never" if reached is None else f"{reached:.1f} s"
    print(f"minute's demo, press to 95 % (of the digits tested on meanwhile): {words}; bar 60 s")
    print(
        f"minute's demo, press to its end: {time.monotonic() - start:.1f} s, {run['state']}, {100 * run['accuracy']:.1f} % right"
    )


def log(url: str) -> dict:
    """The newest run."""
    with urllib.request.urlopen(f"{url}/stn/train", timeout=30) as answer:
        runs = json.load(answer)["runs"]
    return runs[0] if runs else {"state": "starting", "accuracy": None}


def say(name: str, seconds: list[float], bar: float | None = None) -> None:
    each = ", ".join(f"{value:.2f}" for value in seconds)
    print(
        f"{name}: median {statistics.median(seconds):.2f} s of {each}" + (f"; bar {bar:g} s" if bar else ""), flush=True
    )


def say_latencies(name: str, values: list[float], rate: float | None = None, bar: float | None = None) -> None:
    words = f"p50 {percentile(values, 0.5):.1f} ms, p95 {percentile(values, 0.95):.1f} ms over {len(values)}"
    words += "" if rate is None else f", {rate:.1f} updates/s"
    print(f"{name}: {words}" + (f"; bar p95 {bar:g} ms" if bar else ""), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=3, help="starts of the app, of which the median is taken")
    parser.add_argument("--seconds", type=float, default=5, help="of dragging on Explore")
    parser.add_argument("--jumps", type=int, default=200, help="along the timeline")
    parser.add_argument("--starts", action="store_true", help="leave the minute's demo and what follows it out")
    options = parser.parse_args()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        ready, at_once, later, again = [], [], [], []
        for _ in range(options.times):
            start = time.monotonic()
            with started() as url:
                page = opened(browser, url)
                ready.append(time.monotonic() - start)
                at_once.append(movement(page, "#train-start"))
                page.close()
            with started() as url:
                page = opened(browser, url)
                time.sleep(LATER)
                later.append(movement(page, "#train-start"))
                time.sleep(INTO_A_RUN)
                again.append(movement(page, "#train-reset"))
                page.close()
        say("app started until Start can be pressed", ready)
        say("Start at once, to the first movement", at_once, 5)
        say(f"Start after {LATER} s, to the first movement", later, 5)
        say(f"Again, same seed, {INTO_A_RUN} s into a run, to the first movement", again, 5)
        if options.starts:
            return
        with started() as url:
            page = opened(browser, url)
            time.sleep(LATER)
            learning(page, url)
            page.wait_for_selector("#train-status[data-state=done]")
            page.evaluate(SETTLED)
            say_latencies("a jump along the timeline, to its picture", page.evaluate(JUMPS, options.jumps))
            page.click("#train-live")
            movement(page, "#train-reset")
            page.click("#pages [role=tab][data-tab-id=explore]")
            page.wait_for_selector("#view-input", state="visible")
            page.evaluate(SETTLED)
            page.evaluate(SET, 0)
            page.evaluate(SETTLED)
            latencies, rate, _ = drag_latencies(page, options.seconds)
            assert log(url)["state"] == "running", "the run ended too soon"
            say_latencies("Explore while a run trains", latencies, rate, 33)
            page.close()
        browser.close()


if __name__ == "__main__":
    main()
