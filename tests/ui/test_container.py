"""The Dockerfile, which no test can build here: its health check, its files, and the options with which it starts the app; and the front
matter of both kinds of Space."""

import http.server
import json
import os
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from stn_demo.ui.local.site import SPACE
from stn_demo.ui.options import read_options

ROOT = Path(__file__).resolve().parents[2]
LINES = (ROOT / ".github/Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
COLOURS = {"red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray"}
KEYS = {"title", "emoji", "colorFrom", "colorTo", "sdk", "app_file", "app_port", "license", "short_description"}
LONGEST = 60  # characters of a short description


def instruction(name):
    return [line.removeprefix(name).strip() for line in LINES if line.startswith(f"{name} ")]


@pytest.fixture
def answering():
    """``answering(state)``: the port of a server whose status has this state."""
    servers = []

    def serve(state):
        class Answers(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200 if self.path == "/stn/status" else 404)
                self.end_headers()
                self.wfile.write(json.dumps({"status": {"state": state}}).encode())

            def log_message(self, *_):
                pass

        servers.append(http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers))
        threading.Thread(target=servers[-1].serve_forever, daemon=True).start()
        return servers[-1].server_port

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


def test_health_check_fails_without_an_answer_and_if_the_networks_could_not_be_loaded(answering):
    command = json.loads(instruction("HEALTHCHECK")[0].split("CMD", 1)[1])
    assert command[0] == "python"

    def code(port):
        environment = {**os.environ, "PORT": str(port)}
        return subprocess.run(
            [sys.executable, *command[1:]], env=environment, check=False, capture_output=True
        ).returncode

    assert code(answering("ready")) == 0 and code(answering("loading")) == 0
    assert code(answering("failed")) == 1 and code(1) == 1


def test_every_copied_file_is_there_and_the_app_does_not_run_as_root():
    for line in instruction("COPY"):
        *sources, _ = line.split()
        assert sources and all((ROOT / source).exists() for source in sources), line
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    assert not {"app.py", "LICENSE", "stn_demo", "checkpoints", "requirements.txt"} & set(ignored)
    assert instruction("USER") and LINES.index(f"USER {instruction('USER')[0]}") < len(LINES) - 1


@pytest.mark.parametrize("space", ["", "me-digits.hf.space"])
def test_app_starts_with_options_that_it_has(space):
    shell = json.loads(instruction("CMD")[0])
    assert shell[:2] == ["sh", "-c"] and "exec python app.py" in shell[2]
    environment = {**os.environ, "PORT": "7860", "SPACE_HOST": space, "STN_OPTIONS": "--training off"}
    shown = shell[2].replace("exec python app.py", "printf '%s\\n'")
    arguments = subprocess.run(
        ["sh", "-c", shown], env=environment, check=False, capture_output=True, text=True
    ).stdout.split("\n")
    options = read_options(arguments[:-1])
    assert (options.host, options.port, options.training) == ("0.0.0.0", 7860, "off")
    assert options.allow_host == ((space,) if space else ())
    assert options.allow_frame == (("https://huggingface.co",) if space else ())


@pytest.mark.parametrize("kind", ["static", "docker"])
def test_front_matter_has_keys_and_values_that_a_space_knows(kind):
    text = (
        SPACE
        if kind == "static"
        else re.search(r"```yaml\n(.*?)```", (ROOT / ".github/SPACE.md").read_text(encoding="utf-8"), re.S)[1]
    )
    assert text.startswith("---\n")
    matter = dict(line.split(": ", 1) for line in text.split("---")[1].strip().splitlines())
    assert set(matter) <= KEYS and matter["sdk"] == kind and {matter["colorFrom"], matter["colorTo"]} <= COLOURS
    assert len(matter.get("short_description", "")) <= LONGEST
    exposed = instruction("EXPOSE")[0]
    assert matter.get("app_file", "index.html") == "index.html" and matter.get("app_port", exposed) == exposed
