"""The maximum over a disc around each pixel, equal to OpenCV's dilation by an ellipse to the bit.

OpenCV's time grows with the area of the disc, this one with its diameter: each row of the disc is a horizontal window, and the
maximum over a window is that of two shorter ones, whose lengths are powers of two.
"""

from __future__ import annotations

import cv2
import numpy as np


def dilated(plane: np.ndarray, side: int) -> np.ndarray:
    """The maximum over a disc of odd diameter `side` px (OpenCV's MORPH_ELLIPSE) around each pixel of the picture: float32
    [H, W], as `plane`, whose values are at least 0."""
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    reach, (height, width) = side // 2, plane.shape
    # windows[p] at column x: the maximum over the 2 ** p columns from x on; x = reach is the first column of the plane
    windows = [cv2.copyMakeBorder(plane, 0, 0, reach, reach, cv2.BORDER_CONSTANT, value=0)]
    while 2 ** len(windows) <= side:
        last, step = windows[-1], 2 ** (len(windows) - 1)
        windows.append(cv2.max(last[:, :-step], last[:, step:]))
    found, rows = np.zeros_like(plane), np.empty_like(plane)
    for down, across in enumerate(disc[reach:].sum(1).tolist()[:height]):  # the upper half is its mirror image
        power = across.bit_length() - 1
        first = reach - across // 2
        second = first + across - 2**power
        held = windows[power]
        cv2.max(held[:, first : first + width], held[:, second : second + width], dst=rows)
        cv2.max(found[: height - down], rows[down:], dst=found[: height - down])
        cv2.max(found[down:], rows[: height - down], dst=found[down:])
    return found
