"""The Results page, end to end: open it, choose a pair, switch to Chinese, open a failure on Explore."""

import re

import axe
import pytest
from conftest import ROOT, Served
from stage import PHONE

OPEN = "#pages [role=tab][data-tab-id=results]"


@pytest.fixture
def results(visit):
    """``results()`` opens the page on its third tab, and waits until its figures are drawn."""

    def open_page(**options):
        page = visit(**options)
        page.click(OPEN)
        drawn(page)
        return page

    return open_page


def drawn(page, name=None):
    wanted = f'="{name}"' if name else ""
    page.wait_for_selector(f".stn-results[data-pair{wanted}]", timeout=30_000)
    page.wait_for_selector(f"[data-figure=confusion] .plot[data-drawn{wanted}] .heatmaplayer", timeout=30_000)
    page.wait_for_selector(f"#results-failures[data-pair{wanted}] li", timeout=30_000)


def pair(page):
    return page.get_attribute(".stn-results", "data-pair")


def test_plotly_is_loaded_only_when_the_page_is_opened(visit):
    asked = []
    page = visit(before=lambda page: page.on("request", lambda request: asked.append(request.url)))
    page.wait_for_load_state("networkidle")
    assert not any("plotly" in url or "/stn/results" in url for url in asked)
    page.click(OPEN)
    drawn(page)
    assert sum(url.endswith("stn/plotly.js") for url in asked) == 1


def check_third_sentence(page):
    """The third sentence and the table show the same numbers."""
    row = page.locator("#results-table tbody tr", has=page.locator("th", has_text=re.compile("^ST-CNN affine$")))
    cells = [
        row.locator("td").first,
        page.locator("#results-table tbody tr", has_text=re.compile("^CNN")).locator("td").first,
    ]
    sentence = page.locator("#results-opening li").nth(2).inner_text()
    for cell in cells:
        mean = cell.locator(".value b").inner_text()
        deviation = re.search(r"± (\d\.\d\d), \d+ draws", cell.inner_text())[1]
        assert f"{mean} ± {deviation} %" in sentence
    assert "no significant difference" not in page.inner_text(".stn-results")
    assert page.is_hidden("#results-table-ties"), "no distortion on which they tie"


def test_every_figure_is_drawn_named_and_explained(results):
    page = results()
    shown = page.locator(".stn-results [data-figure]:visible")
    assert shown.count() >= 11
    for index in range(shown.count()):
        figure = shown.nth(index)
        assert figure.locator("svg.main-svg").count(), figure.get_attribute("data-figure")
        title, says = figure.locator("h3").inner_text(), figure.locator("figcaption").inner_text()
        assert re.search(r"\d", says) and figure.locator(".plot").get_attribute("aria-label") == f"{title}. {says}"
    assert "paper 0.7" in page.inner_text("#results-table")
    check_third_sentence(page)


def test_another_pair_shows_its_own_figures(results):
    page = results()
    first, about = pair(page), page.inner_text("#results-about")
    other = next(
        name
        for name in page.eval_on_selector_all("#results-pair option", "(all) => all.map((one) => one.value)")
        if name != first
    )
    page.select_option("#results-pair", other)
    drawn(page, other)
    assert page.inner_text("#results-about") != about and page.inner_text("#results-key-net") == other
    page.click("#results-explore")
    page.wait_for_selector("#view-input", state="visible")
    page.wait_for_function("(name) => window.stn.store.frame.model === name", arg=other)


def test_a_failure_opens_in_explore_with_the_same_answer(results):
    page = results()
    card = page.locator("#results-failures a").nth(2)
    label, answer = map(int, re.findall(r"\d", card.locator("b").inner_text()))
    sure = int(re.search(r"(\d+)\s%", card.inner_text())[1])
    address, network = card.get_attribute("href"), pair(page)
    card.focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("#view-input", state="visible")
    page.wait_for_function(
        "([label, name]) => window.stn.store.get().source.label === label && window.stn.store.frame.model === name",
        arg=[label, network],
    )
    page.wait_for_function(
        "Math.abs(window.stn.store.frame.applied.rotation - window.stn.store.get().pose.rotation) < 0.1"
    )
    probs = page.evaluate("window.stn.store.frame.probs")
    assert probs.index(max(probs)) == answer != label and 100 * max(probs) == pytest.approx(sure, abs=0.6)

    home = page.url.split("#")[0]
    page.goto("about:blank")  # the same as an address of its own
    page.goto(home + address)
    page.wait_for_selector(".stn[data-ready=true]")
    page.wait_for_function(
        "(label) => window.stn.store.get().source.label === label && window.stn.store.frame", arg=label
    )
    page.wait_for_function(
        "Math.abs(window.stn.store.frame.applied.rotation - window.stn.store.get().pose.rotation) < 0.1"
    )
    again = page.evaluate("window.stn.store.frame.probs")
    assert again == pytest.approx(probs, abs=1e-5)


def test_back_from_a_failure_returns_to_its_place_in_the_gallery(results):
    page = results()
    failure = page.locator("#results-failures li:nth-child(3) a")
    failure.scroll_into_view_if_needed()
    before = page.evaluate("scrollY")
    assert before > 1000
    failure.click()
    page.wait_for_selector("#view-input", state="visible")
    assert page.evaluate("scrollY") < 100
    page.go_back()
    page.wait_for_function("(before) => Math.abs(scrollY - before) < 5", arg=before)
    assert failure.is_visible() and page.evaluate("location.hash").startswith("#results")


def test_failures_of_the_twin_can_be_shown(results):
    page = results()
    page.select_option("#results-pair", "r-stcnn-affine")  # a network with a plain twin
    drawn(page, "r-stcnn-affine")
    own = page.inner_text("#results-failures")
    page.click("#results-whose button[value=twin]")
    page.wait_for_function("document.querySelector('#results-failures').innerText.includes('with transformer:')")
    assert "plain twin:" in own and "with transformer:" not in own
    assert page.get_attribute("#results-whose button[value=twin]", "aria-pressed") == "true"


def test_chinese_page_has_no_untranslated_text(results):
    page = results(locale="zh-CN")
    text = page.inner_text(".stn-results")
    assert "它能对齐同类的数字吗" in text and not re.search(r"results\.[a-z]+|@results|\$net|\{\w+\}", text)
    assert "旋转角度" in page.locator("[data-figure=curve-rotation] .plot").inner_text()
    page.click("#pages [role=tab][data-tab-id=explore]")
    page.select_option("#lang", "en")
    page.click(OPEN)
    page.wait_for_function(
        "document.querySelector('[data-figure=curve-rotation] .plot').textContent.includes('rotated by')"
    )
    assert "Does it align digits of the same class?" in page.inner_text(".stn-results") and not re.search(
        r"[一-鿿]", page.inner_text(".stn-results")
    )


@pytest.mark.parametrize("width, height, scheme", [(1280, 800, "light"), (1280, 800, "dark"), (390, 844, "light")])
def test_nothing_is_cut_off_sideways(results, width, height, scheme):
    page = results(viewport={"width": width, "height": height}, color_scheme=scheme)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    wide = page.evaluate(
        """() => {
        return [...document.querySelectorAll('.stn-results :is(h2, h3, p, figcaption, .plot, canvas)')]
          .filter((node) => node.getBoundingClientRect().right > innerWidth + 1 && !scrolls(node.parentElement))
          .map((node) => node.outerHTML.slice(0, 90));
        function scrolls(box) {  // within itself, and lies within the page
          if (!box) return false;
          const fits = box.getBoundingClientRect().right <= innerWidth + 1;
          return (fits && ["auto", "scroll"].includes(getComputedStyle(box).overflowX)) || scrolls(box.parentElement);
        }
        }"""
    )
    assert wide == []
    plain = page.evaluate("getComputedStyle(document.querySelector('[data-figure=confusion] .xtick text')).fill")
    light = sum(map(int, re.findall(r"\d+", plain)[:3])) > 380
    assert light == (scheme == "dark"), "words in the figures follow the theme"


def test_wide_tables_and_figures_scroll_on_a_phone(results):
    page = results(**PHONE)
    assert page.evaluate("document.documentElement.scrollHeight") < 9882 / 2, "half as long as it was"
    assert page.locator("#results-opening li").count() == 3
    for place in (".scroll:has(#results-table)", ".four.swipe", "#results-failures"):
        assert page.eval_on_selector(place, "(e) => e.scrollWidth > e.clientWidth + 40"), place


def test_page_without_results_explains_how_to_measure(visit, tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    folder = home / "networks"
    folder.mkdir()
    for name in ("turn-affine", "seed-cnn"):
        (folder / f"{name}.safetensors").write_bytes((ROOT / "checkpoints" / f"{name}.safetensors").read_bytes())
    app = Served(home, "--checkpoints", str(folder))
    try:
        page = visit(url=app.url)
        page.click(OPEN)
        page.wait_for_selector("#results-none", state="visible")
        assert "python -m stn_demo analyse" in page.inner_text("#results-none") and not page.is_visible("#results-all")
    finally:
        app.stop()


def test_rules_of_aa_decide_nothing_within_a_figure_but_the_spacing_of_text(results, request):
    """So ``axe.violations`` may leave figures out."""
    page = results()
    page.evaluate(axe.script(request.config.cache))
    decided = page.evaluate(
        """async ([figures, options]) => {
          const some = document.querySelectorAll(`:is([data-figure=confusion], [data-figure=kinds]) ${figures}`);
          const found = await axe.run([...some], { preload: false, ...options });
          return [...found.passes, ...found.violations].filter(({ nodes }) => nodes.length).map(({ id }) => id);
        }""",
        [axe.FIGURES, axe.AA],
    )
    assert decided == ["avoid-inline-spacing"]
    assert page.evaluate(axe.SPACED, axe.FIGURES) == []
    page.eval_on_selector(
        f"{axe.FIGURES} text", "(text) => text.style.setProperty('letter-spacing', '1px', 'important')"
    )
    assert len(page.evaluate(axe.SPACED, axe.FIGURES)) == 1
