"""The head of the page: title, description, picture, icon and manifest in the page's language, instead of Gradio's;
and the text that is shown while the page loads.
"""

from __future__ import annotations

import html
import json
import re
from functools import cache
from pathlib import Path
from urllib.parse import parse_qs

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..names import LANGUAGES

HERE = Path(__file__).parent
GRADIO = re.compile(
    r'\s*<meta\s+(?:property="og:|name="twitter:)[^>]*>|\s*<link rel="manifest"[^>]*>|\s*<title>.*?</title>'
)
LOADING = """
<style>
  #stn-loading { padding: 12px 24px; color: #54606f; font: 15px/1.5 system-ui, sans-serif; }
  @media (prefers-color-scheme: dark) { #stn-loading { color: #b6c2d0; } }
  #stn-loading div { display: grid; grid-template-columns: 2fr 3fr 2fr 2fr; gap: 16px; margin-top: 12px; }
  #stn-loading i { aspect-ratio: 1; border-radius: 4px; background: rgba(128, 140, 160, 0.16); }
  body:has(.stn[data-ready="true"]) #stn-loading { display: none; }
  body:has(#stn-loading) gradio-app > .loading, body:not(:has(.stn[data-ready="true"])) gradio-app .pending { opacity: 0; }
</style>
<div id="stn-loading" role="status">%s<div aria-hidden="true"><i></i><i></i><i></i><i></i></div></div>
"""


class Head:
    """ASGI layer that rewrites the one HTML page of the app. ``language``: used if the request does not ask for
    another.
    """

    def __init__(self, app: ASGIApp, language: str | None):
        self.app, self.language = app, language

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != "/":
            await self.app(scope, receive, send)
            return
        start: Message = {}
        body = bytearray()

        async def sending(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                start = message
                return
            if message["type"] != "http.response.body":
                await send(message)
                return
            body.extend(message.get("body", b""))
            if message.get("more_body"):
                return
            text = bytes(body)
            if b"text/html" in dict(start["headers"]).get(b"content-type", b""):
                text = own(text.decode(), _language(scope, self.language)).encode()
            headers = [(name, value) for name, value in start["headers"] if name != b"content-length"]
            headers.append((b"content-length", str(len(text)).encode()))
            await send({**start, "headers": headers})
            await send({"type": "http.response.body", "body": text})

        await self.app(scope, receive, sending)


def own(page: str, language: str) -> str:
    """Gradio's HTML page with the head of this app, and a sentence that is shown until it has loaded."""
    before, mark, rest = page.partition("<script>window.gradio_config")
    if not mark:
        return page
    before = GRADIO.sub("", before).replace(
        '<meta charset="utf-8" />', '<meta charset="utf-8" />\n' + tags(language), 1
    )
    before = re.sub(r'<html lang="[^"]*"', f'<html lang="{language}"', before, count=1)
    config, end, body = rest.partition("</head>")
    # The parts that Gradio's own script reads stay as they are; only the elements around them change.
    config = re.sub(r'\s*<link rel="manifest"[^>]*>', "", config)
    body = body.replace("<gradio-app", LOADING % html.escape(_words(language)["loading.page"]) + "<gradio-app", 1)
    return before + mark + config + end + body


def tags(language: str, base: str = "") -> str:
    """The elements of the head. ``base``: the address before "stn/shared", for a page at another address."""
    words = _words(language)
    title, about = (html.escape(words[key], quote=True) for key in ("app.title", "app.description"))
    shared = f"{base}stn/shared"
    return "\n".join(
        (
            f"<title>{title}</title>",
            f'<meta name="description" content="{about}">',
            f'<meta property="og:title" content="{title}">',
            f'<meta property="og:description" content="{about}">',
            '<meta property="og:type" content="website">',
            f'<meta property="og:image" content="{shared}/picture.png">',
            '<meta name="twitter:card" content="summary_large_image">',
            f'<link rel="icon" type="image/svg+xml" href="{shared}/icon.svg">',
            f'<link rel="manifest" href="{shared}/manifest.{language}.json">',
        )
    )


@cache
def _words(language: str) -> dict[str, str]:
    return json.loads((HERE / "strings" / f"{language}.json").read_text(encoding="utf-8"))


def _language(scope: Scope, default: str | None) -> str:
    """The language in the address, else the app's option, else the browser's first language."""
    asked = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("lang", [""])[0]
    if asked in LANGUAGES:
        return asked
    first = Headers(scope=scope).get("accept-language", "").split(",")[0].lower()
    return default or ("zh-CN" if first.startswith("zh") else "en")
