"""Presets of the Train page, as data. Their names and descriptions on the page: train.preset.NAME in ui/strings."""

from __future__ import annotations

from dataclasses import dataclass

from ..data.distortions import Distortion
from .recipes import RECIPES
from .settings import TrainingSettings
from .stages import Stage


@dataclass(frozen=True)
class Preset:
    """Settings to begin a run with.

    Attributes:
        minutes: train for this long, in place of the settings' epochs.
        twin: train the plain CNN on the same batches.
    """

    name: str
    settings: TrainingSettings
    minutes: float | None = None
    twin: bool = False


# Error on posed test digits after 84,000 training digits (about 25 s on one core), in percent: batch size 128 at
# learning rate 5e-3 5.9, at 1.5e-2 5.9; 64 at 5e-3 5.0, at 1e-2 6.4; 32 at 5e-3 5.1; 64 with the mlp localization
# network 5.5, with the paper's 4.6; with the cnn classifier 4.0, but in more than twice the time.
_MINUTE = TrainingSettings(distortion="pose", batch_size=64, learning_rate=5e-3, epochs=1.9).but(localization="paper")

# Like the recipe turn-affine. After 53 s on one core: 93.3 % on posed test digits; for digits rotated by -60, -30, 30,
# 60 degrees theta rotates by -23, -23, 24, 41 (medians). With three epochs and a localization network four times as
# fast: 90.0 %.
_TURN = _MINUTE.but(
    settling=0.08, widening=0.5, widening_factor=0.05, weight_decay=0.0, localization_factor=2.0, epochs=4.0
)

# Like the recipe upright, but small, and with its own classifier as the reader in all stages: it first learns nearly
# upright digits; then the transformer learns through it; then it learns the output of the transformer.
_UPRIGHT = _MINUTE.but(
    transform="similarity",
    localization="deep",
    looks=2,
    epochs=4.0,
    learning_rate=3e-3,
    stages=(
        Stage(0.15, learns="reader", poses=(0.1, 0.1)),
        Stage(0.6, "transformer", poses=(0.1, 1.0), widening=0.6, labels=0.3, views=1.0, teaching=True, near=0.5),
        Stage(0.25, learns="reader"),
    ),
)

# A classifier prefers digits of one size, so large digits make the transformer zoom out, beyond the image. After 40,000
# digits the median scale of theta is 1.17 with zeros outside and 1.25 with the border repeated (0.84 and 0.89 on
# "pose"); 29 % and 37 % of the grid are outside the image.
_LARGE = Distortion(rotation=30, scale=(1.0, 1.8), shift="ink", summary="±30°, scale 1–1.8: larger than usual")

PRESETS: dict[str, Preset] = {
    preset.name: preset
    for preset in (
        Preset("upright", _UPRIGHT),
        Preset("minute", _MINUTE),
        Preset("turn", _TURN),
        Preset("seed", RECIPES["seed-affine"]),
        Preset("paper-r", _MINUTE.but(distortion="r", classifier="cnn", batch_size=128, epochs=10.0)),
        Preset("zoom-out", _MINUTE.but(distortion=_LARGE, padding="border", epochs=1.0)),
        # leaves the image for good after about 250 steps; the run then stops with an error message
        Preset("too-fast", _MINUTE.but(localization_factor=100.0, clip_norm=0.0, epochs=1.0)),
    )
}
