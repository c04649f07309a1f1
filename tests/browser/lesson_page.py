"""The lesson as a visitor does it: by mouse, by touch, by keys."""

import csv
import io
import json
from pathlib import Path

from stn_demo.ui.learn import measure
from stn_demo.ui.train.replay import EXTENT

DATA = measure.scenes()

KEPT = json.loads((measure.STATIC / "measured.json").read_text(encoding="utf-8"))["numbers"]

STRINGS = Path(measure.__file__).parents[1] / "strings"

WORDS = {tag: json.loads((STRINGS / f"{tag}.json").read_text(encoding="utf-8")) for tag in ("en", "zh-CN")}

LESSON = ".stn-learn[data-ready=true]"

SOLUTIONS = {  # of the missions: by slider, least, most and where it is put
    "missions.only-plain": [("rotation", -180, 180, 60)],
    "missions.six-as-nine": [("theta-rotation", -180, 180, 180)],
    "missions.sees-nothing": [("theta-scale", 0.3, 2, 0.5), ("theta-shift", -40, 40, 28)],
}

PARTS = [(f"{scene['id']}.{part['id']}", part) for scene in DATA["scenes"] for part in scene["parts"]]

QUESTIONS = [(f"quiz.{one['id']}", {**one, "predict": {"kind": "choice", **one}}) for one in DATA["quiz"]]


class Hand:
    """The mouse."""

    def __init__(self, page):
        self.page = page

    def press(self, selector):
        self.page.click(selector)

    def choose(self, option):
        self.press(f"#predict .option:has(input[value={option}])")

    def slide(self, selector, share):
        slider = self.page.locator(selector)
        slider.scroll_into_view_if_needed()
        box = slider.bounding_box()
        self.point(box["x"] + 8 + share * (box["width"] - 16), box["y"] + box["height"] / 2)

    def point(self, x, y):
        self.page.mouse.click(x, y)

    def fill(self, text):
        self.press("#predict input")
        self.page.keyboard.type(text)

    def lay_frame(self):
        """Rotate the frame by its knob, which is above the middle of its top."""
        self.page.locator("#learn-ghost").scroll_into_view_if_needed()
        box = self.page.locator("#learn-ghost").bounding_box()
        x, y, side = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, box["width"]
        top = y - 0.7 * side / 2 / EXTENT
        self.drag((x, top - 20), (x + 0.25 * side, y - 0.25 * side))

    def drag(self, start, end):
        self.page.mouse.move(*start)
        self.page.mouse.down()
        self.page.mouse.move(*end, steps=8)
        self.page.mouse.up()


class Finger(Hand):
    def __init__(self, page):
        super().__init__(page)
        self.touch = page.context.new_cdp_session(page)

    def press(self, selector):
        self.page.tap(selector)

    def point(self, x, y):
        self.page.touchscreen.tap(x, y)

    def drag(self, start, end):
        def send(kind, *points):
            self.touch.send(
                "Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y} for x, y in points]}
            )

        send("touchStart", start)
        for step in range(1, 9):
            send("touchMove", tuple(a + (b - a) * step / 8 for a, b in zip(start, end, strict=True)))
        send("touchEnd")


class Keys(Hand):
    """The keyboard only: Tab moves the focus from its current position."""

    def go(self, selector, back=False):
        for _ in range(40):
            if self.page.evaluate("(selector) => document.activeElement.matches(selector)", selector):
                return
            self.page.keyboard.press("Shift+Tab" if back else "Tab")
        raise AssertionError(f"The tabulator does not come to {selector}.")

    def press(self, selector):
        self.go(selector)
        self.page.keyboard.press("Enter")

    def choose(self, option):
        self.go("#predict input")
        self.page.keyboard.press("Space")
        for _ in range(4):
            if self.page.evaluate("document.activeElement.value") == option:
                return
            self.page.keyboard.press("ArrowDown")
        raise AssertionError(f"The arrow keys do not come to {option}.")

    def slide(self, selector, share):
        self.go(selector)
        self.page.keyboard.press("End" if share > 0.9 else "Home")
        for _ in range(0 if share > 0.9 else round(10 * share)):
            self.page.keyboard.press("PageUp")  # a tenth of the whole

    def fill(self, text):
        self.go("#predict input")
        self.page.keyboard.type(text)

    def lay_frame(self):
        self.go("#learn-ghost", back=True)
        for key in ["]"] * 9 + ["ArrowRight", "+", "-"]:
            self.page.keyboard.press(key)
        self.go("#learn-title ~ form, #reveal")


def predict(page, hand, part):
    """Enter the prediction that the part asks for; the result is hidden before."""
    asked = part["predict"]
    assert page.is_disabled("#reveal")
    if asked["kind"] == "choice":
        hand.choose(asked["right"])
    elif asked["kind"] == "mark":
        hand.slide("#predict input[type=range]", 0.3)
    elif asked["kind"] == "number":
        hand.fill("0.6")
    else:
        hand.lay_frame()
    page.wait_for_selector("#reveal:not([disabled])")


def reveal(page, hand):
    while page.get_attribute(".stn-learn", "data-finished") == "false":
        hand.press("#reveal")
        page.wait_for_selector(".stn-learn[data-busy=false]")


def play(page, hand):
    """The whole lesson, from its first scene to the end."""
    for name, part in PARTS:
        page.wait_for_function("(name) => JSON.parse(localStorage['stn-lesson']).at === name", arg=name)
        if "mission" in part:
            for control, least, most, value in SOLUTIONS[name]:
                hand.slide(f"[data-control={control}]", (value - least) / (most - least))
            page.wait_for_selector("#learn-result .verdict.right")
        else:
            if "predict" in part:
                predict(page, hand, part)
            reveal(page, hand)
        if page.is_visible("#why"):
            hand.press("#why")
            assert len(page.inner_text("#learn-because")) > 40
        hand.press("#learn-next")
    for name, question in QUESTIONS:
        page.wait_for_function("(name) => JSON.parse(localStorage['stn-lesson']).at === name", arg=name)
        predict(page, hand, question)
        reveal(page, hand)
        hand.press("#learn-next")
    page.wait_for_function("JSON.parse(localStorage['stn-lesson']).at === 'end'")
    assert "6 of 6" in page.inner_text("#learn-result")


def saved(page):
    with page.expect_download() as download:
        page.click("#learn-csv")
    text = Path(download.value.path()).read_bytes().decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))
