"""Changes to the HTML that Gradio sends: the page's address, and a policy for its scripts."""

from __future__ import annotations

import base64
import hashlib
import re

# Gradio writes the address of the page into the page. Behind a proxy that forwards neither the scheme nor the prefix
# this is wrong, but the browser knows the address. This runs before Gradio's own scripts.
ROOT = "<script>window.gradio_config.root = new URL('.', location.href).href.replace(/\\/$/, '');</script>"
CONFIG = re.compile(rb"<script>window\.gradio_config = .*?</script>", re.DOTALL)
SCRIPT = re.compile(rb"<script(?![^>]*\ssrc=)[^>]*>(.*?)</script>", re.DOTALL)


def prepared(html: bytes) -> bytes:
    """The page with its root address taken from the browser."""
    return CONFIG.sub(lambda match: match[0] + ROOT.encode(), html, count=1)


def policy(frame_ancestors: str, html: bytes | None = None) -> str:
    """The Content-Security-Policy. Of the inline scripts only those of ``html`` may run. Gradio needs 'unsafe-eval'
    (its HTML component creates functions from text) and inline styles.
    """
    hashes = {base64.b64encode(hashlib.sha256(script).digest()).decode() for script in SCRIPT.findall(html or b"")}
    scripts = " ".join(["'self'", "'unsafe-eval'", *sorted(f"'sha256-{one}'" for one in hashes)])
    return "; ".join(
        [
            "default-src 'self'",
            f"script-src {scripts}",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "media-src 'self' blob:",
            "font-src 'self' data:",
            "connect-src 'self' data: blob:",
            "worker-src 'self' blob:",
            "object-src 'none'",
            "base-uri 'self'",
            "form-action 'self'",
            f"frame-ancestors {frame_ancestors}",
        ]
    )
