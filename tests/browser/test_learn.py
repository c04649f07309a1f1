"""The lesson by mouse, by touch and by keyboard; its links, stored progress, exports and printed pages; on the live page and
without a server."""

import re

import pytest
from conftest import wait_for_frame
from lesson_page import (
    DATA,
    KEPT,
    LESSON,
    PARTS,
    QUESTIONS,
    WORDS,
    Finger,
    Hand,
    Keys,
    play,
    predict,
    reveal,
    saved,
)
from stage import PHONE, shows_text

WHERE = ("live", "static")


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


def test_new_visitor_completes_the_lesson_by_mouse_and_saves_the_answers(visit):
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


def test_lesson_can_be_completed_by_touch_on_a_phone(lesson):
    page = lesson(**PHONE)
    play(page, Finger(page))
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_on_a_phone_the_lesson_is_large_enough_to_be_read(lesson):
    page = lesson(**PHONE)
    page.wait_for_function("document.querySelector('#learn-probs .percent').textContent.includes('%')")
    sizes = page.eval_on_selector_all(
        ".stn-learn .lesson *",
        """(all) => all.filter((one) => one.getClientRects().length && [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim()))
          .map((one) => parseFloat(getComputedStyle(one).fontSize))""",
    )
    assert min(sizes) >= 11.5
    stage = page.locator(".lesson-stage").bounding_box()
    assert stage["height"] <= 844 * 0.3, "the pictures that stay in sight leave room for the words"


def test_on_a_phone_no_number_of_theta_is_cut_off(lesson):
    page = lesson("=three-parts", **PHONE)
    hand = Finger(page)
    predict(page, hand, dict(PARTS)["three-parts.flow"])
    reveal(page, hand)
    line = page.locator(".lesson-stage .theta")
    assert len(re.findall(r"\d\.\d\d", line.inner_text())) == 6
    assert line.evaluate("(line) => line.scrollWidth <= line.clientWidth")


def test_lesson_can_be_completed_by_keyboard(lesson):
    page = lesson()
    page.focus("#learn-title")
    play(page, Keys(page))


def test_results_contain_the_measured_numbers_in_both_languages(lesson):
    page = lesson("=where")
    hand = Hand(page)
    predict(page, hand, dict(PARTS)["where.frame"])
    assert page.evaluate("document.querySelector('[data-show=warped]').classList.contains('covered')")
    reveal(page, hand)
    numbers = KEPT["where.frame"]
    assert f"{numbers['turned']}°" in page.inner_text("#learn-result .result")
    assert re.search(r"differ by \d+° and \d+\.\d px", page.inner_text("#learn-result"))
    page.evaluate("window.stn.store.set({ lang: 'zh-CN' })")
    page.wait_for_function("document.querySelector('#learn-title').textContent === '它读取哪里？'")
    shows_text(page, "#learn-result .result", f"转了 {numbers['turned']}°")
    assert not re.search(r"learn\.[a-z]|\{\w+\}", page.inner_text(".stn-learn"))


def test_each_scene_has_a_link_and_the_lesson_resumes_at_its_place(lesson):
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
    shows_text(page, "#learn-title", WORDS["en"]["learn.direction.title"])


def lesson_again(page, hash_):
    page.go_back()
    page.wait_for_selector(LESSON)
    page.evaluate(f"location.hash = '{hash_}'")
    wait_for_frame(page)
    return page


def test_returning_visitor_and_link_open_the_requested_page(visit):
    for path, options, shown in [
        ("", {}, "#view-input"),
        ("#scene=small-digit", {"new": True}, "#view-input"),
        ("#explore", {"new": True}, "#view-input"),
    ]:
        page = visit(path, **options)
        page.wait_for_selector(shown, state="visible")


def test_quiz_before_and_after_the_lesson(lesson):
    page = lesson("?test=both")
    hand = Hand(page)
    assert page.inner_text("#learn-title") == WORDS["en"]["learn.before.title"]
    for _, question in QUESTIONS:
        wrong = next(option for option in question["options"] if option != question["right"])
        before = page.inner_text("#learn-place")
        hand.choose(wrong)
        hand.press("#reveal")
        page.wait_for_function("(before) => document.querySelector('#learn-place').textContent !== before", arg=before)
        assert page.locator("#learn-result p").count() == 0, "nothing is marked before the lesson"
    shows_text(page, "#learn-title", WORDS["en"]["learn.upright-only.title"])
    page.wait_for_function("location.hash.includes('test=both')")
    rows = saved(page)
    assert [row["kind"] for row in rows] == ["quiz before"] * 6 and all(row["right"] == "false" for row in rows)


def test_a_clicker_steps_through_the_scenes_in_the_lecture_layout(lesson):
    page = lesson("=three-parts")
    page.click("#learn-lecture")
    page.wait_for_selector("body.stn-lecture")
    for step in range(1, 4):
        page.keyboard.press("PageDown")
        page.wait_for_function("(step) => document.querySelectorAll('#learn-result .step').length === step", arg=step)
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
    for name in ("train", "results", "learn", "explore"):
        page.click(f"#page-{name}-button")
        page.wait_for_selector("#about a[href='#learn=failures']", state="visible")
    page.click("#about a[href='#learn=direction']")
    page.wait_for_selector(LESSON)
    shows_text(page, "#learn-title", WORDS["en"]["learn.direction.title"])


@pytest.mark.parametrize("tag", WORDS)
def test_a_teacher_prints_the_model_answers_of_each_scene_on_one_page(lesson, tag):
    page = lesson(locale=tag)
    page.evaluate("window.print = () => { window.printed = true; }")  # the browser's own dialog
    words = WORDS[tag]
    for scene, parts in [(one["id"], one["parts"]) for one in DATA["scenes"]] + [("quiz", DATA["quiz"])]:
        page.click(f"#learn [data-scene={scene}]")
        page.wait_for_selector(f"#learn-sheet[data-sheet={scene}][data-kind=questions]", state="attached")
        sheet = page.text_content("#learn-sheet")
        if scene != "quiz":
            assert words[f"learn.{scene}.because"] not in sheet, "a worksheet does not tell its answers"
        page.evaluate("window.printed = false")
        page.click("#learn-answers")
        page.wait_for_function("window.printed")
        sheet = page.text_content("#learn-sheet")
        assert page.get_attribute("#learn-sheet", "data-kind") == "answers"
        if scene != "quiz":
            assert words[f"learn.{scene}.because"] in sheet
        for part in parts:
            assert all(text in sheet for text in expected_answers(words, scene, part)), (scene, part["id"])
        assert not re.search(r"learn\.[a-z]|\{\w+\}|undefined|NaN", sheet), sheet
        pages = re.findall(rb"/Type\s*/Page\b", page.pdf(format="A4"))
        assert len(pages) == 1, scene
        page.wait_for_selector("#learn-sheet[data-kind=questions]", state="attached")  # for the next print


def expected_answers(words, scene, part):
    """Texts of a part that are on the teacher's page whatever the network does: the right answer, the measured numbers."""
    name = f"{scene}.{part['id']}"
    predict = part.get("predict", {"kind": "choice", "right": part.get("right")})
    if predict.get("right"):
        shared = predict.get("shared")
        option = words[
            f"learn.{scene}.option.{predict['right']}" if shared else f"learn.{name}.option.{predict['right']}"
        ]
        yield option.partition("{")[0]
    if predict["kind"] == "number":
        yield f"{words['learn.number']}: {KEPT[name]['value']}"
    if predict["kind"] == "mark":
        yield f"{KEPT[name]['angle']}°"
    if "mission" in part:
        yield words[f"learn.{name}.done"].partition("{")[0]
        yield words[f"learn.{name}.hint"]


def test_the_map_of_the_loss_is_covered_until_it_is_shown(lesson):
    page = lesson("=learning")
    page.wait_for_selector("[data-show=landscape].covered")
    page.locator("#predict .option").first.click()
    while page.get_attribute(".stn-learn", "data-finished") == "false":
        page.click("#reveal")
        page.wait_for_selector(".stn-learn[data-busy=false]")
    page.wait_for_selector("[data-show=landscape]:not(.covered)")
