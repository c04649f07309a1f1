"""A network of colour pictures on the page: its pictures are drawn in their colours, live, in the exported picture and after a
link."""

import json

import own_pictures
import pictures
import pytest
import torch
from chromium import CHROMIUM
from languages import WORDS
from PIL import Image, ImageDraw
from stage import frame, link, settle, shows_text, slide

from stn_demo import checkpoints
from stn_demo.model import ModelConfig, build_model

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")
COLOURS = {"top": (220, 40, 30), "bottom": (20, 60, 210)}
# Colour of a canvas at a share of its width and height.
AT = """([selector, x, y]) => {
  const canvas = document.querySelector(selector);
  const place = [x * canvas.width, y * canvas.height].map(Math.floor);
  return [...canvas.getContext("2d").getImageData(...place, 1, 1).data].slice(0, 3);
}"""

# Top and bottom of the text in an element, px.
TEXT = """(selector) => {
  const range = document.createRange();
  range.selectNodeContents(document.querySelector(selector));
  const { top, bottom } = range.getBoundingClientRect();
  return [top, bottom];
}"""
SIZES = {"desk": {"viewport": {"width": 1280, "height": 800}}, "phone": {"viewport": {"width": 390, "height": 844}}}
LINE = 20  # px, a line of the verdict, on a desk and on a phone


def flag():
    """Red above, blue below."""
    image = Image.new("RGB", (80, 80), COLOURS["bottom"])
    ImageDraw.Draw(image).rectangle((0, 0, 80, 39), fill=COLOURS["top"])
    return pictures.encoded(image)


def network(tmp_path):
    torch.manual_seed(1)
    config = ModelConfig(
        in_channels=3, input_size=40, classes=3, class_names=own_pictures.NAMES, transform="similarity", looks=2
    )
    path = tmp_path / "colours.safetensors"
    checkpoints.save(path, build_model(config), {"distortion": "pose"})  # untrained: it passes its input through
    return path


def opened(page, tmp_path):
    """With a drawing, and with the ready digits, which arrive later."""
    page.set_input_files("#checkpoint-file", network(tmp_path))
    page.wait_for_function("window.stn.store.frame.names?.length === 3", timeout=30_000)
    page.wait_for_selector("#strip button:nth-child(10)", state="attached")
    settle(page)


def upload_flag(page):
    page.set_input_files("#upload input", {"name": "flag.png", "mimeType": "image/png", "buffer": flag()})
    page.wait_for_function("window.stn.store.frame.input.length === 3 * 40 * 40", timeout=30_000)
    settle(page)


def colour(page, selector, x, y):
    return page.evaluate(AT, [selector, x, y])


def shows_flag(page, selector, left=0.35, right=0.65):
    for x in (left, right):
        for y, name in ((0.35, "top"), (0.65, "bottom")):
            assert colour(page, selector, x, y) == pytest.approx(COLOURS[name], abs=3), (selector, x, y)


def test_a_colour_picture_is_drawn_in_its_colours(page, visit, tmp_path):
    opened(page, tmp_path)
    page.click("#pose-reset")
    for layer in ("lines", "region"):
        page.locator(f'[data-layer="{layer}"]').uncheck()
    settle(page)
    assert frame(page, "input.length") == 40 * 40, "a grey drawing stays one channel"
    upload_flag(page)
    looks = [f"#looks li:nth-child({index}) canvas" for index in (1, 2)]
    for selector in ("#view-digit", "#view-model-digit", "#view-input", "#view-warped", *looks):
        shows_flag(page, selector)
    assert "40 × 40 pixels in colour" in page.inner_text(".model-digit p")
    said = page.inner_text("#verdict")
    assert "digit" not in said and "drew" not in said, said
    slide(page, "pose-rotation", 180)
    settle(page)
    assert colour(page, "#view-input", 0.5, 0.35) == pytest.approx(COLOURS["bottom"], abs=3), (
        "it turns with its colours"
    )
    slide(page, "pose-rotation", 0)
    exported_picture(page)
    inspected(page)
    same = visit(link(page))
    same.wait_for_function("window.stn.store.frame.input.length === 3 * 40 * 40", timeout=30_000)
    settle(same)
    shows_flag(same, "#view-digit")
    page.evaluate("window.stn.setModel('seed-affine')")  # a network of grey digits
    page.wait_for_function("window.stn.store.frame.input.length === 28 * 28", timeout=30_000)
    settle(page)
    red, green, blue = colour(page, "#view-warped", 0.5, 0.5)
    assert red == green == blue


def test_a_network_of_other_classes_is_not_compared(page, tmp_path):
    page.wait_for_function("window.stn.store.frame.twin_probs !== null")
    page.set_input_files("#checkpoint-file", network(tmp_path))
    page.wait_for_function("window.stn.store.frame.names?.length === 3", timeout=30_000)
    page.wait_for_function("window.stn.store.get().twin === null")
    settle(page)
    assert frame(page, "twin") is None and frame(page, "twin_probs") is None
    shows_text(page, "#toast", "is no longer compared")
    assert page.inner_text("#title-digit").split() == ["1", "Your", "picture"]
    assert page.locator("#probs-plain li:visible .digit").all_inner_texts() == list(own_pictures.NAMES)
    page.click("#twin-picker input")
    assert page.input_value("#twin-picker input") == "none"
    digits = page.locator("#twin-list .network", has_text="seed-cnn")
    assert page.locator("#twin-list .network[aria-disabled=true]").count() >= 5
    page.locator("#twin-list .network", has_text="other classes").first.click(force=True)
    assert page.evaluate("window.stn.store.get().twin") is None and not digits.count()
    page.keyboard.press("Escape")
    page.click("#model-picker input")
    page.keyboard.type("turn-affine")
    page.keyboard.press("Enter")
    page.wait_for_function("window.stn.store.frame.model === 'turn-affine'")
    page.wait_for_function("window.stn.store.frame.twin === 'seed-cnn'")
    shows_text(page, "#title-digit", "Your digit")


@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
@pytest.mark.parametrize("size", SIZES)
def test_beside_a_whole_picture_nothing_says_that_it_could_be_centred(visit, tmp_path, size, locale):
    page = visit(locale=locale, **SIZES[size])
    opened(page, tmp_path)
    words = WORDS["zh-CN" if locale == "zh-CN" else "en"]
    assert page.is_visible("#raw") and words["digit.raw"] in page.inner_text(".model-digit")
    upload_flag(page)
    assert not page.is_visible("#raw")
    said = page.inner_text(".model-digit")
    assert words["digit.colour"].format(side=40) in said and words["digit.raw"] not in said
    page.click('[data-tool="clear"]')
    settle(page)
    assert page.is_visible("#raw"), "a drawing can be centred"


@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
def test_with_colour_pictures_the_upload_button_stays_in_sight(visit, tmp_path, locale):
    page = visit(locale=locale)
    opened(page, tmp_path)
    for step in (lambda _: None, upload_flag):
        step(page)
        box = page.locator("#upload").bounding_box()
        assert box["y"] + box["height"] <= 800, page.inner_text(".model-digit")


@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
@pytest.mark.parametrize("size", SIZES)
def test_the_verdict_on_own_classes_has_no_gap(visit, tmp_path, size, locale):
    page = visit(locale=locale, **SIZES[size])
    opened(page, tmp_path)
    for rotation in (0, 70, 180):
        slide(page, "pose-rotation", rotation)
        (_, end), (start, bottom) = page.evaluate(TEXT, "#verdict"), page.evaluate(TEXT, "#conclusion")
        assert 0 <= start - end < LINE / 2, page.inner_text("#verdict")
        box = page.locator(".verdict").bounding_box()
        assert bottom < box["y"] + box["height"] < bottom + 3 * LINE, page.inner_text("#verdict")


def exported_picture(page):
    with page.expect_download() as download:
        page.evaluate("document.querySelector('#export-png').click()")
    with Image.open(download.value.path()) as poster:
        shades = poster.convert("RGB").getcolors(1 << 24)
    counted = {
        name: sum(n for n, c in shades if max(abs(a - b) for a, b in zip(c, COLOURS[name], strict=True)) < 4)
        for name in COLOURS
    }
    assert min(counted.values()) > 100_000, "half of three panels of 528 px each"


def inspected(page):
    page.evaluate("window.stn.store.set({ inspect: { view: 'warped', x: 20, y: 10 } })")
    settle(page)
    chips = page.eval_on_selector_all("#inspector-words .swatch", "all => all.map((one) => one.style.background)")
    assert chips and all(f"rgb{COLOURS['top']}" in chip for chip in chips), json.dumps(chips)
    assert "mean of red, green and blue" in page.inner_text("#inspector-words")
    page.evaluate("window.stn.store.set({ inspect: null })")
    settle(page)
