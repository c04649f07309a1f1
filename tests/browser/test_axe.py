"""Every page, live and without a server, against WCAG AA, in both languages, light and dark, and the lecture's contrast against AAA."""

import axe
import pytest

WHERE = ("live", "static")
AA = {"runOnly": {"type": "tag", "values": list(axe.AA)}}
AAA = {"runOnly": {"type": "rule", "values": list(axe.AAA)}}
PAGES = {
    "explore": ".stn[data-ready=true]",
    "train": ".stn-train[data-watching=true]",
    "results": "[data-figure=confusion] .plot[data-drawn] .heatmaplayer",
    "learn": ".stn-learn[data-ready=true]",
}


@pytest.fixture(scope="module")
def rules(request):
    return axe.script(request.config.cache)


@pytest.mark.parametrize(("locale", "scheme"), [("en-US", "light"), ("zh-CN", "dark")])
def test_every_page_keeps_the_rules(visit, rules, locale, scheme):
    page = visit(locale=locale, color_scheme=scheme)
    for name, there in PAGES.items():
        page.click(f"#page-{name}-button")
        page.wait_for_selector(there, timeout=30_000)
        assert axe.violations(page, rules, **AA) == [], name
    page.click("#page-explore-button")
    page.click("#lecture")
    page.wait_for_selector(".stn.lecture")
    assert axe.violations(page, rules, **AA) == axe.violations(page, rules, **AAA) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_stands_on_the_page_while_it_loads_can_be_read(browser, served, rules, scheme):
    context = browser.new_context(color_scheme=scheme, locale="zh-CN")
    page = context.new_page()
    page.route("**/assets/*.js", lambda route: route.abort())  # Gradio's scripts never come
    page.goto(served.url)
    assert page.is_visible("#stn-loading") and "加载" in page.inner_text("#stn-loading")
    assert axe.violations(page, rules, runOnly={"type": "rule", "values": ["color-contrast"]}) == []
    context.close()


def test_the_rules_find_what_is_wrong(visit, rules):
    page = visit()
    page.eval_on_selector("#random", "(button) => { button.textContent = ''; button.style.color = '#ccc'; }")
    page.eval_on_selector("#spin", "(button) => { button.style.color = '#bbb'; }")
    found = " ".join(axe.violations(page, rules, **AA))
    assert "#random" in found and "#spin" in found
