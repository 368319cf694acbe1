"""Reads a partner's calendar (RFC 5545) with icalendar; leaves out what could tell of a person."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from icalendar import Calendar

from imigr_events.domain.importing import Incoming, OtherDate, Read, Refusal
from imigr_events.domain.words import plain

MOST_OCTETS = 2_000_000
MOST_EVENTS = 2_000
PERSONS = ("ORGANIZER", "ATTENDEE", "CONTACT", "COMMENT")
"""Properties that name people (RFC 5545 3.8.4), or say something freely."""
OWN_DOMAIN = ".imigr.tn"
_EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+")
"""Bounded (RFC 5321 4.5.3.1), so that no text is looked through again and again."""
_PHONE = re.compile(r"(?<![\w/:.-])\+?\d(?:[ .-]?\d){7,14}(?![\w/:-])")
_MARKUP = re.compile(r"<[^<>]{0,500}>")
_SLUG = re.compile(r"[^a-z0-9]+")
MOST_SUMMARY, MOST_TITLE = 2000, 200
MOST_SERIES = 200
"""Of one calendar: to find the dates of a rule takes longer than anything else here."""
MOST_SEQUENCE = 2**31 - 1
"""RFC 5545 3.3.8."""
UNREADABLE = (ValueError, IndexError, KeyError, AttributeError, TypeError, OverflowError)
"""What icalendar raises for values that are none."""


@dataclass(frozen=True)
class Source:
    """Whose calendar, for which town; ``language`` of texts that do not say theirs, ``place`` where none is named."""

    municipality: str
    organiser: str
    language: str = "fr"
    timezone: str = "Africa/Tunis"
    place: str = ""


Properties = Any
"""A VEVENT of icalendar, whose values are of some thirty types."""


class NotACalendar(ValueError):
    """The file is no iCalendar, or more than is taken."""


def read(raw: bytes, source: Source) -> Read:
    """What the calendar offers. Raises NotACalendar."""
    if len(raw) > MOST_OCTETS:
        raise NotACalendar("too_large")
    try:
        calendars = list(Calendar.from_ical(raw, multiple=True))
        events = [event for calendar in calendars for event in calendar.walk("VEVENT")]
    except UNREADABLE as error:
        raise NotACalendar("unreadable") from error
    if not calendars or len(events) > MOST_EVENTS:
        raise NotACalendar("too_many_events" if events else "unreadable")
    dropped: Counter[str] = Counter()
    newest: dict[str, Incoming] = {}
    others: dict[str, dict[datetime, OtherDate]] = {}
    refused: list[Refusal] = []
    for event in events:
        uid = str(event.get("UID", ""))[:255]
        dropped.update(_persons(event))
        try:
            if event.get("RECURRENCE-ID") is not None:
                date = _other_date(event, source, dropped)
                _put(others.setdefault(uid, {}), date)
                continue
            one = _incoming(event, uid, source, dropped)
        except _Unfit as unfit:
            refused.append(Refusal(uid, unfit.args[0]))
            continue
        except UNREADABLE:
            refused.append(Refusal(uid, "unreadable"))
            continue
        if uid not in newest or newest[uid].sequence < one.sequence:
            newest[uid] = one
    for uid in [one.uid for one in newest.values() if "recurrence" in one.values][MOST_SERIES:]:
        refused.append(Refusal(uid, "too_many_series"))
        del newest[uid]
    refused += [Refusal(uid, "series_not_in_calendar") for uid in others if uid not in newest]
    whole = [replace(one, others=_with(one.others, others.get(one.uid, {}))) for one in newest.values()]
    return Read(tuple(whole), tuple(refused), dict(dropped))


def _put(dates: dict[datetime, OtherDate], one: OtherDate) -> None:
    """The newest of one date counts, whatever their order."""
    if one.replaces not in dates or dates[one.replaces].sequence < one.sequence:
        dates[one.replaces] = one


def _with(removed: tuple[OtherDate, ...], dates: dict[datetime, OtherDate]) -> tuple[OtherDate, ...]:
    """A date that is removed from the series (EXDATE) and told by itself as well is what it says of itself."""
    found = {one.replaces: one for one in removed} | dates
    return tuple(found[start] for start in sorted(found))


class _Unfit(Exception):
    """One event cannot come in; the argument is a reason."""


def _incoming(event: Properties, uid: str, source: Source, dropped: Counter[str]) -> Incoming:
    if not uid:
        raise _Unfit("no_uid")
    if uid.endswith(OWN_DOMAIN):
        raise _Unfit("own_event")
    if event.get("RDATE") is not None or event.get("EXRULE") is not None:
        raise _Unfit("dates_beside_the_rule")
    if isinstance(event.get("RRULE"), list):
        raise _Unfit("several_rules")
    starts_at, ends_at = _times(event, ZoneInfo(source.timezone))
    title, language = _text(event, "SUMMARY", source, dropped)
    summary, _ = _text(event, "DESCRIPTION", source, dropped)
    place, _ = _text(event, "LOCATION", source, dropped)
    if not title:
        raise _Unfit("no_title")
    if not (place or source.place):
        raise _Unfit("no_place")
    values: dict[str, Any] = {
        "municipality": source.municipality,
        "title": {language: title},
        "summary": {language: summary[:MOST_SUMMARY]} if summary else {},
        "place": {language: place or source.place},
        "starts_at": starts_at.isoformat(),
        "ends_at": ends_at.isoformat(),
        "timezone": source.timezone,
        "capacity": 0,
        "registration": "none",
        "languages": [language],
        "organisers": [{source.language: source.organiser}],
        "themes": _themes(event),
    }
    rule = event.get("RRULE")
    if rule is not None:
        minutes = round((ends_at - starts_at).total_seconds() / 60)
        values["recurrence"] = {"rrule": rule.to_ical().decode(), "minutes": minutes}
    sequence = _sequence(event)
    removed = tuple(OtherDate(one, sequence, is_cancelled=True) for one in _removed(event, source))
    return Incoming(uid, sequence, _is_cancelled(event), values, removed if rule is not None else ())


def _other_date(event: Properties, source: Source, dropped: Counter[str]) -> OtherDate:
    """One date of a series that differs (RFC 5545 3.8.4.4). A range of dates is not taken: it would be another rule."""
    told = event["RECURRENCE-ID"]
    if str(getattr(told, "params", {}).get("RANGE", "")):
        raise _Unfit("range_of_a_series")
    zone = ZoneInfo(source.timezone)
    _check_zone(told)
    replaces = _moment(getattr(told, "dt", None), zone)
    if _is_cancelled(event):
        return OtherDate(replaces, _sequence(event), is_cancelled=True)
    starts_at, ends_at = _times(event, zone)
    values: dict[str, Any] = {"starts_at": starts_at, "ends_at": ends_at}
    for name, field in (("SUMMARY", "title"), ("LOCATION", "room")):
        text, language = _text(event, name, source, dropped)
        if text:
            values[field] = {language: text[:MOST_TITLE]}
    return OtherDate(replaces, _sequence(event), is_cancelled=False, values=values)


def _removed(event: Properties, source: Source) -> Iterator[datetime]:
    """Dates that the series leaves out (RFC 5545 3.8.5.1)."""
    found = event.get("EXDATE")
    for group in found if isinstance(found, list) else [found] if found is not None else []:
        _check_zone(group)
        for one in group.dts:
            yield _moment(one.dt, ZoneInfo(source.timezone))


def _is_cancelled(event: Properties) -> bool:
    return str(event.get("STATUS", "")).upper() == "CANCELLED"


def _times(event: Properties, zone: ZoneInfo) -> tuple[datetime, datetime]:
    try:
        starts = event["DTSTART"].dt
        ends = event["DTEND"].dt if "DTEND" in event else None
        length = event["DURATION"].dt if "DURATION" in event else None
    except (KeyError, AttributeError, ValueError) as error:
        raise _Unfit("no_time") from error
    for name in ("DTSTART", "DTEND"):
        _check_zone(event.get(name))
    usual = timedelta(hours=1) if isinstance(starts, datetime) else timedelta(days=1)
    begins = _moment(starts, zone)
    over = _moment(ends, zone) if ends is not None else begins + (length or usual)
    if over <= begins:
        raise _Unfit("ends_before_it_starts")
    return begins, over


def _check_zone(told: Any) -> None:
    """A zone that nobody knows is refused: taken for the town's, it would send people at a wrong hour."""
    dates = [getattr(one, "dt", None) for one in getattr(told, "dts", [told])]
    named = str(getattr(told, "params", {}).get("TZID", ""))
    if named and any(isinstance(one, datetime) and one.tzinfo is None for one in dates):
        raise _Unfit("unknown_time_zone")


def _moment(value: Any, zone: ZoneInfo) -> datetime:
    """A day begins at midnight and a time without a zone is meant in the town's."""
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=zone)).astimezone(UTC)
    if isinstance(value, date):
        return datetime.combine(value, time(), zone).astimezone(UTC)
    raise _Unfit("no_time")


def _text(event: Properties, name: str, source: Source, dropped: Counter[str]) -> tuple[str, str]:
    """The first value of a text property, without addresses and numbers of people, and its language."""
    value = event.get(name)
    value = value[0] if isinstance(value, list) else value
    if value is None:
        return "", source.language
    clean = _MARKUP.sub(" ", str(value))
    clean, emails = _EMAIL.subn("", clean)
    clean, phones = _PHONE.subn("", clean)
    if emails or phones:
        dropped.update({"addresses and numbers in texts": emails + phones})
    kept = "".join(letter for letter in clean if letter in "\n\t" or ord(letter) >= 32)
    language = str(getattr(value, "params", {}).get("LANGUAGE", "") or source.language)
    return kept.strip(), language.lower().partition("-")[0]


def _themes(event: Properties) -> list[str]:
    found = event.get("CATEGORIES")
    groups = found if isinstance(found, list) else [found] if found is not None else []
    words = [str(word) for group in groups for word in getattr(group, "cats", [group])]
    slugs = [_SLUG.sub("-", plain(word)).strip("-")[:40] for word in words]
    return list(dict.fromkeys(slug for slug in slugs if slug))[:10]


def _sequence(event: Properties) -> int:
    try:
        return min(max(0, int(event.get("SEQUENCE", 0))), MOST_SEQUENCE)
    except (ValueError, TypeError):
        return 0


def _persons(event: Properties) -> Iterator[str]:
    for name in PERSONS:
        value = event.get(name)
        yield from [name] * (len(value) if isinstance(value, list) else value is not None)
