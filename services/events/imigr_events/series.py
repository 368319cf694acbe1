"""Dates of a series from its rule (RFC 5545 3.3.10), by the wall clock of the event's own time zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr

from imigr_events.domain import Recurrence, Session, Text

MOST_DATES = 200
"""Of one series; a rule without COUNT or UNTIL is refused."""
MOST_YEARS = 10
"""From the first date to the last."""
MOST_INTERVAL = 400
_ALWAYS = frozenset({"FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST"})
_BY_DAY = _ALWAYS | {"BYDAY", "BYMONTH"}
_BY_DATE = _BY_DAY | {"BYMONTHDAY", "BYSETPOS"}
PARTS = {"DAILY": _BY_DAY, "WEEKLY": _BY_DAY, "MONTHLY": _BY_DATE, "YEARLY": _BY_DATE}
"""What a rule may say, by its frequency: an event takes place once on a day, at the hour it begins. Others could keep a
process busy for minutes by looking for a date that never comes."""
CYCLE = 400
"""Years after which the Gregorian calendar repeats itself, days of the week included."""
LAST_YEAR = 9999
"""Of datetime, and so of a search for the next date."""


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
        found = _found(_parts(rule), local)
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError) as error:
        raise error if isinstance(error, BadRule) else BadRule("cannot be read") from error
    if not found or len(found) > MOST_DATES:
        raise BadRule("gives no date" if not found else f"gives more than {MOST_DATES} dates")
    if found[-1].year - local.year > MOST_YEARS:
        raise BadRule(f"gives dates more than {MOST_YEARS} years ahead")
    return [_session(event_id, title, one.replace(tzinfo=zone), recurrence.minutes) for one in found]


def _found(parts: dict[str, str], local: datetime) -> list[datetime]:
    """Dates in local time. They are looked for as late in the calendar as it has the same days, since a rule without
    any is searched until the last year: 400 years at most instead of 8,000."""
    later = (LAST_YEAR - local.year) // CYCLE * CYCLE
    if "UNTIL" in parts:
        parts = parts | {"UNTIL": f"{int(parts['UNTIL'][:4]) + later:04}{parts['UNTIL'][4:]}"}
    text = ";".join(f"{name}={value}" for name, value in parts.items())
    rule = rrulestr(text, dtstart=local.replace(year=local.year + later))
    return [one.replace(year=one.year - later) for one in islice(rule, MOST_DATES + 1)]


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


def _parts(rule: str) -> dict[str, str]:
    """The rule apart, with UNTIL in local time, since the dates are counted there; a bare day runs to its end. Raises
    BadRule for what no series of events needs."""
    parts = {name: value for name, _, value in (part.partition("=") for part in rule.split(";"))}
    allowed = PARTS.get(parts.get("FREQ", ""), _ALWAYS)
    unknown = sorted(set(parts) - allowed)
    if parts.get("FREQ") not in PARTS or unknown or len(parts) < len(rule.split(";")):
        raise BadRule(f"may say {', '.join(sorted(allowed))} once, with FREQ one of {', '.join(sorted(PARTS))}")
    if not 1 <= int(parts.get("INTERVAL", "1")) <= MOST_INTERVAL:
        raise BadRule(f"needs an INTERVAL from 1 to {MOST_INTERVAL}")
    if "UNTIL" in parts:
        until = parts["UNTIL"].rstrip("Z")
        parts["UNTIL"] = until if "T" in until else f"{until}T235959"
    return parts
