"""The tabs that tests share: a test finds nothing of the one before."""

from tabs import Tabs

FILE = "stn/shared/local.js"
LEFT = "[localStorage.a, sessionStorage.a, document.cookie, history.length]"


def test_a_tab_that_is_used_again_has_forgotten_the_test_before(browser, served):
    tabs, options = Tabs(browser), {"viewport": {"width": 1280, "height": 800}, "locale": "en-US"}
    tab = tabs.open(served.url, **options)
    tab.page.goto(f"{served.url}/{FILE}")
    tab.page.evaluate("localStorage.a = sessionStorage.a = 1; document.cookie = 'a=1'; history.pushState(0, '', '#b')")
    tab.page.route("**/*.js", lambda route: route.abort())
    tab.page.set_viewport_size({"width": 400, "height": 400})
    tab.faults.append("a fault")
    tabs.give_back(tab)
    again = tabs.open(served.url, **options)
    assert again is tab and again.faults == []
    again.page.goto(f"{served.url}/{FILE}")
    assert again.page.evaluate(LEFT) == [None, None, "", 2]  # the entry of the rest and that of this address
    assert again.page.viewport_size == options["viewport"]
    assert tabs.open(served.url, **options) is not tab, "a second visitor has a tab of their own"
    tab.context.close()


def test_a_closed_tab_is_not_used_again(browser, served):
    tabs, options = Tabs(browser), {"viewport": {"width": 1280, "height": 800}}
    tab = tabs.open(served.url, **options)
    tab.page.close()
    tabs.give_back(tab)
    assert tabs.idle == []
