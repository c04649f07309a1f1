"""The Train page, end to end: start, watch, pause, resume, rewind, save, use on Explore."""

import re
from pathlib import Path

from train_page import LONG, ask, open_tab, pixels, rewind, state, step, until, updated, words

from stn_demo.names import LONGEST_CHECKPOINT


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


def test_untrained_network_is_shown_before_the_first_run(train):
    """The visitor's digit and the ten digits, read by the initial network of the chosen preset, not of a run."""
    page = train()
    page.wait_for_function(
        r"/\[ 1\.00\s+0\.00\s+0\.00\s+0\.00 \]/.test(document.querySelector('#train-theta').textContent)"  # of a similarity
    )
    assert "untrained network" in page.inner_text("#train-my-digit-step") and page.is_disabled("#train-use")
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
    updated(page)
    at = step(page)
    updated(page)
    assert step(page) == at
    page.click("#train-step")
    until(page, lambda: step(page) == at + 1)
    state(page, "paused")
    page.click("#train-resume")
    until(page, lambda: step(page) > at + 3)
    page.click("#train-stop")
    state(page, "stopped")


def test_changed_rate_marks_the_curve_and_resume_shows_the_current_step(train, url):
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


def test_rewind_replays_the_visitors_digit(train, brief):
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


def test_network_in_training_can_be_used_on_explore(train, url):
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


def test_save_and_find_it_on_explore(train, brief, served):
    page = train()
    state(page, "done")
    page.click("#train-save")
    assert page.evaluate("document.querySelector('#train-name-input').maxLength") == LONGEST_CHECKPOINT
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


STARTS = {"json": b"{", "csv": b"kind,step", "gif": b"GIF89a", "webp": b"RIFF", "download": b""}  # by button


def test_run_and_network_can_be_downloaded(train, brief):
    page = train()
    state(page, "done")
    until(page, lambda: page.is_enabled("#train-gif"))
    for button, start in STARTS.items():
        with page.expect_download(timeout=60_000) as download:
            page.click(f"#train-{button}")
        found = Path(download.value.path()).read_bytes()
        assert found.startswith(start) and len(found) > 12, button


def test_delete_needs_a_confirmation(train, brief, url):
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


def test_pictures_are_drawn_after_the_language_has_changed_on_another_page(train, brief):
    page = train()
    state(page, "done")
    page.wait_for_function("document.querySelector('#train-ten canvas').width > 20")
    open_tab(page, "explore")
    page.select_option("#lang", "zh-CN")
    open_tab(page, "train")
    drawn = "['#train-view-input', '#train-view-warped', '#train-ten canvas'].every((id) => document.querySelector(id).width > 20)"
    page.wait_for_function(drawn)
