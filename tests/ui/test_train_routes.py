"""The Train page's routes, through a real ASGI client: starting, driving, watching, rewinding, keeping, refusing."""

import csv
import io
import json
import re
import struct
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from starlette.testclient import TestClient

from stn_demo import checkpoints
from stn_demo.data import mnist
from stn_demo.data.digits import Digits
from stn_demo.model import ModelConfig, build_model
from stn_demo.training import TrainingSettings
from stn_demo.training.start import untrained
from stn_demo.ui.live.networks import Networks
from stn_demo.ui.live.samples import Samples
from stn_demo.ui.options import OptionError, Options, read_options
from stn_demo.ui.server import build_app
from stn_demo.ui.train import replay
from stn_demo.ui.train.strip import Pictures

SETTINGS = {
    "data": "handwriting",
    "distortion": {"rotation": 40, "scale": [0.8, 1.1], "shear": 0.1, "shift": "ink"},
    "batch_size": 32,
    "learning_rate": 0.004,
}
SHORT = {"settings": {**SETTINGS, "epochs": 0.32}, "digits": 1000, "twin": True, "name": "short"}  # ten steps
LONG = {"settings": {**SETTINGS, "epochs": 5000}, "digits": 1000}


def app_of(folder, **options):
    torch.manual_seed(0)
    networks = folder / "networks"
    networks.mkdir(exist_ok=True)
    for name, config in {"seed-affine": ModelConfig(), "seed-cnn": ModelConfig(placement=())}.items():
        checkpoints.save(networks / f"{name}.safetensors", build_model(config), {})
    return build_app(Options(checkpoints=networks, runs=folder / "runs", **options))


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    folder = tmp_path_factory.mktemp("train")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(folder))
        patch.delenv("STN_DEMO_DATA", raising=False)
        with TestClient(app_of(folder)) as client:
            client.folder = folder
            yield client


@pytest.fixture(scope="module")
def short(client):
    """A run of ten steps with a twin, done."""
    id = post(client, "start", **SHORT)["id"]
    assert wait(client, id, "done")["step"] == 10
    return id


@pytest.fixture
def long(client):
    """A run that goes on until the test has ended."""
    id = post(client, "start", **LONG)["id"]
    wait(client, id, "running")
    yield id
    client.post("/stn/train/stop", json={"id": id})
    until(client, id, lambda run: not run["alive"])
    post(client, "delete", id=id)


def post(client, action, status=200, **values):
    answer = client.post(f"/stn/train/{action}", json=values)
    assert answer.status_code == status, answer.text
    return answer.json()


def refused(client, action, **values):
    """The code and the sentence of a refusal."""
    error = post(client, action, 400, **values)["error"]
    assert error["message"].endswith(".") and len(error["message"]) > 10
    return error["code"], error["message"]


def log(client, id, since=0):
    return client.get("/stn/train/log", params={"id": id, "since": since}).json()


def until(client, id, so, seconds=60):
    """The run's status, once ``so(status)``."""
    end = time.monotonic() + seconds
    while not so(run := log(client, id, -1)["run"]):
        assert time.monotonic() < end and run["state"] != "failed", run
        time.sleep(0.1)
    return run


def wait(client, id, state):
    return until(client, id, lambda run: run["state"] == state)


def unpack(message):
    length = struct.unpack("<I", message[:4])[0]
    header, offset, arrays = json.loads(message[4 : 4 + length]), 4 + length, {}
    assert offset % 8 == 0
    for name, kind, shape in header["arrays"]:
        assert kind == "u1"
        arrays[name] = np.frombuffer(message[offset : offset + int(np.prod(shape))], np.uint8).reshape(shape)
        offset += arrays[name].size
    assert offset == len(message)
    return header, arrays


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


def test_a_run_tells_its_curves_once(client, short):
    first = log(client, short)
    steps = first["steps"]["step"]
    assert steps == sorted(set(steps)) and steps[-1] == 10
    assert all(len(column) == len(steps) for column in first["steps"].values())
    assert all(0 <= value <= 1 for value in first["steps"]["twin_accuracy"])
    assert first["snapshots"][0] == 0 and first["snapshots"][-1] == 10
    assert first["run"]["state"] == "done" and first["run"]["name"] == "short"
    again = log(client, short, first["next"])
    assert again["steps"]["step"] == [] and not again["anew"]


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


def test_the_strip_is_the_networks_own_pass(client, short):
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


def test_before_a_run_there_is_what_it_begins_with(client, short):
    """To the bit the network of its step 0, which reads the whole picture; of no preset, nothing."""
    run = json.loads((client.folder / "runs" / short / "run.json").read_text())
    first = checkpoints.load(client.folder / "runs" / short / "snapshots" / "0.safetensors").state_dict()
    begun = untrained(TrainingSettings.from_dict(run["settings"])).state_dict()
    assert first.keys() == begun.keys() and all(torch.equal(first[name], begun[name]) for name in first)
    header, arrays = unpack(client.get("/stn/train/strip", params={"preset": "minute"}).content)
    assert (arrays["warped"] == arrays["input"]).all() and len(header["guesses"]) == 10
    assert np.allclose(header["outlines"], [[[-1, -1], [1, -1], [1, 1], [-1, 1]]] * 10)
    assert client.get("/stn/train/strip", params={"preset": "nonsense"}).status_code == 204


def test_the_looks_before_the_last_are_there_for_each_digit(client):
    header, _ = unpack(client.get("/stn/train/strip", params={"preset": "upright"}).content)
    assert np.allclose(
        header["earlier"], [[[[-1, -1], [1, -1], [1, 1], [-1, 1]]]] * 10
    )  # two looks: one before the last
    header, _ = unpack(client.get("/stn/train/strip", params={"preset": "minute"}).content)
    assert header["earlier"] == []


def test_the_mean_of_a_class_is_that_of_what_is_read(client, short):
    """At step 0 the grid is the identity: the average is that of the posed digits themselves, and no sharper than one."""
    _, arrays = unpack(client.get("/stn/train/strip", params={"id": short, "step": 0}).content)
    assert (arrays["warped"] == arrays["input"]).all()
    spread = lambda pictures: (pictures > 25).reshape(10, -1).mean()  # noqa: E731
    assert spread(arrays["mean"]) > 1.5 * spread(arrays["input"])


def test_pause_step_rate_resume_stop(client, long):
    post(client, "pause", id=long)
    at = wait(client, long, "paused")["step"]
    post(client, "step", id=long)
    now = until(client, long, lambda run: run["step"] != at and run["state"] == "paused")
    assert (now["state"], now["step"]) == ("paused", at + 1)
    post(client, "rate", id=long, rate=1e-4)
    until(client, long, lambda run: run["top_rate"] == 1e-4)
    assert log(client, long)["rates"]["learning_rate"] == [1e-4]
    post(client, "resume", id=long)
    assert wait(client, long, "running")["step"] >= at + 1
    post(client, "stop", id=long)
    assert until(client, long, lambda run: run["resumable"])["state"] == "stopped"


def test_one_run_at_a_time_and_the_second_learns_which(client, long):
    answer = post(client, "start", 400, **LONG)
    assert answer["error"]["code"] == "run_running" and answer["running"] == long
    assert client.get("/stn/train").json()["running"] == long
    assert refused(client, "delete", id=long)[0] == "run_running"


def test_whoever_looks_finds_a_process_ready_and_a_closed_page_has_none(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    made = threading.Event()

    def mine(runs):
        return tmp_path in runs.store.folder.parents  # the other tests' app prepares, too

    monkeypatch.setattr("stn_demo.runs.runs.Runs.warm", lambda self: mine(self) and made.set())
    monkeypatch.setattr("stn_demo.ui.train.routes.ARRIVING", 0.0)
    for path in ("/stn/train", "/stn/train/networks"):
        for allowed in (False, True):
            made.clear()
            with TestClient(app_of(tmp_path, training="everyone" if allowed else "off")) as client:
                client.get(path)
                assert made.wait(30.0 if allowed else 0.5) == allowed


def test_a_run_past_its_first_seconds_leaves_room_for_the_next_process(client, long, monkeypatch):
    """Stop and start again, or the same seed again, does not wait for a process to load."""
    made = threading.Event()
    monkeypatch.setattr("stn_demo.runs.runs.Runs.warm", lambda self: made.set())
    monkeypatch.setattr("stn_demo.ui.train.service.BEGINNING", 1e9)
    client.get("/stn/train")
    assert not made.wait(1.5)
    monkeypatch.setattr("stn_demo.ui.train.service.BEGINNING", 0.1)
    assert made.wait(10)


def test_save_adds_to_the_networks_and_overwrites_none(client, short):
    assert post(client, "save", id=short, step=10, name="learnt")["name"] == "learnt"
    assert "learnt" in [model["name"] for model in client.get("/stn/train/networks").json()["models"]]
    saved = checkpoints.read_info(client.folder / ".cache" / "stn_demo" / "networks" / "learnt.safetensors")
    assert saved.provenance["step"] == 10
    assert refused(client, "save", id=short, step=10, name="learnt")[0] == "run_name_taken"
    assert refused(client, "save", id=short, step=10, name="seed-affine")[0] == "run_name_taken"
    reserved = dict.fromkeys(["run-a", "upload-0", "untrained-minute"], "run_name_reserved")
    for name, code in {"../x": "run_name", "": "run_name", **reserved}.items():
        assert refused(client, "save", id=short, name=name)[0] == code


def test_uploads_never_push_out_what_was_saved(tmp_path, monkeypatch):
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
    told = [row for row in rows if row["kind"] == "step"]
    assert [int(row["step"]) for row in told] == [event["step"] for event in steps]
    assert float(told[-1]["loss"]) == pytest.approx(steps[-1]["loss"])
    assert client.get("/stn/train/export", params={"id": short, "format": "xml"}).status_code == 400


def test_the_film_shows_as_much_around_the_digit_as_the_page():
    shared = Path(replay.__file__).parents[1] / "shared"
    (extent,) = re.findall(r"EXTENT = ([\d.]+);", (shared / "geometry.js").read_text(encoding="utf-8"))
    (step,) = re.findall(r"\bstep: (\d+)", (shared / "store.js").read_text(encoding="utf-8"))
    assert (float(extent), int(step)) == (replay.EXTENT, replay.EVERY)


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


@pytest.mark.parametrize(
    "values",
    [
        {"settings": 5},
        {"settings": {"learning_rate": -1}},
        {"settings": {"learning_rate": "fast"}},
        {"settings": {"nonsense": 1}},
        {"settings": {"model": {"sampler": "nearest"}}},
        {"settings": {"model": {"transform": "magic"}}},
        {"settings": {"model": 3}},
        {"settings": {"distortion": {"rotation": 400}}},
        {"settings": {"distortion": ["pose"]}},
        {"settings": SETTINGS, "minutes": -1},
        {"settings": SETTINGS, "minutes": 1e9},
        {"settings": SETTINGS, "device": "abacus"},
        {"settings": SETTINGS, "name": "x" * 81},
        {"settings": SETTINGS, "surprise": 1},
        {},
    ],
)
def test_settings_that_do_not_fit_are_refused_with_a_sentence(client, values):
    before = len(client.get("/stn/train").json()["runs"])
    refused(client, "start", **values)
    assert len(client.get("/stn/train").json()["runs"]) == before


@pytest.mark.parametrize(
    "kind, settings",
    [
        ("settings_parts", {"settling": 0.7, "widening": 0.7}),
        ("settings_undistorted", {"distortion": "tc", "undistorted": 0.1}),
        (
            "settings_single",
            {"batch_size": 1, "model": {"localization": "deep", "placement": ["conv2"], "classifier": "deep"}},
        ),
    ],
)
def test_what_the_form_lets_through_is_refused_as_data(client, kind, settings):
    """Each field within its range, but not beside each other: the page says so in its own language."""
    error = post(client, "start", 400, settings={**SETTINGS, **settings})["error"]
    assert (error["code"], error["kind"]) == ("run_settings", kind)


def test_too_many_digits_kept_apart_are_a_fault_as_data(client):
    id = post(client, "start", settings={**SETTINGS, "holdout": 50_000}, digits=100)["id"]
    end = time.monotonic() + 60
    while (run := log(client, id, -1)["run"])["state"] != "failed":
        assert time.monotonic() < end
        time.sleep(0.1)
    assert (run["kind"], run["values"]) == ("settings_holdout", {"holdout": 50_000, "count": 100})
    post(client, "delete", id=id)


@pytest.mark.parametrize(
    "action, values",
    [
        ("pause", {"id": "none"}),
        ("pause", {"id": "../../etc"}),
        ("pause", {"id": 5}),
        ("delete", {}),
        ("rate", {"id": "none", "rate": "much"}),
        ("reset", {"id": "none", "seed": -1}),
        ("save", {"id": "none", "step": "newest", "name": "x"}),
        ("replay", {"id": "none", "format": "gif"}),
    ],
)
def test_questions_about_no_run_are_refused(client, action, values):
    refused(client, action, **values)


def test_a_replay_in_no_known_format_is_refused(client, short):
    assert refused(client, "replay", id=short, format="mp4")


def test_other_pages_may_not_drive(client, short):
    for action in ("start", "delete", "replay"):
        answer = client.post(f"/stn/train/{action}", json={"id": short}, headers={"Origin": "http://elsewhere.example"})
        assert answer.status_code == 403
    assert log(client, short)["run"]["id"] == short


def test_rename_reset_and_delete(client, short):
    post(client, "rename", id=short, name="Übung 一")
    assert log(client, short)["run"]["name"] == "Übung 一"
    again = post(client, "reset", id=short)["id"]
    wait(client, again, "done")
    last = [checkpoints.load(client.folder / "runs" / id / "latest.safetensors").state_dict() for id in (short, again)]
    assert all(torch.equal(last[0][name], last[1][name]) for name in last[0]), "the same seed: the same run"
    until(client, again, lambda run: not run["alive"])
    post(client, "delete", id=again)
    assert again not in [run["id"] for run in client.get("/stn/train").json()["runs"]]
    assert refused(client, "delete", id=again)[0] == "run_unknown"


def test_a_page_that_is_closed_to_training_still_shows_the_runs(client, short):
    with TestClient(app_of(client.folder, training="off")) as closed:
        assert not closed.get("/stn/train").json()["allowed"]
        assert log(closed, short)["run"]["state"] == "done"
        assert closed.get("/stn/train/strip", params={"id": short}).status_code == 200
        for action in ("start", "pause", "resume", "step", "stop", "reset", "rate", "rename", "save", "delete"):
            assert refused(closed, action, id=short)[0] == "train_closed"
        assert closed.post("/stn/train/replay", json={"id": short, "format": "gif"}).status_code == 200


def test_the_curves_script_comes_from_here_and_is_kept(client):
    answer = client.get("/stn/plotly.js")
    assert answer.headers["content-encoding"] == "gzip" and "immutable" in answer.headers["cache-control"]
    assert "Plotly" in answer.text
    plain = client.get("/stn/plotly.js", headers={"Accept-Encoding": "identity"})
    assert plain.text == answer.text
    assert client.get("/stn/plotly.js", headers={"If-None-Match": answer.headers["etag"]}).status_code == 304


def test_an_app_without_a_twin_to_compare_with_comes_up(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    checkpoints.save(tmp_path / "only.safetensors", build_model(ModelConfig()), {})
    with TestClient(build_app(Options(checkpoints=tmp_path, runs=tmp_path / "runs"))) as alone:
        assert alone.get("/stn/train").json()["runs"] == []


def test_options():
    assert read_options([]).who_trains == "everyone" and read_options(["--no-training"]).who_trains == "off"
    assert str(read_options(["--runs", "somewhere"]).runs) == "somewhere"
    limited = read_options(["--longest-run", "5", "--most-disk", "100"])
    assert (limited.longest_run, limited.most_disk) == (5.0, 100)
    for wrong in (["--longest-run", "0"], ["--longest-run", "nan"], ["--most-disk", "-1"]):
        with pytest.raises(OptionError, match="give a number above 0"):
            read_options(wrong)


def test_what_an_operator_allows_is_what_a_run_may_take(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    with TestClient(app_of(tmp_path, longest_run=2.0, most_disk=1)) as limited:
        assert limited.get("/stn/train").json()["choices"]["longest"] == 2
        assert refused(limited, "start", **LONG, minutes=3)[0] == "run_limit"
        for name in ("a", "b"):
            (tmp_path / "runs" / name).mkdir(parents=True)
            (tmp_path / "runs" / name / "big").write_bytes(bytes(600 << 10))
        code, message = refused(limited, "start", **LONG)
        assert code == "run_limit" and "1 MB of at most 1 MB" in message


def test_every_choice_has_its_words_in_both_languages(client):
    """The page would show a new choice by its bare name, and a new setting with the engine's own line."""
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
    """The strip takes MNIST for a run on MNIST where it is there, else the generated digits."""
    pictures = Pictures(Samples(None), None)
    assert not mnist.is_at_hand()
    assert isinstance(pictures._set("mnist"), Digits)
