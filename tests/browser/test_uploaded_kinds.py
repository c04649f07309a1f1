"""Pictures of each kind that people upload, through the page: read, or refused with a sentence, on a desk and on a phone, in
both languages."""

import pictures
import pillow_heif
import pytest
from conftest import wait_for_frame
from languages import WORDS
from PIL import Image, ImageDraw
from stage import PHONE, frame, settle

from stn_demo.data import picture, scenes
from stn_demo.data.scenes.reported import REPORTED
from stn_demo.ui.explore import uploaded

KINDS = {  # number of a picture by kind; its last figure is the digit on it
    "drawing": 2, "photo": 3, "shadow": 5, "desk": 8, "rim": 2, "edges": 8, "faint": 3,
    "ruled": 5, "squared": 8, "boxed": 3, "table": 5, "panel": 8,
}  # fmt: skip
OPEN = "!document.querySelector('#uploaded').hidden"


def slab():
    image = Image.new("L", (600, 400), 245)
    ImageDraw.Draw(image).rectangle((200, 120, 300, 220), fill=20)
    return image


REFUSED = {
    "blank": lambda: Image.new("L", (400, 300), 240),
    "slab": slab,
    "scribble": lambda: scenes.make("nothing", 2, "unseen").image,
    "lines": lambda: scenes.make("nothing", 3, "unseen").image,
}


@pytest.fixture(scope="module")
def desk(browser, served):
    """One page for all kinds of picture."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-US")
    page = context.new_page()
    page.goto(f"{served.url}/#explore")
    wait_for_frame(page)
    page.evaluate("document.querySelector('#pose-reset').click()")
    yield page
    context.close()


def upload(page, data, name="page.png"):
    """Returns when the picture has been answered; `name` decides its type."""
    kind = {"png": "image/png", "heic": "image/heic", "HEIC": ""}[name.rpartition(".")[2]]
    with page.expect_response(lambda response: "stn/picture?" in response.url):
        page.set_input_files("#upload input", {"name": name, "mimeType": kind, "buffer": data})


def answered(page, digit):
    """The digit that the network takes float [28, 28] for, once it has answered."""
    wanted = (digit * 255).round().byte().flatten().tolist()
    page.wait_for_function("(digit) => window.stn.store.frame.digit.join() === digit.join()", arg=wanted)
    settle(page)
    probs = frame(page, "probs")
    return probs.index(max(probs))


def sizes(page):
    """[width, height] in px of each of the three small pictures before the digit, as files."""
    for step in ("given", "flat", "cut"):
        page.wait_for_function(f"document.querySelector('[data-step={step}] img').naturalWidth > 0")
    each = "all => all.map((image) => [image.naturalWidth, image.naturalHeight])"
    return page.eval_on_selector_all("[data-step] img", each)


@pytest.mark.parametrize("name", REPORTED)
def test_a_reported_picture_is_read(desk, name):
    draw, labels = REPORTED[name]
    data = pictures.encoded(draw())
    found = picture.find(data)
    upload(desk, data)
    assert answered(desk, found.digits[0]) == labels[0]
    assert desk.locator("#uploaded .finds button").count() == len(labels)
    assert desk.is_visible("#uploaded-strip") == (len(labels) > 1)
    for index in range(1, len(labels)):
        desk.locator("#uploaded-strip button").nth(index).click()
        assert answered(desk, found.digits[index]) == labels[index]


@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_of_each_kind_is_read_and_shows_its_steps(desk, kind):
    scene = scenes.make(kind, KINDS[kind], "unseen")
    data = pictures.encoded(scene.image)
    found = picture.find(data)
    upload(desk, data)
    assert answered(desk, found.digits[found.first]) == scene.labels[0]
    given, flat, cut = (
        Image.new("L", one.shape[1::-1]) for one in (found.colours, found.flat, found.cuts[found.first])
    )
    cut.thumbnail((uploaded.CUT_SIDE, uploaded.CUT_SIDE))
    assert sizes(desk) == [list(one.size) for one in (given, flat, cut)]
    assert desk.is_visible("#view-model-digit")


@pytest.mark.parametrize("kind", REFUSED)
def test_where_there_is_no_digit_the_page_says_why(desk, kind):
    before = frame(desk, "digit.join()")
    upload(desk, pictures.encoded(REFUSED[kind]()))
    wanted = f"{WORDS['en'][f'error.{kind}']} {WORDS['en']['uploaded.by-hand']}"
    desk.wait_for_function("(text) => document.querySelector('#uploaded-words').innerText === text", arg=wanted)
    assert frame(desk, "digit.join()") == before, "no answer is given for it"


def test_a_phone_s_heic_is_read(desk):
    pillow_heif.register_heif_opener()
    data = pictures.encoded(pictures.drawn().convert("RGB"), "HEIF")
    for name in ("IMG_0001.heic", "IMG_0002.HEIC"):  # some systems know no type for it
        upload(desk, pictures.encoded(scenes.make("photo", 3, "unseen").image))
        upload(desk, data, name)
        assert answered(desk, picture.read(data)) == 7
    assert {".heic", ".heif"} <= set(desk.get_attribute("#upload input", "accept").split(",")), "a dialog offers them"


@pytest.mark.parametrize("tag", WORDS)
def test_on_a_phone_the_steps_the_strip_and_the_sentences_are_seen_whole(visit, tag):
    page = visit(**PHONE, locale=tag)
    seen_whole = """(selector) => [...document.querySelectorAll(selector)].every((element) => {
      const { left, right, height } = element.getBoundingClientRect();
      return left >= 0 && right <= innerWidth && height > 0 && element.scrollWidth <= element.clientWidth + 1;
    })"""
    data = pictures.encoded(scenes.make("several", 2, "unseen").image)
    found = picture.find(data)
    upload(page, data)
    answered(page, found.digits[found.first])
    sizes(page)
    captions = page.eval_on_selector_all(".model-digit figcaption", "all => all.map((one) => one.innerText.trim())")
    names = ("uploaded.given", "uploaded.flat", "uploaded.cut-out", "uploaded.final")
    assert [one.split("\n")[0] for one in captions] == [WORDS[tag][name] for name in names]
    for selector in (".model-digit figure", "#uploaded-words", "#uploaded-strip button"):
        assert page.evaluate(seen_whole, selector), selector
    assert page.locator("#uploaded-strip button").count() == len(found.digits) == 4
    page.locator("#uploaded-strip button").nth(2).tap()
    answered(page, found.digits[2])
    for kind, make in REFUSED.items():
        upload(page, pictures.encoded(make()))
        wanted = f"{WORDS[tag][f'error.{kind}']} {WORDS[tag]['uploaded.by-hand']}"
        page.wait_for_function("(text) => document.querySelector('#uploaded-words').innerText === text", arg=wanted)
        assert page.evaluate(seen_whole, "#uploaded-words"), kind
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
