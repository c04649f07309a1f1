"""Where a network errs: test digits in poses that Explore can show exactly.

The poses are drawn from the distribution that the network was trained on, one a digit, rounded to what is kept, and the network
is asked about that very picture. Digits are named by where they come from (MNIST itself is not ours to hand on): the index of
an MNIST test digit, or of a digit that ``handwriting.digits`` writes.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from random import Random

import torch

from ..data.digits import Digits
from ..data.distortions import Distortion, draw_pose
from ..data.pose import Pose, pose_images
from ..model import Network

METHOD = 1
AT_ONCE = 500


def can_show(distortion: Distortion) -> bool:
    """Whether a ``Pose`` holds all of it: clutter it cannot."""
    return not distortion.clutter


def measure(model: Network, digits: Digits, distortion: Distortion, seed: int, most: int) -> dict:
    """The first ``most`` failures, and among how many digits they were found: {"looked_at": int, "failures": [{"index",
    "pose" (what differs from upright), "label", "answer", "confidence" in percent}]}."""
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


def as_dict(pose: Pose) -> dict:
    """Only what is not as in an upright pose."""
    upright = asdict(Pose())
    return {
        name: [list(corner) for corner in value] if name == "corners" else value
        for name, value in asdict(pose).items()
        if value != upright[name]
    }
