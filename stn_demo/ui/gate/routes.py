"""The addresses of Gradio that the page and ``gradio_client`` need. Everything else of Gradio is switched off: deep
links, files by path or address, proxying, streams, run history, monitoring, code editing, reloading, its own upload.
"""

from __future__ import annotations

import re

from .references import TOKEN

OWN = "/stn/"
LONGEST_PATH = 400  # characters
LONGEST_PART = 200  # bytes between two slashes; file systems allow 255
LONGEST_QUERY = 4000
PAGE = ("/",)
FILES = ("/assets/", "/static/", "/svelte/")  # folders of Gradio's own browser files
READ = (
    "/config",
    "/config/",
    "/theme.css",
    "/favicon.ico",
    "/manifest.json",
    "/robots.txt",
    "/gradio_api/info",
    "/gradio_api/info/",
    "/gradio_api/app_id",
    "/gradio_api/startup-events",
    "/gradio_api/theme.css",
    "/gradio_api/queue/data",
    "/gradio_api/queue/status",
)
SESSION = re.compile(rf"/gradio_api/heartbeat/{TOKEN}")
RESULT = re.compile(rf"/gradio_api/call/(v2/)?explain/{TOKEN}")
UPLOAD = "/gradio_api/upload"  # handled by uploads.py instead of Gradio
STOPPING = ("/gradio_api/cancel", "/gradio_api/reset", "/gradio_api/reset/")
# Function calls: their bodies are JSON and are checked.
CALLING = (
    "/gradio_api/queue/join",
    "/gradio_api/call/explain",
    "/gradio_api/call/explain/",
    "/gradio_api/call/v2/explain",
    "/gradio_api/call/v2/explain/",
)


def is_odd(path: str, query: bytes) -> bool:
    """Whether an address is too long or contains characters that no address of this app contains."""
    return (
        len(path) > LONGEST_PATH
        or len(query) > LONGEST_QUERY
        or any(not character.isprintable() for character in path)
        or any(part == ".." or len(part.encode()) > LONGEST_PART for part in path.split("/"))
        or "\\" in path
    )


def is_open(method: str, path: str) -> bool:
    """Whether visitors may request this address."""
    if path.startswith(OWN):
        return True
    if method in ("GET", "HEAD"):
        return (
            path in PAGE
            or path in READ
            or path.startswith(FILES)
            or SESSION.fullmatch(path) is not None
            or RESULT.fullmatch(path) is not None
        )
    return method == "POST" and (path == UPLOAD or path in CALLING or path in STOPPING)
