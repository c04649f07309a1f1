"""The lesson: all of it by mouse, by touch and by keys; its links, what it remembers, and what it hands out."""

import csv
import io
import json
import re
from pathlib import Path

import pytest
from conftest import wait_for_frame

from stn_demo.ui.learn import measure

DATA = measure.scenes()
KEPT = json.loads((measure.STATIC / "measured.json").read_text(encoding="utf-8"))["numbers"]
STRINGS = Path(measure.__file__).parents[1] / "strings"
WORDS = {tag: json.loads((STRINGS / f"{tag}.json").read_text(encoding="utf-8")) for tag in ("en", "zh-CN")}
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
LESSON = ".stn-learn[data-ready=true]"
SOLUTIONS = {  # of the missions: by slider, least, most and where it is put
    "missions.only-plain": [("rotation", -180, 180, 60)],
    "missions.six-as-nine": [("theta-rotation", -180, 180, 180)],
    "missions.sees-nothing": [("theta-scale", 0.3, 2, 0.5), ("theta-shift", -40, 40, 28)],
}
PARTS = [(f"{scene['id']}.{part['id']}", part) for scene in DATA["scenes"] for part in scene["parts"]]
QUESTIONS = [(f"quiz.{one['id']}", {**one, "predict": {"kind": "choice", **one}}) for one in DATA["quiz"]]


@pytest.fixture
def lesson(visit):
    """``lesson(place)`` opens the Learn page there."""

    def open_page(place="", **options):
        page = visit(f"#learn{place}", **options)
        page.wait_for_selector(LESSON)
        page.wait_for_function(
            "!document.querySelector('#learn-view-input') || document.querySelector('#learn-reads').textContent"
        )
        return page

    return open_page


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
        """Turn the frame at its knob, which stands above the middle of its top."""
        self.page.locator("#learn-ghost").scroll_into_view_if_needed()
        box = self.page.locator("#learn-ghost").bounding_box()
        x, y, side = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, box["width"]
        top = y - 0.7 * side / 2 / 1.42
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
    """The keyboard alone: the tabulator goes on from where the focus is."""

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
    """Predict by hand what the part asks for; nothing is shown before."""
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
            page.wait_for_selector("#learn-told .verdict.right")
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
    assert "6 of 6" in page.inner_text("#learn-told")


def saved(page):
    with page.expect_download() as download:
        page.click("#learn-csv")
    text = Path(download.value.path()).read_bytes().decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def test_a_new_visitor_does_the_whole_lesson_with_the_mouse_and_saves_the_answers(visit):
    page = visit(new=True)
    page.wait_for_selector(LESSON)
    page.wait_for_function("location.hash.startsWith('#learn')")
    play(page, Hand(page))
    rows = saved(page)
    asked = [name for name, part in PARTS if "predict" in part or "mission" in part]
    assert [row["question"] for row in rows] == asked + [name for name, _ in QUESTIONS]
    assert all(row["right"] == "true" for row in rows if row["kind"] == "quiz after")
    mark = next(row for row in rows if row["question"] == "upright-only.turn")
    assert 40 < int(mark["answer"]) < 70
    page.reload()
    page.wait_for_selector(LESSON)
    assert page.evaluate("JSON.parse(localStorage['stn-lesson']).at") == "end", "a reload goes on where it was"


def test_the_whole_lesson_on_a_phone_by_touch(lesson):
    page = lesson(**PHONE)
    play(page, Finger(page))
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_the_whole_lesson_by_keys_alone(lesson):
    page = lesson()
    page.focus("#learn-title")
    play(page, Keys(page))


def test_what_is_told_holds_the_measured_numbers_in_both_languages(lesson):
    page = lesson("=where")
    hand = Hand(page)
    predict(page, hand, dict(PARTS)["where.frame"])
    assert page.evaluate("document.querySelector('[data-show=warped]').classList.contains('covered')")
    reveal(page, hand)
    numbers = KEPT["where.frame"]
    assert f"{numbers['turned']}°" in page.inner_text("#learn-told .told")
    assert re.search(r"are \d+° and \d+\.\d px apart", page.inner_text("#learn-told"))
    page.evaluate("window.stn.store.set({ lang: 'zh-CN' })")
    page.wait_for_function("document.querySelector('#learn-title').textContent === '它会看哪里？'")
    assert f"转了 {numbers['turned']}°" in page.inner_text("#learn-told .told")
    assert not re.search(r"learn\.[a-z]|\{\w+\}", page.inner_text(".stn-learn"))


def test_each_scene_has_a_link_and_the_lesson_goes_on_where_it_was(lesson):
    page = lesson("=sampler")
    assert page.inner_text("#learn-title") == WORDS["en"]["learn.sampler.title"]
    page.click("#learn-next")
    page.wait_for_function("location.hash.startsWith('#learn=sampler.yours')")
    page.click("#learn [data-scene=failures]")
    page.wait_for_function("location.hash.startsWith('#learn=failures')")
    page.click("#pages [role=tab][data-tab-id=explore]")
    page.wait_for_selector("#view-input", state="visible")
    page.evaluate("location.hash = '#learn=direction'")
    page.wait_for_function("document.querySelector('#learn-title').textContent.startsWith('θ')")
    page.goto("about:blank")
    page = lesson_again(page, "#learn")
    assert page.inner_text("#learn-title") == WORDS["en"]["learn.direction.title"]


def lesson_again(page, hash_):
    page.go_back()
    page.wait_for_selector(LESSON)
    page.evaluate(f"location.hash = '{hash_}'")
    wait_for_frame(page)
    return page


def test_who_has_been_here_or_follows_a_link_sees_what_they_asked_for(visit):
    for path, options, shown in [
        ("", {}, "#view-input"),
        ("#scene=small-digit", {"new": True}, "#view-input"),
        ("#explore", {"new": True}, "#view-input"),
    ]:
        page = visit(path, **options)
        assert page.is_visible(shown), path


def test_a_teacher_asks_the_six_questions_before_and_after(lesson):
    page = lesson("?test=both")
    hand = Hand(page)
    assert page.inner_text("#learn-title") == WORDS["en"]["learn.before.title"]
    for _, question in QUESTIONS:
        wrong = next(option for option in question["options"] if option != question["right"])
        before = page.inner_text("#learn-place")
        hand.choose(wrong)
        hand.press("#reveal")
        page.wait_for_function("(before) => document.querySelector('#learn-place').textContent !== before", arg=before)
        assert page.locator("#learn-told p").count() == 0, "nothing is marked before the lesson"
    assert page.inner_text("#learn-title") == WORDS["en"]["learn.upright-only.title"]
    assert "test=both" in page.evaluate("location.hash")
    rows = saved(page)
    assert [row["kind"] for row in rows] == ["quiz before"] * 6 and all(row["right"] == "false" for row in rows)


def test_a_clicker_steps_through_the_scenes_in_the_lecture_layout(lesson):
    page = lesson("=three-parts")
    page.click("#learn-lecture")
    page.wait_for_selector("body.stn-lecture")
    for step in range(1, 4):
        page.keyboard.press("PageDown")
        page.wait_for_function("(step) => document.querySelectorAll('#learn-told .step').length === step", arg=step)
        page.wait_for_selector(".stn-learn[data-busy=false]")
    page.keyboard.press("PageDown")
    page.wait_for_function("location.hash.startsWith('#learn=where')")
    page.keyboard.press("PageUp")
    page.wait_for_function("location.hash.startsWith('#learn=three-parts')")


def test_numbers_about_networks_are_filled_in_and_never_typed():
    for tag, words in WORDS.items():
        for key, text in words.items():
            if key.startswith("learn.") and not key.startswith("learn.paper"):
                typed = set(re.findall(r"\d+", re.sub(r"\{\w+\}", "", text)))
                assert typed <= {"1", "6", "7", "9"}, (tag, key)  # a scale of 1; equations 6 and 7; the digits 6 and 9
    assert {key for key in WORDS["en"] if key.startswith("learn.")} == {
        key for key in WORDS["zh-CN"] if key.startswith("learn.")
    }


@pytest.mark.parametrize("tag", WORDS)
def test_each_scene_prints_on_one_page(lesson, tag):
    page = lesson(locale=tag)
    for scene in [one["id"] for one in DATA["scenes"]] + ["quiz"]:
        page.click(f"#learn [data-scene={scene}]")
        page.wait_for_selector(f"#learn-sheet[data-sheet={scene}]", state="attached")
        pages = re.findall(rb"/Type\s*/Page\b", page.pdf(format="A4"))
        assert len(pages) == 1, scene
    assert WORDS[tag]["learn.quiz.q6.ask"] in page.text_content("#learn-sheet")


def test_each_word_leads_to_the_scene_that_introduces_it(visit):
    page = visit()
    found = page.eval_on_selector_all(
        "#about a[href^='#learn=']", "(links) => links.map((link) => link.getAttribute('href').slice(7))"
    )
    assert found == list(DATA["terms"].values()) and set(found) <= {scene["id"] for scene in DATA["scenes"]}
    page.click("#about a[href='#learn=direction']")
    page.wait_for_selector(LESSON)
    assert page.inner_text("#learn-title") == WORDS["en"]["learn.direction.title"]
