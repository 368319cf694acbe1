"""One event of the agenda in one language, as all formats need it."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from imigr_gateway.languages import pick

UID_DOMAIN = "imigr.tn"
MOST_MADE = 4_096
"""Entries a process keeps, about a kilobyte each."""
MOST_READ = 5_000
"""Events of calendars a process keeps, with all their texts; more than the calendars of several backends have."""
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
"""What neither iCalendar (RFC 5545 3.1) nor XML may hold."""


@dataclass(frozen=True)
class Session:
    """One sitting of an event's programme, or one changed occurrence of a recurring event."""

    id: str
    title: str
    room: str
    starts_at: datetime
    ends_at: datetime
    cancelled: bool
    replaces: datetime | None = None
    """The start that the rule of a recurring event gives to the occurrence that this one stands for."""


@dataclass(frozen=True)
class Entry:
    """An event with its texts in the reader's language; times are aware, in the event's own zone."""

    id: str
    uid: str
    sequence: int
    changed_at: datetime
    municipality: str
    language: str
    title: str
    summary: str
    place: str
    address: str
    location: tuple[float, float] | None
    online_url: str
    starts_at: datetime
    ends_at: datetime
    timezone: str
    state: str
    registration: str
    capacity: int | None
    free_places: int | None
    themes: tuple[str, ...] = ()
    organisers: tuple[str, ...] = ()
    picture: str = ""
    picture_alt: str = ""
    audience: tuple[str, ...] = ()
    accessibility: tuple[str, ...] = ()
    childcare: bool = False
    closes_at: datetime | None = None
    """When registration ends, if before the event."""
    languages: tuple[str, ...] = ()
    demonstration: bool = False
    """Imagined, as its title says; in calendars every part of it says so."""
    was_at: datetime | None = None
    rule: str = ""
    """RRULE of a recurring event (RFC 5545 3.3.10), without the word RRULE."""
    left_out: tuple[datetime, ...] = ()
    sessions: tuple[Session, ...] = field(default=())
    occurrences: tuple[Session, ...] = field(default=())

    @property
    def where(self) -> str:
        """Place and address on one line."""
        return ", ".join(one for one in (self.place, self.address) if one)


def entry(event: Mapping[str, Any], languages: tuple[str, ...]) -> Entry:
    """The entry of an event as the events service tells it."""
    zone = ZoneInfo(event["timezone"])
    title, language = _text(event["title"], languages)
    located = event.get("location")
    was_at = event.get("previous_starts_at")
    return Entry(
        id=event["id"],
        uid=event.get("uid") or f"{event['id']}@{event['municipality']}.{UID_DOMAIN}",
        sequence=max(0, event["version"] - 2),
        changed_at=moment(event["changed_at"], ZoneInfo("UTC")),
        municipality=event["municipality"],
        language=language,
        title=title,
        summary=_text(event.get("summary"), languages)[0],
        place=_text(event.get("place"), languages)[0],
        address=_text(event.get("address"), languages)[0],
        location=(located["lat"], located["lon"]) if located else None,
        online_url=event.get("online_url") or "",
        starts_at=moment(event["starts_at"], zone),
        ends_at=moment(event["ends_at"], zone),
        timezone=event["timezone"],
        state=event["state"],
        registration=event["registration"],
        capacity=event.get("capacity"),
        free_places=event.get("free_places"),
        themes=tuple(event.get("themes") or ()),
        organisers=tuple(_text(one, languages)[0] for one in event.get("organisers") or ()),
        picture=event.get("picture") or "",
        picture_alt=_text(event.get("illustration_alt"), languages)[0],
        audience=tuple(event.get("audience") or ()),
        accessibility=tuple(event.get("accessibility") or ()),
        childcare=bool(event.get("childcare")),
        closes_at=moment(event["closes_at"], zone) if event.get("closes_at") else None,
        languages=tuple(event.get("languages") or ()),
        demonstration=bool(event.get("demonstration")),
        was_at=moment(was_at, zone) if was_at else None,
        rule=event.get("rule") or "",
        left_out=tuple(moment(one, zone) for one in event.get("left_out") or ()),
        sessions=_sessions(event.get("sessions") or (), languages, zone),
        occurrences=_sessions(event.get("occurrences") or (), languages, zone),
    )


class Entries:
    """Events of calendars that were read, and entries that were made of them. What a calendar says of an event without
    sessions has a mark and no counts, so the same mark is the same entry; one with sessions is made each time."""

    def __init__(self) -> None:
        self._made: OrderedDict[tuple[Any, ...], Entry] = OrderedDict()
        self._read: OrderedDict[str, Mapping[str, Any]] = OrderedDict()

    def unread(self, marks: Sequence[Sequence[Any]]) -> list[str]:
        """Ids of the events that this process has not read at their mark: ``[id, version, uid]``."""
        return [one[0] for one in marks if _mark(self._read.get(one[0])) != tuple(one[1:3])]

    def note(self, events: Sequence[Mapping[str, Any]]) -> None:
        """Remember what was read; the oldest are forgotten."""
        for one in events:
            self._read[one["id"]] = one
            self._read.move_to_end(one["id"])
        while len(self._read) > MOST_READ:
            self._read.popitem(last=False)

    def read(self, marks: Sequence[Sequence[Any]]) -> list[Mapping[str, Any]]:
        """The events by their marks, as far as they are known."""
        return [self._read[one[0]] for one in marks if one[0] in self._read]

    def of(self, event: Mapping[str, Any], languages: tuple[str, ...]) -> Entry:
        """The entry of an event of a calendar."""
        if "free_places" in event:
            return entry(event, languages)
        key = (event["id"], event["version"], event.get("uid"), event["changed_at"], languages)
        found = self._made.get(key)
        if found is None:
            found = self._made[key] = entry(event, languages)
            while len(self._made) > MOST_MADE:
                self._made.popitem(last=False)
        return found


def _mark(event: Mapping[str, Any] | None) -> tuple[Any, ...] | None:
    return None if event is None else (event["version"], event.get("uid"))


def moment(text: str, zone: ZoneInfo) -> datetime:
    """A time on the wire in a zone."""
    return datetime.fromisoformat(text).astimezone(zone)


def _sessions(rows: Sequence[Mapping[str, Any]], languages: tuple[str, ...], zone: ZoneInfo) -> tuple[Session, ...]:
    return tuple(
        Session(
            id=row["id"],
            title=_text(row.get("title"), languages)[0],
            room=_text(row.get("room"), languages)[0],
            starts_at=moment(row["starts_at"], zone),
            ends_at=moment(row["ends_at"], zone),
            cancelled=row.get("state") == "cancelled",
            replaces=moment(row["replaces"], zone) if row.get("replaces") else None,
        )
        for row in rows
    )


def _text(text: Mapping[str, str] | str | None, languages: tuple[str, ...]) -> tuple[str, str]:
    if not text:
        return "", languages[0]
    if isinstance(text, str):
        return _CONTROL.sub("", text), languages[0]
    words, language = pick(text, languages)
    return _CONTROL.sub("", words), language
