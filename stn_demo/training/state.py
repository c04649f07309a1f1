"""The state of a run between two steps: everything that resuming needs, in memory and on disk."""

from __future__ import annotations

import json
import os
import zlib
from dataclasses import dataclass
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load as parse_tensors
from safetensors.torch import save as pack_tensors
from torch import Tensor

from ..checkpoints import CheckpointError, read_header, write_whole
from ..data.digits import Digits
from .settings import TrainingSettings

FORMAT = "stn_demo training state 1"
LARGEST_FILE = 1 << 30


@dataclass(frozen=True)
class State:
    """A copy, independent of the run that it was taken from.

    Attributes:
        settings: of the run.
        step: number of steps done.
        learning_rate: the current top learning rate, which may have been changed during the run.
        seconds: training time so far.
        digits: fingerprint of the training digits, see ``fingerprint``.
        processes: number of processes that trained together.
        tensors: weights as "model.*", the optimizer's state as "optimizer.*.*", the averaged weights as "average".
    """

    settings: TrainingSettings
    step: int
    learning_rate: float
    seconds: float
    digits: int
    processes: int
    tensors: dict[str, Tensor]

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the state, completely or not at all. CheckpointError if it cannot be written."""
        about = {name: getattr(self, name) for name in ("step", "learning_rate", "seconds", "digits", "processes")}
        about["settings"] = self.settings.to_dict()
        tensors = {name: value.cpu().contiguous() for name, value in self.tensors.items()}
        write_whole(path, pack_tensors(tensors, {"format": FORMAT, "about": json.dumps(about)}))

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> State:
        """Read a state; executes no code. CheckpointError, with one sentence, for a file that is missing, damaged or of
        another format.
        """
        path = Path(path)
        try:
            if path.stat().st_size > LARGEST_FILE:
                raise CheckpointError(f"{path.name} is too large for a training state.")
            data = path.read_bytes()
        except OSError as error:
            raise CheckpointError(f"{path} cannot be read: {error.strerror or error}.") from None
        metadata = read_header(data, path.name).get("__metadata__") or {}
        if metadata.get("format") != FORMAT:
            raise CheckpointError(f"{path.name} is not a training state of this program.")
        try:
            about = json.loads(metadata["about"])
            settings = TrainingSettings.from_dict(about.pop("settings"))
            return cls(settings=settings, tensors=parse_tensors(data), **about)
        except (SafetensorError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise CheckpointError(f"{path.name} is damaged: {str(error).splitlines()[0]}.") from None


def fingerprint(digits: Digits) -> int:
    """A checksum of a training set."""
    return zlib.crc32(digits.labels.numpy().tobytes(), zlib.crc32(digits.images.numpy().tobytes()))
