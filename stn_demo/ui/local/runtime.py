"""The runtime of the networks in the browser: two files of the npm package onnxruntime-web, checked against known hashes."""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

PACKAGE, VERSION = "onnxruntime-web", "1.30.0"
INTEGRITY = "sha512-q0y+JrrtukXSzsBWEMccVfqX25LRmosXHF+CaRJmg8pZClzcV7svNc4rKY3jL02Vb7QmRMDs1SigqR4CXAfKYQ=="
FILES = {  # name in the package's folder dist: sha256
    "ort.wasm.bundle.min.mjs": "11e64bd8ffe11bd1a2a2f0d6275fdfbbba7262f0b76b99b53d228a8a22ef3d90",
    "ort-wasm-simd-threaded.wasm": "3398c10d07d229bd91b364548e130e0e51a8e5704b88c7c083ebbeb78842dee2",
}
KEPT = Path.home() / ".cache" / "stn_demo" / f"{PACKAGE}-{VERSION}"
LONGEST = 300  # seconds that npm may take
HOW = f"unpack the npm package {PACKAGE}@{VERSION} and give its folder with --runtime FOLDER"


class MissingRuntime(ValueError):
    """The runtime is not available; the message is one sentence."""


def files(folder: Path | None = None) -> dict[str, bytes]:
    """The files of the runtime by name, from ``folder`` (the unpacked package, or its folder dist) or else from npm; files from
    npm are cached in ``KEPT``.

    Raises:
        MissingRuntime: npm is missing or does not answer, or a file does not have the expected hash.
    """
    if folder is not None:
        return _read(folder / "dist" if (folder / "dist").is_dir() else folder)
    if not all((KEPT / name).is_file() for name in FILES):
        _fetch(KEPT)
    return _read(KEPT)


def known(folder: Path | None) -> Path | None:
    """The folder with the checked files of the runtime: ``folder``, or else ``KEPT`` if it contains them. None: there are none.

    Raises:
        MissingRuntime: ``folder`` is given and does not hold them.
    """
    if folder is None:
        return KEPT if all((KEPT / name).is_file() for name in FILES) else None
    files(folder)
    return folder / "dist" if (folder / "dist").is_dir() else folder


def _read(folder: Path) -> dict[str, bytes]:
    found = {}
    for name, expected in FILES.items():
        path = folder / name
        if not path.is_file():
            raise MissingRuntime(f"There is no {name} in {folder}: {HOW}.")
        found[name] = path.read_bytes()
        if hashlib.sha256(found[name]).hexdigest() != expected:
            raise MissingRuntime(f"{path} is not the file of {PACKAGE} {VERSION}: {HOW}.")
    return found


def _fetch(folder: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise MissingRuntime(f"The browser's runtime comes from npm, which is not installed: install it, or {HOW}.")
    with tempfile.TemporaryDirectory() as place:
        command = [npm, "pack", f"{PACKAGE}@{VERSION}", "--silent", "--pack-destination", place]
        try:
            done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=LONGEST, cwd=place)
        except (OSError, subprocess.TimeoutExpired):
            done = None
        packages = list(Path(place).glob("*.tgz"))
        if done is None or done.returncode or not packages:
            raise MissingRuntime(f"npm could not fetch {PACKAGE} {VERSION}: try again with a connection, or {HOW}.")
        data = packages[0].read_bytes()
        if f"sha512-{base64.b64encode(hashlib.sha512(data).digest()).decode()}" != INTEGRITY:
            raise MissingRuntime(f"The download from npm is not {PACKAGE} {VERSION}: its hash differs.")
        folder.mkdir(parents=True, exist_ok=True)
        with tarfile.open(packages[0]) as archive:
            for name in FILES:
                member = archive.extractfile(f"package/dist/{name}")
                if member is None:
                    raise MissingRuntime(f"There is no {name} in {PACKAGE} {VERSION}.")
                part = folder / f".{name}.{os.getpid()}.part"  # other processes never see half of the file
                part.write_bytes(member.read())
                part.replace(folder / name)
