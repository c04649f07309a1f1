"""Any picture -> the digit that the model expects: decoding, bounded and forgiving; the paper is removed in ``paper``.

Preparation comes before the visitor's pose: centring afterwards would undo what the network is to undo.
"""

from __future__ import annotations

import io
import warnings

import numpy as np
import torch
from PIL import Image, ImageOps, UnidentifiedImageError
from torch import Tensor

from . import paper

MAX_BYTES = 20 * 1024 * 1024
MAX_PIXELS = 40_000_000
LEAST_SIDE = 4  # px
WORKING_SIDE = 400  # px: more than a digit's strokes need, few enough to be quick
MOVING = ("GIF", "WEBP", "PNG")  # formats whose further frames are an animation (a phone's MPO has a preview there)


class PictureError(ValueError):
    """A picture cannot be used; the message says why and what to do. ``code`` is stable, for translations."""

    def __init__(self, code: str, message: str):
        super().__init__(message)
        self.code = code


def read(data: bytes, raw: bool = False) -> Tensor:
    """The digit in a picture file: float32 [28, 28] in [0, 1], white ink on black.

    Any size, mode, orientation tag and alpha; dark ink on light paper or light on dark; uneven paper. The ink is cropped,
    its longest side made 20 px, its centre of mass put in the middle, as MNIST's were. ``raw`` only resizes, in grey as
    it is, a picture that is not square on a black ground.

    Raises:
        PictureError: empty, too large (20 MB, 40 million pixels), no image, broken, animated, too small, blank.
    """
    if not data:
        raise PictureError("empty", "The file is empty; choose a picture with a digit on it.")
    if len(data) > MAX_BYTES:
        raise PictureError("too_large_bytes", f"The file is larger than {MAX_BYTES >> 20} MB; give a smaller picture.")
    return to_digit(_decoded(data), raw)


def to_digit(image: Image.Image, raw: bool = False) -> Tensor:
    """``read`` for a decoded picture. Raises PictureError where there is no ink on it."""
    grey, alpha = _grey_and_alpha(image)
    if raw:
        return _resized(grey * (1 if alpha is None else alpha))
    ink = paper.ink(_on_ground(grey, alpha))
    if ink is None:
        raise PictureError("blank", "There is nothing on this picture; give one with a digit that stands out from its paper.")
    return paper.prepared(ink)


def _decoded(data: bytes) -> Image.Image:
    """The first frame, upright, at most a few times ``WORKING_SIDE`` large where the format can be read so."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the size is checked here, before anything is allocated
            image = Image.open(io.BytesIO(data))
            width, height = image.size
            if width * height > MAX_PIXELS:
                raise _too_many_pixels(f"{width:,} x {height:,}")
            if min(width, height) < LEAST_SIDE:
                raise PictureError("too_small", f"The picture has only {width} x {height} pixels; give a larger one.")
            if image.format in MOVING and getattr(image, "is_animated", False):
                raise PictureError("animated", "The picture is animated; give a single, still one.")
            image.draft("RGB", (2 * WORKING_SIDE, 2 * WORKING_SIDE))  # JPEG decodes a fraction at once
            image.load()
            return ImageOps.exif_transpose(image)
    except PictureError:
        raise
    except Image.DecompressionBombError:
        raise _too_many_pixels("more than 100 million") from None
    except UnidentifiedImageError:
        raise PictureError("not_an_image", "This file is not a picture that can be read; give a PNG or a JPEG.") from None
    except Exception:  # decoders raise whatever they like over damaged bytes
        raise PictureError("broken", "The picture is damaged or cut off; save it again and try once more.") from None


def _too_many_pixels(count: str) -> PictureError:
    most = f"{MAX_PIXELS // 1_000_000} million"
    return PictureError("too_many_pixels", f"The picture has {count} pixels, the most is {most}; make it smaller.")


def _grey_and_alpha(image: Image.Image) -> tuple[Tensor, Tensor | None]:
    """Brightness and opacity [H, W] in [0, 1], no side longer than ``WORKING_SIDE``; opacity None where all is opaque."""
    alpha = None
    if image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info:
        rgba = image.convert("RGBA")
        alpha = rgba.getchannel("A")
        # colours under transparent pixels mean nothing, and must not bleed in when the picture shrinks
        image = Image.composite(rgba.convert("RGB"), Image.new("RGB", rgba.size), alpha)
    if image.mode in ("I", "F") or image.mode.startswith("I;"):
        values = np.asarray(image, dtype=np.float64)
        values = np.nan_to_num(values, posinf=0, neginf=0)
        least, most = float(values.min()), float(values.max())
        grey = Image.fromarray(((values - least) / max(most - least, 1e-12) * 255).astype(np.uint8))
    else:
        grey = image.convert("RGB").convert("L")
    shrink = max(1.0, max(grey.size) / WORKING_SIDE)
    size = tuple(max(1, round(side / shrink)) for side in grey.size)
    planes = [plane.resize(size, Image.Resampling.BOX) for plane in (grey, alpha) if plane is not None]
    tensors = [torch.from_numpy(np.array(plane)).float() / 255 for plane in planes]
    if alpha is None or tensors[1].min() > 0.98:
        return tensors[0], None
    return tensors[0] / tensors[1].clamp(min=1e-3) * (tensors[1] > 1e-3), tensors[1]


def _on_ground(grey: Tensor, alpha: Tensor | None) -> Tensor:
    """The picture [H, W] on an opaque ground: that of the drawing itself where it has one, else the opposite of the ink."""
    if alpha is None:
        return grey
    seen = grey[alpha > 0.5]
    if not len(seen):
        return torch.zeros_like(grey)
    has_paper = len(seen) > 0.6 * grey.numel() and float(seen.std()) > 0.1
    ground = float(seen.median()) if has_paper else float(seen.mean() < 0.5)
    return grey * alpha + ground * (1 - alpha)


def _resized(grey: Tensor) -> Tensor:
    """[H, W] -> [28, 28], area-averaged, centred on a black square."""
    height, width = grey.shape
    square = torch.zeros(max(height, width), max(height, width))
    top, left = (len(square) - height) // 2, (len(square) - width) // 2
    square[top : top + height, left : left + width] = grey
    return paper.area_resized(square, 28, 28).clamp(0, 1)
