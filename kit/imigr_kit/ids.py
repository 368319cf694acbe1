"""Ids of records and events: UUIDv7 text (RFC 9562), ordered by time."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import uuid_utils

NewId = Callable[[], str]


def new_id() -> str:
    """A fresh UUIDv7 in its 36-character text form."""
    return str(uuid_utils.uuid7())


def is_id(text: str) -> bool:
    """True for the canonical text of any UUID."""
    try:
        return str(uuid.UUID(text)) == text
    except (ValueError, AttributeError, TypeError):
        return False
