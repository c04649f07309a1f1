"""What the Train page shows of a run: curves, snapshots, the ten digits, means, and its choices."""

import json
import struct

import numpy as np
import torch
from starlette.testclient import TestClient

from stn_demo import checkpoints
from stn_demo.data import mnist
from stn_demo.data.digits import Digits
from stn_demo.model import ModelConfig, build_model
from stn_demo.training import TrainingSettings
from stn_demo.training.start import untrained
from stn_demo.ui.live.samples import Samples
from stn_demo.ui.options import Options
from stn_demo.ui.server import build_app
from stn_demo.ui.train.strip import Pictures

from .helpers import log, unpack


def test_the_overview_has_presets_that_can_be_started(client):
    overview = client.get("/stn/train").json()
    assert overview["allowed"] and overview["presets"]
    strings = {tag: client.get(f"/stn/strings/{tag}.json").json() for tag in ("en", "zh-CN")}
    for preset in overview["presets"]:
        assert preset["settings"]["model"]["transform"] in overview["choices"]["model"]["transform"]
        for catalogue in strings.values():
            assert {f"train.preset.{preset['name']}", f"train.preset.{preset['name']}.help"} <= set(catalogue)
    assert overview["choices"]["devices"][0] == "cpu"
    assert overview["choices"]["points"]["fcn"] == ["input"]


def test_log_sends_each_part_of_the_curves_once(client, short):
    first = log(client, short)
    steps = first["steps"]["step"]
    assert steps == sorted(set(steps)) and steps[-1] == 10
    assert all(len(column) == len(steps) for column in first["steps"].values())
    assert all(0 <= value <= 1 for value in first["steps"]["twin_accuracy"])
    assert first["snapshots"][0] == 0 and first["snapshots"][-1] == 10
    assert first["run"]["state"] == "done" and first["run"]["name"] == "short"
    again = log(client, short, first["next"])
    assert again["steps"]["step"] == [] and not again["restarted"]


def test_snapshots_are_networks_on_the_live_channel(client, short):
    with client.websocket_connect("/stn/live") as socket:
        socket.receive_text()

        def ask(model, twin=None):
            socket.send_text(json.dumps({"id": 1, "model": model, "twin": twin, "pose": {"rotation": 30}}))
            while not (message := socket.receive()).get("bytes"):
                if "error" in (values := json.loads(message["text"])):
                    return values["error"]["code"]
            length = struct.unpack("<I", message["bytes"][:4])[0]
            return json.loads(message["bytes"][4 : 4 + length])

        before = ask(f"run-{short}-0", f"run-{short}-0-twin")
        after = ask(f"run-{short}-10")
        assert before["theta"] == [1, 0, 0, 0, 1, 0], "it starts at the identity"
        assert len(before["twin_probs"]) == 10
        assert after["theta"] != before["theta"]
        assert ask(f"run-{short}-latest")["theta"] == after["theta"]
        for name in (f"run-{short}-7777777", "run-none-latest", "run-..-latest"):
            assert ask(name) == "unknown_model"


def test_strip_equals_the_forward_pass_of_the_network(client, short):
    header, arrays = unpack(client.get("/stn/train/strip", params={"id": short, "step": 10}).content)
    model = checkpoints.load(client.folder / "runs" / short / "snapshots" / "10.safetensors")
    with torch.no_grad():
        trace = model.trace(torch.from_numpy(arrays["input"].copy())[:, None].float() / 255)
    assert trace.log_probs.argmax(1).tolist() == header["guesses"]
    assert np.abs(trace.transforms[0].warped[:, 0].numpy() * 255 - arrays["warped"]).max() <= 1.5
    corners = torch.tensor([[-1.0, -1], [1, -1], [1, 1], [-1, 1]])
    assert np.allclose(
        header["outlines"], model.transformers["input"].grid.at(trace.transforms[0].theta, corners), atol=2e-3
    )
    assert (arrays["mean"].reshape(10, -1).max(1) == 255).all()
    assert len(header["twin_guesses"]) == 10
    seen = client.get("/stn/train/strip", params={"id": short, "step": 10, "seen": header["version"]})
    assert seen.status_code == 204 and not seen.content


def test_initial_network_of_a_preset_equals_step_0_of_its_run(client, short):
    """It equals the network of step 0 to the bit, which reads the whole picture; without a preset there is none."""
    run = json.loads((client.folder / "runs" / short / "run.json").read_text())
    first = checkpoints.load(client.folder / "runs" / short / "snapshots" / "0.safetensors").state_dict()
    begun = untrained(TrainingSettings.from_dict(run["settings"])).state_dict()
    assert first.keys() == begun.keys() and all(torch.equal(first[name], begun[name]) for name in first)
    header, arrays = unpack(client.get("/stn/train/strip", params={"preset": "minute"}).content)
    assert (arrays["warped"] == arrays["input"]).all() and len(header["guesses"]) == 10
    assert np.allclose(header["outlines"], [[[-1, -1], [1, -1], [1, 1], [-1, 1]]] * 10)
    assert client.get("/stn/train/strip", params={"preset": "nonsense"}).status_code == 204


def test_strip_contains_the_earlier_looks_of_each_digit(client):
    header, _ = unpack(client.get("/stn/train/strip", params={"preset": "upright"}).content)
    assert np.allclose(
        header["earlier"], [[[[-1, -1], [1, -1], [1, 1], [-1, 1]]]] * 10
    )  # two looks: one before the last
    header, _ = unpack(client.get("/stn/train/strip", params={"preset": "minute"}).content)
    assert header["earlier"] == []


def test_class_mean_is_the_mean_of_the_warped_digits(client, short):
    """At step 0 the grid is the identity: the average is that of the posed digits themselves, and no sharper than one."""
    _, arrays = unpack(client.get("/stn/train/strip", params={"id": short, "step": 0}).content)
    assert (arrays["warped"] == arrays["input"]).all()
    spread = lambda pictures: (pictures > 25).reshape(10, -1).mean()  # noqa: E731
    assert spread(arrays["mean"]) > 1.5 * spread(arrays["input"])


def test_plotly_script_is_served_locally_and_cached(client):
    answer = client.get("/stn/plotly.js")
    assert answer.headers["content-encoding"] == "gzip" and "immutable" in answer.headers["cache-control"]
    assert "Plotly" in answer.text
    plain = client.get("/stn/plotly.js", headers={"Accept-Encoding": "identity"})
    assert plain.text == answer.text
    assert client.get("/stn/plotly.js", headers={"If-None-Match": answer.headers["etag"]}).status_code == 304


def test_app_starts_without_a_twin_network(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    checkpoints.save(tmp_path / "only.safetensors", build_model(ModelConfig()), {})
    with TestClient(build_app(Options(checkpoints=tmp_path, runs=tmp_path / "runs"))) as alone:
        assert alone.get("/stn/train").json()["runs"] == []


def test_every_choice_has_a_text_in_both_languages(client):
    """Without a text, the page would show the name of a choice and the engine's help text of a setting."""
    choices = client.get("/stn/train").json()["choices"]
    wanted = {f"train.set.{name}" for name in (*choices["numbers"], *choices["named"], *choices["model"])}
    wanted |= {f"{name}.line" for name in wanted}
    prefixes = {"sampler": "sampler", "padding": "padding"}
    for name, values in choices["model"].items():
        wanted |= {f"{prefixes.get(name, f'train.{name}')}.{value}" for value in values}
    for name, setting in choices["named"].items():
        wanted |= {f"train.{name}.{value}" for value in setting["choices"]}
    wanted |= {f"train.place.{point}" for points in choices["points"].values() for point in points}
    for tag in ("en", "zh-CN"):
        assert sorted(wanted - set(client.get(f"/stn/strings/{tag}.json").json())) == [], tag


def test_a_run_on_embedded_digits_needs_no_data_set(client, monkeypatch):
    """The strip uses MNIST for a run on MNIST if it is available, else the generated digits."""
    pictures = Pictures(Samples(None), None)
    assert not mnist.is_complete()
    assert isinstance(pictures._set("mnist"), Digits)
