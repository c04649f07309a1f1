"""The API: /explain, for programs (``gradio_client``), with the same validation and the same engine as the page."""

from __future__ import annotations

from pathlib import Path

import gradio as gr

from ..live.batcher import Batcher
from ..live.request import Request, Source, read_request


def add(batcher: Batcher) -> None:
    """Add the named endpoint to the Blocks that is being built."""

    async def explain(
        image: str, rotation: float, scale: float, shift_x: float, shift_y: float, shear: float, model: str, raw: bool
    ) -> dict:
        """What a network sees in a picture of a digit, held in a pose.

        Args:
            image: a picture file of one digit, any size and colours.
            rotation: degrees, clockwise, -180 to 180.
            scale: factor, 0.3 to 2.
            shift_x: pixels to the right, -128 to 128; half the frame, 14 at 28 x 28, leads to its edge.
            shift_y: pixels down, -128 to 128.
            shear: -1 to 1.
            model: name of a checkpoint; empty for the default.
            raw: true: only resize the picture, do not crop and centre its ink.

        Returns:
            digit, probabilities (10), theta, grid (H x W x 2, normalised, output to input), input and warped image (H x W,
            0 to 1).
        """
        values = {
            "pose": {"rotation": rotation, "scale": scale, "shift_x": shift_x, "shift_y": shift_y, "shear": shear},
            "model": model or batcher.defaults.model,
            "twin": None,
        }
        try:
            asked = read_request(values, batcher.defaults)
            data = Path(image).read_bytes()
            return await batcher.run(lambda engine: _explained(engine, asked, data, raw))
        except (ValueError, OSError, TypeError) as error:
            raise gr.Error(str(error), title="explain") from None

    with gr.Column(visible=False):  # the endpoint's signature is that of these components; nobody sees them
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
        gr.Button("explain").click(explain, inputs, answer, api_name="explain")


def _explained(engine, asked: Request, data: bytes, raw: bool) -> dict:
    import dataclasses

    from ...data import picture

    digit = (picture.read(data, raw=raw) * 255).round().byte()
    asked = dataclasses.replace(asked, source=Source(digit=digit.numpy().tobytes()))
    frame, _, _ = engine.frame(asked)
    return {
        "digit": int(frame.probs.argmax()),
        "probabilities": frame.probs.tolist(),
        "theta": frame.theta,
        "grid": frame.grid.tolist(),
        "input": frame.input.tolist(),
        "warped": frame.warped.tolist(),
    }
