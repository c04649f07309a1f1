"""Finds the colour channel that shows marks which the grey picture lacks: of another colour than their paper, but as bright,
such as red ink on green paper."""

from __future__ import annotations

import cv2
import numpy as np

from .flat import WIDEST

SIDE = 160  # px: longer side at which the channels are compared
COLOURED = 0.03  # fraction of full brightness, half of the faintest ink: a tint that varies less hides no marks
TINT = (0.5, 1.5)  # change of a channel per change of the grey picture on paper of one tint, in any light
AREA = 0.002  # fraction of the picture: the thinnest stroke covers more


def channel(colours: np.ndarray, grey: np.ndarray) -> np.ndarray | None:
    """The channel [h, w] of a picture, float32 [channels, h, w] in [0, 1], with the most marks that its `grey` [h, w] lacks;
    None if no channel shows enough of them.

    Compares at a reduced size. A channel shows nothing new in what follows the grey picture, as the tint of paper does, in
    what is wider than a stroke, and on marks that are stronger in the grey picture.
    """
    scale = min(1.0, SIDE / max(grey.shape))
    size = tuple(max(4, round(side * scale)) for side in grey.shape[::-1])
    plain, *planes = (cv2.resize(plane, size, interpolation=cv2.INTER_AREA) for plane in (grey, *colours))
    known = np.maximum(cv2.dilate(_marks(plain), np.ones((3, 3), np.uint8)), COLOURED)
    light = plain - plain.mean()
    areas = []
    for plane in planes:
        slope = float((light * plane).mean() / max(float((light * light).mean()), 1e-6))
        new = _marks(plane - np.float32(np.clip(slope, *TINT)) * plain) > known
        areas.append(float(new.mean()))
    most = int(np.argmax(areas))
    return np.ascontiguousarray(colours[most]) if areas[most] > AREA else None


def _marks(plane: np.ndarray) -> np.ndarray:
    """How much darker or lighter each pixel is than what is wider than a stroke around it: float32 [h, w]."""
    reach = max(3, round(WIDEST * min(plane.shape))) | 1
    around = np.ones((reach, reach), np.uint8)
    calm = cv2.blur(plane, (3, 3))
    dark, light = (cv2.morphologyEx(calm, kind, around) for kind in (cv2.MORPH_BLACKHAT, cv2.MORPH_TOPHAT))
    return np.maximum(dark, light)
