"""The Train page without a server: a recorded run is rewound, on the visitor's own digit."""

import csv
import io
import json
from pathlib import Path

import pytest
import torch
from stage import frame

import stn_demo.ui
from stn_demo import checkpoints
from stn_demo.analysis.frame import frames
from stn_demo.analysis.scene import Scene
from stn_demo.data.pose import Pose
from stn_demo.runs.runs import Runs
from stn_demo.training import TrainingSettings
from stn_demo.ui.live.samples import Samples
from stn_demo.ui.local.data import NO_MNIST
from stn_demo.ui.train import strip

WHERE = ("static",)
STRINGS = Path(stn_demo.ui.__file__).parent / "strings"
WORDS = {tag: json.loads((STRINGS / f"{tag}.json").read_text(encoding="utf-8")) for tag in ("en", "zh-CN")}
NEED_SERVER = ("start", "stop", "pause", "reset", "rate", "save", "rename", "delete", "download", "gif", "webp")
BARS = """(expected) => {
  const shown = [...document.querySelectorAll("#train-probs .percent")].map((one) => Number.parseFloat(one.textContent));
  return shown.every((value, digit) => Math.abs(value - 100 * expected[digit]) < 0.11);
}"""
TEN = """(expected) => expected === [...document.querySelectorAll("#train-ten b")].map((one) => one.textContent).join("")"""
SLIDE = """(slider, place) => {
  slider.value = place;
  slider.dispatchEvent(new Event("input", { bubbles: true }));
}"""


def opened(visit, id, **options):
    """The Train page with this run on it, and the addresses that were requested before it was opened."""
    asked = []
    page = visit(before=lambda page: page.on("request", lambda one: asked.append(one.url)), **options)
    before = list(asked)
    page.click("#page-train-button")
    page.wait_for_selector(f"#train-runs [data-run='{id}'][aria-pressed=true]")
    page.wait_for_selector("#train-plot .main-svg")
    return page, before


def read_by(page, network):
    """The probabilities of a network of the run for the digit and pose on the stage."""
    pose = page.evaluate("window.stn.store.get().pose")
    digit = torch.tensor(page.evaluate("[...window.stn.store.frame.digit]"), dtype=torch.uint8).view(28, 28)
    corners = tuple(map(tuple, pose.pop("corners")))
    return frames(network, [Scene(digit, Pose(**pose, corners=corners))])[0].probs.tolist()


def said_of_ten(runs, id, step):
    """The predictions of the network at this step for the ten digits, as one text."""
    settings = TrainingSettings.from_dict(runs.status(id)["settings"])
    ten = strip.posed(settings, Samples(NO_MNIST).handwriting)[:: strip.PER_CLASS]
    with torch.no_grad():
        return "".join(map(str, checkpoints.load(runs.path(id, step))(ten).argmax(1).tolist()))


def test_a_run_is_rewound_and_its_networks_read_the_visitors_digit(visit, site_folder):
    top, id = site_folder
    page, before = opened(visit, id)
    assert not [url for url in before if "/runs/" in url or url.endswith("/stn/plotly.js")], (
        "a run is fetched when Train is opened"
    )
    runs = Runs(top / ".runs")
    for step in (200, 0):
        page.eval_on_selector("#timeline input", SLIDE, 1000 if step else 0)
        page.wait_for_function("(text) => document.querySelector('#train-at').textContent === text", arg=f"step {step}")
        network = checkpoints.load(runs.path(id, step))
        page.wait_for_function(BARS, arg=read_by(page, network))
        page.wait_for_function(TEN, arg=said_of_ten(runs, id, step))
    page.click("#train-use")
    page.wait_for_function("(name) => window.stn.store.frame.model === name", arg=f"run-{id}-0")
    assert frame(page, "probs") == pytest.approx(read_by(page, checkpoints.load(runs.path(id, 0))), abs=2e-4)
    assert frame(page, "twin") == f"run-{id}-0-twin"


@pytest.mark.parametrize("tag", WORDS)
def test_functions_that_need_a_server_are_named_and_hidden(visit, site_folder, tag):
    page, _ = opened(visit, site_folder[1], locale=tag)
    assert page.inner_text("#train-closed") == WORDS[tag]["train.published"]
    assert [name for name in NEED_SERVER if page.is_visible(f"#train-{name}")] == []


def test_run_can_be_downloaded(visit, site_folder):
    page, _ = opened(visit, site_folder[1])
    with page.expect_download() as saved:
        page.click("#train-csv")
    rows = list(csv.DictReader(io.StringIO(Path(saved.value.path()).read_text(encoding="utf-8"))))
    assert rows[-1]["step"] == "200" and {row["kind"] for row in rows} == {"step", "test"}
    with page.expect_download() as saved:
        page.click("#train-json")
    whole = json.loads(Path(saved.value.path()).read_text(encoding="utf-8"))
    assert whole["id"] == site_folder[1] and whole["state"] == "done" and str(site_folder[0]) not in json.dumps(whole)


def test_train_page_without_a_published_run_explains_how_to_publish(visit):
    def no_runs(page):
        def answer(route):
            index = route.fetch().json()
            route.fulfill(json={**index, "runs": [], "recorded": {}})

        page.route("**/stn/local/data/index.json", answer)

    page = visit(before=no_runs)
    page.click("#page-train-button")
    page.wait_for_selector("#train-runs-none:not([hidden])")
    assert page.inner_text("#train-runs-none") == WORDS["en"]["train.runs.unpublished"]
    assert not page.is_visible("#train-curves") and not page.is_visible("#timeline")
