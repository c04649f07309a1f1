"""The stage's connection to the server: a proxy that forbids WebSockets, and a server that stops and starts again."""

import json
import socket
import threading
from contextlib import suppress
from pathlib import Path

import pytest
from conftest import Served
from stage import STROKES, clear, draw, frame, settle, slide, winner

import stn_demo.ui

SENTENCES = json.loads((Path(stn_demo.ui.__file__).parent / "strings/en.json").read_text(encoding="utf-8"))
STATUS = "document.querySelector('#status-text').textContent"


class StrictProxy:
    """Passes everything on to a port of this machine, but refuses to upgrade a connection, as many a company's does."""

    def __init__(self, port):
        self.port, self.refused = port, 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with suppress(OSError):  # closed: the test is over
            while True:
                client, _ = self.listener.accept()
                threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        with suppress(OSError), client:
            head = b""
            while b"\r\n\r\n" not in head:
                if not (data := client.recv(65536)):
                    return
                head += data
            if b"upgrade: websocket" in head.lower():
                self.refused += 1
                client.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                return
            with socket.create_connection(("127.0.0.1", self.port)) as server:
                server.sendall(head)
                threading.Thread(target=self.pump, args=(client, server), daemon=True).start()
                self.pump(server, client)

    @staticmethod
    def pump(source, sink):
        with suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)


@pytest.fixture
def proxy(served):
    proxy = StrictProxy(served.port)
    yield proxy
    proxy.listener.close()


def test_stage_works_without_websockets(visit, proxy):
    page = visit(url=proxy.url)
    assert proxy.refused >= 3, "the socket was tried, and refused"
    page.wait_for_function(f"{STATUS} === {json.dumps(SENTENCES['status.ready'])}")
    page.click("#pose-reset")
    clear(page)
    draw(page, STROKES[7])
    assert winner(page)[0] == 7
    slide(page, "pose-rotation", 40)
    page.wait_for_function("Math.abs(window.stn.store.frame.applied.rotation - 40) < 0.1")
    page.locator('[data-layer="density"]').check()
    page.wait_for_function("window.stn.store.frame.density_max > 0")


@pytest.fixture
def mortal(tmp_path):
    app = Served(tmp_path)
    yield app
    if app.process.poll() is None:
        app.stop()


def test_drawing_survives_a_restart_of_the_server(visit, mortal):
    page = visit(url=mortal.url)
    page.click("#pose-reset")
    clear(page)
    draw(page, STROKES[3])
    drawn = page.evaluate("JSON.stringify(window.stn.store.get().source)")
    digit = frame(page, "digit.join()")
    mortal.stop()
    page.wait_for_function(f"{STATUS} === {json.dumps(SENTENCES['status.reconnecting'])}")
    assert page.evaluate("JSON.stringify(window.stn.store.get().source)") == drawn
    slide(page, "pose-rotation", 25)  # what is done meanwhile is answered afterwards
    assert frame(page, "applied.rotation") == pytest.approx(0, abs=0.1)
    mortal.start()
    page.wait_for_function("Math.abs(window.stn.store.frame.applied.rotation - 25) < 0.1", timeout=20_000)
    page.wait_for_function(f"{STATUS} === {json.dumps(SENTENCES['status.ready'])}")
    assert frame(page, "digit.join()") == digit
    page.locator("#strip button").nth(4).click()
    settle(page)
    assert frame(page, "digit.join()") != digit
