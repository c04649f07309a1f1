"""The allowed content of a request to Gradio's functions: bounded JSON whose files were uploaded to this app.

Gradio describes a file as an object with a ``path``. Gradio itself would download a path that is a web address, and
follow a link that points out of its folder; such requests are refused here.
"""

from __future__ import annotations

import json
import math
import os
import re
import stat
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from ... import objects
from ...limits import LARGEST_PICTURE

MOST_JSON = 64 * 1024  # bytes
MOST_DEPTH = 12
MOST_VALUES = 2000
TOKEN = r"[A-Za-z0-9_-]{1,64}"  # of a session or a result of Gradio's
SESSION = re.compile(TOKEN)
CALL_KEYS = {"data", "fn_index", "api_name", "session_hash", "trigger_id", "event_data"}
NUMBER = (int, float)
PARAMETERS: dict[str, type | tuple[type, ...]] = {
    "image": dict,
    "rotation": NUMBER,
    "scale": NUMBER,
    "shift_x": NUMBER,
    "shift_y": NUMBER,
    "shear": NUMBER,
    "model": str,
    "raw": bool,
}
FILE_KEYS = ("path", "url", "meta", "is_stream", "orig_name", "mime_type", "size")


class BadBody(ValueError):
    """The body of a request is refused; the message is one sentence."""


def read(body: bytes, folder: Path) -> dict[str, Any]:
    """The checked JSON object of a request to Gradio. ``folder`` is the folder of uploads.

    Raises:
        BadBody: not a JSON object, too deep, too many values, not the name of a session, or a file that was not
            uploaded.
    """
    try:
        values = json.loads(body, parse_constant=lambda name: math.nan)
    except (ValueError, RecursionError):
        raise BadBody("That is not JSON.") from None
    if not isinstance(values, dict):
        raise BadBody("A request is a JSON object.")
    try:
        _check(values, folder)
    except objects.TooLarge:
        raise BadBody("The request holds too many values.") from None
    for name in ("session_hash", "event_id"):
        if (value := values.get(name)) is not None and not (isinstance(value, str) and SESSION.fullmatch(value)):
            raise BadBody(f"{name} is a name of letters and digits.")
    return values


def check_call(values: dict[str, Any], function: int) -> None:
    """Check that a request calls ``/explain``, the only function of the page, whose index is ``function``, with values
    of the right types. The two forms: {data: [...]} and {name: value}. Raises BadBody.
    """
    if "data" in values:
        unknown = set(values) - CALL_KEYS
        if unknown:
            raise BadBody("The request holds more than a call.")
        if values.get("fn_index", function) != function or values.get("api_name") not in (None, "explain", "/explain"):
            raise BadBody("There is no such function.")
        if values.get("event_data") is not None:
            raise BadBody("A call has no event_data.")
        given = values["data"]
        if not isinstance(given, list) or len(given) != len(PARAMETERS):
            raise BadBody(f"data is a list of {len(PARAMETERS)} values: {', '.join(PARAMETERS)}.")
        named = dict(zip(PARAMETERS, given, strict=True))
    else:
        named = {name: value for name, value in values.items() if name != "session_hash"}
    for name, value in named.items():
        kind = PARAMETERS.get(name)
        if kind is None:
            raise BadBody(f"The parameters are {', '.join(PARAMETERS)}.")
        if value is not None and not objects.is_of(value, kind):
            raise BadBody(f"{name} has the wrong type.")
    if not isinstance(named.get("image"), dict):
        raise BadBody("image is missing; give a picture file.")


def _check(root: Any, folder: Path) -> None:
    for value in objects.walk(root, MOST_DEPTH, MOST_VALUES):
        if isinstance(value, dict) and value is not root and any(key in value for key in FILE_KEYS):
            _check_file(value, folder)
        elif isinstance(value, str) and not value.isascii():
            _check_text(value)
        elif isinstance(value, (int, float)) and not abs(value) < 2**53:
            raise BadBody("The request holds a number that is too large or not finite.")


def _check_text(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:  # an unpaired surrogate
        raise BadBody("The request holds text that is not Unicode.") from None


def _check_file(value: dict[str, Any], folder: Path) -> None:
    path, url = value.get("path"), value.get("url")
    names_file = "path" in value or bool(url) or "meta" in value
    if names_file and not (isinstance(path, str) and is_upload(path, folder)):
        raise BadBody("The request names a file that was not uploaded here.")
    if url is not None and not (isinstance(url, str) and unquote(url).endswith(f"/gradio_api/file={path}")):
        raise BadBody("The request names an address; upload the file instead.")
    if value.get("is_stream"):
        raise BadBody("A file is no stream.")


def is_upload(path: str, folder: Path) -> bool:
    """Whether ``path`` is a regular file of limited size in ``folder``, without any link in its path."""
    try:
        if "\0" in path or not os.path.isabs(path) or os.path.normpath(path) != path:
            return False
        root = os.path.realpath(folder)
        if os.path.realpath(path) != os.path.join(root, os.path.relpath(path, folder)):
            return False
        if os.path.commonpath([root, os.path.realpath(path)]) != root:
            return False
        about = os.lstat(path)
        return stat.S_ISREG(about.st_mode) and about.st_size <= LARGEST_PICTURE
    except (OSError, ValueError):
        return False
