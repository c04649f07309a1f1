"""The stage by touch, on a phone: with the browser's own touch events, so that scrolling works as on a device."""

import math

import pytest
from stage import PHONE, clear, frame, settle, winner


class Fingers:
    def __init__(self, page):
        self.page, self.session = page, page.context.new_cdp_session(page)

    def send(self, kind, *points):
        touches = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(points)]
        self.session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})
        self.page.evaluate("new Promise(requestAnimationFrame)")

    def follow(self, *ways):
        """One way, a list of points, for each finger."""
        for index, points in enumerate(zip(*ways, strict=True)):
            self.send("touchMove" if index else "touchStart", *points)
        self.send("touchEnd")
        settle(self.page)

    def swipe(self, start, end, steps=12):
        self.follow([tuple(a + (b - a) * i / steps for a, b in zip(start, end, strict=True)) for i in range(steps + 1)])


@pytest.fixture
def phone(visit):
    page = visit(**PHONE)
    page.evaluate("document.querySelector('#pose-reset').click()")
    return page


def test_page_is_short_on_a_phone_and_fits_on_a_tablet(visit):
    for locale in ("en-US", "zh-CN"):
        page = visit(**PHONE, locale=locale)
        assert page.evaluate("document.documentElement.scrollHeight") <= 2000, locale
    tablet = visit(viewport={"width": 820, "height": 1180}, has_touch=True)
    assert tablet.evaluate("document.querySelector('.stn .panels').getBoundingClientRect().bottom") <= 1180


def test_scrolling_over_the_timeline_does_not_rewind(visit, brief):
    page = visit(**PHONE)
    page.evaluate("document.querySelector('#page-train-button').click()")
    page.wait_for_function("document.querySelector('#timeline input')?.max > 3")
    x, y = at(page, "#timeline input", 0.3, 0.5)
    before, step = scrolled(page), page.inner_text("#train-at")
    Fingers(page).swipe((x, y), (x + 4, y - 200))
    scrolls_on(page, before)
    assert page.inner_text("#train-at") == step
    x, y = at(page, "#timeline input", 0.3, 0.5)
    Fingers(page).swipe((x, y), (x + 30, y + 3))
    page.wait_for_function("(step) => document.querySelector('#train-at').innerText !== step", arg=step)


def at(page, selector, x, y):
    """A place on an element, in fractions of it, after it has been brought to the middle of the screen."""
    page.eval_on_selector(selector, "(element) => element.scrollIntoView({ block: 'center' })")
    settle(page)
    box = page.locator(selector).bounding_box()
    return box["x"] + x * box["width"], box["y"] + y * box["height"]


def scrolled(page):
    return page.evaluate("scrollY")


def scrolls_on(page, before):
    """Wait until the page is more than 100 px below where it was: the browser scrolls in a thread of its own."""
    page.wait_for_function("(before) => scrollY > before + 100", arg=before)


def pose(page, part):
    return page.evaluate(f"window.stn.store.get().pose.{part}")


def test_finger_on_the_pad_draws_without_scrolling(phone):
    clear(phone)
    x, y = at(phone, "#view-digit", 0.5, 0.15)
    before = scrolled(phone)
    Fingers(phone).swipe((x, y), (x, y + 230))
    assert scrolled(phone) == before and winner(phone)[0] == 1


@pytest.mark.parametrize("selector", ["#view-digit", "#view-handles"])
def test_a_finger_beside_a_picture_scrolls_the_page(phone, selector):
    x, y = at(phone, selector, 0, 0.8)
    before = scrolled(phone)
    state = phone.evaluate("JSON.stringify(window.stn.store.get())")
    Fingers(phone).swipe((x - 12, y), (x + 120, y - 200))
    scrolls_on(phone, before)
    assert phone.evaluate("JSON.stringify(window.stn.store.get())") == state


def test_two_fingers_turn_and_resize_the_digit(phone):
    x, y = at(phone, "#view-handles", 0.5, 0.5)
    before = scrolled(phone)
    ways = [[], []]
    for i in range(16):
        angle, reach = math.radians(3 * i), 40 + 2 * i
        for way, side in zip(ways, (-1, 1), strict=True):
            way.append((x + side * reach * math.cos(angle), y + side * reach * math.sin(angle)))
    Fingers(phone).follow(*ways)
    assert frame(phone, "applied.rotation") == pytest.approx(45, abs=2)
    assert frame(phone, "applied.scale_x") == pytest.approx(1.75, abs=0.05)
    assert scrolled(phone) == before and phone.evaluate("visualViewport.scale") == 1


def test_a_finger_along_a_slider_sets_it_and_one_across_scrolls(phone):
    x, y = at(phone, "#pose-rotation input", 0.5, 0.5)
    Fingers(phone).swipe((x, y), (x + 50, y + 3))
    turned = pose(phone, "rotation")
    assert 60 < turned < 180
    x, y = at(phone, "#pose-rotation input", 0.25, 0.5)
    before = scrolled(phone)
    Fingers(phone).swipe((x, y), (x + 4, y - 200))
    restored = """(turned) => window.stn.store.get().pose.rotation === turned
      && Number(document.querySelector('#pose-rotation input').value) === turned"""
    phone.wait_for_function(restored, arg=turned)  # once the browser has taken the gesture for a scroll
    scrolls_on(phone, before)


CONTROLS = ("#pose-rotation input", "#pose-shift-y input", "#view-digit", "#view-handles")
HIT = "(element) => { const box = element.getBoundingClientRect(); const hit = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2); return element.contains(hit) || hit.contains(element); }"
CONTROL_AT = "([x, y]) => document.elementFromPoint(x, y)?.closest('label, button, input, select')?.outerHTML ?? ''"


# a phone; the same held sideways; a window of 1280 x 800 at a browser zoom of 200 %
@pytest.mark.parametrize("size", [(390, 844), (844, 390), (640, 400)])
def test_control_and_its_result_are_visible_together(visit, size):
    width, height = size
    page = visit(viewport={"width": width, "height": height}, has_touch=True, is_mobile=width < 500)
    readout = ["#readout"] if width <= 700 else []  # beside wider pictures there are the bars
    for control in CONTROLS:
        page.evaluate("scrollTo(0, 0)")
        page.eval_on_selector(control, "(element) => element.scrollIntoView({ block: 'end' })")
        settle(page)
        boxes = {one: page.locator(one).bounding_box() for one in ("#view-input", "#view-warped", *readout, control)}
        for name, box in boxes.items():
            assert box["y"] >= -1 and box["y"] + box["height"] <= height + 1, (control, name, box)
            assert box["x"] >= -1 and box["x"] + box["width"] <= width + 1, (control, name, box)
        assert page.eval_on_selector(control, HIT), f"something covers {control}"
        top = boxes["#view-input"]["y"] + boxes["#view-input"]["height"] / 2
        for x in range(4, width, 20):
            assert page.evaluate(CONTROL_AT, [x, top]) == "", f"{control}: no control shows beside the pictures"
        words = page.inner_text("#readout") if readout else "%"
        assert "%" in words and len(page.locator("#readout span").all()) == 2, control


@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
def test_at_a_zoom_of_400_percent_every_page_can_be_reached_and_nothing_is_cut_off(visit, locale):
    page = visit("#train", viewport={"width": 320, "height": 568}, locale=locale)
    for name in ("train", "results", "learn", "explore"):
        page.evaluate("(name) => { location.hash = name; }", name)
        page.wait_for_selector(f"#page-{name}-button[aria-selected=true]")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
    settle(page)
    assert page.eval_on_selector("#readout", "(line) => line.scrollWidth <= line.clientWidth")
