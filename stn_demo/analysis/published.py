"""The results of the paper: Jaderberg et al. 2015, Spatial Transformer Networks, table 1 (left) and section 4.1.
Percent of wrong answers on distorted MNIST, mean of three seeds; networks of about 400,000 weights, 150,000 steps of
256 digits.
"""

from __future__ import annotations

from .cells import Cell

DISTORTIONS = ("r", "rts", "p", "e", "tc")
NETWORKS = (
    ("fcn", None),
    ("cnn", None),
    *((network, transform) for network in ("stfcn", "stcnn") for transform in ("affine", "projective", "tps")),
)

_TABLE = {
    ("fcn", None): (2.1, 5.2, 3.1, 3.2, 13.2),
    ("cnn", None): (1.2, 0.8, 1.5, 1.4, 3.5),
    ("stfcn", "affine"): (
        1.2,
        0.8,
        1.5,
        2.7,
        2.0,
    ),  # the last value: one transformer; the paper does not name its family
    ("stfcn", "projective"): (1.3, 0.9, 1.4, 2.6, None),
    ("stfcn", "tps"): (1.1, 0.8, 1.4, 2.4, None),
    ("stcnn", "affine"): (0.7, 0.5, 0.8, 1.2, 1.7),  # the last value: likewise
    ("stcnn", "projective"): (0.8, 0.6, 0.8, 1.3, None),
    ("stcnn", "tps"): (0.7, 0.5, 0.8, 1.1, None),
}

ERRORS: dict[Cell, float] = {
    Cell(distortion, *network): error
    for network, errors in _TABLE.items()
    for distortion, error in zip(DISTORTIONS, errors, strict=True)
    if error is not None
}
