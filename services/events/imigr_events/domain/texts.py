"""Texts by language and times as they are written."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

Text = Mapping[str, str]
"""A text in several languages, by BCP 47 tag."""


def wire_time(moment: datetime) -> str:
    """ISO 8601 in UTC with Z."""
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")
