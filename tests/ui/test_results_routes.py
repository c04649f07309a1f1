"""The routes of the Results page: measurements, and failures as Explore shows them."""

import base64

import numpy as np
import pytest
from results_helpers import made, measured, small
from starlette.testclient import TestClient

from stn_demo.ui.options import Options
from stn_demo.ui.server import build_app


@pytest.fixture(scope="module")
def client(tmp_path_factory, one_thread):
    home = tmp_path_factory.mktemp("home")
    folder = made(home / "zoo", ["r-stcnn-affine", "r-cnn", "tc-stcnn-affine"])
    with pytest.MonkeyPatch.context() as patch:
        small(patch)
        patch.setenv("HOME", str(home))
        patch.delenv("STN_DEMO_DATA", raising=False)
        measured(folder)
        with TestClient(build_app(Options(checkpoints=folder, runs=home / "runs"))) as client:
            client.folder = folder
            yield client


def test_overview_contains_pairs_table_and_figures(client):
    answer = client.get("/stn/results").json()
    assert [(pair["name"], pair["twin"]) for pair in answer["pairs"]] == [
        ("r-stcnn-affine", "r-cnn"),
        ("tc-stcnn-affine", None),
    ]
    assert answer["pair"]["name"] == "r-stcnn-affine" and answer["pair"]["stale"] is False
    assert {cell["checkpoint"] for cell in answer["table"]["cells"] if cell["error"] is not None} == {
        "r-stcnn-affine", "r-cnn", "tc-stcnn-affine"
    }  # fmt: skip
    assert base64.b64decode(answer["picture"]).startswith(b"\x89PNG")
    assert client.get("/stn/results?pair=tc-stcnn-affine").json()["pair"]["name"] == "tc-stcnn-affine"


def test_a_pair_of_shipped_networks_is_a_small_download():
    with TestClient(build_app(Options())) as client:
        pairs = client.get("/stn/results").json()["pairs"]
        assert len(pairs) > 20
        for pair in pairs:
            assert len(client.get("/stn/results", params={"pair": pair["name"]}).content) < 75_000, pair["name"]


@pytest.mark.parametrize("name", ["nobody", "r-cnn", "../zoo", "x" * 200])
def test_a_pair_that_was_not_measured_is_refused(client, name):
    answer = client.get("/stn/results", params={"pair": name})
    assert answer.status_code == 400 and answer.json()["error"]["code"] == "unknown_model"


def test_failure_equals_the_frame_on_explore(client):
    gallery = client.get("/stn/results/failures?network=r-stcnn-affine&twin=r-cnn").json()
    assert gallery["set"] == "handwriting" and len(gallery["failures"]) == 12
    for failure in gallery["failures"][:3]:
        link = {
            "source": {"kind": "digit", "digit": failure["digit"], "label": failure["label"]},
            "pose": failure["pose"],
        }
        state = client.post("/stn/link", json={**link, "model": "r-stcnn-affine", "twin": "r-cnn"}).json()
        assert state["problem"] is None and state["state"]["pose"] == failure["pose"]
        shown = client.post("/stn/export", json=state["state"]).json()
        assert int(np.argmax(shown["probabilities"])) == failure["answer"] != failure["label"]
        assert max(shown["probabilities"]) == pytest.approx(failure["confidence"], abs=1e-3)
    assert len(base64.b64decode(failure["input"])) == len(base64.b64decode(failure["warped"])) == 784


def test_twin_failures_include_the_answer_of_the_network(client):
    gallery = client.get("/stn/results/failures?network=r-stcnn-affine&twin=r-cnn&of=r-cnn").json()
    assert gallery["failures"] and all(one["twin_answer"] != one["label"] for one in gallery["failures"])
    own = client.get("/stn/results/failures?network=r-stcnn-affine&twin=r-cnn").json()
    assert all(one["answer"] != one["label"] for one in own["failures"]) and own != gallery


def test_networks_for_clutter_have_no_gallery(client):
    assert client.get("/stn/results/failures?network=tc-stcnn-affine").json() == {
        "set": None,
        "looked_at": 0,
        "failures": [],
    }


def test_missing_network_is_refused(client):
    answer = client.get("/stn/results/failures?network=r-stcnn-affine&twin=nobody")
    assert answer.status_code == 400 and answer.json()["error"]["code"] == "unknown_model"
    assert client.get("/stn/results/failures?network=../../etc").status_code == 400


def test_results_for_other_weights_are_marked_stale(client):
    path = client.folder / "tc-stcnn-affine.safetensors"
    kept = path.read_bytes()
    path.write_bytes(kept + b" ")
    try:
        assert client.get("/stn/results?pair=tc-stcnn-affine").json()["pair"]["stale"] is True
    finally:
        path.write_bytes(kept)


def test_damaged_and_missing_results_are_reported(client):
    folder = client.folder / "results"
    kept = (folder / "table.json").read_bytes()
    (folder / "table.json").write_text("[]")
    try:
        answer = client.get("/stn/results")
        assert answer.status_code == 400 and "python -m stn_demo analyse" in answer.json()["error"]["message"]
        (folder / "table.json").unlink()
        assert client.get("/stn/results").json() == {"pairs": [], "pair": None, "how": "python -m stn_demo analyse", "files": [
            "classes.json", "failures.json", "robustness.json", "turning.json", "undone.json", "zoom.json"
        ]}  # fmt: skip
    finally:
        (folder / "table.json").write_bytes(kept)
    assert client.get("/stn/results").json()["pair"]["name"] == "r-stcnn-affine"


def test_measurement_files_can_be_downloaded(client):
    names = client.get("/stn/results").json()["files"]
    assert {"table.json", "failures.json"} <= set(names)
    for name in names:
        assert client.get(f"/stn/results/measured/{name}").content == (client.folder / "results" / name).read_bytes()
    for name in ("../r-cnn.safetensors", "%2e%2e%2fr-cnn.safetensors", "nothing.json"):
        assert client.get(f"/stn/results/measured/{name}").status_code in (400, 404)


def test_the_files_of_the_page_are_served(client):
    for name in ("main.js", "results.css", "plots.js"):
        assert client.get(f"/stn/results/static/{name}").status_code == 200
