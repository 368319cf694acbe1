"""Registrations of people: made, seen and given up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from imigr_events.domain import Event, Registration, State, next_in_line, wire_time
from imigr_events.errors import Busy, InvalidInput, KeyReused, NotOpen, UnknownRegistration
from imigr_events.handlers.agenda import get_event
from imigr_events.handlers.desk import TRIES, Desk
from imigr_events.ports import Command, Stored
from imigr_kit.errors import FieldError


@dataclass(frozen=True)
class Wanted:
    """What a person asks for."""

    municipality: str
    event_id: str
    places: int
    manage_hash: str
    contact_id: str | None
    channel: str | None
    message_language: str


def register(desk: Desk, wanted: Wanted, command: Command) -> dict[str, Any]:
    """Places now, or a place in the waiting list; the answer of the first run for a repeated command."""
    manage = desk.hashed("manage", wanted.manage_hash)
    for _ in range(TRIES):
        event = get_event(desk, wanted.event_id, wanted.municipality)
        draft = _draft(desk.new_id(), wanted)
        if event.is_open(desk.clock.now()):
            confirmed, facts = draft.confirmed(event)
            if desk.events.claim(event, confirmed, facts, command, manage):
                return _said(desk, answer(event, confirmed, None))
        earlier = desk.events.registered(command.key)
        if earlier is not None:
            return _repeated(desk, earlier, command)
        event.must_be_open(desk.clock.now())
        waiting, facts = draft.waitlisted(event)
        position = desk.events.enqueue(event, waiting, facts, command, manage)
        if position is not None:
            return _said(desk, answer(event, waiting, position))
        _must_be_new(desk, manage, command)
        if desk.events.is_crowded(event.id):
            raise NotOpen(params={"state": str(event.state), "reason": "waiting_list_full"})
    raise Busy(retry_after=1)


def get_registration(desk: Desk, municipality: str, manage_hash: str) -> dict[str, Any]:
    """The registration behind a manage link."""
    stored = _find(desk, municipality, manage_hash)
    return _said(desk, answer(stored.event, stored.registration, stored.waiting_position))


def cancel_registration(desk: Desk, municipality: str, manage_hash: str, command: Command) -> dict[str, Any]:
    """Give it up; freed places go to those who wait, in the same write."""
    for _ in range(TRIES):
        stored = _find(desk, municipality, manage_hash)
        if command.key in stored.answers:
            return _repeated(desk, stored, command)
        book = desk.events.book(stored.event.id)
        if book is None:
            raise UnknownRegistration
        mine = next(one for one in book.registrations if one.id == stored.registration.id)
        cancelled, facts = mine.cancelled(book.event, desk.clock.now())
        freed = mine.places if mine.state is State.CONFIRMED else 0
        free = book.event.capacity - book.event.taken + freed
        changed = [cancelled]
        for one in next_in_line([other for other in book.waiting() if other.id != mine.id], free):
            served, more = one.confirmed(book.event)
            changed.append(served)
            facts += more
        said = answer(book.event, cancelled, None)
        if desk.events.settle(book, changed, facts, command, said):
            return _said(desk, said)
    raise Busy(retry_after=1)


def answer(event: Event, registration: Registration, waiting_position: int | None) -> dict[str, Any]:
    """What a command answers about a registration; stored with it, so it can be said again."""
    return {
        "id": registration.id,
        "municipality": event.municipality,
        "event_id": event.id,
        "event": {
            "title": dict(event.title),
            "place": dict(event.place),
            "starts_at": wire_time(event.starts_at),
            "ends_at": wire_time(event.ends_at),
            "timezone": event.timezone,
        },
        "places": registration.places,
        "state": str(registration.state),
        "version": registration.version,
        "contact_id": registration.contact_id,
        "waiting_position": waiting_position,
    }


def _draft(registration_id: str, wanted: Wanted) -> Registration:
    language = wanted.message_language
    return Registration(registration_id, wanted.places, State.WAITING, wanted.contact_id, wanted.channel, language, 0)


def _must_be_new(desk: Desk, manage: str, command: Command) -> None:
    """A link belongs to one registration: another command with it is a mistake of the caller."""
    stored = desk.events.find(manage)
    if stored is not None and command.key not in stored.answers:
        raise InvalidInput(fields=[FieldError("manage_hash", "already_used", "another registration has this link")])


def _find(desk: Desk, municipality: str, manage_hash: str) -> Stored:
    stored = desk.events.find(desk.hashed("manage", manage_hash))
    if stored is None or stored.event.municipality != municipality:
        raise UnknownRegistration
    return stored


def _repeated(desk: Desk, stored: Stored, command: Command) -> dict[str, Any]:
    body_hash, said = stored.answers[command.key]
    if body_hash != command.body_hash:
        raise KeyReused
    return _said(desk, said)


def _said(desk: Desk, said: dict[str, Any]) -> dict[str, Any]:
    return said | {"reference": desk.reference(said["id"])}
