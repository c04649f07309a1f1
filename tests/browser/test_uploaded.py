"""An uploaded picture on the pad: outlines of its digits, preparation steps, the strip, and the crop that the visitor moves."""

import json
from pathlib import Path

import pictures
from PIL import Image, ImageDraw
from stage import PHONE, frame, settle, shows_text

import stn_demo.ui
from stn_demo.data import picture, scenes

SENTENCES = json.loads((Path(stn_demo.ui.__file__).parent / "strings/en.json").read_text(encoding="utf-8"))
OPEN = "!document.querySelector('#uploaded').hidden"


def upload(page, data):
    page.set_input_files("#upload input", {"name": "page.png", "mimeType": "image/png", "buffer": data})


def wait_for_digit(page, digit):
    """Until the network is asked about this digit, float [28, 28]."""
    wanted = (digit * 255).round().byte().flatten().tolist()
    page.wait_for_function("(digit) => window.stn.store.frame.digit.join() === digit.join()", arg=wanted)


def middle(page, selector):
    box = page.locator(selector).bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_digits_are_outlined_and_a_click_selects_another(page):
    data = pictures.encoded(scenes.make("several", 2, "unseen").image)
    found = picture.find(data)
    assert len(found.boxes) == 4
    upload(page, data)
    wait_for_digit(page, found.digits[found.first])
    outlines, strip = page.locator("#uploaded .finds button"), page.locator("#uploaded-strip button")
    assert outlines.count() == strip.count() == 4
    sheet = page.locator("#uploaded .sheet").bounding_box()
    for index, (left, top, _, _) in enumerate(found.boxes):
        at = outlines.nth(index).bounding_box()
        assert abs((at["x"] - sheet["x"]) / sheet["width"] - left) < 0.01
        assert abs((at["y"] - sheet["y"]) / sheet["height"] - top) < 0.01
    outlines.nth(2).click()
    wait_for_digit(page, found.digits[2])
    strip.nth(3).click()
    wait_for_digit(page, found.digits[3])
    assert strip.nth(3).get_attribute("aria-pressed") == "true"
    page.click('[data-tool="undo"]')
    wait_for_digit(page, found.digits[2])
    assert outlines.nth(2).get_attribute("aria-pressed") == "true"
    for name in ("given", "flat", "cut"):
        page.wait_for_function(f"document.querySelector('[data-step={name}] img').naturalWidth > 0")
    page.click("#uploaded-close")
    page.wait_for_selector("#uploaded", state="hidden")
    assert page.is_visible("#strip") and not page.is_visible("#uploaded-strip")
    wait_for_digit(page, found.digits[2])


def test_crop_is_moved_by_mouse_and_keys_and_read_again(page):
    upload(page, pictures.encoded(scenes.make("several", 2, "unseen").image))
    page.wait_for_function(OPEN)
    first = frame(page, "digit.join()")
    (x, y), (to_x, to_y) = middle(page, "#uploaded .cut"), middle(page, "#uploaded .finds button:nth-child(2)")
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(to_x, to_y)  # one move, so one question to the server
    page.mouse.up()
    page.wait_for_function("(old) => window.stn.store.frame.digit.join() !== old", arg=first)
    moved = middle(page, "#uploaded .cut")
    assert abs(moved[0] - to_x) < 2 and abs(moved[1] - to_y) < 2
    settle(page)
    before = frame(page, "digit.join()")
    width = page.locator("#uploaded .cut").bounding_box()["width"]
    page.focus("#uploaded .cut")
    with page.expect_response(lambda response: "box=" in response.url):
        page.keyboard.press("Shift+ArrowLeft")
    for _ in range(12):
        page.keyboard.press("Shift+ArrowLeft")
    page.wait_for_function("(old) => window.stn.store.frame.digit.join() !== old", arg=before)
    assert page.locator("#uploaded .cut").bounding_box()["width"] < width - 5


def test_picture_without_digit_is_reported_and_a_manual_crop_is_read(page):
    blot = Image.new("L", (600, 400), 245)
    ImageDraw.Draw(blot).rectangle((200, 120, 300, 220), fill=20)  # a slab
    before = frame(page, "digit.join()")
    upload(page, pictures.encoded(blot))
    page.wait_for_function(OPEN)
    shows_text(page, "#toast", SENTENCES["error.slab"])
    shows_text(page, "#uploaded-words", SENTENCES["error.slab"])
    assert frame(page, "digit.join()") == before
    sheet = page.locator("#uploaded .sheet").bounding_box()
    with page.expect_response(lambda response: "box=" in response.url):
        page.mouse.move(sheet["x"] + 0.2 * sheet["width"], sheet["y"] + 0.1 * sheet["height"])
        page.mouse.down()
        page.mouse.move(sheet["x"] + 0.6 * sheet["width"], sheet["y"] + 0.95 * sheet["height"], steps=3)
        page.mouse.up()
    page.wait_for_function("(old) => window.stn.store.frame.digit.join() !== old", arg=before)
    page.wait_for_function(
        "(text) => !document.querySelector('#uploaded-words').innerText.includes(text)", arg=SENTENCES["error.slab"]
    )
    page.click('[data-tool="clear"]')
    page.wait_for_selector("#uploaded", state="hidden")


def test_finger_moves_the_crop_on_a_phone(visit):
    page = visit(**PHONE)
    upload(page, pictures.encoded(scenes.make("photo", 2, "unseen").image))
    page.wait_for_function(OPEN)
    page.locator("#uploaded").scroll_into_view_if_needed()
    assert page.is_visible("[data-step=given]") and page.is_visible("#view-model-digit")
    box = page.locator("#uploaded .cut").bounding_box()
    session = page.context.new_cdp_session(page)
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    scrolled = page.evaluate("scrollY")
    with page.expect_response(lambda response: "box=" in response.url):
        for kind, dy in (("touchStart", 0), ("touchMove", 15), ("touchMove", 30), ("touchEnd", 30)):
            points = [] if kind == "touchEnd" else [{"x": x, "y": y + dy}]
            session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    assert page.locator("#uploaded .cut").bounding_box()["y"] > box["y"] + 20
    assert page.evaluate("scrollY") == scrolled
