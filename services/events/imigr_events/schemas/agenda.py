"""The public agenda on the wire."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from marshmallow import Schema, fields, post_load, validate

from imigr_events.domain import Event, Session, SessionState, wire_time
from imigr_events.handlers import Found, Search
from imigr_events.schemas.base import LANGUAGE, SLUG, moment
from imigr_events.schemas.shown import event_out, session_out

MOST = 1_000
"""Events of one answer: a whole feed."""


class SearchAgenda(Schema):
    """Which public events."""

    municipality = fields.String(load_default=None, allow_none=True, validate=SLUG)
    theme = fields.String(load_default=None, allow_none=True, validate=SLUG)
    language = fields.String(load_default=None, allow_none=True, validate=LANGUAGE)
    q = fields.String(load_default="", validate=validate.Length(max=200))
    since = moment()
    until = moment()
    page = fields.Integer(load_default=1, strict=True, validate=validate.Range(1, 10_000))
    per_page = fields.Integer(load_default=20, strict=True, validate=validate.Range(1, MOST))

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> Search:
        """The search; its words apart."""
        words = tuple(data.pop("q").split())
        return Search(**data, words=words)


class CalendarEntries(SearchAgenda):
    """Which public events, and the reader's languages in order."""

    texts = fields.List(fields.String(validate=LANGUAGE), load_default=list, validate=validate.Length(max=12))

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> Any:
        """The search and the languages."""
        texts = data.pop("texts")
        words = tuple(data.pop("q").split())
        return Search(**data, words=words), texts


CALENDAR_ENTRIES = CalendarEntries()
SEARCH_AGENDA = SearchAgenda()
_KEPT = (
    "id", "uid", "municipality", "version", "location", "online_url", "timezone", "state", "registration", "themes",
    "organisers", "languages",
)  # fmt: skip


def calendar_out(
    plain: Sequence[Mapping[str, Any]], composed: Sequence[Found], texts: Sequence[str], now: datetime
) -> dict[str, Any]:
    """A calendar; texts of plain events in the first language of ``texts`` that they have."""
    return {"items": [_plain_out(one, texts) for one in plain] + [entry_out(one, now) for one in composed]}


def _plain_out(row: Mapping[str, Any], texts: Sequence[str]) -> dict[str, Any]:
    entry = {name: row.get(name) for name in _KEPT}
    entry |= {name: _in_one(row.get(name) or {}, texts) for name in ("title", "summary", "place", "address")}
    for name in ("starts_at", "ends_at", "previous_starts_at", "changed_at"):
        moment = row.get(name)
        entry[name] = f"{moment.isoformat()}Z" if moment else None
    return entry | {"changed_at": entry["changed_at"] or entry["starts_at"], "picture": row.get("illustration_url")}


def _in_one(text: Mapping[str, str], texts: Sequence[str]) -> Mapping[str, str]:
    for language in texts:
        if text.get(language):
            return {language: text[language]}
    return text


def entry_out(found: Found, now: datetime) -> dict[str, Any]:
    """A public event with its last change."""
    event = found.event
    entry = event_out(event, now) | {
        "changed_at": wire_time(found.changed_at),
        "picture": event.illustration_url,
        "uid": found.uid,
    }
    entry["sessions"] = [session_out(event, one) for one in event.sessions if one.recurrence_id is None]
    entry["dates"] = [
        {"starts_at": wire_time(one.starts_at), "ends_at": wire_time(one.ends_at)}
        for one in event.sessions
        if one.state is not SessionState.CANCELLED
    ]
    return entry | (_series(event) if event.recurrence else {})


def _series(event: Event) -> dict[str, Any]:
    """A series as calendars know it: the first date, the rule, and the dates that differ from it (RFC 5545 3.8.5)."""
    dates = sorted((one for one in event.sessions if one.recurrence_id), key=lambda one: str(one.recurrence_id))
    if event.recurrence is None or not dates or dates[0].recurrence_id is None:
        return {}
    first = dates[0].recurrence_id
    different = [one for one in dates if _is_exception(one, event.recurrence.minutes)]
    return {
        "rule": event.recurrence.rrule,
        "starts_at": wire_time(first),
        "ends_at": wire_time(first + timedelta(minutes=event.recurrence.minutes)),
        "occurrences": [
            session_out(event, one) | {"replaces": wire_time(one.recurrence_id or one.starts_at)} for one in different
        ],
    }


def _is_exception(one: Session, minutes: int) -> bool:
    usual = one.recurrence_id == one.starts_at and one.ends_at - one.starts_at == timedelta(minutes=minutes)
    return not usual or bool(one.room) or one.state is SessionState.CANCELLED


def agenda_out(found: Sequence[Found], total: int, wanted: Search, now: datetime) -> dict[str, Any]:
    """A page of the agenda."""
    return {
        "items": [entry_out(one, now) for one in found],
        "total": total,
        "page": wanted.page,
        "per_page": wanted.per_page,
    }
