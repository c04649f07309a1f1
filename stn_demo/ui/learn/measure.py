"""``python -m stn_demo.ui.learn.measure``: measures the claims of the scenes on the shipped networks and writes them, with the
digits of the scenes, to static/measured.json. A test repeats the measurements and compares."""

from __future__ import annotations

import base64
import functools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from ... import checkpoints
from ...analysis import claims, zoom
from ...data import handwriting
from ...model import ModelConfig, Network, build_model
from ...training.datasets import load_digits
from ...training.evaluation import evaluate
from ...training.settings import TrainingSettings
from ..live.samples import HANDWRITING_COUNT, HANDWRITING_SEED

STATIC = Path(__file__).parent / "static"
READER, WITH_TRANSFORMER = "upright-only-cnn", "upright-only-stn"


def scenes() -> dict[str, Any]:
    return json.loads((STATIC / "scenes.json").read_text(encoding="utf-8"))


def digits(data: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The digits of the lesson by name, {image: uint8 [28, 28], label}. ``data["digits"]`` gives the label of each, and its
    index among the generated digits of that label."""
    made = handwriting.digits(HANDWRITING_COUNT, HANDWRITING_SEED)
    found = {}
    for name, (label, place) in data["digits"].items():
        index = int((made.labels == label).nonzero()[place])
        found[name] = {"image": made.images[index], "label": label}
    return found


def stated(data: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """(name, claim) of every claim of the lesson; {"network": "$reader"} is looked up in ``data["networks"]``."""
    for scene in [*data["scenes"], {"id": "quiz", "parts": data["quiz"]}]:
        for part in scene["parts"]:
            name = f"{scene['id']}.{part['id']}"
            for index, claim in enumerate(part.get("claims", [])):
                stage = {**part.get("stage", {}), **claim.get("stage", {})}
                stage["network"] = data["networks"].get(stage.get("network"), stage.get("network"))
                yield (f"{name}.{index}" if index else name), {**claim, "stage": stage}


def measured(data: dict[str, Any]) -> dict[str, Any]:
    load = functools.cache(lambda name: checkpoints.load(name).requires_grad_(False))
    shown = digits(data)
    numbers = {name: claims.measure(claim, load, shown) for name, claim in stated(data)}
    pictures = {
        name: {"digit": base64.b64encode(one["image"].numpy().tobytes()).decode(), "label": one["label"]}
        for name, one in shown.items()
    }
    return {"digits": pictures, "numbers": numbers}


def with_untrained_transformer(plain: Network) -> Network:
    """The classifier of ``plain`` behind an untrained similarity transformer: theta is the identity."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = build_model(ModelConfig(transform="similarity", classifier=plain.config.classifier))
    model.classifier.load_state_dict(plain.classifier.state_dict())
    return model.eval()


def _provenance(assembled: Network) -> dict[str, Any]:
    """Data and poses are those of ``plain``'s training; the errors are measured on MNIST's test digits (STN_DEMO_DATA)."""
    trained = checkpoints.read_info(READER).provenance
    test = load_digits("mnist", train=False)
    poses = TrainingSettings.from_dict(trained["settings"]).distort
    errors = {"none": evaluate(assembled, test).error, "as trained": evaluate(assembled, test, poses).error}
    return {
        "assembled": f"the classifier of {READER} behind a transformer that has not been trained",
        "data": trained["data"],
        "distortion": trained["distortion"],
        "test_error": {name: round(error, 4) for name, error in errors.items()},  # percent
        "test_digits": len(test.labels),
        "zoom": zoom.measure(assembled, test),
    }


def main() -> None:
    target = checkpoints.path_of(WITH_TRANSFORMER)
    reader = checkpoints.load(READER)
    assembled = with_untrained_transformer(reader)
    checkpoints.save(target, assembled, _provenance(assembled))
    text = json.dumps(measured(scenes()), indent=1, ensure_ascii=False)
    (STATIC / "measured.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
