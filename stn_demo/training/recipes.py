"""What is trained, and how, as data: name -> settings. ``python -m stn_demo train --recipe NAME``."""

from __future__ import annotations

from .settings import TrainingSettings

_SEED = TrainingSettings(distortion="pose", epochs=30)

RECIPES: dict[str, TrainingSettings] = {
    "seed-affine": _SEED,
    "seed-cnn": _SEED.but(placement=()),
    "seed-affine-60s": _SEED.but(epochs=5),
}
