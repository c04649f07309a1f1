"""The address contains page and state, Back goes back within the page, links are short."""

import pytest
from conftest import wait_for_frame
from stage import STROKES, clear, draw, frame, settle, slide
from tabs import BEEN_HERE


def open_tab(page, name):
    page.click(f"#page-{name}-button")
    page.wait_for_function("(name) => location.hash.startsWith('#' + name)", arg=name)


def selected(page):
    return page.get_attribute("#pages [role=tab][aria-selected=true]", "data-tab-id")


def test_the_tab_is_part_of_the_address_and_a_reload_keeps_it(page):
    open_tab(page, "train")
    page.reload()
    page.wait_for_selector("#page-train-button[aria-selected=true]")
    page.wait_for_selector(".stn-train", state="visible")


def test_back_goes_from_tab_to_tab_and_stays_on_the_page(page):
    slide(page, "pose-rotation", 25)
    open_tab(page, "results")
    open_tab(page, "train")
    page.go_back()
    page.wait_for_selector("#page-results-button[aria-selected=true]")
    page.go_back()
    page.wait_for_selector("#page-explore-button[aria-selected=true]")
    assert frame(page, "applied.rotation") == pytest.approx(25, abs=0.1)
    page.go_forward()
    page.wait_for_selector("#page-results-button[aria-selected=true]")


def test_back_returns_from_a_failure_to_results(page):
    slide(page, "pose-rotation", 25)
    open_tab(page, "results")
    page.locator(".failure").first.click(timeout=60_000)
    page.wait_for_selector("#page-explore-button[aria-selected=true]")
    page.wait_for_function("window.stn.store.get().pose.rotation !== 25")
    page.wait_for_function("location.hash.startsWith('#s=')")
    page.go_back()
    page.wait_for_selector("#page-results-button[aria-selected=true]")
    page.wait_for_function("window.stn.store.get().pose.rotation === 25")


def test_a_stroke_just_drawn_survives_a_reload(page):
    clear(page)
    box = page.locator("#view-digit").bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + box["height"] * 0.15)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + box["height"] * 0.85, steps=6)
    page.mouse.up()
    strokes = page.evaluate("JSON.stringify(window.stn.store.get().source)")
    page.reload()
    page.wait_for_selector(".stn[data-ready=true]")
    page.wait_for_function("(strokes) => JSON.stringify(window.stn.store.get().source) === strokes", arg=strokes)


def test_change_just_before_a_reload_survives_it(page):
    """The address is written after a pause; a reload that has begun does not read what is written then."""
    with page.expect_navigation():
        page.evaluate(
            """() => {
              window.stn.store.set({ pose: { ...window.stn.store.get().pose, rotation: 37 } });
              location.reload();
            }"""
        )
    page.wait_for_selector(".stn[data-ready=true]")
    page.wait_for_function("window.stn.store.get().pose.rotation === 37")
    page.evaluate("location.hash = '#scene=small-digit'")
    page.wait_for_function("window.stn.store.get().pose.scale < 0.8")
    page.reload()
    page.wait_for_selector(".stn[data-ready=true]")
    page.wait_for_function("window.stn.store.get().pose.scale < 0.8")


def test_the_language_can_be_part_of_the_address(visit):
    page = visit("?lang=zh-CN")
    assert page.evaluate("document.documentElement.lang") == "zh-CN"
    page.select_option("#lang", "en")
    page.wait_for_function("location.search.includes('lang=en')")
    page.reload()
    page.wait_for_selector(".stn[data-ready=true]")
    assert page.evaluate("document.documentElement.lang") == "en"


def test_a_scene_has_a_short_link(visit):
    page = visit("#scene=small-digit")
    page.wait_for_function("window.stn.store.get().pose.scale < 0.8")
    page.evaluate("dispatchEvent(new Event('pagehide'))")  # writes the address at once, if it has to be written
    assert page.evaluate("location.hash") == "#scene=small-digit", (
        "a scene keeps its own link until something is changed"
    )
    slide(page, "pose-rotation", 33)
    page.wait_for_function("!location.hash.includes('scene')")


GRABS = [
    ("turn-affine", {"parts": {"rotation": -35.25, "scale_x": 0.7312, "scale_y": 0.7312, "shear": -0.1234, "shift_x": 3.125, "shift_y": -2.5}}),
    ("p-stcnn-projective", {"corners": [[-0.91, -0.87], [0.9312, -0.7], [0.8, 0.9123], [-0.7, 0.65]]}),
    ("e-stcnn-tps", {"theta": [round(0.31 * (i % 5) - 0.6 + i / 1000, 4) for i in range(32)]}),
]  # fmt: skip


@pytest.mark.parametrize(("model", "grab"), GRABS)
def test_link_of_an_example_digit_has_at_most_300_characters(page, visit, model, grab):
    page.locator("#strip button").nth(3).click()
    pose = {"rotation": -123.4, "scale": 1.237, "shift_x": -3.25, "shift_y": 4.75, "shear": -0.37}
    pose |= {"corners": [[-1.25, 2.75], [3.5, -2.25], [1.75, 3.25], [-2.5, 1.25]], "elastic": 1.3, "elastic_seed": 4711}
    state = {"pose": pose, "model": model, "twin": "seed-cnn", "grab": grab, "sampler": "bicubic", "padding": "border"}
    page.evaluate("(state) => window.stn.store.set({ ...state, layers: { density: true, step: 4 } })", state)
    page.wait_for_function("(name) => window.stn.store.frame.model === name", arg=model)
    page.wait_for_function("location.hash.includes('i=c')")
    address = page.evaluate("location.href")
    assert len(address) <= 300, address
    same = visit(address.partition("/")[2].partition("/")[2].partition("/")[2])
    same.wait_for_function("window.stn.store.get().pose.elastic_seed === 4711")
    settle(same)
    names = ("source", "pose", "model", "twin", "grab", "sampler", "padding", "layers")
    for name in names:
        both = [one.evaluate(f"window.stn.store.get().{name}") for one in (page, same)]
        assert both[0] == both[1], name
    assert frame(same, "theta") == frame(page, "theta")


def test_a_random_digit_has_a_name_in_its_link(page, visit):
    page.click("#random")
    page.wait_for_function("location.hash.startsWith('#d=') && !location.hash.startsWith('#d=first')")
    digit = page.evaluate("window.stn.store.get().source.digit")
    same = visit(page.evaluate("location.hash"))
    same.wait_for_function("(digit) => window.stn.store.get().source.digit === digit", arg=digit)


@pytest.mark.parametrize(
    "hash_", ["#scene=none-such", "#d=mnist.999999", "#d=nowhere.1", "#d=first&p=9999", "#d=first&g=tA"]
)
def test_invalid_link_opens_the_page_with_a_message(visit, hash_):
    page = visit(hash_)
    page.wait_for_function("document.querySelector('#toast').innerText.trim().length > 10")
    page.wait_for_function("window.stn.store.get().pose.rotation === -90")


def test_the_address_of_a_drawing_stays_the_long_form(page):
    clear(page)
    draw(page, STROKES[7])
    page.wait_for_function("location.hash.startsWith('#s=')")
    assert selected(page) == "explore"


def test_framed_live_page_sends_its_address_to_its_parent(browser, served, around):
    address, folder = around
    (folder / "index.html").write_text(
        "<title>around</title><script>heard = []; onmessage = ({ data }) => heard.push(data)</script>"
        f'<iframe src="{served.url}/?lang=en" width="1280" height="800"></iframe>'
    )
    context = browser.new_context(viewport={"width": 1300, "height": 820})
    context.add_init_script(BEEN_HERE)
    page = context.new_page()
    page.goto(f"{address}/")
    inside = page.frames[1]
    wait_for_frame(inside)
    inside.evaluate("window.stn.store.set({ model: 'turn-affine', twin: null })")
    page.wait_for_function("heard.length && heard.at(-1).hash.includes('turn-affine')")
    assert page.evaluate("heard.at(-1).queryString") == "lang=en"
    context.close()
