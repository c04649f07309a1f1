"""Actions of a visitor on the Train page, and requests to its routes."""

import contextlib
import json
import re
import time
import urllib.request

SETTINGS = {"data": "handwriting", "distortion": "pose", "batch_size": 32, "learning_rate": 0.004}

BRIEF = {"settings": {**SETTINGS, "epochs": 0.96}, "digits": 1000, "twin": True, "name": "brief"}  # thirty steps

LONG = {"settings": {**SETTINGS, "epochs": 5000}, "digits": 1000, "twin": True, "name": "long"}


def ask(url, path, values=None):
    data = None if values is None else json.dumps(values).encode()
    with urllib.request.urlopen(f"{url}/stn/train{path}", data=data, timeout=30) as answer:
        return json.load(answer)


def clear(url):
    """End and delete every run."""
    end = time.monotonic() + 60
    while runs := ask(url, "")["runs"]:
        for run in runs:
            with contextlib.suppress(urllib.error.HTTPError):  # it is just ending
                ask(url, "/stop" if run["alive"] else "/delete", {"id": run["id"]})
        assert time.monotonic() < end
        time.sleep(0.2)


def finished(url, id):
    """Wait until the run is done and its process has ended."""
    end = time.monotonic() + 120
    while (run := next(run for run in ask(url, "")["runs"] if run["id"] == id))["state"] != "done" or run["alive"]:
        assert time.monotonic() < end and run["state"] not in ("failed", "lost"), run
        time.sleep(0.1)


def open_tab(page, name):
    page.click(f"#pages [role=tab][data-tab-id={name}]")


def words(page):
    return page.inner_text("#train-status")


def step(page):
    found = re.search(r"step (\d+)", words(page))
    return int(found[1]) if found else 0


def until(page, condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, words(page)
        page.wait_for_timeout(100)


def updated(page):
    """Wait until the page has requested the state of the run once more."""
    page.wait_for_event("response", lambda answer: "/stn/train/log?" in answer.url)
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def state(page, *wanted, seconds=60):
    until(page, lambda: page.get_attribute("#train-status", "data-state") in wanted, seconds)


REWOUND = "performance.getEntriesByName('stn-rewind')"  # an entry for each frame of the visitor's digit


def rewind(page, index):
    """Move the timeline, and wait until the ten digits and the visitor's own are drawn for the new step."""
    drawn = page.evaluate(f"{REWOUND}.length")
    with page.expect_response(lambda answer: "/stn/train/strip?" in answer.url):
        page.eval_on_selector(
            "#timeline input[type=range]",
            "(slider, value) => { slider.value = value; slider.dispatchEvent(new Event('input', { bubbles: true })); }",
            index,
        )
    page.wait_for_function(f"(before) => {REWOUND}.length > before", arg=drawn)
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def pixels(page, selector):
    return page.eval_on_selector(selector, "(canvas) => canvas.toDataURL()")
