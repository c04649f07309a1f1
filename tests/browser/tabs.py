"""Tabs that several tests use one after the other: a tab that has shown the page before loads it again in less than half the time,
because its process has the scripts compiled."""

from playwright.sync_api import Browser, Error

BEEN_HERE = "if (location.protocol !== 'about:') localStorage.setItem('stn-visited', '1');"
REST = "between-tests"  # an address of the page's origin that no server answers
EMPTY = "<link rel=icon href=data:,>"
IDLE = 4  # tabs that are kept for the next test


def is_foreign(url: str) -> bool:
    return not url.startswith(("http://127.0.0.1", "ws://127.0.0.1", "data:", "blob:"))


class Tab:
    """One page in a browser context of its own. ``faults``: script errors and requests to other hosts, and, with ``silent``, what
    was written on the console as an error; of the current test. ``new``: as for a first visit, whose first page is Learn."""

    def __init__(self, browser: Browser, silent: bool = False, new: bool = False, **options):
        self.faults: list[str] = []
        self.key: tuple | None = None
        self.context = browser.new_context(**options)
        if not new:
            self.context.add_init_script(BEEN_HERE)
        self.page = self.context.new_page()
        self.page.on("pageerror", lambda error: self.faults.append(f"script error: {error}"))
        self.page.on("request", lambda request: is_foreign(request.url) and self.faults.append(f"asked {request.url}"))
        if silent:
            self.page.on("console", lambda message: message.type == "error" and self.faults.append(message.text))

    def reset(self, home: str) -> None:
        """Leave the page, and forget everything that it or a test has stored, as if the tab were new."""
        self.page.unroute_all()
        self.page.route(f"{home}/{REST}", lambda route: route.fulfill(content_type="text/html", body=EMPTY))
        self.page.goto(f"{home}/{REST}")
        self.page.unroute_all()
        self.page.evaluate("localStorage.clear(); sessionStorage.clear()")
        self.context.clear_cookies()
        self.page.mouse.move(0, 0)
        session = self.context.new_cdp_session(self.page)
        session.send("Page.resetNavigationHistory")
        session.detach()


class Tabs:
    """Tabs by the page's address and the options of their context. Tabs that are open together have a context each."""

    def __init__(self, browser: Browser):
        self.browser = browser
        self.idle: list[Tab] = []  # the last one used is the last

    def open(self, home: str, viewport: dict, **options) -> Tab:
        key = (home, sorted(options.items()))
        tab = next((one for one in self.idle if one.key == key), None)
        if tab is None:
            tab = Tab(self.browser, viewport=viewport, **options)
            tab.key = key
            return tab
        self.idle.remove(tab)
        tab.page.set_viewport_size(viewport)
        tab.faults.clear()
        return tab

    def give_back(self, tab: Tab) -> None:
        """Reset the tab for the next test; one that a test has closed is dropped."""
        try:
            tab.reset(tab.key[0])
        except Error:
            tab.context.close()
            return
        self.idle.append(tab)
        if len(self.idle) > IDLE:
            self.idle.pop(0).context.close()
