"""Answers to requests of the Explore page that need torch."""

from __future__ import annotations

import dataclasses
import random
from typing import Any

from ...data.distortions import DISTORTIONS, draw_pose
from ..live.engine import Engine
from ..live.request import Request
from .snippet import snippet

CONVENTION = "theta and grid map output to input; (x, y) in [-1, 1], edges at -1 and 1 (align_corners=False)"


def export(request: Request, engine: Engine) -> dict[str, Any]:
    """The current state of the page as numbers at full precision. ValueError if the request cannot be answered."""
    frame, _, model = engine.frame(request)
    return {
        "model": request.model,
        "transform": model.config.transform if frame.theta else None,
        "convention": CONVENTION,
        "pose": request.pose,
        "theta": frame.theta,
        "predicted_theta": frame.predicted,
        "grid": frame.grid.tolist(),
        "probabilities": frame.probs.tolist(),
    }


def code(request: Request, engine: Engine) -> dict[str, Any]:
    """Python code that reproduces the current state of the page. ValueError if the request cannot be answered."""
    frame, scene, model = engine.frame(request)
    return {"code": snippet(request, scene, model, frame)}


def random_pose(distortion: str) -> dict[str, Any]:
    """A pose drawn from one of the paper's distortions, or an error."""
    if distortion not in DISTORTIONS:
        return {"error": {"code": "bad_request", "message": f"Choose one of {', '.join(DISTORTIONS)}."}}
    return {"pose": dataclasses.asdict(draw_pose(DISTORTIONS[distortion], random.Random()))}
