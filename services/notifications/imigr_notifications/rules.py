"""The rules of each municipality, read from rules.json: defaults, and what a town has settled otherwise."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import time, timedelta
from functools import cache
from importlib.resources import files
from typing import Any

from imigr_notifications.domain import Rules


def rules_of(municipality: str) -> Rules:
    """The rules of a town; one that is not in the file has the defaults and is called by its slug."""
    content = _content()
    own = content["municipalities"].get(municipality, {})
    name = " ".join(word.capitalize() for word in municipality.split("-"))
    return read(content["default"] | own, name)


def read(row: Mapping[str, Any], name: str) -> Rules:
    """Rules from their written form; times are ``HH:MM``, durations are in minutes."""
    return Rules(
        town=row.get("town") or {"fr": name},
        countries=frozenset(row["countries"]),
        eve_at=time.fromisoformat(row["eve_at"]),
        too_near=timedelta(minutes=row["too_near_minutes"]),
        short_notice=timedelta(minutes=row["short_notice_minutes"]),
        quiet_from=time.fromisoformat(row["quiet_from"]),
        quiet_until=time.fromisoformat(row["quiet_until"]),
        before_quiet=timedelta(minutes=row["before_quiet_minutes"]),
        least_notice=timedelta(minutes=row["least_notice_minutes"]),
    )


@cache
def _content() -> dict[str, Any]:
    text = (files("imigr_notifications") / "rules.json").read_text(encoding="utf-8")
    content: dict[str, Any] = json.loads(text)
    return content
