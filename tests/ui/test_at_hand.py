"""Networks that only the server has, for a page that may lose its connection: which are handed out, to whom, and how often."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient

from stn_demo import checkpoints
from stn_demo.analysis import graph_file
from stn_demo.model import ModelConfig, build_model
from stn_demo.training.presets import PRESETS
from stn_demo.ui.live.networks import Networks
from stn_demo.ui.local import at_hand, losses, networks
from stn_demo.ui.local.spare import BURST, Spare

CONFIG = ModelConfig(classifier="cnn")


@pytest.fixture
def app(tmp_path):
    """An app of the routes alone, whose visitor is named by the header of that name; ``app.spare`` has no process that exports."""
    spare = Spare(None, tmp_path / "checkpoints")
    spare.runtime, spare.folder = tmp_path, tmp_path / "data"
    kept = Networks(tmp_path / "checkpoints", tmp_path / "saved")
    side = SimpleNamespace(engine=SimpleNamespace(networks=kept), at_hand=at_hand)

    async def ready():
        return side

    made = FastAPI()
    spare.add(made, SimpleNamespace(ready=ready))

    @made.middleware("http")
    async def named(request: Request, go_on):
        request.scope["visitor"] = request.headers.get("visitor", "somebody")
        return await go_on(request)

    with TestClient(made) as client:
        client.spare, client.kept = spare, kept
        yield client


def uploaded(app, config=CONFIG, visitor="owner"):
    """(name, network) of an upload; its running statistics differ from those of a new network."""
    network = build_model(config)
    with torch.no_grad():
        for value in graph_file.weights(network).values():
            value.uniform_(0.5, 1.5)
    checkpoints.save(app.spare.folder.parent / "mine.safetensors", network, {})
    data = (app.spare.folder.parent / "mine.safetensors").read_bytes()
    return app.kept.private.add(data, visitor), network


def write_graph(app, network, of_losses=False):
    wanted = [*networks.addresses(network).values(), *(losses.addresses(network).values() if of_losses else ())]
    for address in wanted:
        path = app.spare.folder / address
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"graph")


def asked(app, name, visitor="owner"):
    return app.get("/stn/local/network", params={"name": name}, headers={"visitor": visitor}).json()


def test_network_whose_graph_is_written_comes_with_its_weights_as_in_its_file(app):
    name, network = uploaded(app)
    write_graph(app, network)
    entry = asked(app, name)
    assert entry["graphs"] == networks.addresses(network) and entry["transform"] == "affine" and entry["losses"] is None
    address = app.base_url.join("/stn/local/data/").join(entry["weights"])
    content = app.get(address, headers={"visitor": "owner"}).content
    expected = np.frombuffer(graph_file.pack_weights(network), "<f4")
    assert np.array_equal(np.frombuffer(content, "<f4"), expected), "nothing is folded: the graph does that"
    write_graph(app, network, of_losses=True)
    assert set(asked(app, name)["losses"]) == {"loss", "row", "step", "spread"}


def test_network_whose_graph_is_not_written_is_not_handed_out_and_nothing_is_exported(app):
    name, _ = uploaded(app)
    assert asked(app, name) is None and app.spare._writing is None
    assert app.get("/stn/local/data/index.json?quiet=true").json() is None and app.spare._writing is None


def test_uploaded_network_of_another_visitor_and_other_names_are_not_handed_out(app):
    name, network = uploaded(app)
    write_graph(app, network)
    secret = app.spare.folder.parent / "secret.safetensors"
    checkpoints.save(secret, network, {})
    for asker, wanted in (("another", name), ("owner", "../secret"), ("owner", "no-such-one"), ("owner", "")):
        assert asked(app, wanted, asker) is None, wanted
        answer = app.get("/stn/local/weights", params={"name": wanted}, headers={"visitor": asker})
        assert answer.status_code == 404, wanted


def test_a_visitor_can_ask_only_so_often(app):
    name, network = uploaded(app)
    write_graph(app, network)
    answers = [asked(app, name) is not None for _ in range(BURST + 5)]
    assert all(answers[:BURST]) and not answers[-1]
    assert asked(app, f"untrained-{next(iter(PRESETS))}", "another") is None, "no graph, but it may ask"


def test_first_network_of_a_preset_is_handed_out(app):
    preset = next(iter(PRESETS))
    write_graph(app, app.kept.get(f"untrained-{preset}"))
    assert asked(app, f"untrained-{preset}")["graphs"]["warp"].startswith("graphs/")
