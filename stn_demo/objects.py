"""JSON from outside: objects whose fields are known, and values of limited depth and number."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import fields
from typing import Any


class TooLarge(ValueError):
    """A value is nested too deeply or holds too many values."""


def check_names(values: object, kind: type, what: str) -> None:
    """Raises ValueError if ``values`` is no dict, or has a key that is no field of the dataclass ``kind``; ``what``: its
    name in the message, such as "the model config".
    """
    if not isinstance(values, dict):
        raise ValueError(f"{_first(what)} must be a JSON object, not {type(values).__name__}.")
    names = [field.name for field in fields(kind)]
    unknown = [name for name in values if name not in names]
    if unknown:
        raise ValueError(f"Unknown field {unknown[0]!r} in {what}; choose from {', '.join(names)}.")


def parsed(text: str, what: str) -> Any:
    """The value that ``text`` holds as JSON. ValueError, with a sentence, for any other text; ``what``: as above."""
    try:
        return json.loads(text)
    except (json.JSONDecodeError, TypeError, RecursionError) as error:
        raise ValueError(f"{_first(what)} cannot be read as JSON: {error}.") from None


def _first(what: str) -> str:
    """At the start of a sentence."""
    return what[0].upper() + what[1:]


def is_of(value: object, kind: type | tuple[type, ...]) -> bool:
    """Whether a value of JSON has this type; true and false are no numbers."""
    return isinstance(value, kind) and (kind is bool or not isinstance(value, bool))


def walk(root: object, deepest: int, most: int) -> Iterator[Any]:
    """``root``, and every value and key in it. Raises TooLarge beyond ``deepest`` levels or ``most`` values."""
    waiting: list[tuple[Any, int]] = [(root, 0)]
    count = 0
    while waiting:
        value, depth = waiting.pop()
        count += 1
        if depth > deepest or count > most:
            raise TooLarge
        if isinstance(value, dict):
            waiting += [(item, depth + 1) for pair in value.items() for item in pair]
        elif isinstance(value, list):
            waiting += [(item, depth + 1) for item in value]
        yield value
