"""Links, exports, languages and window sizes of Explore; on the live page and without a server."""

import json
import math
from pathlib import Path

import pytest
from stage import PHONE, STROKES, clear, draw, frame, link, settle, shows_text, slide, winner

import stn_demo.ui

WHERE = ("live", "static")


def test_link_restores_the_whole_state(page, visit):
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
    """A slow, trembling stroke of 600 points. When the pen is lifted, redundant points are removed from page and link."""
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
def test_hostile_link_opens_the_default_with_a_message(visit, hash_):
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
    shows_text(page, "#pose-rotation", "Rotation")


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
    phone = visit(**PHONE)
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
    settle(page)  # wait for the answers to the requests of the opening page
    page.evaluate("performance.clearMeasures()")
    slide(page, "pose-rotation", 33)
    entries = page.evaluate("performance.getEntriesByName('stn-update').map((entry) => entry.duration)")
    assert len(entries) == 1 and 0 < entries[0] < 1000
