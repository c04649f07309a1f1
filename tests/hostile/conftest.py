"""One app for all tests of a file: no test may break it for the next."""

import pytest

import app


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    folders = (tmp_path_factory.mktemp(name) for name in ("networks", "home", "uploads"))
    with app.served(*folders) as client:
        yield client
