"""How far anything that comes from outside may go: what no database, no clock and no stack could hold is refused."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, Final

DEEPEST: Final = 64
"""Levels of objects and lists inside each other."""
LEAST: Final = -(2**63)
MOST: Final = 2**63 - 1
_OPEN, _CLOSE, _QUOTE, _ESCAPE = b"[{", b"]}", ord('"'), ord("\\")


def is_too_deep(text: bytes) -> bool:
    """Whether a JSON text is nested deeper than is read, found without reading it: a reader would run out of stack."""
    depth = 0
    is_inside = is_escaped = False
    for octet in text:
        if is_inside:
            if is_escaped:
                is_escaped = False
            elif octet == _ESCAPE:
                is_escaped = True
            elif octet == _QUOTE:
                is_inside = False
        elif octet == _QUOTE:
            is_inside = True
        elif octet in _OPEN:
            depth += 1
            if depth > DEEPEST:
                return True
        elif octet in _CLOSE:
            depth -= 1
    return False


def outside(value: Any, path: str = "") -> Iterator[str]:
    """Paths of what is out of bounds in a JSON value: integers over 64 bit, numbers that are none, NUL in a text or a
    name, more levels than are read."""
    waiting: list[tuple[str, Any, int]] = [(path, value, 0)]
    while waiting:
        where, one, depth = waiting.pop()
        if isinstance(one, dict | list):
            if depth >= DEEPEST:
                yield where
                continue
            named = one.items() if isinstance(one, dict) else enumerate(one)
            if isinstance(one, dict) and any(not fits(name) for name in one):
                yield where
            waiting += [(f"{where}.{name}".lstrip("."), inner, depth + 1) for name, inner in named]
        elif not fits(one):
            yield where


def fits(value: Any) -> bool:
    """Whether a single value can be held everywhere."""
    if isinstance(value, str):
        return "\x00" not in value
    if isinstance(value, int):
        return LEAST <= value <= MOST
    return not isinstance(value, float) or math.isfinite(value)
