"""The page without a server: published, served by a plain web server under a prefix, and opened with Chromium."""

import json

import numpy as np
import pytest
from stage import PHONE, STROKES, clear, draw, frame, inspected, pixels, slide
from static_site import ASK, CLOSE, EVENTS, first_frame, opened, shows, shows_digit

from stn_demo import checkpoints
from stn_demo.analysis.parity import scenes
from stn_demo.checkpoints import default_folder
from stn_demo.ui.live.codec import as_base64
from stn_demo.ui.live.engine import Engine
from stn_demo.ui.live.networks import Networks
from stn_demo.ui.live.request import Defaults, read_request
from stn_demo.ui.local.site import publish

RELATIVE = 1e-3  # of a gradient and of a map of the loss
AHEAD = "(name) => performance.getEntriesByName('stn-ahead').some(({ detail }) => detail === name)"
ARROWS = 66  # of 32767: 0.2 % of the longest arrow


@pytest.fixture(scope="module")
def folder(site_folder):
    """With a page that shows the published one in a frame."""
    top, _ = site_folder
    (top / "around.html").write_text(
        "<title>around</title><link rel=icon href=data:,><script>heard = []; onmessage = ({ data }) => heard.push(data)</script>"
        '<iframe src="some/where/" width="1280" height="800"></iframe>'
    )
    return top


def test_explore_works_under_a_prefix(open_page, host):
    page = open_page(host.url + "/some/where/", bypass_csp=True)  # what the tests of the live page do needs it
    page.click("#pose-reset")
    clear(page)
    draw(page, STROKES[4])
    shows_digit(page, 4)
    before = {selector: pixels(page, selector) for selector in ("#view-input", "#view-warped")}
    slide(page, "pose-rotation", 60)
    shows(page, "Math.abs(window.stn.store.frame.applied.rotation - 60) < 0.1")
    shows_digit(page, 4)
    assert 25 < frame(page, "followed.rotation") < 95
    assert all(pixels(page, selector) != picture for selector, picture in before.items())
    page.click('[data-tool="eraser"]')
    drawn = frame(page, "digit.join()")
    draw(page, [[(0.3, 0.5), (0.7, 0.5)]])
    shows(page, f"window.stn.store.frame.digit.join() !== {drawn!r} && !window.stn.store.frame.blank")

    page.locator("#strip button").nth(5).click()
    shows_digit(page, 5)
    page.click("#random")
    shows(page, "window.stn.store.get().source.kind === 'digit'")
    page.click("[data-draw=e]")
    shows(page, "window.stn.store.get().pose.elastic > 0 && window.stn.store.frame.applied.rotation === 0")

    inspected(page)
    page.check("[data-layer=density]")
    shows(page, "window.stn.store.frame.density")
    page.select_option("#sampler", "bicubic")
    shows(page, "window.stn.store.frame.sampler === 'bicubic'")
    inspected(page)
    page.evaluate("window.stn.setModel('p-stcnn-projective')")
    shows(page, "window.stn.store.frame.model === 'p-stcnn-projective'")
    page.evaluate("window.stn.store.set({ grab: { corners: [[-.5, -.5], [.6, -.4], [.5, .5], [-.4, .6]] } })")
    shows(page, "window.stn.store.frame.overruled && Math.abs(window.stn.store.frame.outline[1][0] - .6) < 1e-3")

    page.select_option("#lang", "zh-CN")
    shows(page, "document.querySelector('#status-text').textContent.includes('就绪')")
    assert not page.is_visible("#upload") and page.is_visible("[data-layer=gradient]")


def test_links_and_exports(open_page, host):
    page = open_page(host.url + "/some/where/#d=handwriting.17&p=40,0.8&m=turn-affine&w=seed-cnn", bypass_csp=True)
    shows(page, "window.stn.store.frame.model === 'turn-affine' && window.stn.store.frame.applied.rotation === 40")
    page.click("#pose-reset")
    shows(page, "window.stn.store.frame.applied.rotation === 0")
    with page.expect_download() as saved:
        page.click("#export-json")
    numbers = json.loads(saved.value.path().read_text())
    assert numbers["model"] == "turn-affine" and len(numbers["grid"]) == 28 and len(numbers["theta"]) == 6
    assert "align_corners=False" in numbers["convention"] and len(numbers["probabilities"]) == 10
    page.click("#export-code")
    page.wait_for_selector("#code-dialog[open]")  # it opens once the code is there
    code = page.inner_text("#code-text")
    shown = {}
    exec(code, shown)
    probs = shown["probs"].tolist()
    assert probs == pytest.approx(numbers["probabilities"], abs=CLOSE), "the code reproduces what the page shows"
    page.click("#code-close")
    page.goto(host.url + "/some/where/?a#d=handwriting.17&p=999")  # a rotation that no link may hold
    first_frame(page)
    page.wait_for_selector(".toast, [role=alert]:not(:empty)")
    assert frame(page, "applied.rotation") != 999


@pytest.mark.parametrize(("name", "ahead"), [("upright", True), ("turn-affine", False), ("p-stcnn-projective", True)])
def test_frames_equal_those_of_the_server(open_page, host, name, ahead):
    """The same requests to both: random scenes, a drawing with erased ink, another sampler, an inspected pixel. ahead: whether the
    page itself computes the pictures of a plain scene; on a phone the worker does."""
    page = open_page(host.url + "/some/where/", **({} if ahead else PHONE))
    page.evaluate("(name) => window.stn.setModel(name)", name)
    if ahead:
        page.wait_for_function(AHEAD, arg=name)
    asked = [
        {
            "id": index,
            "source": {"kind": "digit", "digit": as_base64(scene.digit), "label": None},
            "pose": {**vars(scene.pose)},
            "model": name,
            "twin": "seed-cnn",
        }
        for index, scene in enumerate(scenes(20))
    ]
    asked[3] |= {"sampler": "bicubic", "padding": "border", "density": True}
    asked[4] |= {"inspect": {"view": "warped", "x": 9, "y": 12}}
    asked[5] |= {"inspect": {"view": "input", "x": 14, "y": 15}}
    asked[6]["grab"] = {
        "parts": {"rotation": 20, "scale_x": 0.8, "scale_y": 1.1, "shear": 0.1, "shift_x": 2, "shift_y": -1}
    }
    strokes = [{"w": 80, "e": 0, "p": [300, 200, 420, 180, 600, 260, 500, 480, 330, 700]}]
    for index in (10, 11, 12):
        asked[index] |= {"gradient": True, "target": index - 8}
    asked[11] |= {"sampler": "bicubic", "padding": "reflection"}
    asked[12]["grab"] = {"parts": asked[6]["grab"]["parts"] | {"shift_x": 200.0}}  # beside the picture: no gradient
    asked[7]["source"] = {"kind": "strokes", "strokes": [*strokes, {"w": 50, "e": 0, "p": [300, 800, 700, 820]}]}
    asked[8]["source"] = {"kind": "strokes", "strokes": [*strokes, {"w": 90, "e": 1, "p": [500, 100, 700, 300]}]}
    asked[9] |= {"source": asked[8]["source"], "raw": True}
    answers = page.evaluate(ASK, json.loads(json.dumps(asked)))
    assert page.evaluate(AHEAD, name) is ahead
    engine = Engine(Networks(default_folder(), default_folder() / "none"))
    for question, found in zip(asked, answers, strict=True):
        expected, arrays = opened(engine.answer([read_request(question, Defaults())])[0])
        assert set(found) == set(expected) | set(arrays), question["id"]
        for key in ("transform", "overruled", "sampler", "padding", "twin", "model", "size", "blank", "names"):
            assert found[key] == expected[key], key
        for key in ("probs", "twin_probs", "theta", "predicted", "outline", "look_outlines"):
            assert np.allclose(found[key], expected[key], atol=CLOSE), (question["id"], key)
        assert np.argmax(found["probs"]) == np.argmax(expected["probs"])
        for key, value in arrays.items():
            apart = np.abs(np.asarray(found[key], dtype=int) - value.ravel().astype(int)).max(initial=0)
            assert apart <= (ARROWS if key == "arrows" else 1), (question["id"], key, apart)
        close_gradient(found["gradient"], expected["gradient"])
        for key in ("applied", "undone", "rest", "followed"):
            assert found[key] == pytest.approx(expected[key], rel=1e-3, abs=5e-3), (question["id"], key)
        if expected["inspect"]:
            taps, others = (np.array([tap[:3] for tap in one["inspect"]["taps"]]) for one in (found, expected))
            assert taps == pytest.approx(others, abs=1e-3) and found["inspect"]["value"] == pytest.approx(
                expected["inspect"]["value"], abs=CLOSE
            )


def test_the_pictures_are_drawn_before_the_classifier_has_answered(open_page, host):
    """With the gradient, whose arrows belong to the pictures, all comes at once."""
    page = open_page(host.url + "/some/where/")
    assert page.evaluate(EVENTS, {}) == [["pictures", True], ["frame", True]]
    page.reload()
    first_frame(page)
    assert page.evaluate(EVENTS, {"gradient": True}) == [["frame", True]]


def test_the_pictures_come_before_the_browser_paints_the_change(open_page, host):
    """Once the page has opened the network itself: before it handles a message that was sent before the change."""
    page = open_page(host.url + "/some/where/")
    page.wait_for_function(AHEAD, arg="upright")
    slider = "document.querySelector('#pose-rotation input[type=range]')"
    order = page.evaluate(
        f"""async () => {{
          const {{ port1, port2 }} = new MessageChannel(), order = [];
          const message = new Promise((done) => {{ port1.onmessage = () => done(order.push("message")); }});
          window.stn.store.on("pictures", () => order.push("pictures"));
          const frame = new Promise((done) => window.stn.store.on("frame", done));
          port2.postMessage(null);
          {slider}.value = 35;
          {slider}.dispatchEvent(new Event("input", {{ bubbles: true }}));
          await message;
          return [...order, Math.round((await frame).applied.rotation)];
        }}"""
    )
    assert order == ["pictures", "message", 35]


def test_framed_static_page_sends_its_address_to_its_parent(open_page, host, folder):
    page = open_page(host.url + "/around.html", wait=False)
    inside = page.frames[1]
    first_frame(inside)
    inside.evaluate("window.stn.store.set({ model: 'turn-affine', twin: null })")
    inside.click("#copy-link")
    shows(page, "heard.length && heard.at(-1).hash.includes('turn-affine')")
    assert page.evaluate("heard.at(-1).queryString") == ""


def test_results_without_a_server(open_page, host):
    page = open_page(host.url + "/some/where/#results", bypass_csp=True)
    page.wait_for_selector(".stn-results[data-pair]")
    page.wait_for_selector("#results-failures li a")
    page.wait_for_selector("#page-results .js-plotly-plot .main-svg")
    page.locator("#results-failures li a").first.click()
    shows(page, "document.querySelector('#page-explore').hidden === false")
    shown = page.evaluate("document.querySelector('.stn-results').dataset.pair")
    shows(page, f"window.stn.store.frame.model === {shown!r}")


def test_learn_without_a_server(open_page, host):
    """The lesson requests its own frames from the worker, in addition to those of Explore."""
    page = open_page(host.url + "/some/where/#learn")
    page.wait_for_selector("#page-learn:not([hidden]) h2, #page-learn:not([hidden]) h3")
    asked = """async () => {
      const { createCalls } = await import(new URL("stn/shared/calls.js", document.baseURI));
      const { decode } = await import(new URL("stn/shared/frame.js", document.baseURI));
      const answer = await createCalls(document.baseURI).frame(JSON.stringify({ model: "turn-affine", twin: null }));
      return decode(answer).model;
    }"""
    assert page.evaluate(asked) == "turn-affine"


def test_a_missing_checkpoint_and_a_folder_of_other_files_are_refused(tmp_path):
    with pytest.raises(ValueError, match="no checkpoint no-such-one"):
        publish(tmp_path / "new", names=["no-such-one"])
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(ValueError, match="holds other files"):
        publish(tmp_path, names=["seed-cnn"])
    assert (tmp_path / "mine.txt").read_text() == "mine" and checkpoints.load("seed-cnn")


def close_gradient(found, expected):
    """Of two frames: None, or all its numbers alike."""
    assert (found is None) == (expected is None)
    for key, value in (expected or {}).items():
        assert found[key] == pytest.approx(value, rel=RELATIVE, abs=CLOSE), key


@pytest.mark.parametrize("padding", [None, "border"])
def test_a_map_of_the_loss_equals_that_of_the_server(open_page, host, padding):
    page = open_page(host.url + "/some/where/")
    scene = scenes(1)[0]
    source = {"kind": "digit", "digit": as_base64(scene.digit), "label": 3}
    question = {"id": 7, "source": source, "pose": vars(scene.pose), "model": "turn-affine", "padding": padding}
    question |= {"landscape": True, "inspect": None}
    (found,) = page.evaluate(ASK, [json.loads(json.dumps(question))])
    engine = Engine(Networks(default_folder(), default_folder() / "none"))
    expected, arrays = opened(engine.landscape(read_request(question, Defaults())))
    for key, value in expected["landscape"].items():
        assert found["landscape"][key] == pytest.approx(value, rel=RELATIVE, abs=CLOSE), key
    assert np.asarray(found["loss"]) == pytest.approx(arrays["loss"].ravel().astype(float), rel=RELATIVE, abs=1)


def test_the_graphs_of_the_gradient_are_fetched_when_it_is_shown(open_page, host):
    page = open_page(host.url + "/some/where/", silent=False, service_workers="block")  # Playwright notes the block
    there = page.evaluate("performance.getEntriesByType('resource').map(({ name }) => name)")
    asked = []
    page.on("request", lambda one: asked.append(one.url))
    assert there and not [one for one in there if "/losses/" in one]
    page.check("[data-layer=gradient]")
    shows(page, "window.stn.store.frame.gradient && window.stn.store.frame.arrows.some((value) => value)")
    first = {one.rsplit("-", 1)[1] for one in asked if "/losses/" in one}
    assert first == {"loss.onnx", "step.onnx"}
    before = frame(page, "gradient.loss")
    page.click("[data-descend='20']")
    shows(page, f"window.stn.store.frame.gradient.loss < {before} && window.stn.store.frame.overruled")
    page.evaluate("void window.stn.store.on('landscape', (map) => { window.map = map; })")
    page.check("[data-layer=landscape]")
    shows(page, "window.map && new Set(window.map.loss).size > 100")
    assert {one.rsplit("-", 1)[1] for one in asked if "/losses/" in one} == {*first, "row.onnx", "spread.onnx"}


REFUSED = """async (question) => {
  const { createCalls } = await import(new URL("stn/shared/calls.js", document.baseURI));
  return JSON.parse(await createCalls(document.baseURI).frame(JSON.stringify(question))).error.code;
}"""


def test_only_a_file_that_cannot_be_downloaded_is_reported_as_not_downloaded(open_page, host):
    page = open_page(host.url + "/some/where/", silent=False, service_workers="block")
    page.route("**/noise/1.bin", lambda route: route.abort())
    pose = {"elastic": 1}
    assert page.evaluate(REFUSED, {"pose": {**pose, "elastic_seed": 1e9}}) == "not_fetched"  # 404
    index = page.evaluate("fetch('stn/local/data/index.json').then((answer) => answer.json())")
    assert page.evaluate(REFUSED, {"pose": {**pose, "elastic_seed": index["seeds_a_page"]}}) == "not_fetched"  # aborted
    assert page.evaluate(REFUSED, {"pose": {"corners": None}}) == "worker"  # a TypeError: null has no flat()
