"""The page without a server and without a connection, after a first visit: what was opened works, what was not says so and follows when
the connection is back; versions are not mixed."""

import json
import shutil

import pytest
from lesson_page import LESSON, WORDS, Hand, play
from stage import STROKES, draw, frame, inspected, pixels, slide
from static_site import Host, first_frame, shows, shows_digit

from stn_demo.ui.local import site

STATUS = "document.querySelector('#status-text').textContent"
CACHED = """async (files) => {
  const all = async (name) => (await (await caches.open(name)).keys()).map(({ url }) => url);
  const end = performance.now() + 60_000;
  let missing = files;
  while (performance.now() < end) {
    const urls = (await Promise.all((await caches.keys()).map(all))).flat();
    missing = files.filter((file) => !urls.some((url) => url.endsWith(file)));
    if (navigator.serviceWorker.controller && !missing.length) return urls;
    await new Promise((done) => setTimeout(done, 50));
  }
  throw new Error(`Not cached: ${missing}`);
}"""
SHOWN = """async () => { // the files of the networks of the newest frame
  const { networks } = await (await fetch("stn/local/data/index.json")).json();
  const files = ({ graphs, weights }) => [weights, graphs.warp, graphs.classify, graphs.words];
  const { model, twin } = window.stn.store.frame;
  return [model, twin].filter(Boolean).flatMap((name) => files(networks[name]));
}"""
PLAYED = [
    "weights/upright-only-stn.bin",
    "weights/upright-only-cnn.bin",
    "weights/seed-affine.bin",
    "weights/seed-cnn.bin",
]


@pytest.fixture
def web(site_folder):
    host = Host(site_folder[0])
    yield host
    host.close()


@pytest.fixture
def visited(open_page, web):
    """``visited(path, **options)``: a page that was opened once with a connection, and then again without one."""

    def open_twice(path="", first="", **options):
        page = open_page(f"{web.url}/some/where/{first}", silent=False, bypass_csp=True, **options)
        page.evaluate(CACHED, page.evaluate(SHOWN))
        disconnect(page, web)
        page.goto("about:blank")
        page.goto(f"{web.url}/some/where/{path}")
        first_frame(page)
        return page

    return open_twice


def disconnect(page, web):
    web.close()
    page.context.set_offline(True)


def connect(page, web):
    web.open()
    page.context.set_offline(False)


def test_explore(visited):
    page = visited()
    page.click("#pose-reset")
    page.locator("#strip button").nth(5).click()
    shows_digit(page, 5)
    before = pixels(page, "#view-warped")
    slide(page, "pose-rotation", 60)
    assert pixels(page, "#view-warped") != before
    page.click("#random")
    shows(page, "window.stn.store.get().source.kind === 'digit'")
    inspected(page)
    page.check("[data-layer=density]")
    shows(page, "window.stn.store.frame.density")
    page.check("[data-layer=gradient]")
    shows(page, "window.stn.store.frame.gradient")
    page.select_option("#sampler", "bicubic")
    shows(page, "window.stn.store.frame.sampler === 'bicubic'")
    page.click('[data-tool="clear"]')
    draw(page, STROKES[7])
    shows_digit(page, 7)
    with page.expect_download():
        page.click("#export-json")


@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
def test_a_network_that_was_not_downloaded_is_named_and_follows_the_connection(visited, web, locale):
    words = WORDS["en" if locale == "en-US" else locale]
    page = visited(locale=locale)
    page.evaluate("window.stn.setModel('p-stcnn-projective')")
    shows(page, f"{STATUS} === {json.dumps(words['error.not_fetched'])}")
    page.evaluate("window.stn.setModel('upright')")
    slide(page, "pose-rotation", 20)
    assert frame(page, "model") == "upright" and page.evaluate(STATUS) == words["status.ready"]
    page.evaluate("window.stn.setModel('p-stcnn-projective')")
    shows(page, f"{STATUS} === {json.dumps(words['error.not_fetched'])}")
    connect(page, web)
    shows(page, "window.stn.store.frame.model === 'p-stcnn-projective'")
    assert page.evaluate(STATUS) == words["status.ready"]


def test_a_map_of_the_loss_that_was_not_downloaded_is_named_and_follows_the_connection(visited, web):
    page = visited(
        first="#d=handwriting.17&m=p-stcnn-projective&w=seed-cnn",
        path="#d=handwriting.17&m=p-stcnn-projective&w=seed-cnn",
    )
    assert frame(page, "model") == "p-stcnn-projective", "a network that the first address named was cached as well"
    page.check("[data-layer=landscape]")
    shows(
        page, f"document.querySelector('#descent').innerText.includes({json.dumps(WORDS['en']['error.not_fetched'])})"
    )
    page.evaluate("void window.stn.store.on('landscape', (map) => { window.map = map; })")
    connect(page, web)
    shows(page, "window.map && new Set(window.map.loss).size > 100")
    assert WORDS["en"]["error.not_fetched"] not in page.inner_text("#descent")


def test_the_whole_lesson_once_it_was_begun(open_page, web):
    page = open_page(f"{web.url}/some/where/#learn", silent=False, bypass_csp=True)
    page.evaluate(CACHED, [])
    page.wait_for_selector(LESSON)
    page.click("#learn-title")
    page.evaluate(CACHED, PLAYED)
    disconnect(page, web)
    page.reload()
    page.wait_for_selector(LESSON)
    play(page, Hand(page))


def test_a_stop_of_the_lesson_whose_network_was_not_downloaded(visited, web):
    page = visited("#learn=upright-only")
    page.wait_for_selector(LESSON)
    shows(page, f"document.querySelector('#learn-status').innerText === {json.dumps(WORDS['en']['error.not_fetched'])}")
    connect(page, web)
    shows(page, "document.querySelector('#learn-status').hidden && document.querySelector('#learn-reads').textContent")


@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
def test_results(visited, web, locale):
    words = WORDS["en" if locale == "en-US" else locale]
    page = visited("#results", locale=locale)
    page.wait_for_selector("#results-failures li a")
    assert page.locator("#results-table td").count() > 10
    plot = page.locator("#page-results [data-figure] .plot").first
    shows(
        page,
        f"document.querySelector('#page-results [data-figure] .plot').textContent === {json.dumps(words['train.curves.missing.local'])}",
    )
    other = page.eval_on_selector("#results-pair", "(select) => [...select.options].at(-1).value")
    page.select_option("#results-pair", other)
    shows(page, f"document.querySelector('#results-none').innerText === {json.dumps(words['error.offline.local'])}")
    connect(page, web)
    page.wait_for_selector(f".stn-results[data-pair='{other}']")
    page.wait_for_selector("#page-results .js-plotly-plot .main-svg")
    assert not page.is_visible("#results-none") and words["train.curves.missing.local"] not in plot.inner_text()


@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
def test_a_recorded_run_that_was_not_downloaded(visited, web, site_folder, locale):
    words = WORDS["en" if locale == "en-US" else locale]
    page = visited("#train", locale=locale)
    state = json.dumps(words["train.state.offline.local"])
    shows(page, f"document.querySelector('#train-status').innerText.startsWith({state})")
    shows(
        page,
        f"document.querySelector('#train-plot-missing').innerText === {json.dumps(words['train.curves.missing.local'])}",
    )
    missing = json.dumps(words["train.my-digit.missing"].format(step=200))
    shows(page, f"document.querySelector('#train-my-digit-step').innerText === {missing}")
    shows(page, f"document.querySelector('#train-ten-line').innerText === {json.dumps(words['train.ten.missing'])}")
    assert page.is_disabled("#train-use") and page.locator("#train-ten[data-missing]").count() == 1
    connect(page, web)
    page.wait_for_selector(f"#train-runs [data-run='{site_folder[1]}'][aria-pressed=true]")
    page.wait_for_selector("#train-plot .main-svg")
    shows(
        page, f"document.querySelector('#train-my-digit-step').innerText === {json.dumps(words['train.my-digit.now'])}"
    )
    shows(page, f"document.querySelector('#train-ten-line').innerText === {json.dumps(words['train.ten.line'])}")
    shows(page, "!document.querySelector('#train-plot-missing').checkVisibility()")
    assert page.is_enabled("#train-use") and page.locator("#train-ten[data-missing]").count() == 0


def test_a_recorded_run_that_was_opened_before_and_a_step_that_was_not(open_page, web, site_folder):
    page = open_page(f"{web.url}/some/where/#train", silent=False, bypass_csp=True)
    page.wait_for_selector("#train-plot .main-svg")
    page.evaluate(
        CACHED, [f"runs/{site_folder[1]}/{name}" for name in ("log.json", "200.bin", "200-twin.bin", "200.strip")]
    )
    disconnect(page, web)
    page.reload()
    page.wait_for_selector("#train-plot .main-svg")
    shows(
        page,
        "document.querySelector('#train-ten b').textContent !== '–' && document.querySelector('#train-probs .percent').textContent.includes('%')",
    )
    slider = page.locator("#timeline input")
    slider.focus()
    page.keyboard.press("Home")
    shows(
        page,
        f"document.querySelector('#train-my-digit-step').innerText === {json.dumps(WORDS['en']['train.my-digit.missing'].format(step=0))}",
    )
    shows(
        page, f"document.querySelector('#train-ten-line').innerText === {json.dumps(WORDS['en']['train.ten.missing'])}"
    )
    page.keyboard.press("End")
    last = WORDS["en"]["train.my-digit.at"].format(step=200)
    shows(page, f"document.querySelector('#train-my-digit-step').innerText === {json.dumps(last)}")


def publish_again(folder, mark):
    """A new version of the page: a script, the HTML and the weights of a network differ, and the file of a graph is gone."""
    weights = folder / "stn/local/data/weights/turn-affine.bin"
    weights.write_bytes(weights.read_bytes()[:-4] + b"\0\0\0\0")
    script = folder / "stn/local/static/boot.js"
    script.write_text(script.read_text() + f"window.script = '{mark}';\n")
    page = folder / "index.html"
    now = json.loads((folder / site.MARK).read_text())["version"]
    text = page.read_text().replace(now, site.document.VERSION)
    page.write_text(text.replace("<main", f"<meta name=html content={mark}><main", 1))
    for name in ("service.js", site.MARK):
        (folder / name).unlink()
    site._finish(folder)


VERSIONS = "({ script: window.script, html: [...document.querySelectorAll('meta[name=html]')].map(({ content }) => content).at(-1) })"


@pytest.fixture
def first_version(open_page, site_folder, tmp_path):
    """(folder, url, page) of a page whose version "one" was visited; ``publish_again`` replaces it."""
    folder = tmp_path / "some/where"
    shutil.copytree(site_folder[0] / "some/where", folder)
    publish_again(folder, "one")
    web = Host(tmp_path)
    url = f"{web.url}/some/where/"
    page = open_page(url, silent=False, bypass_csp=True)
    page.evaluate(CACHED, [])
    yield folder, url, page
    web.close()


def test_a_new_version_is_not_mixed_with_the_old_one(first_version):
    folder, _, page = first_version
    publish_again(folder, "two")
    page.evaluate("window.stn.setModel('turn-affine')")  # was not fetched before
    shows(page, f"document.querySelector('#toast').innerText === {json.dumps(WORDS['en']['site.other_version'])}")
    assert frame(page, "model") == "upright"
    page.evaluate(
        "navigator.serviceWorker.ready.then(async (one) => { while (!one.waiting) await new Promise((done) => setTimeout(done, 50)); })"
    )
    assert page.evaluate(VERSIONS) == {"script": "one", "html": "one"}
    page.reload()
    page.wait_for_function("window.script")
    first_frame(page)
    assert page.evaluate(VERSIONS) == {"script": "two", "html": "two"}
    page.evaluate(CACHED, [])
    assert len(page.evaluate("caches.keys()")) == 1
    page.evaluate("window.stn.setModel('turn-affine')")
    shows(page, "window.stn.store.frame.model === 'turn-affine'")


def test_two_tabs_keep_the_old_version_until_one_is_closed(first_version):
    folder, url, page = first_version
    other = page.context.new_page()
    other.goto(url)
    first_frame(other)
    publish_again(folder, "two")
    waits = "navigator.serviceWorker.ready.then(async (one) => { await one.update(); while (!one.waiting) await new Promise((done) => setTimeout(done, 50)); })"
    page.evaluate(waits)
    page.reload()
    page.wait_for_function("window.script")
    assert page.evaluate(VERSIONS) == other.evaluate(VERSIONS) == {"script": "one", "html": "one"}
    other.close()
    page.reload()
    page.wait_for_function("window.script === 'two'")
    assert page.evaluate(VERSIONS) == {"script": "two", "html": "two"}
