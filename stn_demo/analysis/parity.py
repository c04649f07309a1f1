"""Compares exported graphs with ``frames`` on random scenes and returns the largest difference.

``frames`` computes in float64 here. In float32 a network with four looks amplifies rounding errors: theta of torch deviates by
2e-5, that of onnxruntime by 1e-5 in other directions, and a pixel at the edge of a stroke by up to 2e-4. So the graphs are compared
with the exact value, not with torch in float32.
"""

from __future__ import annotations

import copy
import random

import torch

from ..data import handwriting
from ..data.pose import NO_CORNERS, Pose
from ..model import Network
from .frame import frames
from .graph_run import Run
from .scene import Scene

TOLERANCE = 2e-4  # of pixels in [0, 1], normalised coordinates, theta and probabilities
COMPARED = ("input", "warped", "grid", "outline", "theta", "predicted", "probs")
AT_ONCE = 50  # scenes per batch of ``frames``


def scenes(count: int, seed: int = 0, span: float = 3.0) -> list[Scene]:
    """Handwritten digits in poses of every kind: half of them with perspective, a third elastic. ``span``: largest shift of a
    corner, px."""
    images, chance = handwriting.digits(count, seed).images, random.Random(seed)
    made = []
    for index in range(count):
        corners = tuple((chance.uniform(-span, span), chance.uniform(-span, span)) for _ in range(4))
        pose = Pose(
            rotation=chance.uniform(-180, 180),
            scale=chance.uniform(0.4, 1.6),
            shift_x=chance.uniform(-6, 6),
            shift_y=chance.uniform(-6, 6),
            shear=chance.uniform(-0.6, 0.6),
            corners=corners if index % 2 else NO_CORNERS,
            elastic=chance.uniform(0.5, 2) if index % 3 == 0 else 0.0,
            elastic_seed=index,
        )
        made.append(Scene(images[index], pose))
    return made


def is_same(found: tuple[dict[str, float], int]) -> bool:
    """Whether a ``difference`` is within the tolerance and the predicted class is the same for all scenes."""
    apart, others = found
    return others == 0 and all(value <= TOLERANCE for value in apart.values())


def difference(model: Network, run: Run, asked: list[Scene]) -> tuple[dict[str, float], int]:
    """The largest differences between ``frames`` in float64 and exported graphs (see ``graph_run``), by the names in ``COMPARED``,
    and the number of scenes for which the most probable class differs."""
    exact = copy.deepcopy(model).double()
    worst, others = dict.fromkeys(COMPARED, 0.0), 0
    for start in range(0, len(asked), AT_ONCE):
        batch = asked[start : start + AT_ONCE]
        for scene, frame in zip(batch, frames(exact, batch), strict=True):
            found = run(scene)
            for name in COMPARED:
                expected = torch.as_tensor(getattr(frame, name), dtype=torch.float64)
                if expected.numel():
                    apart = (torch.from_numpy(found[name]) - expected).abs().max().item()
                    worst[name] = max(worst[name], apart)
            others += int(found["probs"].argmax()) != int(frame.probs.argmax())
    return worst, others
