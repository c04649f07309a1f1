"""Examples of a network's errors: test digits in poses that the Explore page can show exactly.

One pose per digit is drawn from the distribution that the network was trained on and rounded to the stored precision;
the network is then evaluated on exactly that image. MNIST may not be redistributed, so digits are stored by reference:
the index of an MNIST test digit, or of a digit of ``handwriting.digits``.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from random import Random
from typing import Any

import torch

from ..data.digits import Digits
from ..data.distortions import Distortion, draw_pose
from ..data.pose import Pose, pose_images
from ..model import Network

METHOD = 1
AT_ONCE = 500


def can_show(distortion: Distortion) -> bool:
    """Whether a ``Pose`` can represent the distortion; it cannot represent clutter."""
    return not distortion.clutter


def measure(model: Network, digits: Digits, distortion: Distortion, seed: int, most: int) -> dict[str, Any]:
    """The first ``most`` failures, and the number of digits among which they were found: {"looked_at": int, "failures":
    [{"index", "pose" (differences from upright), "label", "answer", "confidence" in percent}]}.
    """
    random, failures, looked = Random(seed), [], 0
    poses = [_rounded(draw_pose(distortion, random)) for _ in range(len(digits.labels))]
    for start in range(0, len(poses), AT_ONCE):
        part = slice(start, start + AT_ONCE)
        images, labels = digits.images[part, None].float() / 255, digits.labels[part]
        with torch.inference_mode():
            probs = model(pose_images(images, poses[part], model.config.side)).exp()
        sure, answers = probs.max(1)
        for index in (answers != labels).nonzero()[:, 0].tolist():
            failures.append(
                {
                    "index": start + index,
                    "pose": as_dict(poses[start + index]),
                    "label": int(labels[index]),
                    "answer": int(answers[index]),
                    "confidence": round(100 * float(sure[index]), 1),
                }
            )
            if len(failures) == most:
                return {"looked_at": start + index + 1, "failures": failures}
        looked = start + len(labels)
    return {"looked_at": looked, "failures": failures}


def _rounded(pose: Pose) -> Pose:
    numbers = {name: round(getattr(pose, name), 2) for name in ("rotation", "scale", "shift_x", "shift_y", "shear")}
    corners = tuple((round(x, 2), round(y, 2)) for x, y in pose.corners)
    return replace(pose, **numbers, corners=corners)


def as_dict(pose: Pose) -> dict[str, Any]:
    """The fields of ``pose`` that differ from an upright pose."""
    upright = asdict(Pose())
    return {
        name: [list(corner) for corner in value] if name == "corners" else value
        for name, value in asdict(pose).items()
        if value != upright[name]
    }
