"""Decodes uploaded pictures in threads of their own, a few at a time, for the page and for /explain."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from ..live.batcher import Batcher
from ..live.fields import COLOUR_SIDES
from ..live.request import RequestError

if TYPE_CHECKING:
    from torch import Tensor

    from ..torch_side import TorchSide  # loads torch

Result = TypeVar("Result")

AT_ONCE = 2  # pictures that are decoded at the same time, of the page and of /explain together
MOST_WAITING = 24
SMALLEST = 0.005  # of the picture's width and height: a smaller box is refused as accidental


class TooMany(ValueError):
    """Too many pictures are waiting; ``code`` names the sentence in the catalogue."""

    code = "busy"


class BadBox(ValueError):
    """The text does not describe a box on a picture."""

    code = "bad_request"


def box_of(text: str | None) -> tuple[float, float, float, float] | None:
    """The box from "left,top,right,bottom", fractions of a picture in [0, 1]; None for None or empty text.

    Raises:
        BadBox: not four finite numbers, or smaller than 0.5 % of the picture's side.
    """
    if not text:
        return None
    try:
        left, top, right, bottom = (float(part) for part in text[:200].split(","))
    except ValueError:
        raise BadBox("A box is four numbers: left, top, right, bottom.") from None
    box = left, top, right, bottom
    if not all(map(math.isfinite, box)) or right - left < SMALLEST or bottom - top < SMALLEST:
        raise BadBox("A box needs a left edge before its right one, and a top above its bottom.")
    if min(box) < 0 or max(box) > 1:
        raise BadBox("A box lies within the picture: its four numbers are between 0 and 1.")
    return box


class Pictures:
    """Reads pictures in threads, ``AT_ONCE`` at a time."""

    def __init__(self, batcher: Batcher):
        self._batcher = batcher
        self._free = asyncio.Semaphore(AT_ONCE)
        self._waiting = 0

    async def read(self, data: bytes, raw: bool, model: str) -> bytes:
        """The picture as input for the network ``model``, as ``live.request.Source.digit``. Raises
        data.refused.PictureError, TooMany.
        """
        return await self._run(lambda side: _read(side, data, raw, model))

    async def in_colour(self, data: bytes, model: str) -> dict[str, Any] | None:
        """The whole picture for a network with classes of its own, {digit}; None for a network of digits. Raises as
        ``read``.
        """
        return await self._run(lambda side: _in_colour(side, data, model))

    async def raw(self, data: bytes) -> dict[str, Any]:
        """The unprepared picture as a digit for the page: {digit}. Raises as ``read``."""
        return await self._run(lambda side: {"digit": side.codec.as_base64(side.picture.read(data, raw=True))})

    async def find(self, data: bytes, box: str | None) -> dict[str, Any]:
        """The selected digit, and what the page shows of the picture: {digit, found}, see ``uploaded``; for a picture
        without a digit {error, found}. `box`: see ``box_of``.

        Raises data.refused.PictureError if the picture cannot be shown at all, TooMany, BadBox.
        """
        place = box_of(box)
        return await self._run(lambda side: _found(side, data, place))

    async def _run(self, work: Callable[[TorchSide], Result]) -> Result:
        if self._waiting >= MOST_WAITING:
            raise TooMany("Too many pictures are being read at this moment; try again in a minute.")
        self._waiting += 1
        try:
            side = await self._batcher.ready()
            async with self._free:
                return await asyncio.to_thread(work, side)
        finally:
            self._waiting -= 1


def _in_colour(side: TorchSide, data: bytes, model: str) -> dict[str, Any] | None:
    seen = _of_its_own(side, data, model)
    return None if seen is None else {"digit": side.codec.as_base64(seen)}


def _read(side: TorchSide, data: bytes, raw: bool, model: str) -> bytes:
    seen = _of_its_own(side, data, model)
    if seen is None:
        seen = (side.picture.read(data, raw=raw) * 255).round().byte()
    return seen.numpy().tobytes()


def _of_its_own(side: TorchSide, data: bytes, model: str) -> Tensor | None:
    """uint8 [3, n, n]: the whole picture, if the network has classes of its own; else None."""
    try:
        length = side.engine.networks.own_side(side.engine.networks.get(model))
    except RequestError:
        return None
    return None if length is None else side.picture.in_colour(data, min(length, COLOUR_SIDES[1]))


def _found(side: TorchSide, data: bytes, box: tuple[float, float, float, float] | None) -> dict[str, Any]:
    try:
        what = side.picture.find(data, box)
    except side.picture.PictureError as error:
        if error.colours is None:
            raise
        seen = {} if box else {"boxes": [], "digits": [], "cuts": [], **side.uploaded.picture(error.colours)}
        return {"error": {"code": error.code, "message": str(error)}, "found": seen}
    return {
        "digit": side.codec.as_base64(what.digits[what.first]),
        "found": side.uploaded.found(what, whole=box is None),
    }
