"""Dates of a series from its rule (RFC 5545 3.3.10), by the wall clock of the event's own time zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr

from imigr_events.domain import Recurrence, Session, Text

MOST_DATES = 200
"""Of one series; a rule without COUNT or UNTIL is refused."""


class BadRule(ValueError):
    """The rule cannot be read, never ends, gives no date or too many; the text says which."""


def dates(event_id: str, title: Text, starts_at: datetime, timezone: str, recurrence: Recurrence) -> list[Session]:
    """One session for each date. The local hour is kept over a change to or from summer time. Raises BadRule."""
    zone = ZoneInfo(timezone)
    rule = recurrence.rrule.upper()
    if "COUNT=" not in rule and "UNTIL=" not in rule:
        raise BadRule("needs COUNT or UNTIL")
    local = starts_at.astimezone(zone).replace(tzinfo=None)
    try:
        found = list(islice(rrulestr(_without_zone(rule), dtstart=local), MOST_DATES + 1))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise BadRule("cannot be read") from error
    if not found or len(found) > MOST_DATES:
        raise BadRule("gives no date" if not found else f"gives more than {MOST_DATES} dates")
    return [_session(event_id, title, one.replace(tzinfo=zone), recurrence.minutes) for one in found]


def _session(event_id: str, title: Text, start: datetime, minutes: int) -> Session:
    begins = start.astimezone(UTC)
    return Session(
        id=f"{event_id}-{start:%Y%m%dT%H%M}",
        title=dict(title),
        starts_at=begins,
        ends_at=begins + timedelta(minutes=minutes),
        room={},
        recurrence_id=begins,
    )


def _without_zone(rule: str) -> str:
    """UNTIL in local time, since the dates are counted there; a bare day runs to its end."""
    parts = []
    for part in rule.split(";"):
        name, _, value = part.partition("=")
        if name == "UNTIL":
            value = value.rstrip("Z")
            value = value if "T" in value else f"{value}T235959"
        parts.append(f"{name}={value}")
    return ";".join(parts)
