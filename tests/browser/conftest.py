"""Fixtures: the running app, the published page on a plain web server, and Chromium.

A module with ``WHERE = ("live", "static")`` runs each test that opens a page twice: with the live page, and with the page
without a server. Without WHERE it is the live page.
A test marked ``needs_server(reason)`` runs with the live page only.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import published
import pytest
from app_process import free_port, wait_until_up
from chromium import CHROMIUM, FLAGS
from playwright.sync_api import sync_playwright
from static_site import Host, first_frame
from tabs import BEEN_HERE, Tab, Tabs, is_foreign
from train_page import BRIEF, ask, clear, finished, open_tab

ROOT = Path(__file__).resolve().parents[2]
CAMERA = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]


class Served:
    """One running app. ``stop`` and ``start`` again on the same port, as an operator would."""

    def __init__(self, home: Path, *arguments: str):
        self.home, self.arguments = home, arguments
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process = None
        self.start()

    def start(self) -> None:
        environment = {**os.environ, "HOME": str(self.home), "STN_DEMO_RUNS": str(self.home / "runs")}
        command = [sys.executable, "app.py", "--port", str(self.port), *self.arguments]
        with open(self.home / "app.log", "ab") as log:
            self.process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
        wait_until_up(self.url, self.process, self.home / "app.log")

    def stop(self, kill: bool = False) -> None:
        self.process.kill() if kill else self.process.terminate()
        self.process.wait(20)


def pytest_configure(config):
    config.addinivalue_line("markers", "needs_server(reason): what the test does is not possible without a server")


def pytest_generate_tests(metafunc):
    places = getattr(metafunc.module, "WHERE", None)
    if places is None or "where" not in metafunc.fixturenames:
        return
    needed = [pytest.mark.skip(reason=mark.args[0]) for mark in metafunc.definition.iter_markers("needs_server")]
    found = [pytest.param(place, marks=needed if place == "static" else []) for place in places]
    metafunc.parametrize("where", found, indirect=True, scope="package")


@pytest.fixture(scope="package")
def where(request):
    """ "live" or "static": which page ``visit`` opens."""
    return getattr(request, "param", "live")


@pytest.fixture(scope="session")
def site_folder(tmp_path_factory):
    """What the plain web server hands out: the page lies below ``published.PREFIX``. Also: the id of its recorded run."""
    return published.once(tmp_path_factory.getbasetemp())


@pytest.fixture(scope="package")
def host(site_folder):
    host = Host(site_folder[0])
    yield host
    host.close()


@pytest.fixture(scope="package")
def around(tmp_path_factory):
    """(address, folder) of a web server for a page around the live page, which may show it in a frame."""
    folder = tmp_path_factory.mktemp("around")
    host = Host(folder)
    yield host.url, folder
    host.close()


@pytest.fixture(scope="package")
def served(tmp_path_factory, around):
    app = Served(tmp_path_factory.mktemp("home"), "--allow-frame", around[0])
    yield app
    app.stop()


@pytest.fixture(scope="package")
def browser():
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed (apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, *CAMERA])
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def tabs(browser):
    return Tabs(browser)


@pytest.fixture
def visit(tabs, where, request):
    """``visit(path="", **options)`` opens the page for a new visitor, in a browser context that nothing else uses meanwhile, and
    waits until it shows a frame. ``url``: of another app; ``before(page)`` is called before it is opened; ``new``: as for a first
    visit, whose first page is Learn. At the end no script may have failed, and no other host may have been asked; the page
    without a server may not write an error on the console either."""
    alone = where == "static"
    home = (
        f"{request.getfixturevalue('host').url}/{published.PREFIX}" if alone else request.getfixturevalue("served").url
    )
    shared, own = [], []

    def open_page(path: str = "", url: str | None = None, before=None, new: bool = False, **options):
        options = {"viewport": {"width": 1280, "height": 800}, "locale": "en-US", "silent": alone, **options}
        if alone:  # wait_for_function needs eval; the service worker has tests of its own, and fetches every file
            options |= {"bypass_csp": True, "service_workers": "block"}
        if url or before or new:
            own.append(tab := Tab(tabs.browser, new=new, **options))
        else:
            shared.append(tab := tabs.open(home, **options))
        if before is not None:
            before(tab.page)
        tab.page.goto((url or home) + "/" + path)
        wait_for_frame(tab.page)
        return tab.page

    yield open_page
    for tab in own:
        tab.context.close()
    for tab in shared:
        tabs.give_back(tab)
    assert [fault for tab in (*own, *shared) for fault in tab.faults] == []


@pytest.fixture
def open_page(browser):
    """``open_page(url, **options)``: a page that has shown its first frame; no script may fail, nothing may be said on the console,
    and no other host may be asked."""
    contexts, faults = [], []

    def opened(url, wait=True, silent=True, **options):
        options = {"viewport": {"width": 1280, "height": 800}, "locale": "en-US", **options}
        context = browser.new_context(**options)
        contexts.append(context)
        context.add_init_script(BEEN_HERE)  # else Learn opens first
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(f"script error: {error}"))
        if silent:
            page.on("console", lambda message: message.type in ("error", "warning") and faults.append(message.text))
        page.on("request", lambda request: is_foreign(request.url) and faults.append(f"asked {request.url}"))
        page.goto(url)
        if wait:
            first_frame(page)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert faults == []


@pytest.fixture
def page(visit):
    return visit()


@pytest.fixture
def url(served):
    """The address of the app, which has no training runs at the start and at the end of the test."""
    clear(served.url)
    yield served.url
    clear(served.url)


@pytest.fixture(scope="package")
def trained(served, tmp_path_factory):
    """The folder of a finished run of the settings BRIEF, trained once for all tests."""
    clear(served.url)
    id = ask(served.url, "/start", BRIEF)["id"]
    finished(served.url, id)
    kept = shutil.copytree(served.home / "runs" / id, tmp_path_factory.mktemp("trained") / id)
    clear(served.url)
    return kept


@pytest.fixture
def brief(trained, url, served):
    """The id of a finished run, the only one that the app has."""
    shutil.copytree(trained, served.home / "runs" / trained.name)
    return trained.name


@pytest.fixture
def train(url, visit):
    """``train()`` opens the page on its second tab."""

    def open_page(**options):
        page = visit(**options)
        open_tab(page, "train")
        page.wait_for_selector(".stn-train[data-watching=true]")
        return page

    return open_page


def wait_for_frame(page) -> None:
    page.wait_for_selector(".stn[data-ready=true]", timeout=30_000, state="attached")
    page.wait_for_function("window.stn.store.frame !== null && window.stn.store.frame !== undefined", timeout=30_000)
