"""Events and lists as they are answered."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from imigr_events.domain import Event, Session, SessionState, free_by_kind, free_for_all, wire_time
from imigr_events.handlers import Listing
from imigr_events.known import Known
from imigr_kit.texts import localised

MOST_WRITTEN = 3_000
"""Texts of events that a process remembers, about a kilobyte each."""


def event_out(event: Event, now: datetime) -> dict[str, Any]:
    """An event for everyone."""
    return timeless_out(event) | counted_out(event, now)


def counted_out(event: Event, now: datetime) -> dict[str, Any]:
    """What of it passes with the time."""
    return {
        "free_places": free_for_all(event, now),
        "free_kinds": free_by_kind(event, now),
        "is_open": event.is_open(now),
    }


def timeless_out(event: Event) -> dict[str, Any]:
    """What of it stays until the event is written again."""
    public = event.public()
    del public["event_id"], public["rrule"]
    return {
        "id": event.id,
        "municipality": event.municipality,
        **public,
        "illustration_alt": dict(event.illustration_alt),
        "previous_starts_at": _moment(event.previous_starts_at),
        "opens_at": _moment(event.opens_at),
        "closes_at": _moment(event.closes_at),
        "offer_hours": event.offer_hours,
        "choose_sessions": event.choose_sessions,
        "recurrence": {"rrule": event.recurrence.rrule, "minutes": event.recurrence.minutes}
        if event.recurrence
        else None,
        "version": event.version,
        "sequence": event.sequence,
    }


def event_in_full(event: Event, now: datetime) -> dict[str, Any]:
    """An event with its programme and its questions."""
    return event_out(event, now) | {
        "groups": [
            {"code": one.code, "kept": one.kept(event.capacity, now), "released_at": _moment(one.released_at)}
            for one in event.groups
        ],
        "sessions": [session_out(event, one) for one in event.sessions],
        "questions": [
            {
                "code": one.code,
                "title": dict(one.text),
                "options": [{"code": code, "title": dict(text)} for code, text in one.options.items()],
                "required": one.required,
                "several": one.several,
            }
            for one in event.questions
        ],
    }


def session_out(event: Event, session: Session) -> dict[str, Any]:
    """A session for everyone; ``free_places`` is null where only the event has a limit."""
    public = session.public()
    free = _free_in(event, session.id, session.capacity, str(session.state))
    functions = [{"title": one} for one in public.pop("functions")]
    return {"id": public.pop("session_id")} | public | {"functions": functions, "free_places": free}


def event_for_staff(event: Event, now: datetime) -> dict[str, Any]:
    """An event with the numbers that staff plan by; those of kinds are of the whole event."""
    return event_in_full(event, now) | {
        "taken": event.taken,
        "taken_kinds": dict(event.kinds_taken),
        "waiting": event.waiting,
        "codes_left": sum(1 for one in event.codes if one.places > 0),
        "too_many": max(0, event.taken - event.capacity),
    }


def events_out(found: Sequence[Event], total: int, page: int, per_page: int, now: datetime) -> dict[str, Any]:
    """A page of events."""
    version = sum(one.change for one in found)
    items = [event_out(one, now) for one in found]
    return {"items": items, "total": total, "page": page, "per_page": per_page, "version": version}


class WrittenEvents:
    """Events as the text of their JSON in a reader's languages: written once for all who ask, until the event is
    written again. What passes with the time is put behind."""

    def __init__(self) -> None:
        self._kept: Known[str] = Known(MOST_WRITTEN)

    def text(self, event: Event, languages: tuple[str, ...], now: datetime) -> str:
        """One event of a list."""
        name = f"{event.id} {' '.join(languages)}"
        kept = self._kept.get(name, event.change)
        if kept is None:
            kept = self._kept.keep(name, event.change, _json(localised(timeless_out(event), languages)))
        return f"{kept[:-1]},{_json(counted_out(event, now))[1:]}"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def registrations_out(listing: Listing, now: datetime) -> dict[str, Any]:
    """The list of an event for staff: no contact, no kind of seat, no answer is in it."""
    items = [
        {
            "id": one.id,
            "reference": reference,
            "places": one.places,
            "sessions": list(one.seats.sessions),
            "state": str(one.state),
            "version": one.version,
            "offer_until": _moment(one.until),
        }
        for one, reference in zip(listing.registrations, listing.references, strict=True)
    ]
    return {"event": event_for_staff(listing.event, now), "items": items, "too_many": list(listing.too_many)}


def results_out(event: Event, results: Mapping[str, Any]) -> dict[str, Any]:
    """Counted answers by question; null stands for a number that is too small to show."""
    return {"event_id": event.id, "questions": [{"code": code, "counts": one} for code, one in results.items()]}


def _free_in(event: Event, session_id: str, capacity: int | None, state: str) -> int | None:
    if capacity is None or state == SessionState.CANCELLED:
        return None if state == SessionState.PLANNED else 0
    held = event.session_taken.get(session_id, 0) if event.choose_sessions else event.taken
    return max(0, capacity - held)


def _moment(value: datetime | None) -> str | None:
    return None if value is None else wire_time(value)
