"""The page: the live stage, and the ordinary Gradio components around it."""

from __future__ import annotations

import base64
from pathlib import Path

import gradio as gr

from . import explain
from .live import Live
from .options import Options
from .state import Defaults
from .status import Status

STAGE = Path(__file__).parent / "stage"
PREFERRED = ("seed-affine", "seed-cnn")
CSS = """
.gradio-container { max-width: 1560px !important; padding: 0 12px !important; }
#topbar { align-items: end; gap: 12px; flex-wrap: wrap; }
#topbar .block { border: 0; box-shadow: none; background: none; padding: 0; }
#upload-checkpoint { align-self: end; }
footer { margin-top: 4px !important; }
"""
HEAD = '<meta name="viewport" content="width=device-width, initial-scale=1"><title>Spatial Transformer</title>'
# A gr.HTML script is no module and may not await at its top: it imports one that may.
LOADER = """
const root = String((window.gradio_config && window.gradio_config.root) || location.origin).replace(/\\/$/, "") + "/";
const sheet = document.createElement("link");
sheet.rel = "stylesheet";
sheet.href = root + "stn/stage/stage.css";
document.head.append(sheet);
import(root + "stn/stage/main.js").then((main) => main.start({ element, server, root, tell: () => trigger("change") }));
"""


def defaults(names: list[str]) -> Defaults:
    """Which networks stand on the stage at first: the shipped pair where it is there (or will be, where there is none
    and the first is being trained), else whatever there is."""
    if not names or set(PREFERRED) <= set(names):
        return Defaults(*PREFERRED)
    return Defaults(model=PREFERRED[0] if PREFERRED[0] in names else names[0], twin=None)


def theme() -> gr.themes.ThemeClass:
    """Calm greys and one accent; fonts of the visitor's own system, so that nothing is fetched."""
    return gr.themes.Default(
        primary_hue="teal",
        neutral_hue="slate",
        font=["system-ui", "sans-serif"],
        font_mono=["ui-monospace", "monospace"],
    )


def build(options: Options, live: Live, status: Status) -> gr.Blocks:
    """The Blocks of the page, to be mounted."""
    names = options.model_names() or list(PREFERRED)
    with gr.Blocks(title="Spatial Transformer", fill_width=True, analytics_enabled=False) as blocks:
        with gr.Row(elem_id="topbar"):
            gr.HTML('<h1 class="stn-title" data-i18n="app.title">Spatial Transformer</h1>', scale=3)
            model = gr.Dropdown(
                names, value=live.defaults.model, label="Network", elem_id="model-picker", scale=2, min_width=150
            )
            twin = gr.Dropdown(
                [("—", ""), *names],
                value=live.defaults.twin or "",
                label="Compared with",
                elem_id="twin-picker",
                scale=2,
                min_width=150,
            )
            upload = gr.UploadButton(
                "Open a checkpoint …",
                file_types=[".safetensors"],
                type="binary",
                elem_id="upload-checkpoint",
                size="sm",
                scale=1,
                min_width=120,
            )
        stage = gr.HTML(
            "",
            html_template=(STAGE / "stage.html").read_text(encoding="utf-8"),
            js_on_load=LOADER,
            apply_default_css=False,
            elem_id="stage",
            server_functions=_channel(live, status),
        )
        explain.add(live)

        model.input(None, [model], js="(name) => { window.stn && window.stn.setModel(name); }", api_visibility="private")
        twin.input(
            None, [twin], js="(name) => { window.stn && window.stn.setTwin(name || null); }", api_visibility="private"
        )
        stage.change(
            None,
            outputs=[model, twin],
            js="() => { const s = window.stn.store.get(); return [s.model, s.twin || '']; }",
            api_visibility="private",
        )
        known = gr.State(names)

        async def add(data: bytes, known: list[str]):
            name = await live.run(lambda engine: _kept(engine.shelf, data))
            known = [*known, name] if name not in known else known
            return gr.Dropdown(known, value=name), gr.Dropdown([("—", ""), *known]), known, name

        added = gr.Textbox(visible="hidden")
        upload.upload(add, [upload, known], [model, twin, known, added], api_visibility="private").success(
            None, [added], js="(name) => { window.stn && window.stn.setModel(name); }", api_visibility="private"
        )
    return blocks


def _kept(shelf, data: bytes) -> str:
    from ..checkpoints import CheckpointError

    try:
        return shelf.add(data)
    except (CheckpointError, OSError) as error:
        raise gr.Error(str(error), title="Checkpoint") from None


def _channel(live: Live, status: Status) -> list:
    """The stage's channel for a page whose proxy forbids WebSockets: through Gradio, one question at a time."""

    async def frame(text: str) -> str:
        answer = await live.answer(str(text))
        return answer if isinstance(answer, str) else base64.b64encode(answer).decode()

    async def current_status(_: str = "") -> str:
        return status.text()

    current_status.__name__ = "status"
    return [frame, current_status]
