"""Actions of a visitor on the Explore page, in one line each."""

import math
import re

import pytest
from chromium import SETTLED

FRAME = "window.stn.store.frame"
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}  # options of a context

# Digits as a hand draws them: strokes of (x, y) in fractions of the pad.
STROKES = {
    1: [[(0.5, 0.15), (0.5, 0.85)]],
    4: [[(0.35, 0.15), (0.3, 0.5), (0.7, 0.5)], [(0.65, 0.15), (0.62, 0.88)]],
    7: [[(0.28, 0.2), (0.72, 0.2), (0.45, 0.85)]],
    3: [
        [
            (0.32, 0.2),
            (0.5, 0.14),
            (0.66, 0.24),
            (0.6, 0.4),
            (0.46, 0.47),
            (0.64, 0.55),
            (0.68, 0.72),
            (0.52, 0.84),
            (0.32, 0.78),
        ]
    ],
    0: [[(0.5 + 0.2 * math.sin(a / 4), 0.5 - 0.32 * math.cos(a / 4)) for a in range(27)]],
}


ADDRESSED = """async () => {
  const [{ valuesOf }, { route }] = await Promise.all(
    ["explore/static/address.js", "shared/router.js"].map((file) => import(new URL(`stn/${file}`, document.baseURI))));
  const sorted = (values) => JSON.stringify(Object.entries(values).sort());
  while (sorted(route().values) !== sorted(valuesOf(window.stn.store.get()))) await new Promise(requestAnimationFrame);
}"""


def settle(page):
    """Wait until every change has been answered and the last frame is on the screen."""
    page.evaluate(SETTLED)


def shows_text(page, selector, *texts):
    """Wait until an element's visible text holds all of these."""
    page.wait_for_function(
        "([selector, texts]) => texts.every((text) => document.querySelector(selector)?.innerText.includes(text))",
        arg=[selector, texts],
    )


def link(page):
    """What follows the # in the address, once the address holds what is on the stage."""
    page.evaluate(ADDRESSED)
    return page.evaluate("location.hash")


def frame(page, field):
    """A field of the frame on the screen."""
    return page.evaluate(f"{FRAME}.{field}")


def slide(page, name, value):
    """Move a slider of the pose, as a hand would: its input event."""
    page.eval_on_selector(
        f"#{name} input[type=range]",
        "(slider, value) => { slider.value = value; slider.dispatchEvent(new Event('input', { bubbles: true })); }",
        value,
    )
    settle(page)


def inspected(page):
    """Point at the middle of the warped output; returns the inspection, whose sum is checked against the value."""
    box = page.locator("#view-warped-marks").bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + box["height"] * 0.5)
    page.wait_for_function("window.stn.store.frame.inspect && window.stn.store.frame.inspect.view === 'warped'")
    settle(page)
    look = frame(page, "inspect")
    assert sum(tap[2] * tap[3] for tap in look["taps"]) == pytest.approx(look["value"], abs=1e-4)
    return look


def clear(page):
    page.click('[data-tool="clear"]')
    settle(page)


def draw(page, strokes):
    """Draw with the mouse on the pad."""
    box = page.locator("#view-digit").bounding_box()
    for stroke in strokes:
        at = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in stroke]
        page.mouse.move(*at[0])
        page.mouse.down()
        for point in at[1:]:
            page.mouse.move(*point, steps=6)
        page.mouse.up()
    settle(page)


def winner(page, element="#probs-stn"):
    """The digit with the highest probability, and its text on the screen."""
    probs = frame(page, "probs" if element == "#probs-stn" else "twin_probs")
    digit = max(range(10), key=lambda i: probs[i])
    text = page.inner_text(element)
    shown = 100 if probs[digit] == 1 else min(100 * probs[digit], 99.9)  # never "100 %" unless it is
    words = [float(word) for word in re.findall(r"(\d+(?:\.\d)?) %", text)]
    assert str(digit) in text and max(words) == pytest.approx(shown, abs=0.06), text
    return digit, probs[digit]


def pixels(page, selector):
    """The content of a canvas, as a data URL."""
    return page.eval_on_selector(selector, "(canvas) => canvas.toDataURL()")
