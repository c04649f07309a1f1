"""The Train page, end to end: start, watch, pause, resume, rewind, save, use on Explore; and what may go wrong."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request

import pytest
from conftest import ROOT, Served, wait_for_frame

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


@pytest.fixture
def url(served):
    clear(served.url)
    yield served.url
    clear(served.url)


@pytest.fixture
def train(url, visit):
    """``train()`` opens the page on its second tab."""

    def open_page(**options):
        page = visit(**options)
        open_tab(page, "train")
        page.wait_for_selector(".stn-train[data-watching=true]")
        return page

    return open_page


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


def told(page):
    """Wait until the page has asked the server about the run once more."""
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


def test_a_preset_starts_and_the_grid_begins_to_move(train):
    page = train()
    page.wait_for_function(
        "document.querySelector('#train-preset-line').textContent !== ''"
    )  # the presets have arrived
    assert page.inner_text("#train-summary")
    page.click("#train-start")
    state(page, "running")
    until(page, lambda: step(page) > 5)
    until(page, lambda: re.findall(r"[1-9]", page.inner_text("#train-theta").replace("1.00", "")))
    assert "digits a second" in page.inner_text("#train-pace") and "left" in page.inner_text("#train-pace")
    assert page.locator("#train-plot .scatterlayer .trace").count() >= 2
    page.click("#train-stop")
    state(page, "stopped")


def test_before_the_first_run_there_is_a_network_that_has_learnt_nothing(train):
    """The visitor's own digit and the ten, read whole; the chosen preset's, and no run's."""
    page = train()
    page.wait_for_function(
        r"/\[ 1\.00\s+0\.00\s+0\.00\s+0\.00 \]/.test(document.querySelector('#train-theta').textContent)"  # of a similarity
    )
    assert "learnt nothing yet" in page.inner_text("#train-my-digit-step") and page.is_disabled("#train-use")
    page.wait_for_function(
        "/^\\d{10}$/.test([...document.querySelectorAll('#train-ten b')].map((b) => b.textContent).join(''))"
    )
    before = pixels(page, "#train-ten canvas >> nth=0")
    page.eval_on_selector("#train-preset", "(s) => { s.value = 'zoom-out'; s.dispatchEvent(new Event('change')); }")
    until(page, lambda: pixels(page, "#train-ten canvas >> nth=0") != before)
    assert page.locator("#train-runs button").count() == 0 and "No run yet" in words(page)


def test_pause_one_step_resume(train, url):
    ask(url, "/start", LONG)
    page = train()
    state(page, "running")
    page.click("#train-pause")
    state(page, "paused")
    told(page)
    at = step(page)
    told(page)
    assert step(page) == at
    page.click("#train-step")
    until(page, lambda: step(page) == at + 1)
    state(page, "paused")
    page.click("#train-resume")
    until(page, lambda: step(page) > at + 3)
    page.click("#train-stop")
    state(page, "stopped")


def test_a_changed_rate_marks_the_curve_and_resume_returns_to_the_present(train, url):
    ask(url, "/start", LONG)
    page = train()
    state(page, "running")
    until(page, lambda: step(page) > 20)
    page.eval_on_selector(
        "#train-rate input", "(s) => { s.value = -3; s.dispatchEvent(new Event('input', { bubbles: true })); }"
    )
    until(page, lambda: page.evaluate("document.querySelector('#train-plot').layout?.shapes?.length") == 1)
    marks = page.evaluate("document.querySelector('#train-plot').layout.annotations.map(({ text }) => text)")
    assert "rate 0.001" in marks and page.is_visible("#train-key-rate")
    assert (
        page.inner_text("#timeline-title") == "Rewind" and page.locator("#timeline-title").bounding_box()["width"] > 20
    )
    page.click("#train-pause")
    state(page, "paused")
    rewind(page, 0)
    assert page.inner_text("#train-at") == "step 0"
    page.click("#train-resume")
    state(page, "running")
    assert page.get_attribute("#train-live", "aria-pressed") == "true"
    until(page, lambda: page.inner_text("#train-at") == f"step {step(page)}")


def test_choose_shows_the_settings_of_the_run_shown_and_says_when_another_starts(train, url):
    ask(url, "/start", {**BRIEF, "settings": {**BRIEF["settings"], "seed": 7}})
    page = train()
    state(page, "done")
    assert "seed 7" in page.inner_text("#train-summary") and "rate 0.004" in page.inner_text("#train-summary")
    assert "right on test digits (any pose" in words(page)
    page.eval_on_selector("#train-preset", "(s) => { s.value = 'minute'; s.dispatchEvent(new Event('change')); }")
    page.click("#train-start")
    page.wait_for_selector(".my-digit[data-waiting]")
    assert "starting" in page.inner_text("#train-my-digit-step")
    until(page, lambda: page.locator(".my-digit[data-waiting]").count() == 0)
    page.click("#train-runs button:last-child >> nth=-1")
    until(page, lambda: "seed 7" in page.inner_text("#train-summary"))
    page.click("#train-runs button >> nth=0")
    until(page, lambda: "seed 0" in page.inner_text("#train-summary"))
    assert page.evaluate("document.querySelector('#train-preset').value") == "minute"
    open_tab(page, "explore")
    page.click("#model-picker input")
    page.wait_for_selector('[role=option]:has-text("A run of")')
    texts = page.locator('#model-list [role=option]:has-text("A run of")').all_inner_texts()
    assert any(re.search(r"A run of \d+:\d\d.*, \d+\.\d %: brief", text) for text in texts), texts


def test_rewind_replays_the_visitors_digit(train, url):
    ask(url, "/start", BRIEF)
    page = train()
    state(page, "done")
    until(page, lambda: page.get_attribute("#timeline input", "max") not in (None, "0"))
    rewind(page, 0)
    assert "step 0" in page.inner_text("#train-at")
    assert "1.00" in page.inner_text("#train-theta")
    first = [pixels(page, name) for name in ("#train-view-input", "#train-ten canvas >> nth=0")]
    rewind(page, int(page.get_attribute("#timeline input", "max")))
    assert "step 30" in page.inner_text("#train-at")
    last = [pixels(page, name) for name in ("#train-view-input", "#train-ten canvas >> nth=0")]
    assert all(a != b for a, b in zip(first, last, strict=True))
    frame = page.evaluate("window.stn.store.get().source.kind")
    assert frame == "strokes", "it is the digit of Explore"
    page.focus("#timeline input")
    page.keyboard.press("Home")
    until(page, lambda: "step 0" in page.inner_text("#train-at"))
    page.click("#train-play")
    until(page, lambda: page.get_attribute("#train-play", "aria-pressed") == "false")
    assert "step 30" in page.inner_text("#train-at")


def test_the_network_in_training_stands_on_explore(train, url):
    id = ask(url, "/start", LONG)["id"]
    page = train()
    state(page, "running")
    page.click("#train-use")
    page.wait_for_selector("#view-input", state="visible")
    page.wait_for_function("(name) => window.stn.store.frame.model === name", arg=f"run-{id}-latest")
    assert page.evaluate("window.stn.store.get().twin") == f"run-{id}-latest-twin"
    assert "long" in page.input_value("#model-picker input")
    before = page.evaluate("window.stn.store.frame.probs")
    page.wait_for_function(
        "(p) => String(window.stn.store.frame.probs) !== p", arg=",".join(map(str, before)), timeout=20_000
    )


def test_save_and_find_it_on_explore(train, url, served):
    ask(url, "/start", BRIEF)
    page = train()
    state(page, "done")
    page.click("#train-save")
    page.fill("#train-name-input", "no spaces here")
    page.click("#train-name-ok")
    assert page.inner_text("#train-name-problem") and page.is_visible("#train-name-dialog")
    page.fill("#train-name-input", "kept-one")
    page.click("#train-name-ok")
    page.wait_for_function("document.querySelector('#train-toast').textContent.includes('kept-one')")
    open_tab(page, "explore")
    page.click("#model-picker input")
    page.click('[role=option]:has-text("kept-one")')
    page.wait_for_function("window.stn.store.frame.model === 'kept-one'")
    (served.home / ".cache" / "stn_demo" / "networks" / "kept-one.safetensors").unlink()


@pytest.mark.parametrize("button", ["json", "csv", "gif", "webp", "download"])
def test_take_it_away(train, url, button):
    ask(url, "/start", BRIEF)
    page = train()
    state(page, "done")
    until(page, lambda: page.is_enabled("#train-gif"))
    with page.expect_download(timeout=60_000) as download:
        page.click(f"#train-{button}")
    with open(download.value.path(), "rb") as file:
        start = file.read(12)
    expected = {"json": b"{", "csv": b"kind,step", "gif": b"GIF89a", "webp": b"RIFF", "download": b""}[button]
    assert start.startswith(expected) and len(start) == 12


def test_delete_asks_first(train, url):
    ask(url, "/start", BRIEF)
    page = train()
    said = []
    page.on("console", lambda message: message.type == "error" and said.append(message.text))
    state(page, "done")
    until(page, lambda: page.is_enabled("#train-delete"))
    page.click("#train-delete")
    page.keyboard.press("Escape")
    assert len(ask(url, "")["runs"]) == 1
    page.click("#train-delete")
    page.click("#train-delete-ok")
    until(page, lambda: not ask(url, "")["runs"])
    state(page, "none")
    assert said == []


def test_the_settings_change_what_is_trained(train, url):
    page = train()
    page.click("#train-more")
    page.select_option('#train-fields label:has-text("Transform") select', "attention")
    page.fill('#train-fields label:has-text("Seed") input', "7")
    page.keyboard.press("Tab")
    page.click('#train-settings button[type="submit"]')
    assert "attention" in page.inner_text("#train-summary") and "seed 7" in page.inner_text("#train-summary")
    page.click("#train-start")
    until(page, lambda: ask(url, "")["runs"])
    settings = ask(url, "")["runs"][0]["settings"]
    assert settings["model"]["transform"] == "attention" and settings["seed"] == 7


def test_a_second_visitor_is_told_and_watches(train, visit, url):
    first = train()
    first.click("#train-start")
    state(first, "running")
    second = visit()
    open_tab(second, "train")
    second.wait_for_selector(".stn-train[data-watching=true]")
    second.click("#train-start")
    second.wait_for_function(
        "document.querySelector('#train-toast').textContent.includes('Only one run can be trained at a time')"
    )
    state(second, "running")
    assert len(ask(url, "")["runs"]) == 1


def test_a_killed_trainer_is_noticed_and_resumed(train, url, served):
    id = ask(url, "/start", LONG)["id"]
    page = train()
    state(page, "running")
    until(page, lambda: step(page) > 20)
    pid = json.loads((served.home / "runs" / id / "status.json").read_text())["pid"]
    killed = time.monotonic()
    os.kill(pid, signal.SIGKILL)
    state(page, "lost", seconds=2)
    assert time.monotonic() - killed < 2
    at = step(page)
    page.click("#train-resume")
    state(page, "running")
    until(page, lambda: step(page) > at)


def test_faults_are_told_in_the_language_of_the_page(train, url, served):
    id = ask(url, "/start", LONG)["id"]
    page = train(locale="zh-CN")
    state(page, "running")
    os.kill(json.loads((served.home / "runs" / id / "status.json").read_text())["pid"], signal.SIGKILL)
    state(page, "lost")
    page.wait_for_function("document.querySelector('#train-status').textContent.includes('信号 9')")
    assert not re.search("[A-Za-z]{2}", words(page).replace("STN", ""))
    folder, aside = served.home / "runs", served.home / "elsewhere"
    folder.rename(aside)
    try:
        folder.write_text("")  # where the folder of runs was, there is a file now
        page.click("#train-start")
        page.wait_for_function(
            "document.querySelector('#train-toast').textContent.includes('应为文件夹的位置上有一个文件')"
        )
    finally:
        folder.unlink()
        aside.rename(folder)


def test_settings_that_do_not_go_together_are_told_in_the_language_of_the_page(train, url):
    page = train(locale="zh-CN")
    page.click("#train-more")
    page.click("#train-fields summary")
    for name in ("起初接近端正", "然后逐渐放宽"):
        page.fill(f'#train-fields label:has-text("{name}") input', "0.7")
        page.keyboard.press("Tab")
    page.click('#train-settings button[type="submit"]')
    page.click("#train-start")
    page.wait_for_function("document.querySelector('#train-toast').textContent.includes('相加最多为 1')")
    assert not re.search("[A-Za-z]{2}", page.inner_text("#train-toast"))


def test_a_choice_that_has_no_words_yet_goes_by_its_name(train, url):
    """A new part of the engine is there to be chosen before anybody has written about it."""

    def more(route):
        answer = route.fetch()
        values = answer.json()
        values["choices"]["model"]["classifier"].append("zebra")
        values["choices"]["points"]["zebra"] = ["input"]
        values["choices"]["distortion"].append("swirl")
        values["choices"]["numbers"]["stripes"] = {"range": [1, 9], "whole": True, "help": "how many stripes it has"}
        values["choices"]["named"]["colour"] = {"choices": ["grey", "pink"], "help": "which colour it has"}
        for preset in values["presets"]:
            preset["settings"].update(stripes=3, colour="grey")
        route.fulfill(response=answer, json=values)

    page = train(before=lambda page: page.route("**/stn/train", more))
    page.click("#train-more")
    page.click("#train-fields summary")
    page.select_option('#train-fields label:has-text("Classifier") select', label="zebra")
    page.select_option('#train-fields label:has-text("Distortion") select', label="swirl")
    assert page.input_value('#train-fields label:has-text("how many stripes it has") input') == "3"
    page.select_option('#train-fields label:has-text("which colour it has") select', "pink")
    page.click('#train-settings button[type="submit"]')
    assert "swirl" in page.inner_text("#train-summary")


def test_the_smallest_scale_takes_the_largest_along(train, url):
    page = train()
    page.click("#train-more")
    page.select_option('#train-fields label:has-text("Distortion") select', "own")
    page.fill('#train-fields label:has-text("Smallest scale") input', "1.5")
    page.keyboard.press("Tab")
    assert page.input_value('#train-fields label:has-text("Largest scale") input') != "1.2"
    page.click('#train-settings button[type="submit"]')
    page.click("#train-start")
    until(page, lambda: ask(url, "")["runs"])
    assert ask(url, "")["runs"][0]["settings"]["distortion"]["scale"] == [1.5, 1.5]


def test_a_finer_setting_is_what_is_trained_with(train, url):
    page = train()
    page.click("#train-more")
    page.click("#train-fields summary")
    page.fill('#train-fields label:has-text("Weight decay") input', "0.5")
    ask(url, "/start", BRIEF)  # the page hears of it while the number is being written
    page.wait_for_selector("#train-runs button[data-state=done]")
    page.keyboard.press("Tab")
    page.click('#train-settings button[type="submit"]')
    page.click("#train-start")
    until(page, lambda: len(ask(url, "")["runs"]) == 2)
    assert ask(url, "")["runs"][0]["settings"]["weight_decay"] == 0.5


def test_runs_outlive_the_app(train, visit, url, tmp_path_factory):
    app = Served(tmp_path_factory.mktemp("home"))
    try:
        ask(app.url, "/start", BRIEF)
        page = visit(url=app.url)
        open_tab(page, "train")
        state(page, "done")
        app.stop()
        state(page, "offline", seconds=10)
        app.start()
        state(page, "done", seconds=60)
        assert page.locator("#train-runs button").count() == 1
        assert re.search(r"\d %", page.inner_text("#train-runs"))
    finally:
        app.stop()


def test_a_training_in_a_terminal_is_watched_here(train, url, served, tmp_path):
    """The page shows it live, cannot drive it, and says so; stopped there, it says how it goes on."""
    command = [
        sys.executable,
        "-m",
        "stn_demo",
        "train",
        "--data-set",
        "handwriting",
        "--holdout",
        "0",
        "--epochs",
        "500",
    ]
    command += ["--threads", "1", "--output", str(tmp_path / "from-terminal.safetensors")]
    environment = {**os.environ, "STN_DEMO_RUNS": str(served.home / "runs")}
    page = train()
    with subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL) as terminal:
        try:
            state(page, "running")
            assert "from-terminal" in page.inner_text("#train-name")
            until(page, lambda: points(page) > 2 and step(page) > 40)
            before = points(page), step(page), page.inner_text("#train-theta")
            until(page, lambda: points(page) > before[0] and step(page) > before[1])
            until(page, lambda: page.inner_text("#train-theta") != before[2])
            assert "terminal" in words(page)
            for button in ("pause", "step", "stop", "reset", "seed"):
                assert page.is_disabled(f"#train-{button}"), button
            assert page.is_disabled("#train-rate input") and page.is_hidden("#train-resume")
            page.click("#train-start")
            page.wait_for_function("document.querySelector('#train-toast').textContent.includes('from-terminal')")
        finally:
            terminal.send_signal(signal.SIGINT)
    state(page, "stopped", seconds=5)
    assert "train --resume --output" in words(page) and page.is_hidden("#train-resume")
    assert page.is_enabled("#train-reset")


def points(page):
    """How many points the longest of the curves has."""
    return page.evaluate("Math.max(0, ...(document.querySelector('#train-plot').data ?? []).map(({ x }) => x.length))")


def test_a_closed_page_says_so(visit, tmp_path_factory):
    app = Served(tmp_path_factory.mktemp("home"), "--no-training")
    try:
        page = visit(url=app.url)
        open_tab(page, "train")
        page.wait_for_selector("#train-closed", state="visible")
        assert not page.is_visible("#train-start") and "--no-training" in page.inner_text("#train-closed")
    finally:
        app.stop()


def test_explore_is_as_it_was_after_a_visit_here(train, url):
    page = train()
    open_tab(page, "explore")
    page.wait_for_selector("#view-input", state="visible")
    wait_for_frame(page)
    before = pixels(page, "#view-input")
    page.eval_on_selector(
        "#pose-rotation input", "(s) => { s.value = -70; s.dispatchEvent(new Event('input', { bubbles: true })); }"
    )
    page.wait_for_function("Math.abs(window.stn.store.frame.applied.rotation + 70) < 0.1")
    until(page, lambda: pixels(page, "#view-input") != before)


@pytest.mark.parametrize("width, height, scheme", [(1280, 800, "light"), (1280, 800, "dark"), (390, 844, "light")])
def test_nothing_is_cut_off(train, url, width, height, scheme):
    ask(url, "/start", BRIEF)
    page = train(viewport={"width": width, "height": height}, color_scheme=scheme)
    state(page, "done")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "no sideways scrolling"
    if width == 1280:
        assert page.evaluate("document.querySelector('.stn-train').getBoundingClientRect().bottom <= innerHeight")


def test_in_chinese_no_word_is_missing(train, url):
    ask(url, "/start", BRIEF)
    page = train(locale="zh-CN")
    page.wait_for_selector("#train-status[data-state=done]", timeout=60_000)
    page.click("#train-more")
    page.click("#train-fields summary")
    text = page.inner_text(".stn-train") + page.inner_text("#train-settings")
    assert "已完成" in text and "学习率" in text
    assert not re.search(r"train\.[a-z]+\.", text), "every key has its words"
    assert [tab.strip() for tab in page.locator("#pages [role=tab]:visible").all_inner_texts()] == [
        "探索",
        "学习",
        "训练",
        "结果",
    ]


def test_every_control_has_a_name(train, url):
    ask(url, "/start", BRIEF)
    page = train()
    state(page, "done")
    nameless = page.evaluate(
        """() => [...document.querySelectorAll('.stn-train :is(button, select, input)')].filter((node) => {
          const label = node.getAttribute('aria-label') || node.getAttribute('aria-labelledby') || node.textContent;
          return !(label || '').trim() && !(node.labels && [...node.labels].some((one) => one.textContent.trim()));
        }).map((node) => node.outerHTML)"""
    )
    assert nameless == []
