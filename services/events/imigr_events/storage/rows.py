"""Events and registrations as MongoDB keeps them: what is empty is left out, so that documents stay small."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from datetime import UTC, datetime
from typing import Any

from imigr_events.domain import (
    Code,
    Event,
    EventState,
    Group,
    Hold,
    Notice,
    Question,
    Recurrence,
    Registration,
    Said,
    Seats,
    Session,
    SessionState,
    State,
)
from imigr_events.sealing import ContactSeal

Document = dict[str, Any]
COUNTS = ("taken", "kinds_taken", "session_taken", "waiting", "change")
"""Fields of an event that follow from its registrations and its writes."""
EVENT_FIELDS = tuple(one.name for one in fields(Event) if one.name != "id")


def event_document(event: Event) -> Document:
    """An event as kept, without its registrations."""
    row = {"_id": event.id} | {name: _plain(getattr(event, name)) for name in EVENT_FIELDS}
    return row | {"towns": [event.municipality, *event.municipalities]}


def event_of(row: Document) -> Event:
    """The event in a document."""
    values = {name: row[name] for name in EVENT_FIELDS if name in row}
    for name in ("languages", "municipalities", "organisers", "audience", "themes", "accessibility"):
        values[name] = tuple(row.get(name, ()))
    for name in ("starts_at", "ends_at", "opens_at", "closes_at", "previous_starts_at"):
        values[name] = _moment(row.get(name))
    values |= {
        "state": EventState(row["state"]),
        "groups": tuple(Group(**_with_moments(one, "released_at")) for one in row.get("groups", ())),
        "sessions": tuple(_session_of(one) for one in row.get("sessions", ())),
        "recurrence": Recurrence(**row["recurrence"]) if row.get("recurrence") else None,
        "questions": tuple(Question(**one) for one in row.get("questions", ())),
        "codes": tuple(Code(**one) for one in row.get("codes", ())),
        "notices": tuple(
            Notice(**_with_moments(one, "previous_starts_at", "previous_ends_at")) for one in row.get("notices", ())
        ),
    }
    return Event(id=row["_id"], **values)


def registration_document(one: Registration, seal: ContactSeal) -> Document:
    """A registration as an embedded row; its contact is sealed."""
    row: Document = {
        "id": one.id,
        "places": one.seats.places,
        "state": str(one.state),
        "contact": seal.seal(one.contact_id) if one.contact_id else None,
        "channel": one.channel,
        "message_language": one.message_language,
        "version": one.version,
        "told": one.told,
        "links": list(one.links),
        "said": [_said_document(said) for said in one.said],
        "kinds": dict(one.seats.kinds),
        "sessions": list(one.seats.sessions),
        "until": one.until,
        "contact_keys": list(one.contact_keys),
    }
    return {name: value for name, value in row.items() if value not in (None, [], {})}


def registration_of(row: Document, seal: ContactSeal) -> Registration:
    """The registration in an embedded row."""
    return Registration(
        id=row["id"],
        seats=Seats(row["places"], row.get("kinds", {}), tuple(row.get("sessions", ()))),
        state=State(row["state"]),
        contact_id=seal.open(row["contact"]) if "contact" in row else None,
        channel=row.get("channel"),
        message_language=row["message_language"],
        version=row["version"],
        until=_moment(row.get("until")),
        contact_keys=tuple(row.get("contact_keys", ())),
        told=row.get("told", 0),
        links=tuple(row.get("links", ())),
        said=tuple(
            Said(one["key"], one["body_hash"], State(one["state"]), one["version"], one.get("position"))
            for one in row.get("said", ())
        ),
    )


def hold_document(hold: Hold) -> Document:
    """A hold as kept."""
    return asdict(hold) | {"seats": {**asdict(hold.seats), "sessions": list(hold.seats.sessions)}}


def hold_of(row: Document) -> Hold:
    """The hold as it was."""
    seats = Seats(row["seats"]["places"], row["seats"]["kinds"], tuple(row["seats"]["sessions"]))
    row = {name: value for name, value in row.items() if name != "client"}  # told by holds of earlier versions
    return Hold(**{**row, "seats": seats, "until": row["until"].astimezone(UTC)})


def _said_document(said: Said) -> Document:
    row = {"key": said.key, "body_hash": said.body_hash, "state": str(said.state), "version": said.version}
    return row if said.position is None else row | {"position": said.position}


def _session_of(row: Document) -> Session:
    values = _with_moments(row, "starts_at", "ends_at", "recurrence_id")
    return Session(**{**values, "functions": tuple(row["functions"]), "state": SessionState(row["state"])})


def _with_moments(row: Document, *names: str) -> Document:
    return {**row, **{name: _moment(row.get(name)) for name in names}}


def _moment(value: datetime | None) -> datetime | None:
    return None if value is None else value.astimezone(UTC)


def _plain(value: Any) -> Any:
    """A domain value in types that BSON has."""
    if isinstance(value, EventState | SessionState):
        return str(value)
    if hasattr(value, "__dataclass_fields__"):
        return {one.name: _plain(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, Mapping):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, tuple):
        return [_plain(inner) for inner in value]
    return value
