"""Every page, live and without a server, against WCAG AA, in both languages, light and dark, and the lecture's contrast against AAA."""

import axe
import pytest

WHERE = ("live", "static")
PAGES = {
    "explore": ".stn[data-ready=true]",
    "train": ".stn-train[data-watching=true]",
    "results": "[data-figure=confusion] .plot[data-drawn] .heatmaplayer",
    "learn": ".stn-learn[data-ready=true]",
}

DIALOGS = {
    "#keys": "#keys-dialog",
    "#qr": "#qr-dialog",
    "#export-code": "#code-dialog",
    "#webcam": "#webcam-dialog",
    "#train-more": "#train-settings",
    "#train-rename": "#train-name-dialog",
    "#train-delete": "#train-delete-dialog",
}

# The contrast of each tab with the page, by the formula of WCAG 2.
TAB_CONTRAST = """() => {
  const channels = (color) => color.match(/[\\d.]+/g).slice(0, 3).map((value) => value / 255);
  const light = (color) => {
    const [r, g, b] = channels(color).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const page = light(getComputedStyle(document.body).backgroundColor);
  return [...document.querySelectorAll("#pages [role=tab]")].map((tab) => {
    const text = light(getComputedStyle(tab).color);
    return (Math.max(text, page) + 0.05) / (Math.min(text, page) + 0.05);
  });
}"""


@pytest.fixture(scope="module")
def rules(request):
    return axe.script(request.config.cache)


SCREENS = [
    (1280, 800, False),
    (1920, 1080, True),
    (1024, 768, False),
    (1024, 768, True),
]  # the last: in the lecture layout
TOUCHED = [(820, 1180, False), (390, 844, False)]


@pytest.mark.parametrize(
    ("screens", "options"), [(SCREENS, {}), (TOUCHED, {"has_touch": True, "is_mobile": True})], ids=["mouse", "touch"]
)
def test_every_page_keeps_the_rules_at_every_size(visit, rules, where, request, screens, options):
    """Each size in both languages and in both schemes: half of them on the live page, the other half without a server."""
    if where == "live":
        request.getfixturevalue("brief")  # a run to show on Train
    page = visit(reduced_motion="reduce", **options)  # colours change at once
    found = {}
    for number, (width, height, lecture) in enumerate(screens):
        page.set_viewport_size({"width": width, "height": height})
        set_lecture(page, lecture)
        for language, dark in [("en", number % 2 == (where == "live")), ("zh-CN", number % 2 != (where == "live"))]:
            set_look(page, language, dark)
            for name, there in PAGES.items():
                page.evaluate("(name) => { location.hash = name; }", name)
                page.wait_for_selector(there, timeout=150_000)  # fourteen figures, on a machine that does other work
                wrong = axe.violations(page, rules, figures=lecture, **(axe.LECTURE if lecture else axe.AA))
                found |= {(width, lecture, language, dark, name): wrong} if wrong else {}
    assert found == {}


@pytest.mark.needs_server("some of the dialogs are about the server's runs")
def test_every_dialog_keeps_the_rules(visit, rules, brief):
    page = visit(reduced_motion="reduce")
    for opener, dialog in DIALOGS.items():
        name = "train" if "train" in opener else "explore"
        page.evaluate("(name) => { location.hash = name; }", name)
        page.wait_for_selector(PAGES[name])
        page.wait_for_function("(opener) => !document.querySelector(opener).disabled", arg=opener)
        page.eval_on_selector(opener, "(button) => button.click()")
        page.wait_for_selector(f"{dialog}[open]")
        for language, dark in [("en", True), ("zh-CN", False)]:
            set_look(page, language, dark)
            assert axe.violations(page, rules, **axe.AA) == [], (dialog, language)
        page.keyboard.press("Escape")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_tabs_have_the_contrast_of_a_lecture(visit, scheme):
    """axe leaves them out, because a pseudo-element lies over them."""
    page = visit(color_scheme=scheme)
    set_lecture(page, True)
    assert min(page.evaluate(TAB_CONTRAST)) >= 7


def set_lecture(page, on):
    page.evaluate(
        "(on) => { if (document.body.classList.contains('stn-lecture') !== on) document.querySelector('#lecture').click(); }",
        on,
    )


def set_look(page, language, dark):
    page.evaluate(
        """([language, dark]) => {
          const select = document.querySelector("#lang");
          select.value = language;
          select.dispatchEvent(new Event("change"));
          if (document.body.classList.contains("dark") !== dark) document.querySelector("#theme").click();
        }""",
        [language, dark],
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_loading_text_is_readable(browser, served, rules, scheme):
    context = browser.new_context(color_scheme=scheme, locale="zh-CN")
    page = context.new_page()
    page.route("**/assets/*.js", lambda route: route.abort())  # Gradio's scripts never come
    page.goto(served.url)
    assert page.is_visible("#stn-loading") and "加载" in page.inner_text("#stn-loading")
    assert axe.violations(page, rules, runOnly={"type": "rule", "values": ["color-contrast"]}) == []
    context.close()


def test_axe_detects_violations(visit, rules):
    page = visit()
    page.eval_on_selector("#random", "(button) => { button.textContent = ''; button.style.color = '#ccc'; }")
    page.eval_on_selector("#spin", "(button) => { button.style.color = '#bbb'; }")
    found = " ".join(axe.violations(page, rules, **axe.AA))
    assert "#random" in found and "#spin" in found
    page.eval_on_selector("#spin", "(button) => { button.style.color = '#666'; button.style.background = '#fff'; }")
    assert "#spin" not in " ".join(axe.violations(page, rules, **axe.AA))  # 5.7 : 1
    found = " ".join(axe.violations(page, rules, **axe.LECTURE))
    assert "#random" in found and "color-contrast-enhanced: ['#spin']" in found
