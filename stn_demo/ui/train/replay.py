"""A training run as a short animation: a visitor's digit as each snapshot of the run sees it. Every picture is a frame
of the engine, drawn as on the Explore page.
"""

from __future__ import annotations

import asyncio
import dataclasses
import io
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from ...analysis.frame import Frame
from ...runs.schedule import SNAPSHOTS
from ..live.batcher import Batcher
from ..live.request import Request, RequestError

FORMATS = {"gif": "image/gif", "webp": "image/webp"}
LENGTH = 5.0  # seconds in total; the last picture stays for LAST
LAST = 1.5
SIDE, GAP, FOOT = 264, 16, 64  # px
EXTENT = 1.42  # half the side of the drawn area in normalised input coordinates; equals EXTENT in shared/geometry.js
PAPER, SOFT = "#10151b", "#a3afbf"
NET, NET_SOFT, PLAIN = "#4cc4ff", "#1f5f80", "#8491a3"
EVERY = 2  # every second line of the grid; equals layers.step in shared/store.js


async def animation(batcher: Batcher, run: dict[str, Any], asked: Request, kind: object) -> tuple[bytes, str]:
    """The file and its media type. ``run``: the status of a run with its ``snapshots``; ``asked``: the digit and its
    pose. Raises ValueError (StateError).
    """
    if kind not in FORMATS:
        raise RequestError(f"A film is one of {', '.join(FORMATS)}.")
    steps = run["snapshots"]
    if not steps:
        raise RequestError("This run has no snapshots yet.", "run_no_snapshots")
    if len(steps) > SNAPSHOTS:
        steps = [steps[round(i * (len(steps) - 1) / (SNAPSHOTS - 1))] for i in range(SNAPSHOTS)]
    pictures = []
    for step in steps:  # one request at a time, so that other visitors' requests are answered in between
        name = f"run-{run['id']}-{step}"
        asking = dataclasses.replace(asked, model=name, twin=f"{name}-twin" if run.get("twin") else None)
        frame = (await batcher.run(lambda engine, asking=asking: engine.frame(asking)))[0]
        pictures.append(await asyncio.to_thread(_picture, frame, step, steps))
    return await asyncio.to_thread(_file, pictures, kind), FORMATS[kind]


def _file(pictures: list[Image.Image], kind: str) -> bytes:
    each = round(1000 * (LENGTH - LAST) / len(pictures))
    times = [max(each, 20)] * (len(pictures) - 1) + [round(1000 * LAST)]
    data = io.BytesIO()
    if kind == "gif":
        palette = pictures[-1].quantize(128)
        pictures = [picture.quantize(palette=palette, dither=Image.Dither.NONE) for picture in pictures]
    more = {"lossless": True, "method": 2} if kind == "webp" else {"disposal": 1}
    pictures[0].save(data, kind, save_all=True, append_images=pictures[1:], duration=times, loop=0, **more)
    return data.getvalue()


def _picture(frame: Frame, step: int, steps: list[int]) -> Image.Image:
    width = 2 * SIDE + 3 * GAP
    picture = Image.new("RGB", (width, SIDE + 2 * GAP + FOOT), PAPER)
    pen = ImageDraw.Draw(picture)
    shown = round(SIDE / EXTENT)
    margin = GAP + (SIDE - shown) // 2
    picture.paste(_grey(frame.input, shown), (margin, margin))
    picture.paste(_grey(frame.warped, SIDE), (2 * GAP + SIDE, GAP))

    def at(points: list[list[float]]) -> list[tuple[float, float]]:
        x, y = ([GAP + (value / EXTENT + 1) / 2 * SIDE for value in axis] for axis in zip(*points, strict=True))
        return list(zip(x, y, strict=True))

    if frame.theta:
        inside = Image.new("L", picture.size)
        ImageDraw.Draw(inside).rectangle([GAP, GAP, GAP + SIDE, GAP + SIDE], fill=255)
        drawn = picture.copy()
        lines = ImageDraw.Draw(drawn)
        grid = frame.grid.tolist()
        for index in range(EVERY // 2, len(grid), EVERY):
            lines.line(at(grid[index]), fill=NET_SOFT)
            lines.line(at([row[index] for row in grid]), fill=NET_SOFT)
        outline = at(frame.outline.tolist())
        lines.line([*outline, outline[0]], fill=NET, width=3)
        picture.paste(drawn, mask=inside)
    top = SIDE + 2 * GAP
    pen.text((GAP, top), f"t = {step}", fill=SOFT, font=_font(18))
    pen.text((2 * GAP + SIDE, top), f"STN  {_label(frame.probs)}", fill=NET, font=_font(18))
    if frame.twin_probs is not None:
        pen.text((2 * GAP + SIDE, top + 24), f"CNN  {_label(frame.twin_probs)}", fill=PLAIN, font=_font(18))
    share = steps.index(step) / max(1, len(steps) - 1)
    pen.rectangle([GAP, top + 36, GAP + SIDE, top + 40], fill="#2a333f")
    pen.rectangle([GAP, top + 36, GAP + share * SIDE, top + 40], fill=NET)
    return picture


def _grey(values: Tensor, side: int) -> Image.Image:
    pixels = (values.clamp(0, 1) * 255).round().byte().numpy()
    return Image.fromarray(np.ascontiguousarray(pixels)).resize((side, side), Image.Resampling.NEAREST).convert("RGB")


def _label(probs: Tensor) -> str:
    best = int(probs.argmax())
    return f"{best}  {100 * float(probs[best]):.1f} %"


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
