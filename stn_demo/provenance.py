"""The origin of a network: the JSON text in a checkpoint's header, checked when it is read.

A checkpoint may come from anyone. After the check, code may rely on the types of the fields in ``KINDS``; any other
field is JSON of bounded length and depth.
"""

from __future__ import annotations

import json
import re
from typing import Any

from . import objects

LONGEST = 32 * 1024  # characters; the shipped ones have about 1,000
DEEPEST = 8
MOST_VALUES = 1000
LONGEST_TEXT = 1000  # characters
LARGEST_NUMBER = 1e15
PLAIN = re.compile(r"[A-Za-z0-9 ._+()%-]{1,64}")  # names of distortions
NUMBER = (int, float)
KINDS: dict[str, type | tuple[type, ...]] = {
    "data": str,
    "distortion": (str, dict),
    "seed": int,
    "step": int,
    "epochs": NUMBER,
    "settings": dict,
    "training_digits": int,
    "training_seconds": NUMBER,
    "processes": int,
    "threads": int,
    "machine": str,
    "device": str,
    "date": str,
    "versions": dict,
    "test_error": dict,
    "test_digits": int,
    "run_name": str,
    "twin": bool,
}


class ProvenanceError(ValueError):
    """The text is not a valid provenance; the message is the second half of a sentence."""


def read_provenance(text: object) -> dict[str, Any]:
    """Parse the provenance in ``text``.

    Raises:
        ProvenanceError: not a JSON object, too long, too deep, NaN, an unpaired surrogate, or a known field of the
            wrong type.
    """
    if not isinstance(text, str) or len(text) > LONGEST:
        raise ProvenanceError(f"its provenance is not a text of at most {LONGEST:,} characters.")
    try:
        values = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise ProvenanceError("its provenance is not JSON.") from None
    if not isinstance(values, dict):
        raise ProvenanceError("its provenance is not a JSON object.")
    try:
        _check_values(values)
    except objects.TooLarge:
        raise ProvenanceError("its provenance holds too many values.") from None
    for name, kind in KINDS.items():
        value = values.get(name)
        if value is not None and not objects.is_of(value, kind):
            raise ProvenanceError(f"{name} in its provenance has the wrong type.")
    if isinstance(values.get("distortion"), str) and not PLAIN.fullmatch(values["distortion"]):
        raise ProvenanceError("distortion in its provenance is not a plain name.")
    for measure, error in (values.get("test_error") or {}).items():
        if not PLAIN.fullmatch(measure) or isinstance(error, bool) or not isinstance(error, NUMBER):
            raise ProvenanceError("test_error in its provenance is not an object of numbers.")
        if not 0 <= error <= 100:
            raise ProvenanceError("test_error in its provenance holds an error outside 0 to 100 percent.")
    return values


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is not a number")


def _check_values(root: dict[str, Any]) -> None:
    for value in objects.walk(root, DEEPEST, MOST_VALUES):
        if isinstance(value, str):
            if len(value) > LONGEST_TEXT or any(0xD800 <= ord(character) <= 0xDFFF for character in value):
                raise ProvenanceError("its provenance holds a text that is too long or not valid Unicode.")
        elif isinstance(value, (int, float)) and not abs(value) < LARGEST_NUMBER:
            raise ProvenanceError("its provenance holds a number that is too large.")
