"""The first networks of a machine that has none: a transformer and its plain twin, trained side by side.

Runs as a process of its own, ``python -m stn_demo.runs.first FOLDER DATA DEVICE`` (DATA may be empty). The networks lie
in the folder as checkpoints from the first second on, and get better under the eyes of whoever uses them. A line of JSON
on standard output says how it goes; the process ends with its parent, when standard input closes.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from pathlib import Path

import torch

from .. import checkpoints
from ..data import handwriting, mnist
from ..data.digits import Digits
from ..training.distributed import Group
from ..training.evaluation import evaluate
from ..training.recipes import RECIPES
from ..training.trainer import Trainer

NAMES = ("turn-affine", "seed-cnn")
EPOCHS = 6.0
SECONDS_BETWEEN = 2.0
EMBEDDED = 60_000, 10_000  # digits of our own generator to train and to test on


def main(folder: Path, data: str, device: str) -> None:
    train_digits, test_digits, source = _digits(data)
    group = Group(device=torch.device(device))
    trainers = {
        name: Trainer(
            RECIPES[name].but(epochs=EPOCHS, data=source, holdout=0, averaging=0.0), train_digits, group=group
        )
        for name in NAMES
    }
    folder.mkdir(parents=True, exist_ok=True)
    _save(folder, trainers, source, None)
    steps, last = next(iter(trainers.values())).steps, time.monotonic()
    for step in range(steps):
        for trainer in trainers.values():
            trainer.advance()
        if time.monotonic() - last > SECONDS_BETWEEN:
            reports = {name: trainer.report() for name, trainer in trainers.items()}
            _save(folder, trainers, source, None)
            accuracy = round(100 * reports[NAMES[0]].accuracy, 1)
            print(json.dumps({"step": step + 1, "steps": steps, "accuracy": accuracy, "data": source}), flush=True)
            last = time.monotonic()
    _save(folder, trainers, source, test_digits)
    print(json.dumps({"done": True, "data": source}), flush=True)


def _digits(data: str) -> tuple[Digits, Digits, str]:
    """MNIST where it is or can be had, else the embedded digits."""
    try:
        return mnist.load(data or None), mnist.load(data or None, train=False), "mnist"
    except mnist.DataError:
        count, test = EMBEDDED
        return handwriting.digits(count, seed=1), handwriting.digits(test, seed=2), "handwriting"


def _save(folder: Path, trainers: dict[str, Trainer], source: str, test: Digits | None) -> None:
    for name, trainer in trainers.items():
        model, settings = trainer.result(), trainer.settings
        provenance = {"data": source, "distortion": "pose", "seed": settings.seed, "step": trainer.step}
        if test is not None:
            poses = {"pose": settings.distort, "none": settings.but(distortion="none").distort}
            provenance["test_error"] = {key: evaluate(model, test, pose).error for key, pose in poses.items()}
        checkpoints.save(folder / f"{name}.safetensors", model, provenance)


def _end_with_parent() -> None:
    sys.stdin.buffer.read()  # returns when the parent is gone, however it went
    os._exit(0)


if __name__ == "__main__":
    threading.Thread(target=_end_with_parent, daemon=True).start()
    torch.set_num_threads(max(1, (os.cpu_count() or 2) - 1))  # one core stays with the page
    try:
        main(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
    except Exception as error:
        print(json.dumps({"failed": str(error).splitlines()[0] if str(error) else type(error).__name__}), flush=True)
        raise
