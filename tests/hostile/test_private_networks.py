"""An uploaded network is private to its visitor, does not slow other visitors, and is removed again."""

import json
import os

import pytest
import torch
from safetensors.torch import save

from stn_demo import checkpoints
from stn_demo.model import ModelConfig, build_model
from stn_demo.ui.live import cost, networks, private


def packed(config=None, provenance="{}", seed=0):
    torch.manual_seed(seed)
    model = build_model(config or ModelConfig())
    about = {"format": checkpoints.FORMAT, "config": model.config.to_json(), "provenance": provenance}
    return save({name: tensor.contiguous() for name, tensor in model.state_dict().items()}, about)


def as_visitor(client):
    """Cookies of a new visitor."""
    client.cookies.clear()
    client.get("/")
    return dict(client.cookies)


def send(client, data, cookies):
    client.cookies.clear()
    client.cookies.update(cookies)
    return client.post("/stn/network", content=data).json()


def frame(client, name):
    answer = client.post("/stn/ask", content=json.dumps({"id": 1, "model": name, "twin": None}))
    return answer.headers["content-type"] == "application/octet-stream"


def listed(client):
    return [model["name"] for model in client.get("/stn/train/networks").json()["models"]]


def test_upload_is_listed_for_its_visitor_and_usable_by_name(client):
    anna, berta = as_visitor(client), as_visitor(client)
    name = send(client, packed(), anna)["name"]
    assert private.NAME.fullmatch(name) and frame(client, name) and name not in listed(client)
    assert client.get("/stn/network").json()["own"] == [name]
    client.cookies.clear()
    client.cookies.update(berta)
    assert client.get("/stn/network").json()["own"] == []
    assert client.post("/stn/network/remove", json={"name": name}).status_code == 400 and frame(client, name)
    client.cookies.clear()
    client.cookies.update(anna)
    assert client.post("/stn/network/remove", json={"name": name}).json() == {"name": name}
    assert not frame(client, name) and client.get("/stn/network").json()["own"] == []


def test_the_same_network_twice_has_two_names(client):
    anna = as_visitor(client)
    assert send(client, packed(), anna)["name"] != send(client, packed(), anna)["name"]


def test_a_hostile_header_is_refused_and_the_next_upload_works(client):
    anna = as_visitor(client)
    refused = send(client, packed(provenance='{"test_error": [1]}'), anna)
    assert refused["error"]["code"] == "broken_model" and refused["error"]["message"].endswith(".")
    assert "name" in send(client, packed(), anna)
    assert client.get("/stn/train/networks").status_code == 200


def test_visitor_limit_removes_only_own_uploads(client):
    berta = as_visitor(client)
    hers = send(client, packed(), berta)["name"]
    anna = as_visitor(client)
    names = [send(client, packed(), anna)["name"] for _ in range(private.MOST_OF_ONE + 3)]
    assert client.get("/stn/network").json()["own"] == names[::-1][: private.MOST_OF_ONE]
    client.cookies.update(berta)
    assert frame(client, hers)


def test_forged_cookie_is_ignored(client):
    anna = as_visitor(client)
    send(client, packed(), anna)
    (key,) = anna
    own = client.get("/stn/network").json()["own"]
    assert own
    for forged in (
        "x.y",
        anna[key][:-1] + "0" * (anna[key][-1] != "0"),
        anna[key].split(".")[0] + ".",
        "é",
        "x" * 9000,
    ):
        answer = client.get("/stn/network", headers={"cookie": f"{key}={forged}".encode()})
        assert not set(answer.json()["own"]) & set(own)


def test_old_uploads_are_removed_and_the_folder_is_limited(tmp_path, monkeypatch):
    kept = private.Private(tmp_path)
    names = [kept.add(packed(), f"visitor {i}") for i in range(4)]
    os.utime(kept.path(names[0]), (1e9, 1e9))
    kept.sweep()
    assert not kept.path(names[0]).exists() and kept.path(names[1]).exists()
    kept.sweep(most=2)
    assert [kept.path(name).exists() for name in names] == [False, False, True, True]
    kept.sweep(most_bytes=kept.path(names[3]).stat().st_size)
    assert len(list(tmp_path.iterdir())) == 1


def test_uploads_in_a_short_time_are_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(private, "BURST", 3)
    kept, data = private.Private(tmp_path), packed()
    for _ in range(3):
        kept.add(data, "visitor a")
    with pytest.raises(checkpoints.CheckpointError, match="short time"):
        kept.add(data, "visitor a")
    kept.add(data, "visitor b")


def test_too_slow_network_is_refused_and_a_heavy_one_is_detected(tmp_path):
    slow = ModelConfig(input_size=256, transform="tps", classifier="cnn", localization="paper")
    heavy = ModelConfig(input_size=256)
    assert cost.is_light(ModelConfig()) and cost.is_light(ModelConfig(classifier="deep", localization="deep"))
    assert not cost.is_light(heavy) and cost.unfit(heavy) is None
    assert "million operations" in cost.unfit(slow)
    with pytest.raises(checkpoints.CheckpointError, match=r"million operations|larger than"):
        private.Private(tmp_path).add(packed(slow), "visitor a")


@pytest.mark.parametrize("other", [{"classes": 500}, {"input_size": (28, 36)}])
def test_network_for_unsupported_pictures_is_refused(tmp_path, other):
    with pytest.raises(checkpoints.CheckpointError, match="square images"):
        private.Private(tmp_path).add(packed(ModelConfig(**other)), "visitor a")


def test_the_memory_of_networks_is_bounded(tmp_path, monkeypatch):
    for number in range(6):
        checkpoints.save(tmp_path / f"n{number}.safetensors", build_model(ModelConfig()), {})
    one = sum(tensor.nbytes for tensor in build_model(ModelConfig()).state_dict().values())
    monkeypatch.setattr(networks, "MOST_BYTES", 3 * one)
    kept = networks.Networks(tmp_path, tmp_path / "saved")
    for number in (0, 1, 2, 0, 3, 4):
        kept.get(f"n{number}")
    assert [kept.is_light(f"n{number}") for number in range(6)] == [True, False, False, True, True, False]
