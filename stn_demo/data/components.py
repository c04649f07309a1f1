"""Connected components of a picture."""

from __future__ import annotations

import cv2
import numpy as np


def components(mask: np.ndarray) -> tuple[int, np.ndarray, np.ndarray]:
    """The components of the pixels that are not 0, with 8 neighbours: uint8 [H, W] -> (their number + 1, int32 [H, W] with the
    label of each pixel, OpenCV's statistics int32 [number + 1, 5]). Label 0 is the rest.

    The algorithm is BBDT (Grana et al. 2010): of OpenCV 5's it is the fastest, three times as fast as the default, and the
    labels are the same.
    """
    count, labels, stats, _ = cv2.connectedComponentsWithStatsWithAlgorithm(mask, 8, cv2.CV_32S, cv2.CCL_BBDT)
    return count, labels, stats
