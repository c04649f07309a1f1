"""The page without a server: bytes of a visit, seconds until the first picture, and latency beside the live page, in one run.

    python tests/benchmarks/static.py [--folder SITE] [--visits 5] [--drags 100] [--seconds 5]

Without --folder it publishes the page with all checkpoints to a temporary folder, which takes minutes the first time. Bytes
are those of gzip -6, as a web server that compresses sends them. First picture: a new browser context with an empty cache, from
the request of the address to the network's first picture, from an uncompressing web server on this machine. Latency: as in
latency.py, from the slider's event until everything has changed; "its pictures alone": until ``#view-input`` and ``#view-warped``
have.
"""

from __future__ import annotations

import argparse
import functools
import gzip
import http.server
import json
import re
import statistics
import tempfile
import threading
import time
from pathlib import Path

from crowd import percentile, served
from latency import CHROMIUM, FLAGS, drag_latencies, draw_latencies, opened, ours, say
from playwright.sync_api import Browser, Page, sync_playwright
from startup import WATCH

from stn_demo.ui.local.site import DATA, publish

BARS = {"one network": 6.0, "another network": 1.7}  # MB
EXPLORE = "localStorage.setItem('stn-visited', '1')"  # else the lesson opens first


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_) -> None:
        pass


def packed(path: Path) -> int:
    """Bytes of the file after gzip -6."""
    return len(gzip.compress(path.read_bytes(), 6))


def sizes(folder: Path) -> None:
    """Print what a visit downloads: the page with one network, its twin, each further network, a recorded run, Plotly."""
    template = (folder / "service.js").read_text(encoding="utf-8")
    needed = json.loads(re.search(r"const FILES = (\[.*?\]);", template)[1])
    index = json.loads((folder / DATA / "index.json").read_text(encoding="utf-8"))
    bytes_of = {
        address: packed(folder / address) for address in (*needed, "service.js") if (folder / address).is_file()
    }
    networks = {
        name: [f"{DATA}/{address}" for address in (entry["weights"], *entry["graphs"].values())]
        for name, entry in index["networks"].items()
    }
    twin = sum(bytes_of.get(address, 0) for address in networks.get(index["defaults"]["twin"], ()))
    whole = sum(bytes_of.values())
    others = {name: sum(packed(folder / address) for address in files) for name, files in networks.items()}
    largest = max(others, key=others.get)
    rows = [
        ("first visit with one network", whole - twin),
        (f"its twin, {index['defaults']['twin']}", twin),
        (f"the largest network, {largest}", others[largest]),
        ("Plotly, when Train or Results is opened", packed(folder / "stn/plotly.js")),
    ]
    for id in index["recorded"]:
        files = list((folder / DATA / "runs" / id).iterdir())
        rows.append((f"run {id}, all {len(index['recorded'][id]['steps'])} snapshots", sum(map(packed, files))))
    for name, size in rows:
        print(f"{name:<60}{size / 1e6:7.2f} MB compressed")
    print(f"{'first visit, uncompressed':<60}{sum((folder / one).stat().st_size for one in bytes_of) / 1e6:7.2f} MB")
    print(f"{'1,000 first visits, network and twin':<60}{whole / 1e6:7.2f} GB")
    within = whole - twin <= 1e6 * BARS["one network"] and others[largest] <= 1e6 * BARS["another network"]
    print(f"bars of {BARS} MB: {'kept' if within else 'missed'}")


def first_picture(browser: Browser, url: str) -> float:
    """Seconds from the request of the address to the first picture, with an empty cache."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, bypass_csp=True)
    context.add_init_script(f"{EXPLORE};{WATCH}")
    page = context.new_page()
    begun = time.time()
    page.goto(url, wait_until="commit")
    page.wait_for_function("window.seen.picture", timeout=60_000)
    took = page.evaluate("window.seen.picture") / 1000 - begun
    context.close()
    return took


def latency(browser: Browser, name: str, url: str, drags: int, seconds: float) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 800}, bypass_csp=True)
    page = context.new_page()
    page.goto(f"{url}#explore")
    opened(page)
    latencies, rate = ours(page, drags, seconds)
    say(f"{name}, one drag at a time", latencies, rate)
    say(f"{name}, while the slider moves", *drag_latencies(page, seconds))
    pictures(page, name)
    say(f"{name}, while the pen draws", *draw_latencies(page, seconds))
    pictures(page, name)
    context.close()


def pictures(page: Page, name: str) -> None:
    """Latency until the new posed input and warped output are drawn, where they come before the classifier's answer."""
    found = page.evaluate("performance.getEntriesByName('stn-pictures').map((entry) => entry.duration)")
    if found:
        say(f"{name}, its pictures alone", found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, help="a published page")
    parser.add_argument("--visits", type=int, default=5)
    parser.add_argument("--drags", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--alone", action="store_true", help="leave the live page out")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place, sync_playwright() as playwright:
        folder = options.folder or Path(place) / "site"
        if options.folder is None:
            publish(folder, scenes=1, say=lambda step: print(step, flush=True))
        sizes(folder)
        handler = functools.partial(Quiet, directory=str(folder))
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/"
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        took = [first_picture(browser, url) for _ in range(options.visits)]
        listed = " ".join(f"{one:.2f}" for one in took)
        print(f"first picture: median {statistics.median(took):.2f} s, worst {percentile(took, 1):.2f} s ({listed})")
        latency(browser, "without a server", url, options.drags, options.seconds)
        if not options.alone:
            with served() as (live, _):
                latency(browser, "live page", f"{live}/", options.drags, options.seconds)
        browser.close()
        server.shutdown()


if __name__ == "__main__":
    main()
