"""A digit, its pose and the pictures on Explore, with the input of a visitor; on the live page and without a server."""

import re

import pytest
from stage import STROKES, clear, draw, frame, inspected, pixels, settle, slide, winner

WHERE = ("live", "static")


def test_a_digit_drawn_with_the_mouse_is_recognised(page):
    page.click("#pose-reset")
    for digit, strokes in STROKES.items():
        clear(page)
        assert frame(page, "blank")
        draw(page, strokes)
        assert winner(page)[0] == digit


def test_a_turned_digit_is_recognised_and_the_region_follows(page):
    page.click("#pose-reset")
    clear(page)
    draw(page, STROKES[4])
    upright = frame(page, "undone.rotation")
    slide(page, "pose-rotation", 60)
    turned = frame(page, "undone.rotation")
    assert winner(page)[0] == 4
    assert 25 < turned - upright < 95, "the region turns with the digit"
    assert frame(page, "applied.rotation") == pytest.approx(60, abs=0.1)
    applied, undone, left = (float(value) for value in re.findall(r"([+−]?\d+)°", page.inner_text("#parts"))[:3])
    assert applied == 60 and undone + left == pytest.approx(60, abs=1)
    assert undone == pytest.approx(turned - upright, abs=0.51), "relative to the frame of the unposed digit"


SLIDERS = {
    "pose-rotation": ("rotation", -35),
    "pose-scale": ("scale_x", 0.6),
    "pose-shift-x": ("shift_x", 4),
    "pose-shift-y": ("shift_y", -3),
    "pose-shear": ("shear", 0.3),
}  # slider: (field of the pose, value)


def test_every_slider_moves_every_picture(page):
    page.evaluate("window.stn.setModel('turn-affine')")  # its theta is shown number by number
    page.wait_for_function("window.stn.store.frame.model === 'turn-affine'")
    for slider, (field, value) in SLIDERS.items():
        page.click("#pose-reset")
        settle(page)
        before = {selector: pixels(page, selector) for selector in ("#view-input", "#view-warped")}
        theta = page.inner_text("#theta")
        slide(page, slider, value)
        assert frame(page, f"applied.{field}") == pytest.approx(value, abs=0.02), slider
        assert [selector for selector, picture in before.items() if pixels(page, selector) == picture] == [], slider
        assert page.inner_text("#theta") != theta, slider
        for number in frame(page, "theta"):
            assert f"{abs(number):.3f}" in page.inner_text("#theta"), slider


def test_sliders_work_by_keyboard(page):
    page.click("#pose-reset")
    page.focus("#pose-rotation input")
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    settle(page)
    assert frame(page, "applied.rotation") == pytest.approx(5, abs=0.1)


def test_last_slider_position_is_shown(page):
    page.evaluate(
        """async () => {
          const slider = document.querySelector('#pose-rotation input');
          for (let i = 0; i <= 60; i++) {
            slider.value = i;
            slider.dispatchEvent(new Event('input', { bubbles: true }));
            if (i % 7 === 0) await new Promise(requestAnimationFrame);
          }
        }"""
    )
    settle(page)
    assert frame(page, "applied.rotation") == pytest.approx(60, abs=0.1)


def test_undo_redo_eraser_and_clear(page):
    clear(page)
    assert frame(page, "blank")
    draw(page, STROKES[7])
    drawn = frame(page, "digit.join()")
    page.click('[data-tool="undo"]')
    settle(page)
    assert frame(page, "blank")
    page.click('[data-tool="redo"]')
    settle(page)
    assert frame(page, "digit.join()") == drawn
    page.click('[data-tool="eraser"]')
    draw(page, [[(0.2, 0.2), (0.8, 0.2)]])
    assert frame(page, "digit.join()") != drawn and not frame(page, "blank")
    page.keyboard.press("Control+z")
    settle(page)
    assert frame(page, "digit.join()") == drawn


def test_example_digit_and_random_digit(page):
    page.click("#pose-reset")
    page.locator("#strip button").nth(5).click()
    settle(page)
    assert winner(page)[0] == 5
    page.click("#random")
    page.wait_for_function("window.stn.store.get().source.kind === 'digit'")
    settle(page)
    assert not frame(page, "blank")


def test_the_preparation_can_be_switched_off(page):
    clear(page)
    draw(page, [[(0.1, 0.1), (0.1, 0.3)]])
    prepared = frame(page, "digit.join()")
    page.check("#raw")
    settle(page)
    assert frame(page, "digit.join()") != prepared


def test_a_pose_of_the_paper_is_drawn(page):
    for name in ("r", "rts", "p", "e"):
        before = page.evaluate("JSON.stringify(window.stn.store.get().pose)")
        page.click(f'[data-draw="{name}"]')
        page.wait_for_function("(before) => JSON.stringify(window.stn.store.get().pose) !== before", arg=before)


def test_spin_rotates_until_stopped(page):
    first = frame(page, "applied.rotation")
    page.click("#spin")
    for _ in range(2):
        page.wait_for_function("(before) => window.stn.store.frame.applied.rotation !== before", arg=first)
        first = frame(page, "applied.rotation")
    page.click("#spin")
    settle(page)
    stopped = frame(page, "applied.rotation")
    settle(page)  # several frames later
    assert frame(page, "applied.rotation") == stopped


def test_dragging_the_picture_moves_the_digit(page):
    page.click("#pose-reset")
    settle(page)
    box = page.locator("#view-handles").bounding_box()
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(*middle)
    page.mouse.down()
    page.mouse.move(middle[0] + 50, middle[1] + 20, steps=5)
    page.mouse.up()
    settle(page)
    assert frame(page, "applied.shift_x") > 2 and frame(page, "applied.shift_y") > 0.8


def test_grid_can_be_grabbed_and_released(page):
    slide(page, "pose-rotation", 30)
    learned = frame(page, "theta")
    page.locator('#hands input[value="region"]').check(force=True)
    box = page.locator("#view-handles").bounding_box()
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    warped = pixels(page, "#view-warped")
    page.mouse.move(*middle)
    page.mouse.down()
    page.mouse.move(middle[0] + 60, middle[1], steps=5)
    page.mouse.up()
    settle(page)
    assert frame(page, "overruled") and frame(page, "theta") != learned and frame(page, "predicted") == learned
    assert pixels(page, "#view-warped") != warped
    page.click("#give-back")
    page.wait_for_function("window.stn.store.frame.overruled === false", timeout=5000)
    settle(page)
    assert frame(page, "theta") == learned


def test_pointing_at_a_pixel_explains_it_with_the_real_numbers(page):
    look = inspected(page)
    assert f"{look['value']:.3f}" in page.inner_text("#inspector")
    page.focus("#view-warped-marks")
    page.keyboard.press("ArrowRight")
    settle(page)
    assert frame(page, "inspect.x") != look["x"] or frame(page, "inspect.y") != look["y"]


def test_sampler_and_padding_switch(page):
    slide(page, "pose-rotation", 25)
    before = pixels(page, "#view-warped")
    page.select_option("#sampler", "nearest")
    settle(page)
    assert frame(page, "sampler") == "nearest" and pixels(page, "#view-warped") != before
    page.select_option("#padding", "reflection")
    settle(page)
    assert frame(page, "padding") == "reflection"


def test_layers_show_and_hide(page):
    before = pixels(page, "#view-input")
    for layer in ("density", "points"):
        page.locator(f'[data-layer="{layer}"]').check()
        settle(page)
        now = pixels(page, "#view-input")
        assert now != before
        before = now
    assert frame(page, "density_max") > 0


def test_loss_and_steps_stand_below_the_map_within_their_panel(page):
    for layer in ("gradient", "landscape"):
        page.check(f"#layer-{layer}")
    page.wait_for_function("document.querySelector('#descent-words').textContent")
    panel, loss_map, words, steps = (
        page.locator(selector).bounding_box()
        for selector in (".panel-theta", "#view-landscape", "#descent-words", "#descend")
    )
    assert words["width"] > 0.8 * panel["width"] and words["x"] + words["width"] <= panel["x"] + panel["width"]
    assert loss_map["y"] + loss_map["height"] <= words["y"] and words["y"] + words["height"] <= steps["y"]
    assert page.eval_on_selector("#descent-words", "(text) => text.scrollHeight <= text.clientHeight + 2")
