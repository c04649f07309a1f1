"""The published page: a plain web server for it, what it shows, and its binary messages."""

import functools
import http.server
import json
import threading

import numpy as np
from stage import winner

CLOSE = 2e-4


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


class Host:
    """A plain web server for a folder. ``close`` ends it, as a lost connection would; ``open`` starts it again at the same address."""

    def __init__(self, folder):
        self.handler, self.port = functools.partial(Quiet, directory=str(folder)), 0
        self.open()
        self.url = f"http://127.0.0.1:{self.port}"

    def open(self):
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), self.handler)
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def first_frame(page):
    """Without wait_for_function: the page's policy forbids what that does."""
    page.wait_for_selector(".stn[data-ready=true]", timeout=60_000, state="attached")
    page.evaluate(
        """async () => {
          if (window.stn.store.frame) return;
          const late = new Promise((_, failed) => setTimeout(() => failed(new Error("no frame within 60 s")), 60_000));
          await Promise.race([late, new Promise((done) => window.stn.store.on("frame", done))]);
        }"""
    )


def shows(page, script, seconds=30):
    """Wait until ``script`` holds."""
    code = f"""async () => {{
      const end = performance.now() + 1000 * {seconds};
      while (performance.now() < end) {{ if ({script}) return true; await new Promise(requestAnimationFrame); }}
      return false;
    }}"""
    assert page.evaluate(code), script


def shows_digit(page, digit):
    """Wait until the network reads this digit, and its words say so."""
    shows(page, f"window.stn.store.frame.probs.indexOf(Math.max(...window.stn.store.frame.probs)) === {digit}")
    assert winner(page)[0] == digit


ASK = """async (questions) => {
  const { connect } = await import(new URL("stn/shared/connection.js", document.baseURI));
  const { decode } = await import(new URL("stn/shared/frame.js", document.baseURI));
  const frames = [];
  let early = null;
  await new Promise((done, failed) => {
    const ask = () => (questions.length > frames.length ? line.send(JSON.stringify(questions[frames.length])) : done());
    const line = connect({
      onOpen: () => ask(), onStatus() {}, onDown() {}, onText: (text) => failed(new Error(JSON.stringify(text))),
      onFrame: (buffer) => {
        const message = decode(buffer);
        if (message.pictures) { early = message; return; } // the rest of this frame follows
        const { pictures, ...frame } = { ...(early?.id === message.id ? early : {}), ...message };
        frames.push(frame);
        ask();
      },
    });
  });
  return frames.map((frame) => Object.fromEntries(Object.entries(frame).map(([key, value]) =>
    [key, ArrayBuffer.isView(value) ? [...value] : value])));
}"""

# turns the digit by 40 degrees with some layers on: the events until its frame, and whether the picture had changed by then
EVENTS = """async (layers) => {
  const { store } = window.stn, canvas = document.querySelector("#view-warped"), before = canvas.toDataURL(), events = [];
  const note = (name) => events.push([name, canvas.toDataURL() !== before]);
  store.set({ layers: { ...store.get().layers, ...layers } });
  while (!window.stn.idle()) await new Promise(requestAnimationFrame);
  store.on("pictures", () => note("pictures"));
  await new Promise((done) => {
    store.on("frame", () => { note("frame"); done(); });
    store.set({ pose: { rotation: store.get().pose.rotation + 40 } });
  });
  return events;
}"""

TYPES = {"i2": "<i2", "u1": "u1", "u2": "<u2"}


def opened(message):
    """(header, arrays by name) of a message, see live/codec.py."""
    length = int.from_bytes(message[:4], "little")
    header = json.loads(message[4 : 4 + length])
    offset, arrays = (4 + length + 7) & ~7, {}
    for name, kind, shape in header["arrays"]:
        count = int(np.prod(shape))
        arrays[name] = np.frombuffer(message, TYPES[kind], count, offset)
        offset += arrays[name].nbytes
    return header, arrays
