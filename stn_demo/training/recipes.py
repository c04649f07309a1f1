"""What is trained, and how, as data: name -> settings. ``python -m stn_demo train --recipe NAME``.

The seed networks learn poses of +-90 degrees (a full circle would make 6 and 9 the same), scale 0.6 to 1.3,
shear +-0.2, anywhere in the frame. An eighth of each batch stays as it was written: with poses alone, upright
digits of the usual size are rare, and a small network spends little on them. The settings were chosen on
5,000 training digits held out (--holdout 5000), after five epochs each: error on posed / clean ones of
learning rates 2e-3, 5e-3, 1e-2: 3.1 / 2.0, 2.7 / 2.0, 3.3 / 1.7 %; of 5e-3 with 0, 1/8, 1/4 of each batch
undistorted: 2.7 / 2.0, 3.0 / 1.4, 3.1 / 1.1.
"""

from __future__ import annotations

from .settings import TrainingSettings

_SEED = TrainingSettings(distortion="pose", undistorted=0.125, epochs=30, batch_size=128, learning_rate=5e-3)

RECIPES: dict[str, TrainingSettings] = {
    "seed-affine": _SEED,
    "seed-cnn": _SEED.but(placement=()),
    "seed-affine-60s": _SEED.but(undistorted=0.0, epochs=5),
}
