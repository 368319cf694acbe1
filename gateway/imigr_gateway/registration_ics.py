"""A registration for a phone's calendar (RFC 5545): one UID for its whole life, a higher SEQUENCE with each change."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from icalendar import Calendar, Event, vUri

_GONE = frozenset({"cancelled", "rejected", "declined", "expired"})


def calendar(registration: Mapping[str, Any], url: str) -> bytes:
    """The calendar of one registration whose texts are in one language. Times are in UTC, which phones show in their
    own zone; lines are folded at octets without cutting a character (icalendar does that)."""
    gone = registration["state"] in _GONE
    event = registration["event"]
    entry = Event()
    entry.add("uid", f"{registration['id']}@registrations.imigr.tn")
    entry.add("sequence", max(0, registration["version"] - 1))
    entry.add("dtstamp", datetime.now(UTC))
    entry.add("dtstart", _moment(event["starts_at"]))
    entry.add("dtend", _moment(event["ends_at"]))
    entry.add("summary", event["title"])
    entry.add("location", event["place"])
    entry.add("url", vUri(url))
    entry.add("status", "CANCELLED" if gone else "CONFIRMED" if registration["state"] == "confirmed" else "TENTATIVE")
    whole = Calendar()
    whole.add("prodid", "-//I-MIGR//registration//FR")
    whole.add("version", "2.0")
    whole.add("method", "CANCEL" if gone else "PUBLISH")
    whole.add_component(entry)
    written: bytes = whole.to_ical()
    return written


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
