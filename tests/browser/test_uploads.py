"""Pictures of every kind, uploaded as visitors do it: a digit on the stage, or a sentence that helps."""

import json
import mimetypes
from pathlib import Path

import pictures
import pytest
from conftest import wait_for_frame
from stage import frame, settle, shows_text, slide
from tabs import is_foreign

import stn_demo.ui
from stn_demo.data import picture

SENTENCES = json.loads((Path(stn_demo.ui.__file__).parent / "strings/en.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def page(browser, served):
    """One page for them all, as for a visitor who tries one file after the other."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-US")
    page, faults = context.new_page(), []
    page.on("pageerror", lambda error: faults.append(f"script error: {error}"))
    page.on("request", lambda request: is_foreign(request.url) and faults.append(f"asked {request.url}"))
    page.goto(f"{served.url}/#explore")
    wait_for_frame(page)
    page.click("#pose-reset")
    yield page
    context.close()
    assert faults == []


def upload(page, name, data):
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    page.set_input_files("#upload input", {"name": name, "mimeType": kind, "buffer": data})


def digits(page):
    return bytes(page.evaluate("[...window.stn.store.frame.digit]"))


@pytest.mark.parametrize("name", pictures.GOOD)
def test_uploaded_seven_equals_the_digit_read_by_python(page, name):
    page.click('[data-tool="clear"]')
    page.wait_for_function("window.stn.store.frame.blank")
    data = pictures.GOOD[name]()
    upload(page, name, data)
    page.wait_for_function("!window.stn.store.frame.blank", timeout=15_000)
    expected = (picture.read(data) * 255).round().byte()
    assert digits(page) == expected.numpy().tobytes()
    probs = frame(page, "probs")
    assert probs.index(max(probs)) == 7


@pytest.mark.parametrize("name", pictures.BAD)
def test_bad_file_gets_its_message_and_the_page_still_works(page, name):
    make, code = pictures.BAD[name]
    before = digits(page)
    page.evaluate("document.querySelector('#toast').replaceChildren()")
    upload(page, name, make())
    page.wait_for_function("document.querySelector('#toast').textContent.trim()", timeout=15_000)
    shows_text(page, "#toast", SENTENCES[f"error.{code}"])
    page.wait_for_selector("#upload:not([aria-busy])", state="attached")  # it no longer looks busy
    assert digits(page) == before
    turn = 10 if frame(page, "applied.rotation") < 5 else 0
    slide(page, "pose-rotation", turn)
    assert frame(page, "applied.rotation") == pytest.approx(turn, abs=0.1)


def test_same_bad_file_gets_its_message_again(page):
    for _ in range(2):
        page.evaluate("document.querySelector('#toast').replaceChildren()")
        upload(page, "empty.png", b"")
        page.wait_for_function("document.querySelector('#toast').textContent.trim()")


def test_bad_picture_by_drop_and_paste_gets_its_message(page):
    for deed in ("drop", "paste"):
        page.evaluate("document.querySelector('#toast').replaceChildren()")
        page.evaluate(
            """(deed) => {
              const files = new DataTransfer();
              files.items.add(new File(['This is not a picture.'], 'text.png', { type: 'image/png' }));
              const event = deed === 'drop'
                ? new DragEvent('drop', { dataTransfer: files, bubbles: true, cancelable: true })
                : new ClipboardEvent('paste', { clipboardData: files, bubbles: true, cancelable: true });
              document.querySelector('#view-digit').dispatchEvent(event);
            }""",
            deed,
        )
        page.wait_for_function("document.querySelector('#toast').textContent.trim()")
        shows_text(page, "#toast", SENTENCES["error.not_an_image"])
    settle(page)
