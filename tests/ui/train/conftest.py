"""The app as an ASGI client, with a finished run and a run in training."""

import pytest
from starlette.testclient import TestClient

from .helpers import LONG, SHORT, app_of, post, until, wait


@pytest.fixture(scope="package")
def client(tmp_path_factory):
    folder = tmp_path_factory.mktemp("train")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(folder))
        patch.delenv("STN_DEMO_DATA", raising=False)
        with TestClient(app_of(folder)) as client:
            client.folder = folder
            yield client


@pytest.fixture(scope="package")
def short(client):
    """A run of ten steps with a twin, done."""
    id = post(client, "start", **SHORT)["id"]
    assert wait(client, id, "done")["step"] == 10
    return id


@pytest.fixture
def long(client):
    """A run that trains until the test has ended."""
    id = post(client, "start", **LONG)["id"]
    wait(client, id, "running")
    yield id
    client.post("/stn/train/stop", json={"id": id})
    until(client, id, lambda run: not run["alive"])
    post(client, "delete", id=id)
