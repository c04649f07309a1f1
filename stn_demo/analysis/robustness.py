"""Accuracy against rotation, scale, shift and shear, one at a time, all else upright."""

from __future__ import annotations

from typing import Any

import torch

from ..data.digits import Digits
from ..data.distortions import Distortion
from ..data.pose import DIGIT, Pose, pose_images
from ..model import Network

METHOD = 1
AT_ONCE = 500
INK = 20  # longer side of a digit's ink, px
STEPS: dict[str, list[float]] = {
    "rotation": [10.0 * i for i in range(-18, 19)],  # degrees
    "scale": [round(0.3 + 0.1 * i, 1) for i in range(15)],
    "shift_x": [2.0 * i for i in range(-7, 8)],  # px
    "shear": [round(0.2 * i, 1) for i in range(-5, 6)],
}


def thinned(digits: Digits, count: int) -> Digits:
    """At most ``count`` digits, evenly spaced in the set, because the first half of MNIST is neater than the second."""
    step = max(1, len(digits.labels) // count)
    return Digits(digits.images[::step][:count], digits.labels[::step][:count])


def curves(model: Network, digits: Digits) -> dict[str, dict[str, list[float]]]:
    """{part of the pose: {"at": values, "right": percent of correct answers}}."""
    return {
        part: {"at": steps, "right": [round(100 * _right(model, digits, _pose(part, value)), 2) for value in steps]}
        for part, steps in STEPS.items()
    }


def _pose(part: str, value: float) -> Pose:
    fields: dict[str, Any] = {part: value}
    return Pose(**fields)


def _right(model: Network, digits: Digits, pose: Pose) -> float:
    right = 0
    with torch.inference_mode():
        for images, labels in zip(digits.images.split(AT_ONCE), digits.labels.split(AT_ONCE), strict=True):
            posed = pose_images(images[:, None].float() / 255, [pose] * len(images), model.config.side)
            right += int((model(posed).argmax(1) == labels).sum())
    return right / len(digits.labels)


def trained_range(distortion: Distortion) -> dict[str, list[float]]:
    """The range of each of the ``STEPS`` in training. If the shift depends on the ink, it is that of a digit of scale 1
    that fills its box of 20 px.
    """
    box = (distortion.frame - DIGIT) / 2
    room = {"none": 0.0, "ink": (distortion.frame - INK) / 2, "box": box, "pixels": box}[distortion.shift]
    return {
        "rotation": [-distortion.rotation, distortion.rotation],
        "scale": list(distortion.scale),
        "shift_x": [-room, room],
        "shear": [-distortion.shear, distortion.shear],
    }
