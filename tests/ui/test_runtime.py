"""The runtime of the browser's networks: only the pinned version with the known hashes is taken, from npm or from a folder."""

import base64
import hashlib
import io
import os
import tarfile

import pytest

from stn_demo.ui.local import runtime

NAMES = tuple(runtime.FILES)


@pytest.fixture
def npm(tmp_path, monkeypatch):
    """``npm(contents)``: the program npm packs an archive with these files; the hashes of ``good`` files are known."""
    good = {name: f"the right {name}".encode() for name in NAMES}
    monkeypatch.setattr(runtime, "FILES", {name: hashlib.sha256(data).hexdigest() for name, data in good.items()})
    monkeypatch.setattr(runtime, "KEPT", tmp_path / "kept")
    monkeypatch.setattr(
        runtime, "INTEGRITY", f"sha512-{base64.b64encode(hashlib.sha512(packed(good)).digest()).decode()}"
    )
    programs = tmp_path / "programs"
    programs.mkdir()

    def offer(contents):
        (tmp_path / "sent.tgz").write_bytes(packed(contents))
        program = programs / "npm"
        program.write_text(f'#!/bin/sh\necho "$2" > "{tmp_path}/asked"\ncp "{tmp_path}/sent.tgz" "$5/sent.tgz"\n')
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{programs}{os.pathsep}/usr/bin{os.pathsep}/bin")
        return tmp_path / "asked"

    return good, offer


def packed(contents):
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w") as archive:
        for name, data in contents.items():
            entry = tarfile.TarInfo(f"package/dist/{name}")
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return held.getvalue()


def test_the_pinned_version_is_asked_for_and_its_files_are_kept(npm):
    good, offer = npm
    asked = offer(good)
    assert runtime.files() == good
    assert asked.read_text().strip() == "onnxruntime-web@1.30.0"
    asked.unlink()
    assert runtime.files() == good and not asked.exists(), "npm is asked only once"


def test_another_archive_is_refused_and_not_kept(npm):
    good, offer = npm
    offer({**good, NAMES[1]: b"another"})
    with pytest.raises(runtime.MissingRuntime, match="its hash differs"):
        runtime.files()
    assert not runtime.KEPT.exists()


def test_a_file_that_was_altered_later_is_refused(npm):
    good, offer = npm
    offer(good)
    runtime.files()
    (runtime.KEPT / NAMES[0]).write_bytes(b"altered")
    with pytest.raises(runtime.MissingRuntime, match=f"{NAMES[0]} is not the file of onnxruntime-web"):
        runtime.files()
    with pytest.raises(runtime.MissingRuntime, match="is not the file of"):
        runtime.known(runtime.KEPT)


def test_without_npm_the_sentence_names_the_way_out(tmp_path, monkeypatch):
    monkeypatch.setattr(runtime, "KEPT", tmp_path / "kept")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(runtime.MissingRuntime, match=r"npm, which is not installed: install it, or .*--runtime FOLDER"):
        runtime.files()
