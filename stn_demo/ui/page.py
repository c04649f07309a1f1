"""The page: the live stage, Learn, Train and Results in a tab each, and the ordinary Gradio components around them."""

from __future__ import annotations

import json
from pathlib import Path

import gradio as gr

from ..names import LANGUAGES
from .explore import api
from .explore.pictures import Pictures
from .foot import FOOT
from .live.batcher import Batcher
from .live.request import Defaults
from .options import FIRST_TRAINED, Options

HERE = Path(__file__).parent
BESIDE = ("learn", "train", "results")  # the other pages: each has a folder, a tab and a script of its own
PAGES = ("explore", *BESIDE)  # in display order
# pairs of a network and its twin, in order of preference
PREFERRED = (("upright", "upright-cnn"), FIRST_TRAINED)
CSS = """
.gradio-container { max-width: 1560px !important; padding: 0 12px !important; }
#title { padding: 0; }
.stn-not-loaded { margin: 8px 0; padding: 8px 12px; border: 2px solid #b91c1c; border-radius: 6px; }
footer { display: none !important; }
#about { padding: 0; }
#about > .html-container { padding: 2px 0; }
#about .foot { font-size: 13px; text-align: center; color: var(--body-text-color-subdued); }
#about .foot a { white-space: nowrap; }
@media (max-width: 700px) { #about .foot { font-size: 12px; line-height: 1.4; } }
"""
HEAD = '<meta name="viewport" content="width=device-width, initial-scale=1">'
# A gr.HTML script is not a module and cannot use top-level await, so it imports a module. Addresses are taken from the
# browser: a proxy may serve the page under a scheme and a prefix that the app does not know.
LOADER = """
const root = new URL(".", document.baseURI).href;
const sheet = document.createElement("link");
sheet.rel = "stylesheet";
sheet.href = root + "stn/%(part)s/static/%(part)s.css";
document.head.append(sheet);
const address = root + "stn/%(part)s/static/main.js";
import(address).then((main) => main.start({ element, root })).catch((error) => {
  console.error(error);
  const words = %(words)s;
  const text = words[/^zh/i.test(navigator.language) ? "zh-CN" : "en"].replace("{address}", address);
  const notice = Object.assign(document.createElement("p"), { className: "stn-not-loaded", textContent: text });
  notice.setAttribute("role", "alert");
  element.prepend(notice);
});
"""
FOLLOW = 'import(root + "stn/train/static/follow.js").then((module) => module.follow(root));'


def defaults(names: list[str]) -> Defaults:
    """The networks that the page shows first: the preferred pair that exists, else any network. If there are no networks
    yet, those of the first training."""
    names = names or list(FIRST_TRAINED)
    for model, twin in PREFERRED:
        if model in names:
            beside = (twin, FIRST_TRAINED[1])  # if its twin is missing, the plain network of the first training
            return Defaults(model=model, twin=next((name for name in beside if name in names), None))
    model = next(name for name in ("seed-affine", *names) if name in names)
    return Defaults(
        model=model, twin=FIRST_TRAINED[1] if FIRST_TRAINED[1] in names and model != FIRST_TRAINED[1] else None
    )


def theme() -> gr.themes.ThemeClass:
    """Greys and one accent colour; fonts of the visitor's system, so that no font is fetched."""
    return gr.themes.Default(
        primary_hue="sky",
        neutral_hue="slate",
        font=["system-ui", "sans-serif"],
        font_mono=["ui-monospace", "monospace"],
    ).set(body_text_color_subdued="*neutral_500", body_text_color_subdued_dark="*neutral_400")


def build(options: Options, batcher: Batcher, pictures: Pictures, uploads: Path) -> gr.Blocks:
    """The Blocks of the page, to be mounted. ``uploads`` is the folder of the files sent for ``/explain``."""
    with gr.Blocks(title="Spatial Transformer", fill_width=True, analytics_enabled=False) as blocks:
        gr.HTML('<h1 class="stn-title" data-i18n="app.title">Spatial Transformer</h1>', elem_id="title")
        with gr.Tabs(elem_id="pages"):
            with gr.Tab("Explore", id="explore", elem_id="page-explore"):
                gr.HTML(
                    "",
                    html_template=(HERE / "explore" / "explore.html").read_text(encoding="utf-8"),
                    js_on_load=_loader("explore") + FOLLOW,
                    apply_default_css=False,
                    elem_id="stage",
                )
            for part in BESIDE:
                with gr.Tab(part.capitalize(), id=part, elem_id=f"page-{part}"):
                    gr.HTML(
                        "",
                        html_template=(HERE / part / f"{part}.html").read_text(encoding="utf-8"),
                        js_on_load=_loader(part),
                        apply_default_css=False,
                        elem_id=part,
                    )
        gr.HTML(FOOT.format(terms=terms()), elem_id="about")
        api.add(batcher, pictures, uploads)

    blocks.queue(max_size=api.MOST_WAITING)
    return blocks


def terms() -> str:
    """Each term of the lesson as a link to the scene that introduces it."""
    scenes = json.loads((HERE / "learn" / "static" / "scenes.json").read_text(encoding="utf-8"))
    links = (f'<a href="#learn={scene}" data-i18n="term.{term}">{term}</a>' for term, scene in scenes["terms"].items())
    return " · ".join(links)


def _loader(part: str) -> str:
    """The script that loads a page's modules, or shows a sentence if they cannot be loaded."""
    words = {}
    for language in LANGUAGES:
        catalogue = json.loads((HERE / "strings" / f"{language}.json").read_text(encoding="utf-8"))
        words[language] = catalogue["error.not_loaded"]
    return LOADER % {"part": part, "words": json.dumps(words)}
