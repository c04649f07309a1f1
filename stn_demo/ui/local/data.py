"""The answers of the server's routes as files, for the page without a server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import numpy as np

from ...data.distortions import DISTORTIONS
from ..explore import answers, snippet
from ..live.engine import Engine
from ..live.fields import DIGIT_BYTES, MOST_POINTS, SENTENCES, StateIn
from ..live.networks import Networks
from ..live.request import Defaults, read_state
from ..live.samples import Samples
from ..options import Options
from ..results.measured import Measured
from .networks import NOTHING

POSES = 200  # poses drawn from each distortion
NO_MNIST = NOTHING  # MNIST is not published: the page shows generated digits
Files = Iterator[tuple[str, bytes]]


def as_json(values: Any) -> bytes:
    return json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode()


def link(defaults: Defaults) -> dict[str, Any]:
    """The rules that check a link: the schema of a state, the sentence for each error, and the default state."""
    schema = json.loads(json.dumps(msgspec.json.schema(StateIn)).replace("\\\\Z", "$"))
    return {
        "schema": schema,
        "sentences": SENTENCES,
        "default": read_state({}, defaults),
        "digit_bytes": DIGIT_BYTES,
        "most_points": MOST_POINTS,
    }


def export_texts() -> dict[str, str]:
    """The fixed parts of the exported numbers and of the exported code."""
    return {"convention": answers.CONVENTION, "code": snippet.TEMPLATE}


def digits() -> Files:
    """Ready digits: the ten on the page and those that "random" draws from, each as a label and 784 bytes."""
    samples = Samples(NO_MNIST)
    yield "strip.json", as_json(samples.strip())
    images = samples.handwriting.images.flatten(1).numpy()
    labels = samples.handwriting.labels.numpy().astype(np.uint8)
    yield "digits.bin", np.concatenate([labels[:, None], images], axis=1).tobytes()


def poses() -> bytes:
    """Poses drawn from each distortion."""
    drawn = {name: [answers.random_pose(name)["pose"] for _ in range(POSES)] for name in DISTORTIONS}
    return as_json(drawn)


def results(names: list[str], checkpoints: Path) -> Files:
    """The answers of the Results page's routes for each measured pair of the networks ``names``, and the result files."""
    measured = Measured(Options(checkpoints=checkpoints, data=Path(NO_MNIST)), None)
    engine = SimpleNamespace(networks=Engine(Networks(checkpoints, checkpoints / NOTHING)).networks)
    pairs = [pair for pair in measured.overview_now(None)["pairs"] if pair["name"] in names]
    if not pairs:
        yield "results/.json", as_json({**measured.overview_now(None), "pairs": [], "pair": None})
        return
    for pair in pairs:
        answer = as_json({**measured.overview_now(pair["name"]), "pairs": pairs})
        yield f"results/{pair['name']}.json", answer
        if pair is pairs[0]:
            yield "results/.json", answer
        twin = pair["twin"] if pair["twin"] in names else None
        for of in filter(None, (pair["name"], twin)):
            gallery = measured.gallery(pair["name"], twin, of, lambda work: work(engine))
            yield f"results/failures/{pair['name']}~{pair['twin'] or ''}~{of}.json", as_json(gallery)
