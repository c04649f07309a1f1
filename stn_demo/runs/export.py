"""Save a network of a run as a checkpoint."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from .. import checkpoints
from ..checkpoints import CheckpointError
from ..faults import RunError, why
from ..names import LONGEST_CHECKPOINT
from ..training.settings import TrainingSettings


def save_network(
    status: dict[str, Any], source: Path, name: str, folder: str | os.PathLike[str] | None, twin: bool
) -> Path:
    """Write the network ``source`` of a run with this status as the checkpoint ``name``; returns its path.

    Raises:
        RunError: the name is invalid or taken, or the folder cannot be written.
    """
    try:
        target = checkpoints.path_of(name, folder)
    except CheckpointError:
        raise RunError("name_network", name=str(name)[:80], most=LONGEST_CHECKPOINT) from None
    if target.exists():
        raise RunError("name_taken", name=target.stem)
    try:
        data = source.read_bytes()  # read once: the training process rewrites it every second
        model = checkpoints.loads(data, source.name)
        provenance = json.loads(checkpoints.read_header(data, source.name)["__metadata__"]["provenance"])
        settings = TrainingSettings.from_dict(status["settings"])
        if status.get("state") == "done" and provenance.get("step") == status.get("steps"):
            accuracy = status["twin_accuracy" if twin else "accuracy"]
            key = settings.distortion if isinstance(settings.distortion, str) else "as trained"
            provenance["test_error"] = {key: round(100 * (1 - accuracy), 4)}
        provenance |= {"settings": settings.to_dict(), "run_name": status.get("name", ""), "twin": twin}
        target.parent.mkdir(parents=True, exist_ok=True)
        checkpoints.save(target, model, provenance)
    except (CheckpointError, OSError) as error:
        raise RunError("disk_save", **why(error)) from None
    return target
