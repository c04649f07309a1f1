"""What the page shows of an uploaded picture: the picture, its flattened form, and each digit that was cut out of it."""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np
from PIL import Image
from torch import Tensor

from ...data.finding import Found
from ..live.codec import as_base64

CUT_SIDE = 96  # px: largest side of a cut


def found(what: Found, whole: bool) -> dict[str, Any]:
    """boxes: fractions of the picture; digits (784 bytes each) and cuts (PNG) in the same order; first: index of the
    selected digit. With ``whole`` also the picture in two forms: picture (JPEG, in colour) and flat (PNG, grey). Files are
    base64."""
    answer = {
        "boxes": [[round(float(share), 5) for share in box] for box in what.boxes],
        "digits": [as_base64(digit) for digit in what.digits],
        "cuts": [_cut(ink) for ink in what.cuts],
        "first": what.first,
    }
    return {**answer, **picture(what.colours), "flat": _file(what.flat.numpy(), "PNG")} if whole else answer


def picture(colours: Tensor) -> dict[str, Any]:
    """The picture [h, w, 3], uint8, as a JPEG that the page can send again for another cut, and its size in px."""
    height, width = colours.shape[:2]
    jpeg = _file(colours.numpy(), "JPEG", quality=92, subsampling=0)
    return {"picture": jpeg, "width": width, "height": height}


def _cut(ink: Tensor) -> str:
    image = Image.fromarray((ink.clamp(0, 1) * 255).round().byte().numpy())
    image.thumbnail((CUT_SIDE, CUT_SIDE))
    return _file(np.asarray(image), "PNG")


def _file(pixels: np.ndarray, kind: str, **options: Any) -> str:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind, **options)
    return base64.b64encode(file.getvalue()).decode()
