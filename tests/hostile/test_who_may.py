"""Who may train, which host names the app accepts, and the security headers of its answers."""

import pytest
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

import app
from stn_demo.training import TrainingSettings, memory
from stn_demo.ui.gate.visitors import Visitors
from stn_demo.ui.options import OptionError, Options, read_options
from stn_demo.ui.server import build_app
from stn_demo.ui.train import routes

ACTIONS = ["start", "stop", "pause", "resume", "step", "delete", "rename", "rate", "reset", "save"]


@pytest.fixture(scope="module")
def public(tmp_path_factory):
    """An app for everybody: 0.0.0.0, behind a proxy under /digits."""
    folders = (tmp_path_factory.mktemp(name) for name in ("networks", "home", "uploads"))
    options = {"host": "0.0.0.0", "root_path": "/digits", "allow_frame": ("https://huggingface.co",)}
    with app.served(*folders, **options) as client:
        yield client


def codes(client, action, **headers):
    return client.post(f"/stn/train/{action}", json={"id": "none"}, headers=headers).json()["error"]["code"]


def test_on_a_public_address_only_the_owner_trains(public):
    public.cookies.clear()
    for action in ACTIONS:
        assert codes(public, action) == "train_owner"
    assert public.get("/stn/train").json()["closed"] == "owner"
    public.get("/?token=wrong")
    assert codes(public, "stop") == "train_owner"
    token = public.visitors.token
    answer = public.get(f"/?token={token}", follow_redirects=False)
    cookie = answer.headers["set-cookie"]
    assert answer.status_code == 303 and answer.headers["location"] == "./" and token not in cookie
    assert "HttpOnly" in cookie and "SameSite" in cookie
    for action in ACTIONS:
        assert codes(public, action) != "train_owner"
    assert public.get("/stn/train").json()["allowed"] is True
    public.cookies.clear()


def test_the_default_is_everyone_on_this_machine_and_the_owner_elsewhere():
    assert read_options([]).who_trains == "everyone"
    assert read_options(["--host", "localhost"]).who_trains == "everyone"
    assert read_options(["--host", "0.0.0.0"]).who_trains == "owner"
    assert read_options(["--host", "::"]).who_trains == "owner"
    assert read_options(["--host", "0.0.0.0", "--training", "everyone"]).who_trains == "everyone"
    assert read_options(["--no-training"]).who_trains == "off"


def test_host_and_port_come_from_the_environment_of_a_container(monkeypatch):
    monkeypatch.setenv("GRADIO_SERVER_NAME", "0.0.0.0")
    monkeypatch.setenv("GRADIO_SERVER_PORT", "8080")
    options = read_options([])
    assert (options.host, options.port, options.who_trains) == ("0.0.0.0", 8080, "owner")
    assert read_options(["--port", "9"]).port == 9
    monkeypatch.setenv("GRADIO_SERVER_PORT", "many")
    with pytest.raises(OptionError, match="port"):
        read_options([])


@pytest.mark.parametrize("wrong", [["--allow-host", "a b"], ["--allow-frame", "*; script-src *"], ["--device", "x"]])
def test_options_are_checked(wrong):
    with pytest.raises(OptionError):
        read_options(wrong)


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "", "localhost.evil.example", "127.0.0.1.nip.io"])
def test_dns_rebinding_is_refused(client, host):
    for address in ("/", "/config", "/stn/train", "/stn/status"):
        assert client.get(address, headers={"host": host}).status_code == 421
    for action in ("start", "delete"):
        answer = client.post(f"/stn/train/{action}", json={}, headers={"host": host, "origin": f"http://{host}"})
        assert answer.status_code == 421
    headers = {"host": host, "origin": f"http://{host}"}
    with pytest.raises(WebSocketDisconnect), client.websocket_connect("/stn/live", headers=headers) as socket:
        socket.receive_text()


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:7860", "127.0.0.1:7860", "[::1]:7860"])
def test_local_host_names_are_accepted(client, host):
    assert client.get("/stn/status", headers={"host": host}).status_code == 200


def test_a_name_can_be_allowed(tmp_path):
    built = build_app(Options(checkpoints=tmp_path, allow_host=("digits.example.org",)), visitors=Visitors(1))
    asked = TestClient(built)  # not entered: nothing is loaded
    assert asked.get("/stn/status", headers={"host": "digits.example.org"}).status_code == 200
    assert asked.get("/stn/status", headers={"host": "evil.example"}).status_code == 421


def test_the_page_works_with_and_without_its_prefix(public):
    for prefix in ("", "/digits"):
        assert "gradio_config" in public.get(f"{prefix}/").text
        assert public.get(f"{prefix}/stn/shared/http.js").status_code == 200
        assert public.get(f"{prefix}/stn/status").json()["status"]
    assert public.get("/digits2/").status_code == 404


def test_every_answer_has_the_isolation_headers(client, public):
    for address in ("/", "/config", "/stn/status", "/stn/shared/http.js", "/nothing", "/gradio_api/info"):
        headers = client.get(address).headers
        assert headers["x-content-type-options"] == "nosniff" and headers["referrer-policy"] == "same-origin"
        policy = headers["content-security-policy"]
        assert "default-src 'self'" in policy and "frame-ancestors 'self'" in policy and "http" not in policy
        scripts = next(part for part in policy.split("; ") if part.startswith("script-src"))
        assert "unsafe-inline" not in scripts
    assert "frame-ancestors 'self' https://huggingface.co" in public.get("/").headers["content-security-policy"]


def test_a_training_that_does_not_fit_is_refused_before_it_starts(client, monkeypatch):
    monkeypatch.setattr(memory, "available", lambda: 4 << 30)
    for size, batch in ((28, 65_536), (256, 512)):
        settings = {"data": "handwriting", "batch_size": batch, "distortion": {"rotation": 1, "frame": size}}
        answer = client.post("/stn/train/start", json={"settings": settings, "digits": 100_000})
        assert answer.status_code == 400, answer.text
        error = answer.json()["error"]
        assert error["code"] == "run_memory" and "GB" in error["message"], error


def test_the_estimate_of_memory_is_near_the_measured_peak():
    assert 6e9 < memory.needed(TrainingSettings(batch_size=65_536)) < 11e9  # measured: 7.4 GB
    assert memory.needed(TrainingSettings(batch_size=128)) < 1e9


def test_saved_networks_are_few_and_can_be_removed(client, monkeypatch):
    monkeypatch.setenv("HOME", str(client.home))
    saved = client.home / ".cache" / "stn_demo" / "networks"
    saved.mkdir(parents=True, exist_ok=True)
    data = (client.folder / "seed-affine.safetensors").read_bytes()
    for number in range(3):
        (saved / f"mine{number}.safetensors").write_bytes(data)
    monkeypatch.setattr(routes, "MOST_SAVED", 3)
    answer = client.post("/stn/train/save", json={"id": "none", "step": "latest", "name": "more"})
    assert answer.json()["error"]["code"] == "run_networks_full"
    assert {"mine0", "mine1", "mine2"} <= set(client.get("/stn/network").json()["saved"])
    for name in ("mine0", "mine1", "mine2"):
        assert client.post("/stn/network/remove", json={"name": name}).json() == {"name": name}
    for wrong in ("seed-affine", "mine0", "../x", "turn-affine", "", None, 7, ["x"], {"a": 1}):
        assert client.post("/stn/network/remove", json={"name": wrong}).status_code == 400
    assert (client.folder / "seed-affine.safetensors").exists()
