"""The app under attack, in this process: a client, the folder of its networks, and what its log said."""

import contextlib
import logging

import pytest
from starlette.testclient import TestClient

from stn_demo import checkpoints
from stn_demo.model import ModelConfig, build_model
from stn_demo.ui.gate.visitors import Visitors
from stn_demo.ui.options import Options
from stn_demo.ui.server import build_app


@contextlib.contextmanager
def served(folder, home, uploads, **options):
    """A client of an app with one small network in ``folder``."""
    checkpoints.save(folder / "seed-affine.safetensors", build_model(ModelConfig()), {})
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(home))
        patch.setenv("GRADIO_TEMP_DIR", str(uploads))
        patch.delenv("STN_DEMO_DATA", raising=False)
        visitors = Visitors(7860)
        built = build_app(Options(checkpoints=folder, runs=home / "runs", **options), visitors=visitors)
        with TestClient(built, raise_server_exceptions=False) as client:
            client.folder, client.home, client.uploads, client.visitors = folder, home, uploads.resolve(), visitors
            yield client


@contextlib.contextmanager
def quiet_log():
    """Yields the list of everything that is logged at level error."""
    records: list[logging.LogRecord] = []

    class Keep(logging.Handler):
        def emit(self, record):
            records.append(record)

    handler = Keep(logging.ERROR)
    logging.getLogger().addHandler(handler)
    try:
        yield records
    finally:
        logging.getLogger().removeHandler(handler)
