"""The head of the page: its own, in its language."""

import pytest

from stn_demo.ui import head

PAGE = """<html lang="en"><head>
<meta charset="utf-8" />
<meta property="og:title" content="Gradio" />
<meta
  name="twitter:image"
  content="https://elsewhere/x.jpg"
/>
<script>window.gradio_config = {"title": "<title>"};</script>
<link rel="manifest" href="/manifest.json" />
</head><body><gradio-app></gradio-app></body></html>"""


@pytest.mark.parametrize(("language", "word"), [("en", "Draw a digit"), ("zh-CN", "数字")])
def test_head_is_in_the_language_of_the_page(language, word):
    text = head.own(PAGE, language)
    assert "Gradio" not in text and "elsewhere" not in text and "/manifest.json" not in text
    assert f'<html lang="{language}"' in text and word in text.partition("<script>")[0]
    assert text.index("<title>") < text.index("gradio_config") and 'rel="icon"' in text
    assert text.index('id="stn-loading"') < text.index("<gradio-app>")


def test_page_without_gradio_config_is_unchanged():
    assert head.own("<html><body>no config</body></html>", "en") == "<html><body>no config</body></html>"


@pytest.mark.parametrize(
    ("query", "accept", "default", "language"),
    [
        ("lang=zh-CN", "en", None, "zh-CN"),
        ("lang=xx", "en-GB,en", None, "en"),
        ("", "zh-TW,en;q=0.5", None, "zh-CN"),
        ("", "zh", "en", "en"),
        ("", "", None, "en"),
    ],
)
def test_the_language_is_that_of_the_address_the_option_or_the_browser(query, accept, default, language):
    scope = {"type": "http", "query_string": query.encode(), "headers": [(b"accept-language", accept.encode())]}
    assert head._language(scope, default) == language
