"""One app for the tests of a file: whatever one of them does must leave it whole for the next."""

import pytest

import app


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    folders = (tmp_path_factory.mktemp(name) for name in ("networks", "home", "uploads"))
    with app.served(*folders) as client:
        yield client
