"""The API: /explain, for programs (``gradio_client``), with the same validation and the same engine as the page."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from ..gate.uploads import remove
from ..live.batcher import Batcher
from ..live.request import Request, Source, read_request
from .pictures import Pictures

if TYPE_CHECKING:
    from ..live.engine import Engine  # loads torch

AT_ONCE, MOST_WAITING = 2, 40  # calls in progress, and calls that may wait


def add(batcher: Batcher, pictures: Pictures, uploads: Path) -> None:
    """Add the named endpoint to the Blocks under construction. ``uploads`` is the folder of uploaded files."""

    async def explain(
        image: str, rotation: float, scale: float, shift_x: float, shift_y: float, shear: float, model: str, raw: bool
    ) -> dict[str, Any]:
        """What a network sees in a picture of a digit in a given pose.

        Args:
            image: a picture file of one digit, any size and colours; for a network with classes of its own, of one of them.
            rotation: degrees, clockwise, -180 to 180.
            scale: factor, 0.3 to 2.
            shift_x: pixels to the right, -128 to 128; half the frame (14 at 28 x 28) shifts the digit to the edge.
            shift_y: pixels down, -128 to 128.
            shear: -1 to 1.
            model: name of a checkpoint; empty for the default.
            raw: true: only resize the picture, do not crop and centre its ink.

        Returns:
            digit, probabilities (10, or one for each class), theta, grid (H x W x 2, normalised, output to input), input
            and warped image (H x W, 0 to 1; 3 x H x W for a network that takes colour pictures).
        """
        pose = {"rotation": rotation, "scale": scale, "shift_x": shift_x, "shift_y": shift_y, "shear": shear}
        path = Path(image)
        try:
            return await explained(batcher, pictures, await asyncio.to_thread(path.read_bytes), pose, model, raw)
        except OSError:
            raise gr.Error("The picture is no longer there; send it again.", print_exception=False) from None
        except ValueError as error:
            raise gr.Error(str(error), title="explain", print_exception=False) from None
        finally:
            await asyncio.to_thread(remove, path, uploads)

    with gr.Column(visible=False):  # these invisible components define the signature of the endpoint
        inputs = [
            gr.File(label="image", type="filepath"),
            gr.Number(0, label="rotation"),
            gr.Number(1, label="scale"),
            gr.Number(0, label="shift_x"),
            gr.Number(0, label="shift_y"),
            gr.Number(0, label="shear"),
            gr.Textbox("", label="model"),
            gr.Checkbox(False, label="raw"),
        ]
        answer = gr.JSON(label="explanation")
        gr.Button("explain").click(explain, inputs, answer, api_name="explain", concurrency_limit=AT_ONCE)


async def explained(
    batcher: Batcher, pictures: Pictures, data: bytes, pose: dict[str, float], model: str, raw: bool
) -> dict[str, Any]:
    """The answer of the endpoint for the content of a picture file. Raises ValueError."""
    asked = read_request({"pose": pose, "model": model or batcher.defaults.model, "twin": None}, batcher.defaults)
    digit = await pictures.read(data, bool(raw), asked.model)
    return await batcher.run(_explained, asked, digit)


def number(blocks: gr.Blocks) -> int:
    """The index of the endpoint among Gradio's functions."""
    return next(number for number, function in blocks.fns.items() if function.api_name == "explain")


def _explained(engine: Engine, asked: Request, digit: bytes) -> dict[str, Any]:
    frame, _, _ = engine.frame(replace(asked, source=Source(digit=digit)))
    return {
        "digit": int(frame.probs.argmax()),
        "probabilities": frame.probs.tolist(),
        "theta": frame.theta,
        "grid": frame.grid.tolist(),
        "input": frame.input.tolist(),
        "warped": frame.warped.tolist(),
    }
