"""The Train page: settings, faults, languages, layout, and the page with training switched off."""

import re

import pytest
from conftest import Served, wait_for_frame
from stage import shows_text
from train_page import BRIEF, ask, open_tab, pixels, state, until


def test_settings_of_the_shown_run_are_displayed_with_its_start_time(train, url):
    ask(url, "/start", {**BRIEF, "settings": {**BRIEF["settings"], "seed": 7}})
    page = train()
    state(page, "done")
    shows_text(page, "#train-summary", "seed 7", "rate 0.004")
    shows_text(page, "#train-status", "right on test digits (any pose")
    page.eval_on_selector("#train-preset", "(s) => { s.value = 'minute'; s.dispatchEvent(new Event('change')); }")
    page.click("#train-start")
    page.wait_for_function(
        """() => document.querySelector(".my-digit[data-waiting]")
          && document.querySelector("#train-my-digit-step").innerText.includes("starting")"""
    )
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


def test_conflicting_settings_are_reported_in_the_page_language(train, url):
    page = train(locale="zh-CN")
    page.click("#train-more")
    page.click("#train-fields summary")
    for name in ("起初近乎正立", "然后扩大范围"):
        page.fill(f'#train-fields label:has-text("{name}") input', "0.7")
        page.keyboard.press("Tab")
    page.click('#train-settings button[type="submit"]')
    page.click("#train-start")
    page.wait_for_function("document.querySelector('#train-toast').textContent.includes('两者之和不能超过 1')")
    assert not re.search("[A-Za-z]{2}", page.inner_text("#train-toast"))


def test_choice_without_a_text_shows_its_name(train, url):
    """A new option of the engine can be chosen before it has a text."""

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


def test_smallest_scale_raises_the_largest_scale(train, url):
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


def test_further_setting_is_used_in_training(train, url):
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


def test_page_with_training_off_says_so(visit, tmp_path_factory):
    app = Served(tmp_path_factory.mktemp("home"), "--no-training")
    try:
        page = visit(url=app.url)
        open_tab(page, "train")
        page.wait_for_selector("#train-closed", state="visible")
        assert not page.is_visible("#train-start") and "--no-training" in page.inner_text("#train-closed")
    finally:
        app.stop()


def test_explore_is_unchanged_after_a_visit_to_train(train, url):
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
def test_nothing_is_cut_off(train, brief, width, height, scheme):
    page = train(viewport={"width": width, "height": height}, color_scheme=scheme)
    state(page, "done")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "no sideways scrolling"
    if width == 1280:
        assert page.evaluate("document.querySelector('.stn-train').getBoundingClientRect().bottom <= innerHeight")


def test_chinese_page_has_no_untranslated_text(train, brief):
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


def test_every_control_has_a_name(train, brief):
    page = train()
    state(page, "done")
    nameless = page.evaluate(
        """() => [...document.querySelectorAll('.stn-train :is(button, select, input)')].filter((node) => {
          const label = node.getAttribute('aria-label') || node.getAttribute('aria-labelledby') || node.textContent;
          return !(label || '').trim() && !(node.labels && [...node.labels].some((one) => one.textContent.trim()));
        }).map((node) => node.outerHTML)"""
    )
    assert nameless == []
