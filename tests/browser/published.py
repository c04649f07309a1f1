"""The page without a server: published once for all tests, and handed out by a plain web server below a prefix."""

import functools
import http.server
import threading

from run_helpers import DIGITS, made, work

from stn_demo.runs.data_source import DataSource
from stn_demo.training.recipes import RECIPES
from stn_demo.ui.local.site import publish

PREFIX = "some/where"
RUN = RECIPES["turn-affine"].but(data="handwriting", batch_size=8, epochs=12.5, holdout=0, averaging=0.0)  # 200 steps


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


class Host:
    """A plain web server for a folder. ``url``: of the folder; ``close`` ends it, as a lost connection would."""

    def __init__(self, folder):
        handler = functools.partial(Quiet, directory=str(folder))
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def write(top) -> str:
    """Publish the page with all networks and one recorded run to ``PREFIX`` in the folder ``top``; returns the run's id."""
    run = made(top / ".runs", RUN, name="recorded", twin=True)
    digits = DataSource(None, False, top / ".drawn").load("handwriting", DIGITS, print)
    assert work(run, digits)["state"] == "done"
    publish(top / PREFIX, runs=(run.id,), runs_folder=top / ".runs", scenes=1)
    return run.id
