"""The error for a picture that cannot be used."""

from __future__ import annotations

from torch import Tensor


class PictureError(ValueError):
    """A picture cannot be used; the message says why and what to do.

    ``code`` is stable, for translations: empty, too_large_bytes, too_many_pixels, too_small, not_an_image,
    broken, animated, heic, no_opencv, blank; and for marks that are not digits: lines, slab, scribble.
    ``colours``: the picture, uint8 [h, w, 3], if it was decoded but has no digit; else None.
    """

    def __init__(self, code: str, message: str, colours: Tensor | None = None):
        super().__init__(message)
        self.code, self.colours = code, colours


NO_DIGIT = {
    "blank": "This picture is blank; give one with a digit that differs clearly from the paper.",
    "lines": "There are only straight lines on this picture; give one with a digit.",
    "slab": "There is only a solid area on this picture, no strokes of a pen; give one with a digit.",
    "scribble": "This looks like a scribble, not like a digit; give a picture with a digit that stands alone.",
}
