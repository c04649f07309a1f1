"""Gradio's own client for programs, against the running app, as the README shows it."""

import time

import httpx
import numpy as np
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from PIL import Image, ImageDraw


@pytest.fixture(scope="module")
def client(served, tmp_path_factory):
    return Client(served.url, verbose=False, download_files=str(tmp_path_factory.mktemp("downloads")))


@pytest.fixture(scope="module")
def seven(tmp_path_factory):
    image = Image.new("L", (300, 400), 255)
    ImageDraw.Draw(image).line([(80, 100), (220, 100), (130, 310)], fill=20, width=24)
    path = tmp_path_factory.mktemp("pictures") / "seven.png"
    image.save(path)
    return path


def explain(client, path, rotation=0, model="", raw=False):
    return client.predict(handle_file(path), rotation, 1, 0, 0, 0, model, raw, api_name="/explain")


def test_a_picture_is_explained(client, seven):
    found = explain(client, seven, rotation=20)
    assert found["digit"] == 7 == int(np.argmax(found["probabilities"]))
    assert np.isclose(sum(found["probabilities"]), 1, atol=1e-4)
    assert np.shape(found["input"]) == np.shape(found["warped"]) == (28, 28)
    assert np.shape(found["grid"]) == (28, 28, 2)
    assert found["theta"] != explain(client, seven)["theta"]


def test_failed_calls_return_an_error_message(client, seven, tmp_path):
    with pytest.raises(AppError, match="no checkpoint 'nobody' here"):
        explain(client, seven, model="nobody")
    with pytest.raises(AppError, match="rotation"):
        explain(client, seven, rotation=500)
    (tmp_path / "text.png").write_text("no picture")
    with pytest.raises(httpx.HTTPStatusError, match="415"):  # what is no picture is not even kept
        explain(client, tmp_path / "text.png")


def test_large_pictures_do_not_block_the_page(client, seven, served, tmp_path):
    """Two calls are processed at a time; the page's own route answers meanwhile."""
    path = tmp_path / "large.png"
    Image.new("L", (8000, 5000), 255).save(path)
    jobs = [client.submit(handle_file(path), 0, 1, 0, 0, 0, "", False, api_name="/explain") for _ in range(6)]
    longest = 0.0
    while not all(job.done() for job in jobs):
        begun = time.monotonic()
        httpx.post(f"{served.url}/stn/ask", content=b'{"id": 1}', timeout=30)
        longest = max(longest, time.monotonic() - begun)
        time.sleep(0.02)
    for job in jobs:
        assert isinstance(job.exception(), AppError)
    assert longest < 3
    assert explain(client, seven)["digit"] == 7
