"""Stable UUIDs for what has none: the same source, table and key give the same id whenever and wherever."""

from __future__ import annotations

import re
import uuid
from typing import Final

NAMESPACE: Final = uuid.UUID("019348a0-0000-7000-8000-0000000000de")
_UUID = re.compile(r"^[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}\Z")


def as_uuid(text: str) -> str | None:
    """The canonical spelling of a UUID (also in braces, as a URN, or in capitals); None for what is none."""
    bare = text.strip().lower().removeprefix("urn:uuid:").strip("{}")
    return str(uuid.UUID(bare)) if _UUID.match(bare) else None


def derived(source: str, table: str, key: str) -> str:
    """A UUIDv5 (RFC 9562, 5.5) of a key within a table of a source. The keys ``7`` of two sources are two ids."""
    return str(uuid.uuid5(NAMESPACE, f"{source}\x1f{table}\x1f{key}"))


def of_code(kind: str, code: str) -> str:
    """The UUID under which one of our own codes (a theme, a language) is known outside."""
    return str(uuid.uuid5(NAMESPACE, f"code\x1f{kind}\x1f{code}"))
