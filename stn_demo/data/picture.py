"""Decodes a picture file within limits of size and time, and prepares its digits as the model expects them.

``finding`` finds the digits. A digit is centred before the visitor's pose is applied: centring it afterwards would
already undo the shift that the network is meant to undo.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import re
import threading
import warnings
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageOps, UnidentifiedImageError
from torch import Tensor

from ..limits import LARGEST_PICTURE
from . import finding, folder, paper
from .finding import Box, Found
from .refused import PictureError

MAX_PIXELS = 40_000_000
MAX_SCANS = 40  # of a JPEG: encoders write about ten; a scan of 80 bytes can cost a pass over all pixels
LEAST_SIDE = 4  # px
WORKING_SIDE = 640  # px: strokes of a digit a tenth as large remain visible, and the search stays fast
FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "AVIF", "BMP", "TIFF", "HEIF")
"""The formats that people upload. Excluded on purpose: EPS, which starts Ghostscript; icons, which contain another
picture behind their header; and formats without a signature, which would match any bytes."""
MOVING = ("GIF", "WEBP", "AVIF", "PNG")  # further frames are an animation; in TIFF they are pages, in JPEG previews
WHITES = (1, 255, 1023, 4095, 16383, 65535)  # usual maximum values: 0..1, and 8, 10, 12, 14, 16 bits
HEIF_DECODERS = ("pi_heif", "pillow_heif")  # pi_heif only decodes (LGPL); pillow_heif contains a GPL encoder
HEIC_BRANDS = (b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1")  # ISO/IEC 23008-12, annex B
HEIC = (
    "This is a HEIC picture, the format of many phones, and no decoder for it is installed here. Run: pip install "
    "pi-heif, or let the phone save or share it as JPEG (on an iPhone: Settings, Camera, Formats, Most Compatible)."
)

_decoding = threading.Lock()  # one large picture in memory at a time; ``catch_warnings`` is not thread-safe
_marker = re.compile(rb"\xff[\xc0-\xcf\xd9-\xfe]")  # of a JPEG, except stuffed bytes and restart markers


def read(data: bytes, raw: bool = False) -> Tensor:
    """The first digit in a picture file: float32 [28, 28] in [0, 1], white ink on black.

    Accepts any size, mode, orientation tag and alpha channel; dark ink on light paper or light ink on dark; shadows,
    ruled lines, boxes, panels. The ink is cropped, scaled until its longest side is 20 px, and shifted until its centre
    of mass is in the middle, as in MNIST. ``raw`` only converts to grey and resizes: it does not invert, stretch or
    centre. Transparent pixels and the padding to a square are black.

    Raises:
        PictureError: the file is empty, too large (20 MB, 40 million pixels), not a picture, damaged, animated,
            too small, or has no digit (accepted with ``raw``). No other exception, whatever the bytes.
    """
    planes = _planes_of(data)
    return _raw(*planes) if raw else _first(finding.find(*planes))


def find(data: bytes, box: Box | None = None) -> Found:
    """All digits in a picture file. With `box` (left, top, right, bottom as fractions of the picture) all ink in the
    box is one digit.

    Raises:
        PictureError: as ``read``; also if the box has no ink.
    """
    return finding.find(*_planes_of(data), box)


def in_colour(data: bytes, side: int) -> Tensor:
    """The whole picture, prepared as in training on a folder of pictures: uint8 [3, side, side], see ``folder.fitted``.

    Raises:
        PictureError: as ``read``, except for a missing digit.
    """
    with _decoding, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        image = _decoded(_checked(data))
        try:
            return folder.fitted(image, 3, side)
        except Exception:  # the palette is too short, or the transparent colour is not a colour
            raise _broken() from None


def _planes_of(data: bytes) -> tuple[Tensor, Tensor | None]:
    with _decoding, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow warns about unusual files
        return _reduced(_decoded(_checked(data)))


def _checked(data: bytes) -> bytes:
    """The data. Raises PictureError if it is empty or too large."""

    if not data:
        raise PictureError("empty", "The file is empty; choose a picture with a digit on it.")
    if len(data) > LARGEST_PICTURE:
        most = f"{LARGEST_PICTURE >> 20} MB"
        raise PictureError("too_large_bytes", f"The file is larger than {most}; give a smaller picture.")
    return data


def _raw(colours: Tensor, alpha: Tensor | None) -> Tensor:
    grey = finding.grey(colours)
    return _resized(grey if alpha is None else grey * alpha)


def _first(found: Found) -> Tensor:
    return found.digits[found.first]


def _decoded(data: bytes) -> Image.Image:
    """The first frame, rotated as its orientation tag says; a JPEG is already decoded at reduced size."""
    try:
        Image.init()  # loads Pillow's plugins
        if data[4:8] == b"ftyp" and data[8:12] in HEIC_BRANDS and not _heif_opens():
            raise PictureError("heic", HEIC)
        image = Image.open(io.BytesIO(data), formats=[name for name in FORMATS if name in Image.OPEN])
        _check_size(*image.size)  # from the header, before any pixel is allocated
        if image.format in MOVING and getattr(image, "is_animated", False):
            raise PictureError("animated", "The picture is animated; give a single, still one.")
        if image.format in ("JPEG", "MPO") and _scans(data) > MAX_SCANS:
            raise _broken()
        image.draft("RGB", (2 * WORKING_SIDE, 2 * WORKING_SIDE))
        image.load()
    except PictureError:
        raise
    except Image.DecompressionBombError:
        raise _too_many_pixels("more than 100 million") from None
    except UnidentifiedImageError:
        if data[4:8] == b"ftyp" and data[8:12] in HEIC_BRANDS:
            raise _broken() from None
        foreign = "This file is not a picture that can be read; give a PNG or a JPEG."
        raise PictureError("not_an_image", foreign) from None
    except Exception:  # decoders raise exceptions of any class over damaged bytes
        raise _broken() from None
    with contextlib.suppress(Exception):  # the orientation tag may be damaged although the picture is not
        ImageOps.exif_transpose(image, in_place=True)
    return image


def _heif_opens() -> bool:
    """Registers a HEIC decoder with Pillow; False if none is installed."""
    for name in HEIF_DECODERS:
        try:
            importlib.import_module(name).register_heif_opener(thumbnails=False)
            return True
        except ImportError:
            continue
    return False


def _scans(data: bytes) -> int:
    """Number of scans of a JPEG, by its markers (ITU-T T.81, annex B), up to the end of the image: phones append a
    video."""
    count, at = 0, 2
    while marker := _marker.search(data, at):
        if marker[0] == b"\xff\xd9":  # end of image
            break
        count += marker[0] == b"\xff\xda"
        at = marker.end() + int.from_bytes(data[marker.end() : marker.end() + 2], "big")
    return count


def _check_size(width: int, height: int) -> None:
    if width * height > MAX_PIXELS:
        raise _too_many_pixels(f"{width:,} x {height:,}")
    if min(width, height) < LEAST_SIDE:
        raise PictureError("too_small", f"The picture has only {width} x {height} pixels; give a larger one.")


def _too_many_pixels(count: str) -> PictureError:
    most = f"the most is {MAX_PIXELS // 1_000_000} million"
    return PictureError("too_many_pixels", f"The picture has {count} pixels, {most}; make it smaller.")


def _broken() -> PictureError:
    return PictureError("broken", "The picture is damaged or cut off; save it again and try once more.")


def _reduced(image: Image.Image) -> tuple[Tensor, Tensor | None]:
    """Colours [1 or 3, H, W] and opacity [H, W] in [0, 1], area-averaged until no side is longer than
    ``WORKING_SIDE``; opacity is None if every pixel is opaque."""
    shrink = max(1.0, max(image.size) / WORKING_SIDE)
    width, height = (max(LEAST_SIDE, round(side / shrink)) for side in image.size)
    size = (width, height)
    try:
        if image.mode in ("I", "F") or image.mode.startswith("I;"):
            return _deep(image, size), None
        if image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info:
            # Pillow weights colours by alpha here, so the arbitrary colours of transparent pixels have no effect
            planes = _planes(image.convert("RGBA").resize(size, Image.Resampling.BOX))
            opaque = planes[3].min() > 0.98
            return planes[:3], None if opaque else planes[3]
        if image.mode == "LAB":
            image = image.getchannel("L")
        elif image.mode not in ("L", "RGB"):
            image = image.convert("L" if image.mode == "1" else "RGB")
        return _planes(image.resize(size, Image.Resampling.BOX)), None
    except Exception:  # the palette is too short, or the transparent colour is not a colour
        raise _broken() from None


def _planes(image: Image.Image) -> Tensor:
    """uint8 picture -> float32 [channels, H, W] in [0, 1]."""
    values = torch.from_numpy(np.array(image))
    planes = values[None] if values.ndim == 2 else values.permute(2, 0, 1).contiguous()
    return planes.float() / 255


def _deep(image: Image.Image, size: tuple[int, int]) -> Tensor:
    """[1, H, W] in [0, 1] of a picture with more than 8 bits: divided by the smallest of ``WHITES`` that is not below
    its maximum. Values that are negative or exceed 16 bits are scaled from minimum..maximum to 0..1 instead."""
    values: np.ndarray[tuple[int, ...], np.dtype[np.floating[Any]]] = np.asarray(image, dtype=np.float64)
    bad = ~np.isfinite(values)
    if bad.any():
        values = np.where(bad, np.median(values[~bad]) if not bad.all() else 0, values)
    least, most = float(values.min()), float(values.max())
    white: float | None = next((white for white in WHITES if most <= white), None) if least >= 0 else None
    if white is None:
        values, white = values - least, max(most - least, 1e-30)
    small = Image.fromarray((values / white).clip(0, 1).astype(np.float32)).resize(size, Image.Resampling.BOX)
    return torch.from_numpy(np.array(small))[None].clamp(0, 1)


def _resized(grey: Tensor) -> Tensor:
    """[H, W] -> [28, 28], area-averaged, centred on a black square."""
    height, width = grey.shape
    square = torch.zeros(max(height, width), max(height, width))
    top, left = (len(square) - height) // 2, (len(square) - width) // 2
    square[top : top + height, left : left + width] = grey
    return paper.area_resized(square, 28, 28).clamp(0, 1)
