"""The HTML document of the page without a server: the HTML of the pages in tabs, in the same structure as Gradio's."""

from __future__ import annotations

from pathlib import Path

from .. import head
from .. import page as live_page

UI = Path(__file__).resolve().parents[1]
POLICY = "; ".join(
    [
        "default-src 'self'",
        "script-src 'self' 'wasm-unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "worker-src 'self'",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'none'",
    ]
)
VERSION = "@VERSION@"  # stands for the version of the published page, which is known when all files are written
DOCUMENT = """<!doctype html>
<html lang="en" data-version="{version}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
{tags}
<link rel="stylesheet" href="stn/local/static/site.css">
{sheets}
<link rel="modulepreload" href="stn/local/static/worker.js">
<script type="module" src="stn/local/static/boot.js"></script>
</head>
<body class="gradio-container">
<main class="column">
<div id="title"><h1 class="stn-title" data-i18n="app.title">Spatial Transformer</h1></div>
<div id="pages">
<div class="tab-wrapper"><div class="tab-container" role="tablist" data-i18n-label="site.pages">
{tabs}
</div></div>
{panels}
</div>
<noscript>This page needs JavaScript. 本页需要 JavaScript。</noscript>
<footer id="about"><nav class="foot" data-i18n-label="foot.name">
<span data-i18n="term.intro"></span> {terms} ·
<a href="https://arxiv.org/abs/1506.02025" rel="noopener" data-i18n="foot.paper">Paper</a> ·
<a href="stn/licence.txt" data-i18n="foot.licence">Licence: MIT</a>
</nav></footer>
</main>
</body>
</html>
"""
TAB = '<button type="button" role="tab" id="page-{page}-button" data-tab-id="{page}" aria-controls="page-{page}" aria-selected="false" tabindex="-1"></button>'
PANEL = '<div role="tabpanel" id="page-{page}" aria-labelledby="page-{page}-button" data-page="{page}" hidden><div id="{element}">\n{html}\n</div></div>'
SHEET = '<link rel="stylesheet" href="stn/{page}/static/{page}.css">'


def html(pages: list[str]) -> str:
    """The document with these pages, each in a tab, in this order."""
    panels = [
        PANEL.format(page=page, element="stage" if page == "explore" else page, html=_template(page)) for page in pages
    ]
    return DOCUMENT.format(
        policy=POLICY,
        version=VERSION,
        tags=head.tags("en"),
        sheets="\n".join(SHEET.format(page=page) for page in pages),
        tabs="\n".join(TAB.format(page=page) for page in pages),
        panels="\n".join(panels),
        terms=live_page.terms(),
    )


def _template(page: str) -> str:
    return (UI / page / f"{page}.html").read_text(encoding="utf-8")
