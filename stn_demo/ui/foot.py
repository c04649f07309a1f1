"""The footer of the page, with links to API, source, paper and licence; and the routes of source and licence."""

from __future__ import annotations

import asyncio
import io
import zipfile
from functools import cache
from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import PlainTextResponse, Response

ROOT = Path(__file__).parents[2]
LICENCE = ROOT / "LICENSE"
SOURCE = ("app.py", "README.md", "LICENSE", "requirements.txt")  # in addition to the package
KINDS = (".py", ".js", ".css", ".html", ".json", ".svg", ".png", ".txt")
FOOT = """<nav class="foot" data-i18n-label="foot.name">
<span data-i18n="term.intro"></span> {terms} ·
<a href="?view=api" data-i18n="foot.api">API</a> ·
<a href="stn/source.zip" data-i18n="foot.source">Source</a> ·
<a href="https://arxiv.org/abs/1506.02025" rel="noopener" data-i18n="foot.paper">Paper</a> ·
<a href="stn/licence" data-i18n="foot.licence">Licence: MIT</a>
</nav>"""


def add(app: FastAPI) -> None:
    """Add the routes of the footer's links."""

    @app.get("/stn/licence")
    async def licence() -> PlainTextResponse:
        return PlainTextResponse(LICENCE.read_text(encoding="utf-8"))

    @app.get("/stn/source.zip")
    async def source() -> Response:
        headers = {"Content-Disposition": 'attachment; filename="stn_demo.zip"', "X-Content-Type-Options": "nosniff"}
        return Response(await asyncio.to_thread(packed), media_type="application/zip", headers=headers)


@cache
def packed() -> bytes:
    """A zip of the program that serves the page: the package and ``app.py``, without networks and visitors' files."""
    package = ROOT / "stn_demo"
    found = [path for path in package.rglob("*") if path.suffix in KINDS and "__pycache__" not in path.parts]
    found += [ROOT / name for name in SOURCE if (ROOT / name).is_file()]
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(found):
            archive.write(path, path.relative_to(ROOT))
    return data.getvalue()
