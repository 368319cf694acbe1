"""The public agenda searched: what lists, feeds and month views are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from imigr_events.domain import Event, EventState
from imigr_events.errors import UnknownEvent
from imigr_kit.clock import Clock


@dataclass(frozen=True)
class Search:
    """Which events; None and the empty text mean any. ``words`` must all be found, in any language of the event."""

    municipality: str | None
    theme: str | None
    language: str | None
    words: tuple[str, ...]
    since: datetime | None
    until: datetime | None
    page: int
    per_page: int


@dataclass(frozen=True)
class Found:
    """A public event and when its public data were last changed."""

    event: Event
    changed_at: datetime
    uid: str | None = None
    """The UID of the partner's calendar that it came from."""


class Agenda(Protocol):
    """Public events by what people look for."""

    def search(self, wanted: Search, since: datetime) -> tuple[Sequence[Found], int]:
        """Those that end after ``since`` and begin before ``wanted.until``, by start; and how many in all."""
        ...

    def marks(self, wanted: Search, since: datetime) -> Sequence[Mapping[str, Any]]:
        """Of those without sessions, by start: ``_id``, ``version`` and ``uid``, one of which changes with anything
        that a calendar says."""
        ...

    def plain(self, ids: Sequence[str]) -> Sequence[Mapping[str, Any]]:
        """Those of the ids that are public, as they are kept, with naive times in UTC; nothing is counted."""
        ...

    def composed(self, wanted: Search, since: datetime) -> Sequence[Found]:
        """Those with a programme or a series."""
        ...

    def find(self, event_id: str) -> Found | None:
        """One, whatever its state."""
        ...


@dataclass(frozen=True)
class Finder:
    """What these use cases work with."""

    agenda: Agenda
    clock: Clock


def search_agenda(finder: Finder, wanted: Search) -> tuple[Sequence[Found], int]:
    """Public events from ``since`` (default now) on; called-off ones too, since who has noted one must learn it."""
    return finder.agenda.search(wanted, wanted.since or finder.clock.now())


def calendar_marks(finder: Finder, wanted: Search) -> tuple[Sequence[Mapping[str, Any]], Sequence[Found]]:
    """A whole calendar, at most ``per_page`` of each: marks of events, and those with sessions in full. Who has read an
    event at its mark need not read it again."""
    since = wanted.since or finder.clock.now()
    return finder.agenda.marks(wanted, since), finder.agenda.composed(wanted, since)


def calendar_events(finder: Finder, ids: Sequence[str]) -> Sequence[Mapping[str, Any]]:
    """Public events of a calendar as they are kept; unknown ids and drafts are left out."""
    return finder.agenda.plain(ids)


def get_agenda_entry(finder: Finder, event_id: str) -> Found:
    """One public event; drafts and unknown ones alike raise UnknownEvent."""
    found = finder.agenda.find(event_id)
    if found is None or found.event.state is EventState.DRAFT:
        raise UnknownEvent(params={"event_id": event_id})
    return found
