"""Behind a real nginx: TLS in the proxy, a prefix that the app does not know, a forwarded prefix, a small upload limit."""

import re
import shutil
import socket
import subprocess
import time
from pathlib import Path

import pytest
from app_process import free_port
from conftest import ROOT, Served, wait_for_frame

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
pytestmark = pytest.mark.skipif(NGINX is None, reason="nginx is not installed (apt-get install nginx-light)")
LOCATION = re.search(r"```nginx\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)[1]


class Proxy:
    """nginx with these locations, with and without TLS."""

    def __init__(self, folder: Path, *locations: str):
        self.plain, self.tls = free_port(), free_port()
        key, certificate = folder / "key.pem", folder / "certificate.pem"
        subprocess.run(
            f"openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -keyout {key} -out {certificate}".split(),
            check=True,
            capture_output=True,
        )
        (folder / "nginx.conf").write_text(f"""
            daemon off; pid {folder}/pid; error_log {folder}/error.log;
            events {{}}
            http {{
                access_log off;
                client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
                uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
                server {{
                    listen 127.0.0.1:{self.plain};
                    listen 127.0.0.1:{self.tls} ssl;
                    ssl_certificate {certificate};
                    ssl_certificate_key {key};
                    {" ".join(locations)}
                }}
            }}
        """)
        self.process = subprocess.Popen([NGINX, "-p", str(folder), "-c", str(folder / "nginx.conf")])
        end = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.plain), timeout=5).close()
                return
            except OSError:
                assert time.monotonic() < end and self.process.poll() is None, (folder / "error.log").read_text()
                time.sleep(0.05)

    def stop(self):
        self.process.terminate()
        self.process.wait(20)


@pytest.fixture(scope="module")
def root_path_app(tmp_path_factory):
    """An app with --root-path."""
    app = Served(tmp_path_factory.mktemp("home"), "--root-path", "/root_path_app")
    yield app
    app.stop()


@pytest.fixture(scope="module")
def proxy(tmp_path_factory, served, root_path_app):
    block = LOCATION.replace("127.0.0.1:7860", f"127.0.0.1:{served.port}")
    kept = LOCATION.replace("/digits/", "/root_path_app/").replace(
        "http://127.0.0.1:7860/", f"http://127.0.0.1:{root_path_app.port}"
    )
    small = block.replace("/digits/", "/small/").replace("21m", "1k")
    broken = block.replace("/digits/", "/broken/")
    without = "location /broken/stn/explore/static/ { return 404; }"
    proxy = Proxy(tmp_path_factory.mktemp("nginx"), block, kept, small, broken, without)
    yield proxy
    proxy.stop()


@pytest.fixture
def opened(browser):
    contexts = []

    def open_page(url):
        context = browser.new_context(ignore_https_errors=True, locale="en-US", viewport={"width": 1280, "height": 800})
        contexts.append(context)
        page = context.new_page()
        page.goto(f"{url}#explore")
        return page

    yield open_page
    for context in contexts:
        context.close()


def test_nginx_block_of_the_readme_serves_the_page_under_an_unknown_prefix(opened, proxy):
    page = opened(f"http://127.0.0.1:{proxy.plain}/digits/")
    wait_for_frame(page)
    assert page.evaluate("window.gradio_config.root").endswith("/digits")


def test_tls_terminated_by_the_proxy(opened, proxy):
    page = opened(f"https://127.0.0.1:{proxy.tls}/digits/")
    wait_for_frame(page)
    page.get_by_role("tab", name="Train").click()
    page.wait_for_selector("#train-start")


def test_forwarded_prefix(opened, proxy):
    page = opened(f"https://127.0.0.1:{proxy.tls}/root_path_app/")
    wait_for_frame(page)


def test_modules_that_cannot_be_loaded_are_reported(opened, proxy):
    page = opened(f"http://127.0.0.1:{proxy.plain}/broken/")
    page.wait_for_selector(".stn-not-loaded")
    assert "/broken/stn/explore/static/main.js" in page.inner_text(".stn-not-loaded")


def test_upload_limit_of_the_proxy_has_its_own_message(opened, proxy):
    page = opened(f"http://127.0.0.1:{proxy.plain}/small/")
    wait_for_frame(page)
    page.set_input_files("#upload input", {"name": "x.png", "mimeType": "image/png", "buffer": b"x" * 5000})
    page.wait_for_function("document.querySelector('#toast').textContent.includes('in front of this page')")
