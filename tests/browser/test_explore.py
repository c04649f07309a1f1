"""The stage, end to end, as visitors use it; on the live page and without a server."""

import json
import math
import re
from pathlib import Path

import pytest
import torch
from stage import STROKES, clear, draw, frame, inspected, link, pixels, settle, slide, winner

import stn_demo.ui
from stn_demo import checkpoints
from stn_demo.model import ModelConfig, build_model

WHERE = ("live", "static")


@pytest.mark.parametrize("digit", STROKES)
def test_a_digit_drawn_with_the_mouse_is_recognised(page, digit):
    page.click("#pose-reset")
    clear(page)
    draw(page, STROKES[digit])
    assert winner(page)[0] == digit


def test_a_turned_digit_is_recognised_and_the_region_follows(page):
    clear(page)
    draw(page, STROKES[4])
    slide(page, "pose-rotation", 0)
    upright = frame(page, "undone.rotation")
    slide(page, "pose-rotation", 60)
    turned = frame(page, "undone.rotation")
    assert winner(page)[0] == 4
    assert 25 < turned - upright < 95, "the region turns with the digit"
    assert frame(page, "applied.rotation") == pytest.approx(60, abs=0.1)
    words = page.inner_text("#parts")
    assert "60" in words and f"{abs(round(turned))}" in words


@pytest.mark.parametrize(
    "slider, field, value",
    [
        ("pose-rotation", "rotation", -35),
        ("pose-scale", "scale_x", 0.6),
        ("pose-shift-x", "shift_x", 4),
        ("pose-shift-y", "shift_y", -3),
        ("pose-shear", "shear", 0.3),
    ],
)
def test_every_slider_moves_every_picture(page, slider, field, value):
    page.evaluate("window.stn.setModel('turn-affine')")  # its theta is shown number by number
    page.wait_for_function("window.stn.store.frame.model === 'turn-affine'")
    page.click("#pose-reset")
    settle(page)
    before = {selector: pixels(page, selector) for selector in ("#view-input", "#view-warped")}
    theta = page.inner_text("#theta")
    slide(page, slider, value)
    assert frame(page, f"applied.{field}") == pytest.approx(value, abs=0.02)
    assert all(pixels(page, selector) != picture for selector, picture in before.items())
    assert page.inner_text("#theta") != theta
    for number in frame(page, "theta"):
        assert f"{abs(number):.3f}" in page.inner_text("#theta")


def test_sliders_go_by_keyboard(page):
    page.click("#pose-reset")
    page.focus("#pose-rotation input")
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    settle(page)
    assert frame(page, "applied.rotation") == pytest.approx(5, abs=0.1)


def test_the_last_position_is_the_one_shown(page):
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


def test_a_ready_digit_and_a_random_one(page):
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


@pytest.mark.parametrize("name", ["r", "rts", "p", "e"])
def test_a_pose_of_the_paper_is_drawn(page, name):
    before = page.evaluate("JSON.stringify(window.stn.store.get().pose)")
    page.click(f'[data-draw="{name}"]')
    page.wait_for_function("(before) => JSON.stringify(window.stn.store.get().pose) !== before", arg=before)


def test_spin_turns_until_it_is_stopped(page):
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


def test_the_grid_can_be_taken_in_hand_and_given_back(page):
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


def test_another_network_is_chosen(page):
    page.click("#model-picker input")
    page.locator("#model-list [role=option]", has_text="seed-cnn").click()
    page.wait_for_function("window.stn.store.frame.model === 'seed-cnn'")
    settle(page)
    assert page.is_visible("#no-transformer") and winner(page)
    assert "frame" not in page.inner_text("#status") + page.inner_text("#pose-caption"), "there is none to watch"


def test_the_pickers_have_groups_words_and_a_search_and_choose_the_twin(page):
    page.click("#model-picker input")
    groups = page.locator("#model-list .group-title").all_inner_texts()
    assert len(groups) >= 6 and "digits up" in groups[0]
    first = page.locator("#model-list [role=option]").first.inner_text()
    assert "transformer" in first and "test error" in first and "±90°" in first
    page.keyboard.type("rts thin")
    options = page.locator("#model-list [role=option]")
    assert all("rts-stcnn-tps" in text for text in options.all_inner_texts()) and options.count() == 2
    page.keyboard.press("Enter")
    page.wait_for_function("window.stn.store.frame.model.startsWith('rts-stcnn-tps')")
    assert page.evaluate("window.stn.store.get().twin") == "rts-cnn"
    assert "spline" in page.input_value("#model-picker input")


def test_each_number_of_theta_says_what_it_does_can_be_typed_and_moves_the_grid(page):
    cells = page.locator("#theta .cell")
    for index in range(cells.count()):
        cells.nth(index).focus()
        assert page.is_visible("#theta-says") and len(page.inner_text("#theta-says")) > 20
        assert page.inner_text("#theta-says") == cells.nth(index).get_attribute("title")
    before = pixels(page, "#view-input")
    cells.nth(2).click()
    page.keyboard.type("-0.5")
    page.keyboard.press("Enter")
    page.wait_for_function("window.stn.store.frame.overruled")
    settle(page)
    assert frame(page, "theta")[2] == pytest.approx(-0.5) and pixels(page, "#view-input") != before
    cells.nth(2).press("ArrowUp")
    page.wait_for_function("Math.abs(window.stn.store.frame.theta[2] + 0.45) < 1e-4")
    cells.nth(0).press("Enter")
    page.keyboard.type("much")
    page.keyboard.press("Enter")
    assert "from −20 to 20" in page.inner_text("#toast")
    page.keyboard.press("Escape")
    page.click("#give-back")
    page.wait_for_function("!window.stn.store.frame.overruled")
    page.evaluate("window.stn.setModel('seed-affine')")
    page.wait_for_function("window.stn.store.frame.transform === 'affine'")
    page.locator("#theta .cell >> nth=4").press("Enter")
    page.keyboard.type("2")
    page.keyboard.press("Enter")
    page.wait_for_function("window.stn.store.frame.theta[4] === 2")


def test_a_spline_is_drawn_as_points_that_are_dragged_and_typed(page):
    page.evaluate("window.stn.setModel('e-stcnn-tps')")
    page.wait_for_function("window.stn.store.frame.transform === 'tps'")
    settle(page)
    assert page.locator("#theta circle").count() == 16 and len(re.findall(r"\d\.\d", page.inner_text("#theta"))) == 2
    box = page.locator("#theta circle >> nth=5").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    was = frame(page, "theta")
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 12, y, steps=4)
    page.mouse.up()
    page.wait_for_function("window.stn.store.frame.overruled")
    settle(page)
    now = frame(page, "theta")
    assert now[10] > was[10] + 0.1 and now[:10] == pytest.approx(was[:10], abs=1e-3)
    page.keyboard.press("n")
    page.keyboard.press("ArrowDown")
    page.wait_for_function("(y) => window.stn.store.frame.theta[13] > y + 0.04", arg=was[13])
    page.locator(".chosen-point .cell >> nth=0").press("Enter")
    page.keyboard.type("0.25")
    page.keyboard.press("Enter")
    page.wait_for_function("window.stn.store.frame.theta[12] === 0.25")


@pytest.mark.parametrize(
    ("name", "size", "shift"), [("rts-stcnn-projective", 42, 6), ("tc-stcnn-affine", 60, 12), ("e-stcnn-tps", 28, 2)]
)
def test_networks_of_every_size_and_family_stand_on_the_stage(page, visit, name, size, shift):
    page.evaluate("(name) => window.stn.setModel(name)", name)
    page.wait_for_function("(name) => window.stn.store.frame.model === name", arg=name)
    page.click("#pose-reset")  # the first pose is small; a network of clutter has seen no small digits
    slide(page, "pose-rotation", 20)
    slide(page, "pose-shift-x", shift)
    assert page.evaluate("document.querySelector('#pose-shift-x input').max") == str(size // 2)
    assert frame(page, "applied.shift_x") == pytest.approx(shift, abs=0.1)
    if size > 28:  # trained on digits that were moved
        assert frame(page, "undone.shift_x") > shift / 2, "the region does not follow the digit"
    assert winner(page) and winner(page, "#probs-plain")
    inspected(page)
    page.mouse.move(1, 1)
    same = visit(link(page))
    assert (frame(same, "model"), frame(same, "theta")) == (name, frame(page, "theta"))


@pytest.mark.needs_server("the server reads checkpoints and runs them in torch")
def test_a_checkpoint_is_uploaded_and_used(page, tmp_path):
    torch.manual_seed(3)
    checkpoints.save(tmp_path / "mine.safetensors", build_model(ModelConfig(transform="tps")), {})
    page.locator("#upload-checkpoint input[type=file], input[type=file][accept*=safetensors]").first.set_input_files(
        tmp_path / "mine.safetensors"
    )
    page.wait_for_function("window.stn.store.frame.transform === 'tps'", timeout=15_000)
    assert frame(page, "model").startswith("upload-")


@pytest.mark.needs_server("the server reads checkpoints")
def test_a_file_that_is_no_checkpoint_is_refused_with_a_sentence(page, tmp_path):
    (tmp_path / "bad.safetensors").write_bytes(b"nonsense")
    page.locator("#upload-checkpoint input[type=file], input[type=file][accept*=safetensors]").first.set_input_files(
        tmp_path / "bad.safetensors"
    )
    page.get_by_text("not a checkpoint").first.wait_for(timeout=15_000)
    slide(page, "pose-rotation", 10)
    assert frame(page, "applied.rotation") == pytest.approx(10, abs=0.1)


def test_a_link_brings_everything_back(page, visit):
    clear(page)
    draw(page, STROKES[3])
    slide(page, "pose-rotation", -40)
    page.select_option("#sampler", "bicubic")
    page.locator('[data-layer="points"]').check()
    address = link(page)
    assert address.startswith("#s=")
    again = visit(address)
    again.wait_for_function("window.stn.store.get().pose.rotation === -40")
    settle(again)
    for field in ("theta", "probs", "sampler"):
        assert frame(again, field) == frame(page, field)
    assert frame(again, "digit.join()") == frame(page, "digit.join()")


def test_a_drawing_of_many_points_has_a_short_link_and_looks_the_same(page, visit):
    """A slow, trembling hand: 600 points. When it lifts the pen those that say nothing go, from page and link alike."""
    page.click("#pose-reset")
    clear(page)
    trembling = [
        (
            0.5 + 0.22 * math.sin(i / 48) + 0.002 * math.sin(1.7 * i),
            0.5 - 0.33 * math.cos(i / 48) + 0.002 * math.sin(2.3 * i),
        )
        for i in range(301)
    ]
    box = page.locator("#view-digit").bounding_box()
    for _ in range(2):
        for i, (x, y) in enumerate(trembling):
            page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])
            if i == 0:
                page.mouse.down()
        settle(page)
        under_the_pen = frame(page, "digit.join()").split(",")
        page.mouse.up()
    settle(page)
    lifted = frame(page, "digit.join()").split(",")
    assert sum(abs(int(a) - int(b)) for a, b in zip(under_the_pen, lifted, strict=True)) / 784 < 2, (
        "of 255 greys, on average"
    )
    address = link(page)
    assert len(address) < 3000
    again = visit(address)
    again.wait_for_function("window.stn.store.get().source.strokes?.length === 2")
    settle(again)
    assert frame(again, "digit.join()").split(",") == lifted
    assert winner(again)[0] == 0


@pytest.mark.parametrize(
    "hash_", ["#s=%%%", "#s=e30x", "#s=" + "A" * 500, "#s=eyJwb3NlIjp7InJvdGF0aW9uIjoxZTl9fQ", "#s=bnVsbA"]
)
def test_a_hostile_link_opens_the_default_with_a_sentence(visit, hash_):
    page = visit(hash_)
    page.wait_for_function("document.querySelector('#toast').innerText.trim().length > 10", timeout=10_000)
    slide(page, "pose-rotation", 15)
    assert frame(page, "applied.rotation") == pytest.approx(15, abs=0.1)


def test_exports(page):
    slide(page, "pose-rotation", 20)
    with page.expect_download() as download:
        page.click("#export-png")
    assert Path(download.value.path()).read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    with page.expect_download() as download:
        page.click("#export-json")
    values = json.loads(Path(download.value.path()).read_text(encoding="utf-8"))
    assert values["theta"] == pytest.approx(frame(page, "theta"), abs=1e-5)
    page.click("#export-code")
    page.wait_for_selector("#code-dialog[open]")
    assert "rotation=20" in page.inner_text("#code-text")


def test_the_browsers_language_is_followed_and_can_be_switched(visit):
    page = visit(locale="zh-CN")
    assert "旋转" in page.inner_text("#pose-rotation")
    assert page.evaluate("document.documentElement.lang") == "zh-CN"
    page.select_option("#lang", "en")
    settle(page)
    assert "Rotation" in page.inner_text("#pose-rotation")


def test_both_catalogues_hold_the_same_strings():
    folder = Path(stn_demo.ui.__file__).parent / "strings"
    english, chinese = (json.loads((folder / name).read_text(encoding="utf-8")) for name in ("en.json", "zh-CN.json"))
    assert english.keys() == chinese.keys()
    holes = {key: sorted(part.split("}")[0] for part in text.split("{")[1:]) for key, text in english.items()}
    assert holes == {key: sorted(part.split("}")[0] for part in text.split("{")[1:]) for key, text in chinese.items()}


def test_the_stage_fits_a_laptop_and_a_phone(visit):
    page = visit()
    box = page.locator(".stn .panels").bounding_box()
    assert box["y"] + box["height"] <= 800
    phone = visit(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    slide(phone, "pose-rotation", 30)
    assert frame(phone, "applied.rotation") == pytest.approx(30, abs=0.1)


def test_every_control_has_a_name(page):
    nameless = page.evaluate(
        """() => [...document.querySelectorAll('.stn button, .stn input, .stn select, .stn canvas, .stn a')]
          .filter((element) => element.getClientRects().length && !element.closest('[aria-hidden]') && !element.parentElement.closest('button') && getComputedStyle(element).visibility !== 'hidden')
          .filter((element) => !(element.getAttribute('aria-label') || element.getAttribute('aria-labelledby')
            || element.labels?.length || element.textContent.trim() || element.closest('label')?.textContent.trim() || element.title))
          .map((element) => element.outerHTML.slice(0, 120))"""
    )
    assert nameless == []


def test_updates_are_on_the_user_timeline(page):
    settle(page)  # what the page asks when it opens is answered
    page.evaluate("performance.clearMeasures()")
    slide(page, "pose-rotation", 33)
    entries = page.evaluate("performance.getEntriesByName('stn-update').map((entry) => entry.duration)")
    assert len(entries) == 1 and 0 < entries[0] < 1000
