"""Exports each network of a folder in a fresh process whose first action is tracing.

``torch.export`` with a dynamic batch, ``torch.onnx.export`` with onnxruntime beside torch, ``torch.compile``; after each of
them the network answers as before. A table, and the exit status 1 if one of them fails or differs by more than 1e-5 (of
probabilities, and of log-probabilities relative to their size; "onnx" is compared with torch in double precision).

    python tests/benchmarks/exports.py [NAME ...] [--ways export,onnx,compile] [--folder DIR] [--backend inductor]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import torch  # noqa: E402

from stn_demo import checkpoints  # noqa: E402
from stn_demo.cli import export as exporting  # noqa: E402

WAYS = ("export", "onnx", "compile")


def cold(name: str, ways: list[str], folder: str | None, backend: str) -> dict[str, float]:
    """Largest difference by way, for one network, in this process."""
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    model = checkpoints.load(name, folder)
    few, many = torch.rand(3, *model.config.shape), exporting.samples(model.config)
    found = {}
    for way in ways:
        if way == "onnx":
            with tempfile.TemporaryDirectory() as place:
                exporting.export(model, Path(place) / "model.onnx")
                found[way] = exporting.difference(model, Path(place) / "model.onnx", many)
        elif way == "export":
            batch = {0: torch.export.Dim("batch")}
            program = torch.export.export(model, (few,), dynamic_shapes=(batch,)).module()
            found[way] = difference(program, model, many)
        else:
            found[way] = difference(torch.compile(model, backend=backend), model, many)
    return found


def difference(one, model, images) -> float:
    with torch.no_grad():
        a, b = one(images), model(images)
    assert type(b) is torch.Tensor and b.isfinite().all(), "it answers no values any more"
    return max(((a - b).abs() / b.abs().clamp(min=1)).max().item(), (a.exp() - b.exp()).abs().max().item())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--ways", default=",".join(WAYS))
    parser.add_argument("--folder")
    parser.add_argument("--backend", default="inductor", help="of torch.compile; aot_eager traces and compiles nothing")
    parser.add_argument("--here", action="store_true", help="one network, in this process; prints JSON")
    options = parser.parse_args()
    ways = options.ways.split(",")
    if options.here:
        print(json.dumps(cold(options.names[0], ways, options.folder, options.backend)))
        return 0
    folder = Path(options.folder or ROOT / "checkpoints")
    failed = False
    print(f"{'network':24}" + "".join(f"{way:>12}" for way in ways) + "     seconds")
    for name in options.names or sorted(path.stem for path in folder.glob("*.safetensors")):
        start = time.monotonic()
        command = [sys.executable, __file__, name, "--here", "--ways", options.ways, "--folder", str(folder)]
        command += ["--backend", options.backend]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        if done.returncode:
            failed = True
            print(f"{name:24} failed: {(done.stderr.strip().splitlines() or ['?'])[-1]}", flush=True)
            continue
        found = json.loads(done.stdout.splitlines()[-1])
        failed |= not all(found[way] <= 1e-5 for way in ways)
        print(
            f"{name:24}" + "".join(f"{found[way]:12.1e}" for way in ways) + f"{time.monotonic() - start:12.0f}",
            flush=True,
        )
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
