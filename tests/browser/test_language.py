"""A change of the language changes every text, also those that a script has written earlier: on each page, in states in which
sentences stand that are written once."""

import json
import time
import urllib.request

import pictures
import pytest
from conftest import ROOT, Served, wait_for_frame
from languages import WORDS, left
from PIL import Image
from stage import settle

from stn_demo.ui.learn import measure

LESSON = ".stn-learn[data-ready=true]"
OTHER = {"en": "zh-CN", "zh-CN": "en"}


def change(page, tag):
    page.evaluate("(tag) => window.stn.store.set({ lang: tag })", tag)
    page.wait_for_function("(tag) => document.documentElement.lang === tag", arg=tag)


def assert_translated(page):
    """Switch to Chinese and back: no text of the previous language is left. The printed sheet is updated a little later."""
    for tag in ("zh-CN", "en"):
        change(page, tag)
        end = time.monotonic() + 20
        while found := left(page, OTHER[tag]):
            assert time.monotonic() < end, found
            page.wait_for_timeout(100)


@pytest.fixture(scope="module")
def poor(tmp_path_factory):
    """An app with two networks only, without results, and without what the lesson needs."""
    home = tmp_path_factory.mktemp("home")
    (home / "networks").mkdir()
    for name in ("turn-affine", "seed-cnn"):
        (home / "networks" / f"{name}.safetensors").write_bytes((ROOT / f"checkpoints/{name}.safetensors").read_bytes())
    app = Served(home, "--checkpoints", str(home / "networks"))
    yield app
    app.stop()


def test_the_check_finds_a_text_of_the_other_language(page):
    change(page, "zh-CN")
    page.eval_on_selector("#verdict", "(line, text) => { line.textContent = text; }", WORDS["en"]["verdict.blank"])
    page.eval_on_selector("#random", "(button, text) => { button.title = text; }", WORDS["en"]["digit.random"])
    found = " ".join(left(page, "en"))
    assert "verdict.blank" in found and "digit.random" in found


def test_explore(page):
    page.evaluate(
        """window.stn.store.set({ inspect: { view: "warped", x: 13, y: 14 },
          layers: { density: true, gradient: true, landscape: true, points: true } })"""
    )
    page.click("#more")
    page.focus("#view-digit")
    page.keyboard.press(" ")
    page.keyboard.press(" ")
    page.focus("#theta [role=button]")
    settle(page)
    page.evaluate("""window.stn.store.emit("toast", { key: "pad.full" })""")
    assert_translated(page)
    page.evaluate("""window.stn.store.emit("toast", { error: { code: "busy", message: "" } })""")
    assert_translated(page)
    assert page.title() == WORDS["en"]["app.title"]


def test_a_picture_in_which_nothing_was_found(page):
    data = pictures.encoded(Image.new("L", (200, 160), 255))
    page.set_input_files("#upload input", {"name": "page.png", "mimeType": "image/png", "buffer": data})
    page.wait_for_selector("#uploaded-words", state="visible")
    assert_translated(page)


def test_a_qr_code_that_is_open(page):
    page.click("#qr")
    page.wait_for_selector("#qr-dialog[open] svg")
    assert_translated(page)


def test_a_network_with_a_spline(page):
    page.evaluate("window.stn.setModel('e-stcnn-tps')")
    page.wait_for_function("window.stn.store.frame.transform === 'tps'")
    assert_translated(page)


def open_lesson(visit, place, **options):
    page = visit(f"#learn{place}", **options)
    page.wait_for_selector(LESSON)
    return page


def press_reveal(page):
    page.click("#reveal")
    page.wait_for_selector(".stn-learn[data-busy=false]")


def test_a_scene_of_which_half_is_revealed(visit):
    page = open_lesson(visit, "=three-parts")
    page.click("#predict .option:has(input[value=sampler])")
    press_reveal(page)
    assert_translated(page)
    assert page.is_checked("#predict input[value=sampler]") and page.is_disabled("#predict input[value=sampler]")
    press_reveal(page)
    press_reveal(page)
    assert_translated(page)


def test_the_worked_example(visit):
    page = open_lesson(visit, "=sampler")
    for _ in range(4):
        press_reveal(page)
    page.wait_for_selector("#learn-worked .total")
    assert_translated(page)


def test_the_frame_laid_by_hand(visit):
    page = open_lesson(visit, "=where")
    page.focus("#learn-ghost")
    page.keyboard.press("]")
    assert_translated(page)
    press_reveal(page)
    assert_translated(page)


def test_the_last_mission_keeps_its_question_and_its_hint(visit):
    page = open_lesson(visit, "=missions.sees-nothing")
    page.click("#predict summary")
    for control, value in (("theta-scale", 0.5), ("theta-shift", 28)):
        page.eval_on_selector(
            f"[data-control={control}]",
            "(slider, value) => { slider.value = value; slider.dispatchEvent(new Event('input', { bubbles: true })); }",
            value,
        )
    page.wait_for_selector("#learn-result .verdict.right")
    page.click("#why")
    assert_translated(page)
    assert page.is_visible("#learn-because") and page.get_attribute("#predict details", "open") is not None


def test_the_score_of_the_quiz(visit):
    page = open_lesson(visit, "=quiz")
    for question in measure.scenes()["quiz"]:
        page.click(f"#predict .option:has(input[value={question['right']}])")
        press_reveal(page)
        page.click("#learn-next")
    assert "6" in page.inner_text("#learn-score")
    assert_translated(page)


def test_a_network_that_is_missing_and_results_that_are_missing(visit, poor):
    page = open_lesson(visit, "=where", url=poor.url)
    page.wait_for_selector("#learn-status", state="visible")
    assert "upright" in page.inner_text("#learn-status")
    assert_translated(page)
    assert "upright" in page.inner_text("#learn-status")
    page.click("#page-results-button")
    page.wait_for_selector("#results-none", state="visible")
    assert_translated(page)


def test_results_and_their_absence(visit):
    page = visit()
    page.route("**/stn/results?**", lambda route: route.abort())
    page.click("#page-results-button")
    page.wait_for_selector("#results-none", state="visible")
    assert page.inner_text("#results-none") == WORDS["en"]["error.offline"]
    assert_translated(page)
    assert page.inner_text("#results-none") == WORDS["en"]["error.offline"], "it is still the same sentence"
    page.unroute("**/stn/results?**")
    page.reload()
    wait_for_frame(page)
    page.wait_for_selector("[data-figure=confusion] .plot[data-drawn] .heatmaplayer", timeout=60_000)
    page.wait_for_selector("#results-failures[data-pair] li", timeout=30_000)
    assert_translated(page)


def test_train_with_a_run_and_its_settings_open(visit, served):
    values = {"settings": {"data": "handwriting", "batch_size": 32, "epochs": 0.96}, "digits": 1000, "twin": True}
    body = json.dumps({**values, "name": "named by hand"}).encode()
    with urllib.request.urlopen(f"{served.url}/stn/train/start", data=body, timeout=60) as answer:
        id = json.load(answer)["id"]
    page = visit("#train")
    page.wait_for_selector(f"#train-runs [data-run='{id}'][data-state=done]", timeout=90_000)
    page.wait_for_function("document.querySelector('#train-theta').textContent.startsWith('θ')")
    for button in ("#train-save", "#train-rename"):
        page.click(button)
        page.fill("#train-name-input", "")
        page.click("#train-name-ok")
        assert page.inner_text("#train-name-problem")
        assert_translated(page)
        page.click("#train-name-close")
    page.click("#train-more")
    assert_translated(page)
    page.evaluate("document.querySelector('#train-settings').close()")
    page.click("#train-delete")
    page.click("#train-delete-ok")
    page.wait_for_function("(id) => !document.querySelector(`#train-runs [data-run='${id}']`)", arg=id)
    assert_translated(page)
