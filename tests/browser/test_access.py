"""The stage by keyboard, in high contrast, and with texts instead of numbers."""

import pytest
from stage import STROKES, clear, draw, frame, settle, slide, winner


def reach(page, selector, back=False):
    """Move the focus there with the Tab key only."""
    for _ in range(80):
        if page.evaluate("(selector) => document.activeElement.matches(selector)", selector):
            return
        page.keyboard.press("Shift+Tab" if back else "Tab")
    raise AssertionError(f"{selector} cannot be reached by keyboard")


def focused(page):
    return page.evaluate(
        "document.activeElement.value || document.activeElement.dataset.tool || document.activeElement.tagName"
    )


def test_digit_is_drawn_and_undone_by_keyboard(page):
    reach(page, '[data-tool="clear"]')
    page.keyboard.press("Enter")
    reach(page, "#view-digit", back=True)
    for keys in (["ArrowUp"] * 14, [" "], ["ArrowDown"] * 28, [" "]):
        for key in keys:
            page.keyboard.press(key)
    settle(page)
    assert winner(page)[0] == 1
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    settle(page)
    reach(page, '[data-tool="redo"]')
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    settle(page)
    assert page.is_disabled('[data-tool="redo"]') and focused(page) == "undo", "the focus does not fall off the page"
    assert winner(page)[0] == 1


def test_grid_is_grabbed_and_released_by_keyboard(page):
    reach(page, "[name=stn-hands]:checked")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    reach(page, "#view-handles", back=True)
    page.keyboard.press("]")
    settle(page)
    assert frame(page, "overruled")
    reach(page, "#give-back")
    page.keyboard.press("Enter")
    page.wait_for_function("!window.stn.store.get().grab")
    settle(page)
    assert focused(page) == "region", "the focus does not fall off the page"


def test_the_lecture_mode_is_left_with_escape(page):
    reach(page, "#lecture")
    page.keyboard.press("Enter")
    page.wait_for_function("document.fullscreenElement")
    page.keyboard.press("Escape")
    page.wait_for_function("!document.fullscreenElement && !document.querySelector('.stn.lecture')")


def test_verdict_has_two_sentences(page):
    clear(page)
    assert page.inner_text("#conclusion") == ""
    draw(page, STROKES[4])
    slide(page, "pose-rotation", 60)
    assert "60°" in page.inner_text("#verdict")
    digit, other = winner(page)[0], winner(page, "#probs-plain")[0]
    assert str(digit) in page.inner_text("#conclusion") and str(other) in page.inner_text("#conclusion")
    page.evaluate("window.stn.setModel('seed-cnn')")
    page.wait_for_function("window.stn.store.frame.transform === null")
    settle(page)
    assert page.is_hidden("#verdict") and str(winner(page)[0]) in page.inner_text("#conclusion")


@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
def test_titles_captions_and_scenes_fit_at_1280_px(visit, locale):
    page = visit(locale=locale)
    wide = """() => [...document.querySelectorAll('.stn .panel h2, #scenes, .presets')]
      .filter((box) => box.scrollWidth > box.clientWidth + 1).map((box) => box.textContent)"""
    assert page.evaluate(wide) == []
    lines = "(box) => Math.round(box.clientHeight / parseFloat(getComputedStyle(box).lineHeight))"
    assert max(page.eval_on_selector_all(".stn .panel .caption", f"(all) => all.map({lines})")) <= 2
    assert page.evaluate("document.querySelector('.presets').clientHeight") < 40, "on one line"


@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
def test_no_text_is_cut_off_and_the_inspector_changes_no_layout(visit, locale):
    page = visit(locale=locale)
    for name in ("turn-affine", "e-stcnn-tps"):
        page.evaluate("(name) => { window.stn.store.set({ inspect: null }); window.stn.setModel(name); }", name)
        page.wait_for_function("(name) => window.stn.store.frame.model === name", arg=name)
        slide(page, "pose-rotation", -120)
        before = page.locator(".stn .panels").bounding_box()
        for view in ("warped", "input"):
            page.evaluate("(view) => window.stn.store.set({ inspect: { view, x: 13, y: 14 } })", view)
            settle(page)
            assert page.locator("#inspector .term, #inspector b, #inspector p").count(), name
            assert frame(page, "inspect.view") == view
            assert page.locator(".stn .panels").bounding_box() == before, (name, view)
            assert before["y"] + before["height"] <= 800, name
        for sentence in ("#verdict", "#conclusion"):
            fits = page.eval_on_selector(sentence, "(box) => box.scrollHeight <= box.clientHeight + 1")
            assert fits, (name, page.inner_text(sentence))


def test_in_high_contrast_bars_and_sliders_can_still_be_seen(visit):
    page = visit(forced_colors="active")
    for painted in ("#probs-stn .winner .bar-track", "#pose-rotation input"):
        assert "gradient" in page.eval_on_selector(painted, "(element) => getComputedStyle(element).backgroundImage")


def test_every_target_is_large_enough_to_hit(page):
    small = page.evaluate(
        """() => [...document.querySelectorAll('.stn button, .stn select, .stn input[type=range]')]
          .filter((element) => element.getClientRects().length)
          .filter((element) => element.getBoundingClientRect().height < 24)
          .map((element) => element.outerHTML.slice(0, 120))"""
    )
    assert small == []
