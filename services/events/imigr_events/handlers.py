"""Use cases of the events service."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from imigr_events.domain import Event, EventState, Registration, State, next_in_line, wire_time
from imigr_events.errors import Busy, InvalidInput, KeyReused, NotOpen, StaleVersion, UnknownEvent, UnknownRegistration
from imigr_events.ports import Command, Events, Stored
from imigr_kit.access import require
from imigr_kit.clock import Clock
from imigr_kit.errors import FieldError
from imigr_kit.ids import NewId

TRIES = 20
BATCH = 500
"""Registrations that end in one write: their events lie in the document until they are sent."""
WRITERS = ("manager", "editor")
PUBLISHERS = ("manager",)
READERS = ("manager", "editor", "mediator")


@dataclass(frozen=True)
class Desk:
    """What the use cases work with."""

    events: Events
    clock: Clock
    new_id: NewId
    reference: Callable[[str], str]
    """The spoken reference of a registration id."""
    hashed: Callable[[str, str], str]
    """Keyed hash of a text for a purpose."""


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


def list_events(
    desk: Desk, municipality: str | None, since: datetime | None, page: int, per_page: int
) -> tuple[Sequence[Event], int]:
    """Published events from ``since`` (default now) on, by start."""
    return desk.events.list(municipality, since or desk.clock.now(), page, per_page)


def get_event(desk: Desk, event_id: str, municipality: str | None = None) -> Event:
    """One public event; drafts, unknown and foreign ones alike raise UnknownEvent."""
    event = desk.events.get(event_id)
    if event is None or event.state is EventState.DRAFT or municipality not in (None, event.municipality):
        raise UnknownEvent(params={"event_id": event_id})
    return event


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


def create_event(desk: Desk, actor: Mapping[str, Any], draft: Event, command: Command) -> Event:
    """Store a draft of a manager or an editor of the municipality."""
    require(actor, WRITERS, draft.municipality)
    if desk.events.add(draft, command):
        return draft
    earlier = _earlier(desk, command)
    if earlier is None:
        raise InvalidInput(fields=[FieldError("event.id", "already_used", "another event has this id")])
    return earlier


def publish_event(desk: Desk, actor: Mapping[str, Any], event_id: str, version: int, command: Command) -> Event:
    """A manager makes a draft public."""
    for _ in range(TRIES):
        event, done = _stepping(desk, actor, event_id, version, command)
        if done is not None:
            return done
        published, facts = event.published()
        if desk.events.replace(event, published, facts, command):
            return published
    raise Busy(retry_after=1)


def cancel_event(desk: Desk, actor: Mapping[str, Any], event_id: str, version: int, command: Command) -> Event:
    """A manager calls a public event off. From that write on nothing else changes it, and its registrations end."""
    for _ in range(TRIES):
        event, done = _stepping(desk, actor, event_id, version, command)
        if done is not None:
            return done
        cancelled, facts = event.cancelled()
        if desk.events.replace(event, cancelled, facts, command):
            end_registrations(desk, event_id)
            return cancelled
    raise Busy(retry_after=1)


def end_registrations(desk: Desk, event_id: str) -> None:
    """End what is left of the registrations of an event that was called off, a batch in each write."""
    for _ in range(TRIES):
        book = desk.events.book(event_id)
        living = [] if book is None else book.living()
        if book is None or book.event.state is not EventState.CANCELLED:
            return
        ended = [one.called_off(book.event) for one in living[:BATCH]]
        last = len(living) <= BATCH
        facts = [fact for _, told in ended for fact in told]
        if desk.events.end(book, [one for one, _ in ended], facts, last) and last:
            return


def finish_called_off(desk: Desk) -> None:
    """What a process left undone that died after calling an event off. Runs every few seconds."""
    for event_id in desk.events.ending():
        end_registrations(desk, event_id)


def list_registrations(
    desk: Desk, actor: Mapping[str, Any], municipality: str, event_id: str
) -> tuple[Event, Sequence[Registration]]:
    """All registrations of an event of the municipality, in order of arrival."""
    require(actor, READERS, municipality)
    book = desk.events.book(event_id)
    if book is None or book.event.municipality != municipality:
        raise UnknownEvent(params={"event_id": event_id})
    return book.event, book.registrations


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


def _stepping(
    desk: Desk, actor: Mapping[str, Any], event_id: str, version: int, command: Command
) -> tuple[Event, Event | None]:
    """The event at the version that the actor has seen; or, for a repeated command, what it has answered."""
    event = desk.events.get(event_id)
    if event is None:
        raise UnknownEvent(params={"event_id": event_id})
    require(actor, PUBLISHERS, event.municipality)
    earlier = _earlier(desk, command)
    if earlier is None and event.version != version:
        raise StaleVersion(params={"version": event.version})
    return event, earlier


def _earlier(desk: Desk, command: Command) -> Event | None:
    found = desk.events.by_command(command.key)
    if found is None:
        return None
    if found[1] != command.body_hash:
        raise KeyReused
    return found[0]


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
