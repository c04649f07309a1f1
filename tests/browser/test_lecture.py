"""The lecture layout: text sizes, keys, the hidden answer, and the QR code of a state."""

import pytest
from stage import settle
from train_page import state

TEXTS = """() => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    const style = getComputedStyle(element);
    if (!node.data.trim() || !element.getClientRects().length || style.visibility === "hidden") continue;
    if (element.closest("script, style, .unseen, [aria-hidden=true], option, dialog:not([open]), #toast")) continue;
    found.push([parseFloat(style.fontSize), node.data.trim().slice(0, 40), element.className]);
  }
  return found;
}"""
SEEN = ("#view-digit", "#view-input", "#view-warped", "#theta", "#verdict", "#conclusion", "#probs-stn", "#probs-plain")


@pytest.mark.parametrize(("width", "height", "least"), [(1024, 768, 20), (1920, 1080, 26)])
@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
def test_lecture_layout_fits_one_screen_with_readable_text(visit, width, height, least, locale):
    page = visit(viewport={"width": width, "height": height}, locale=locale)
    page.click("#lecture")
    page.wait_for_selector(".stn.lecture")
    settle(page)
    for selector in SEEN:
        box = page.locator(selector).bounding_box()
        assert box["y"] >= 0 and box["y"] + box["height"] <= height and box["x"] + box["width"] <= width, selector
        assert box["width"] > 100, selector
    assert [text for text in page.evaluate(TEXTS) if text[0] < least] == []
    for sentence in ("#verdict", "#conclusion"):
        assert page.eval_on_selector(sentence, "(box) => box.scrollHeight <= box.clientHeight + 2")


def test_keys_step_scenes_hide_the_answer_and_change_the_page(page):
    page.click("#lecture")
    page.keyboard.press("PageDown")
    page.wait_for_selector("#scenes [data-scene]:first-child[aria-pressed=true]")
    page.wait_for_function(
        "location.hash.includes('scene=' + document.querySelector('#scenes [data-scene]').dataset.scene)"
    )
    first = page.evaluate("location.hash")
    page.keyboard.press("ArrowRight")
    page.wait_for_function("(hash) => location.hash !== hash", arg=first)
    page.keyboard.press("PageUp")
    page.wait_for_function("(hash) => location.hash === hash", arg=first)
    page.keyboard.press("b")
    assert page.locator("#probs-stn").is_hidden() and page.locator("#verdict").is_hidden()
    page.keyboard.press(".")
    assert page.locator("#probs-stn").is_visible()
    page.keyboard.press("?")
    assert page.locator("#keys-dialog").is_visible()
    # A key in the frame in which the dialog closes: the focus is still on the button in it.
    page.evaluate(
        """() => {
          document.querySelector("#keys-close").click();
          document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key: "2", bubbles: true, cancelable: true }));
        }"""
    )
    page.wait_for_function("!document.querySelector('#page-explore-button[aria-selected=true]')")
    assert page.locator(".stn.lecture").count() == 1, "the lecture goes on while another page is open"


def test_the_lecture_is_left_by_a_button_too(visit):
    """A tablet has no Escape key."""
    page = visit(viewport={"width": 1024, "height": 768}, has_touch=True)
    page.click("#lecture")
    page.tap("#lecture-leave")
    page.wait_for_function("!document.body.classList.contains('stn-lecture')")
    assert page.locator(".stn.lecture").count() == 0 and page.locator("#lecture-leave").is_hidden()


def test_qr_dialog_says_which_devices_can_open_it(page):
    page.click("#qr")
    page.wait_for_selector("#qr-dialog[open] svg")
    assert "--host 0.0.0.0" in page.inner_text("#qr-words")
    assert page.inner_text("#qr-address").startswith("http://127.0.0.1")


@pytest.mark.parametrize("name", ["learn", "train", "results"])
def test_key_list_and_qr_code_open_and_close_on_every_page(page, name):
    page.click(f"#page-{name}-button")
    start = "learn=" if name == "learn" else name  # the lesson adds its scene when it has loaded
    page.wait_for_function("(start) => location.hash.startsWith('#' + start)", arg=start)
    page.keyboard.press("?")
    assert page.locator("#keys-dialog").is_visible()
    page.click("#keys-close")
    page.evaluate("document.querySelector('#lecture').click()")
    page.keyboard.press("q")
    page.wait_for_selector("#qr-dialog svg", state="visible")
    assert page.inner_text("#qr-address").endswith(page.evaluate("location.hash").partition("&")[0])
    page.click("#qr-close")
    page.keyboard.press("1")
    page.wait_for_selector("#view-input", state="visible")
    page.keyboard.press("?")
    assert page.locator("#keys-dialog").is_visible()


@pytest.mark.parametrize(("width", "height", "least"), [(1024, 768, 20), (1920, 1080, 26)])
@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
def test_lesson_text_is_readable_in_the_lecture_layout(visit, width, height, least, locale):
    page = visit("#learn=three-parts", viewport={"width": width, "height": height}, locale=locale)
    page.wait_for_selector(".stn-learn[data-ready=true]")
    page.click("#learn-lecture")
    page.wait_for_selector("body.stn-lecture")
    for place, count in (("three-parts", 3), ("sampler", 4), ("failures.myth", 2)):
        page.evaluate("(place) => { location.hash = '#learn=' + place; }", place)
        page.wait_for_function("(place) => JSON.parse(localStorage['stn-lesson']).at.startsWith(place)", arg=place)
        for step in range(1, count + 1):
            page.keyboard.press("PageDown")
            page.wait_for_function("(n) => document.querySelectorAll('#learn-result .step').length === n", arg=step)
            page.wait_for_selector(".stn-learn[data-busy=false]")
        assert [text for text in page.evaluate(TEXTS) if text[0] < least] == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        for view in ("input", "warped"):
            box = page.locator(f"#learn-view-{view}").bounding_box()
            assert box["y"] >= 0 and box["y"] + box["height"] <= height, (place, view)


ROOM = [(1024, 768, 20), (1920, 1080, 26)]


def in_view(page, selectors, width, height):
    for selector in selectors:
        box = page.locator(selector).bounding_box()
        assert box["y"] >= 0 and box["y"] + box["height"] <= height and box["x"] + box["width"] <= width + 1, selector


LARGE = """([place, px]) => [...document.querySelectorAll(`${place} .xtick text`)].some((text) => parseFloat(getComputedStyle(text).fontSize) >= px)"""


@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
def test_a_room_can_read_a_training_run(train, brief, locale):
    page = train(locale=locale)
    state(page, "done")
    page.evaluate("document.querySelector('#lecture').click()")
    for width, height, least in ROOM:
        page.set_viewport_size({"width": width, "height": height})
        page.wait_for_function(LARGE, arg=["#train-plot", least])
        assert [text for text in page.evaluate(TEXTS) if text[0] < least] == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        seen = ("#train-status", "#train-view-input", "#train-view-warped", "#train-probs", "#train-plot", "#timeline")
        in_view(page, seen, width, height)


@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
def test_a_room_can_read_the_results(visit, locale):
    page = visit("#results", locale=locale)
    page.wait_for_selector("[data-figure=confusion] .plot[data-drawn] .heatmaplayer")
    page.evaluate("document.querySelector('#lecture').click()")
    for width, height, least in ROOM:
        page.set_viewport_size({"width": width, "height": height})
        for figure in ("kinds", "unseen"):  # the first and the last that is drawn
            page.wait_for_function(LARGE, arg=[f"[data-figure={figure}]", least])
        assert [text for text in page.evaluate(TEXTS) if text[0] < least] == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        in_view(page, ("#results-opening",), width, height)
