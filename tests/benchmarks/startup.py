"""Start-up time: from `python app.py` to the network's first picture in Chromium.

    python tests/benchmarks/startup.py [--runs 5]

The browser already runs and opens the address as soon as something listens there. Each run is a new process of the app and
a new page with nothing in its cache; what Python reads lies in the disk's cache after the first. Prints, for each run and
as median, the seconds until: the port listens (port); the drawing pad is there (pad); what the network sees, reads and
concludes is on the screen (picture).
"""

from __future__ import annotations

import argparse
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time

from crowd import ROOT, free_port
from latency import CHROMIUM, FLAGS
from playwright.sync_api import Browser, sync_playwright

LONGEST = 60  # seconds

WATCH = """
const seen = window.seen = {};
const numbers = (id) => /[0-9]/.test(document.querySelector(id)?.textContent ?? '');
(function look() {
  if (document.querySelector('#view-digit')?.clientWidth) seen.pad ??= Date.now();
  if (numbers('#theta') && numbers('#verdict') && window.stn?.store.frame) seen.picture ??= Date.now();
  if (!seen.picture) requestAnimationFrame(look);
})();
"""


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def start(browser: Browser, runs: str) -> dict[str, float]:
    """One start of the app and one visit: seconds until each part was there."""
    port = free_port()
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.add_init_script(WATCH)
    page = context.new_page()
    environment = {**os.environ, "STN_DEMO_RUNS": runs}
    begun = time.time()
    app = subprocess.Popen(
        [sys.executable, "app.py", "--port", str(port)], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL
    )
    try:
        while not listens(port):  # asked here: a browser that tries again and again takes a core from the app
            if app.poll() is not None or time.time() - begun > LONGEST:
                raise SystemExit("The app did not come up.")
            time.sleep(0.01)
        listened = time.time()
        page.goto(f"http://127.0.0.1:{port}/#explore", wait_until="commit")
        page.wait_for_function("window.seen.picture", timeout=1000 * LONGEST)
        seen = {part: at / 1000 for part, at in page.evaluate("window.seen").items()}
        return {part: at - begun for part, at in {"port": listened, **seen}.items()}
    finally:
        context.close()
        app.terminate()
        app.wait(10)


def say(name: str, since: dict[str, float]) -> None:
    print(f"{name:<8}" + ", ".join(f"{part} {seconds:5.2f} s" for part, seconds in since.items()), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    results = []
    with tempfile.TemporaryDirectory() as runs, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for number in range(1, options.runs + 1):
            results.append(start(browser, runs))
            say(f"run {number}", results[-1])
        browser.close()
    say("median", {part: statistics.median(result[part] for result in results) for part in results[0]})


if __name__ == "__main__":
    main()
