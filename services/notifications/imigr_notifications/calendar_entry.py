"""The calendar entry that goes along with an email."""

from __future__ import annotations

from datetime import datetime, timedelta

from icalendar import Calendar, Event

from imigr_notifications.domain import Message

MINUTES = 30
"""How long an entry lasts; messages know only when a meeting begins."""


def calendar_entry(message: Message, summary: str, place: str) -> bytes:
    """The meeting as an iCalendar entry (RFC 5545); a later message about it replaces the earlier entry."""
    start: datetime = message.values["start"]
    calendar, entry = Calendar(), Event()
    calendar.add("prodid", "-//I-MIGR//notifications//")
    calendar.add("version", "2.0")
    calendar.add("method", "CANCEL" if message.kind == "cancelled" else "PUBLISH")
    entry.add("uid", message.subject)
    entry.add("sequence", message.sequence)
    entry.add("dtstamp", message.due_at)
    entry.add("dtstart", start)
    entry.add("dtend", start + timedelta(minutes=MINUTES))
    entry.add("summary", summary)
    entry.add("location", place)
    if message.values.get("demonstration"):
        entry.add("x-imigr-demonstration", "TRUE")
    entry.add(
        "status",
        "CANCELLED"
        if message.kind == "cancelled"
        else "TENTATIVE"
        if message.kind in {"waiting", "offer", "postponed", "to_move"}
        else "CONFIRMED",
    )
    calendar.add_component(entry)
    raw: bytes = calendar.to_ical()
    return raw
