"""Exports of a run: a network, a checkpoint file, JSON, CSV, an animation."""

import csv
import io

import numpy as np
import pytest
from PIL import Image

from stn_demo import checkpoints
from stn_demo.model import ModelConfig, build_model
from stn_demo.ui.live.networks import Networks

from .helpers import log, post, refused


def test_save_adds_a_network_and_never_overwrites(client, short):
    assert post(client, "save", id=short, step=10, name="learnt")["name"] == "learnt"
    assert "learnt" in [model["name"] for model in client.get("/stn/train/networks").json()["models"]]
    saved = checkpoints.read_info(client.folder / ".cache" / "stn_demo" / "networks" / "learnt.safetensors")
    assert saved.provenance["step"] == 10
    assert refused(client, "save", id=short, step=10, name="learnt")[0] == "run_name_taken"
    assert refused(client, "save", id=short, step=10, name="seed-affine")[0] == "run_name_taken"
    reserved = dict.fromkeys(["run-a", "upload-0", "untrained-minute"], "run_name_reserved")
    for name, code in {"../x": "run_name", "": "run_name", **reserved}.items():
        assert refused(client, "save", id=short, name=name)[0] == code


def test_uploads_never_remove_saved_networks(tmp_path, monkeypatch):
    monkeypatch.setattr("stn_demo.ui.live.private.MOST_OF_ONE", 1)
    model = build_model(ModelConfig())
    networks = Networks(tmp_path / "none", tmp_path)
    checkpoints.save(tmp_path / "mine.safetensors", model, {})
    for number in range(3):
        checkpoints.save(tmp_path / "new.part", model, {"step": number})
        networks.private.add((tmp_path / "new.part").read_bytes(), "somebody")
    assert (tmp_path / "mine.safetensors").exists() and networks.names() == ["mine"]
    assert len(networks.private.names("somebody")) == 1


def test_a_download_is_a_checkpoint(client, short, tmp_path):
    for twin, place in ((False, ("input",)), (True, ())):
        answer = client.get("/stn/train/download", params={"id": short, "step": 10, "twin": twin})
        assert "attachment" in answer.headers["content-disposition"]
        assert checkpoints.loads(answer.content).config.placement == place


def test_a_run_as_json_and_as_csv(client, short):
    whole = client.get("/stn/train/export", params={"id": short, "format": "json"}).json()
    assert whole["settings"]["learning_rate"] == 0.004 and whole["snapshots"][-1] == 10
    rows = list(
        csv.DictReader(io.StringIO(client.get("/stn/train/export", params={"id": short, "format": "csv"}).text))
    )
    steps = [event for event in whole["events"] if event["kind"] == "step"]
    logged = [row for row in rows if row["kind"] == "step"]
    assert [int(row["step"]) for row in logged] == [event["step"] for event in steps]
    assert float(logged[-1]["loss"]) == pytest.approx(steps[-1]["loss"])
    assert client.get("/stn/train/export", params={"id": short, "format": "xml"}).status_code == 400


@pytest.mark.parametrize("kind", ["gif", "webp"])
def test_the_film_has_a_picture_for_each_snapshot(client, short, kind):
    strokes = [{"w": 80, "e": 0, "p": [300, 200, 700, 200, 450, 800]}]
    answer = client.post(
        "/stn/train/replay",
        json={
            "id": short,
            "format": kind,
            "source": {"kind": "strokes", "strokes": strokes},
            "pose": {"rotation": 20},
        },
    )
    assert answer.headers["content-type"] == f"image/{kind}"
    film = Image.open(io.BytesIO(answer.content))
    assert film.n_frames == len(log(client, short)["snapshots"])
    pictures = []
    for index in (0, film.n_frames - 1):
        film.seek(index)
        pictures.append(np.asarray(film.convert("RGB"), dtype=int))
    assert np.abs(pictures[0] - pictures[1]).max() > 50


def test_replay_in_unknown_format_is_refused(client, short):
    assert refused(client, "replay", id=short, format="mp4")
