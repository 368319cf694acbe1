"""The public agenda on the wire."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from marshmallow import Schema, fields, post_load, validate

from imigr_events.domain import Event, Session, SessionState, wire_time
from imigr_events.handlers import Found, Search
from imigr_events.schemas.base import ID, moment
from imigr_events.schemas.shown import event_out, session_out
from imigr_kit.fields import LANGUAGE, SLUG

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


class CalendarEvents(Schema):
    """Which events of a calendar."""

    ids = fields.List(fields.String(validate=ID), required=True, validate=validate.Length(min=1, max=MOST))


CALENDAR_EVENTS = CalendarEvents()
SEARCH_AGENDA = SearchAgenda()
_KEPT = (
    "uid", "municipality", "version", "location", "online_url", "timezone", "state", "registration", "themes",
    "organisers", "languages",
)  # fmt: skip
_TEXTS = ("title", "summary", "place", "address")


def calendar_marks_out(marks: Sequence[Mapping[str, Any]], composed: Sequence[Found], now: datetime) -> dict[str, Any]:
    """A calendar: ``[id, version, uid]`` of plain events, those with sessions in full."""
    told = [[one["_id"], one.get("version"), one.get("uid")] for one in marks]
    return {"marks": told, "items": [entry_out(one, now) for one in composed]}


def calendar_events_out(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Plain events with their texts in all languages, and nothing that is counted."""
    return {"items": [_plain_out(one) for one in rows]}


def _plain_out(row: Mapping[str, Any]) -> dict[str, Any]:
    entry = {"id": row["_id"]} | {name: row.get(name) for name in _KEPT}
    entry |= {name: row.get(name) or {} for name in _TEXTS}
    for name in ("starts_at", "ends_at", "previous_starts_at", "changed_at"):
        moment = row.get(name)
        entry[name] = f"{moment.isoformat()}Z" if moment else None
    entry |= {"changed_at": entry["changed_at"] or entry["starts_at"], "picture": row.get("illustration_url")}
    return entry | {"demonstration": row.get("demonstration", False)}


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
