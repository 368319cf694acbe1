"""What staff do with events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from imigr_events.domain import Event, EventState, Registration
from imigr_events.errors import Busy, InvalidInput, KeyReused, StaleVersion, UnknownEvent
from imigr_events.handlers.desk import BATCH, PUBLISHERS, READERS, TRIES, WRITERS, Desk
from imigr_events.ports import Command
from imigr_kit.access import require
from imigr_kit.errors import FieldError


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
