"""A request to Gradio's functions may name only files that were uploaded for it; nothing is fetched from anywhere."""

import io
import json
import os
import socket

import pytest
from PIL import Image

from stn_demo.limits import LARGEST_PICTURE
from stn_demo.ui.gate import uploads as module

SECRET = b"a secret of this server's owner"
META = {"_type": "gradio.FileData"}


@pytest.fixture
def secret(tmp_path):
    path = tmp_path / "secret.txt"
    path.write_bytes(SECRET)
    return path


@pytest.fixture
def listener():
    """A server that must never be asked."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0)
        yield server
        with pytest.raises(BlockingIOError):
            server.accept()


def picture(size=60):
    image, file = Image.new("L", (size, size), 255), io.BytesIO()
    image.paste(0, (size // 2 - 3, 10, size // 2 + 3, size - 10))
    image.save(file, "PNG")
    return file.getvalue()


def upload(client, data=None, name="digit.png"):
    return client.post("/gradio_api/upload", files=[("files", (name, picture() if data is None else data))])


def arguments(file):
    return [file, 0, 1, 0, 0, 0, "", False]


def number(client):
    return next(one["id"] for one in client.get("/config").json()["dependencies"] if one["api_name"] == "explain")


def join(client, file, session="stranger"):
    body = {"fn_index": number(client), "data": arguments(file), "session_hash": session}
    return client.post("/gradio_api/queue/join", json=body)


def answer(client, session="stranger"):
    with client.stream("GET", f"/gradio_api/queue/data?session_hash={session}") as stream:
        for line in stream.iter_lines():
            if line.startswith("data:"):
                message = json.loads(line[5:])
                if message["msg"] == "process_completed":
                    return message
    return None


def copies(client):
    return [path for path in client.uploads.rglob("*") if path.is_file() and SECRET in path.read_bytes()]


def test_an_uploaded_picture_is_explained_and_then_removed(client):
    (path,) = upload(client).json()
    assert join(client, {"path": path, "meta": META}, "guest").status_code == 200
    message = answer(client, "guest")
    assert message["success"] and len(message["output"]["data"][0]["probabilities"]) == 10
    assert not os.path.exists(path)


def test_paths_of_the_server_are_refused_in_every_form(client, secret, listener, tmp_path):
    (path,) = upload(client).json()
    link = client.uploads / "link"
    link.symlink_to(secret)
    folder = client.uploads / "folder"
    folder.symlink_to(tmp_path)
    address = f"http://127.0.0.1:{listener.getsockname()[1]}/x.png"
    for wrong in (
        str(secret),
        "/etc/passwd",
        "/dev/zero",
        "/proc/self/environ",
        str(link),
        str(folder / secret.name),
        f"{client.uploads}/../{secret.name}",
        str(client.uploads),
        os.path.relpath(secret),
        f"{path}\0",
        address,
        f"file://{secret}",
        "",
        7,
        None,
        [path],
    ):
        for file in (
            {"path": wrong, "meta": META},
            {"path": wrong},
            {"path": wrong, "meta": META, "is_stream": True},
            {"path": path, "meta": META, "url": wrong},
        ):
            if file.get("url") is None and file["path"] == path:
                continue  # the upload itself
            answered = join(client, file)
            assert answered.status_code == 400 and answered.json()["error"]["message"].endswith("."), file
            for route, body in (
                ("call/explain", {"data": arguments(file)}),
                ("call/v2/explain", {"image": file}),
            ):
                assert client.post(f"/gradio_api/{route}", json=body).status_code == 400, (route, file)
    link.unlink()
    folder.unlink()
    assert copies(client) == []


def test_only_explain_can_be_called_and_only_with_values_of_its_kinds(client):
    (path,) = upload(client).json()
    file, own = {"path": path, "meta": META}, number(client)
    good = {"fn_index": own, "data": arguments(file), "session_hash": "s"}
    for wrong in (
        {"fn_index": own + 1},
        {"fn_index": "x"},
        {"fn_index": own, "api_name": "other"},
        {"data": []},
        {"data": "x"},
        {"data": arguments("x")},
        {"data": [file, "0", 1, 0, 0, 0, "", False]},
        {"data": [file, 0, 1, 0, 0, 0, {"path": "/etc/passwd"}, False]},
        {"data": [file, 1e300, 1, 0, 0, 0, "", False]},
        {"event_data": {"x": 1}},
        {"session_hash": "../../x"},
        {"batched": True},
        {"extra": 1},
    ):
        assert client.post("/gradio_api/queue/join", json={**good, **wrong}).status_code == 400, wrong
    for body in (b"", b"[]", b"null", b"{", b'{"a": ' * 50_000, b'{"data": "\\ud800"}', b"9" * 5000, b"\xff"):
        answered = client.post("/gradio_api/queue/join", content=body, headers={"content-type": "application/json"})
        assert answered.status_code in (400, 413), body[:20]
    assert client.post("/gradio_api/queue/join", data={"data": "x"}).status_code == 415


def test_uploads_are_limited_and_have_unpredictable_names(client):
    assert upload(client, b"no picture").status_code == 415
    assert upload(client, b"<svg xmlns='http://www.w3.org/2000/svg'/>", "x.svg").status_code == 415
    assert upload(client, picture() + bytes(LARGEST_PICTURE)).status_code == 413
    assert client.post("/gradio_api/upload", files=[("files", ("x", picture()))] * 5).status_code == 400
    assert client.post("/gradio_api/upload", content=b"x").status_code == 400
    names = {upload(client, name="../../x.png").json()[0] for _ in range(3)}
    assert len(names) == 3 and all(name.startswith(str(client.uploads)) for name in names)


def test_upload_folder_is_limited_and_old_files_are_removed(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "MOST_KEPT", 5)
    kept = module.Uploads(tmp_path)
    (tmp_path / "left by gradio").write_bytes(b"x")
    os.utime(tmp_path / "left by gradio", (4e9, 4e9))
    for _ in range(9):
        kept.keep(b"x" * 100)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) == 5
    for path in files:
        if path.name != "left by gradio":
            os.utime(path, (1e9, 1e9))
    kept.sweep()
    assert list(tmp_path.rglob("*")) == [tmp_path / "left by gradio"], "the old ones are gone, with their folders"
    burst = sum(kept.rate.allows("1.2.3.4") for _ in range(1000))
    assert module.BURST <= burst < module.BURST + 20 and kept.rate.allows("5.6.7.8")
