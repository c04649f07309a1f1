"""The pose given against the pose undone: how much of a digit's pose its transformer removes."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from ..data.digits import Digits
from ..data.pose import Pose, pose_images
from ..model import Network
from . import decompose

METHOD = 1
SHOWN = 400  # points in the scatter plot
AT_ONCE = 500
PARTS = {"rotation": (-90.0, 90.0), "scale": (0.5, 1.5)}  # range of the pose, drawn uniformly
BINS = 15


def undone(model: Network, images: Tensor, poses: list[Pose]) -> list[dict[str, float]]:
    """The transform for ``images`` [N, 1, 28, 28] in ``poses``: ``decompose.PARTS`` of theta, and "scale", the
    geometric mean of its two scales.
    """
    config, first, found = model.config, model.transformer(), []
    with torch.inference_mode():
        for start in range(0, len(poses), AT_ONCE):
            part = slice(start, start + AT_ONCE)
            theta = first.trace(pose_images(images[part], poses[part], config.side)).theta
            matrix, _ = decompose.theta_matrix(first.grid, theta, config.side, config.output_side)
            found += decompose.parts(matrix)
    return [{**row, "scale": math.sqrt(abs(row["scale_x"] * row["scale_y"]))} for row in found]


def measure(model: Network, digits: Digits, seed: int) -> dict[str, dict[str, Any]]:
    """For rotation and for scale, all else upright: {"done", "undone": of ``SHOWN`` digits; "bins": [middle, 25 %,
    median, 75 %] over all digits; "share": slope of the regression line through all of them, 1 if everything is
    undone}.
    """
    images = digits.images[:, None].float() / 255
    generator = torch.Generator().manual_seed(seed)
    result: dict[str, dict[str, Any]] = {}
    for part, (low, high) in PARTS.items():
        done = (low + (high - low) * torch.rand(len(images), generator=generator)).double()
        parts = undone(model, images, [Pose(**{part: value}) for value in done.tolist()])
        found = torch.tensor([row[part] for row in parts], dtype=torch.float64)
        decimals = 1 if part == "rotation" else 3
        centred = done - done.mean()
        result[part] = {
            "done": _thin(done, part),
            "undone": _thin(found, part),
            "bins": _bins(done, found, low, high, decimals),
            "share": round(float((centred * (found - found.mean())).sum() / centred.square().sum()), 3),
        }
    return result


def of_upright(model: Network, digits: Digits) -> dict[str, list[list[float]]]:
    """The transform of digits as written, by class: {part: [5 %, 25 %, median, 75 %, 95 %] of each}."""
    parts = undone(model, digits.images[:, None].float() / 255, [Pose()] * len(digits.labels))
    quantiles = torch.tensor([0.05, 0.25, 0.5, 0.75, 0.95], dtype=torch.float64)
    return {
        name: [
            _short(torch.tensor([parts[i][name] for i in of], dtype=torch.float64).quantile(quantiles), 3) if of else []
            for of in ((digits.labels == label).nonzero()[:, 0].tolist() for label in range(10))
        ]
        for name in ("rotation", "scale", "shear", "shift_x", "shift_y")
    }


def _bins(done: Tensor, found: Tensor, low: float, high: float, decimals: int) -> list[list[float]]:
    width, rows = (high - low) / BINS, []
    quartiles = torch.tensor([0.25, 0.5, 0.75], dtype=torch.float64)
    for index in range(BINS):
        left = low + index * width
        inside = found[(done >= left) & (done < left + width)]
        if len(inside):
            rows.append([round(left + width / 2, 3), *_short(inside.quantile(quartiles), decimals)])
    return rows


def _thin(values: Tensor, part: str) -> list[float]:
    """The first ``SHOWN`` values, rounded to the precision of the plot."""
    return [round(value) if part == "rotation" else round(value, 2) for value in values[:SHOWN].tolist()]


def _short(values: Tensor, decimals: int) -> list[float]:
    return [round(value, decimals) for value in values.tolist()]
