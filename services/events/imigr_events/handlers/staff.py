"""What staff do with events: written, published, edited, postponed, called off; programme, series, codes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from imigr_events.domain import Code, Event, EventState, Session, Work
from imigr_events.errors import InvalidInput, KeyReused, StaleVersion, UnknownEvent
from imigr_events.handlers.desk import PUBLISHERS, READERS, TELL_AT_ONCE, WRITERS, Desk
from imigr_events.handlers.turns import Turn
from imigr_events.ports import Command, Step, Taken
from imigr_kit.access import require
from imigr_kit.errors import FieldError
from imigr_kit.facts import Fact

FROZEN = ("questions", "sessions", "recurrence", "choose_sessions")
"""What a public event keeps as it was published: registrations refer to it. Sessions change one by one."""
Actor = Mapping[str, Any]
Stepping = Callable[[Event], tuple[Event, list[Fact]]]


def create_event(desk: Desk, actor: Actor, draft: Event, command: Command) -> Event:
    """Store a draft of a manager or an editor of the municipality."""
    require(actor, WRITERS, draft.municipality)
    if desk.events.add(draft, command):
        return draft
    earlier = _earlier(desk, command)
    if earlier is None:
        raise InvalidInput(fields=[FieldError("event.id", "already_used", "another event has this id")])
    return earlier


def edit_event(
    desk: Desk, actor: Actor, event_id: str, version: int, values: Mapping[str, Any], command: Command
) -> Event:
    """Change what is public. More places go to those who wait first; fewer drop nobody; another time or place is told
    to every registrant once. Raises InvalidInput for what a public event cannot change."""

    def edit(event: Event) -> tuple[Event, list[Fact]]:
        _check_edit(event, values)
        return event.edited(**values)

    return _step(desk, actor, WRITERS, event_id, version, command, edit)


def publish_event(desk: Desk, actor: Actor, event_id: str, version: int, command: Command) -> Event:
    """A manager makes a draft public."""
    return _step(desk, actor, PUBLISHERS, event_id, version, command, lambda event: event.published())


def postpone_event(
    desk: Desk,
    actor: Actor,
    event_id: str,
    version: int,
    dates: tuple[datetime | None, datetime | None],
    command: Command,
) -> Event:
    """A manager moves it to another date, or to one that is not known yet."""
    return _step(desk, actor, PUBLISHERS, event_id, version, command, lambda event: event.postponed(*dates))


def cancel_event(desk: Desk, actor: Actor, event_id: str, version: int, command: Command) -> Event:
    """A manager calls a public event off. From that write on nobody gets in, and its registrations end."""
    return _step(desk, actor, PUBLISHERS, event_id, version, command, lambda event: event.cancelled())


def add_session(desk: Desk, actor: Actor, event_id: str, version: int, session: Session, command: Command) -> Event:
    """One more session, or one more date of a series."""
    return _step(
        desk, actor, WRITERS, event_id, version, command, lambda event: event.with_session(session, "session.added")
    )


def change_session(
    desk: Desk, actor: Actor, place: tuple[str, str], version: int, values: Mapping[str, Any], command: Command
) -> Event:
    """Other times, room, title or places of a session: those registered for it are told of another time or room.
    ``place`` is the event's and the session's id."""
    event_id, session_id = place

    def change(event: Event) -> tuple[Event, list[Fact]]:
        before = event.session(session_id)
        after = before.changed(**values)
        if after.ends_at <= after.starts_at:
            raise InvalidInput(fields=[FieldError("session.ends_at", "invalid", "must be after starts_at")])
        return event.with_session(after, "session.changed", before)

    return _step(desk, actor, WRITERS, event_id, version, command, change)


def cancel_session(desk: Desk, actor: Actor, event_id: str, session_id: str, version: int, command: Command) -> Event:
    """This session only; a registration that has no other session left ends with it."""

    def cancel(event: Event) -> tuple[Event, list[Fact]]:
        before = event.session(session_id)
        return event.with_session(before.cancelled(), "session.cancelled", before)

    return _step(desk, actor, PUBLISHERS, event_id, version, command, cancel)


def issue_codes(desk: Desk, actor: Actor, event_id: str, number: int, places: int, command: Command) -> dict[str, Any]:
    """Invitation codes, each for so many places. They follow from the command, so a repetition gives the same; only
    their keyed hashes are kept."""
    codes = [desk.reference(f"code:{event_id}:{command.key}:{one}") for one in range(number)]
    hashes = [desk.hashed("code", f"{event_id}:{code.replace('-', '')}") for code in codes]

    def issue(turn: Turn) -> Event:
        event = turn.work.event
        require(actor, WRITERS, event.municipality)
        if any(one.hash == hashes[0] for one in event.codes):
            return event
        added = tuple(Code(one, places) for one in hashes)
        return _stepped(turn, replace(event, codes=(*event.codes, *added)), [], command)

    try:
        desk.turns.run(event_id, issue)
    except Taken:
        if _earlier(desk, command) is None:
            raise KeyReused from None
    return {"event_id": event_id, "codes": codes, "places": places}


def tell_registrants(desk: Desk, event_id: str) -> None:
    """Tell what is left to tell of an event's changes, a batch in each write."""

    def tell(turn: Turn) -> bool:
        if turn.work.event.notices:
            turn.work.tell(TELL_AT_ONCE)
        return bool(turn.work.event.notices)

    while desk.turns.run(event_id, tell):
        pass


def keep_time(desk: Desk) -> None:
    """What the time changes by itself, and what a process left untold that died. Runs every few seconds."""
    for event_id in desk.events.due(desk.clock.now()):
        tell_registrants(desk, event_id)


def list_own_events(
    desk: Desk, actor: Actor, municipality: str, page: int, per_page: int
) -> tuple[Sequence[Event], int]:
    """All events of a municipality, drafts included."""
    require(actor, READERS, municipality)
    return desk.events.list_all(municipality, page, per_page)


def get_own_event(desk: Desk, actor: Actor, municipality: str, event_id: str) -> Event:
    """One event as staff see it, in any state."""
    require(actor, READERS, municipality)
    event = desk.events.get(event_id)
    if event is None or event.municipality != municipality:
        raise UnknownEvent(params={"event_id": event_id})
    return event


def _step(
    desk: Desk,
    actor: Actor,
    roles: Collection[str],
    event_id: str,
    version: int,
    command: Command,
    change: Stepping,
) -> Event:
    """One step at the version that the actor has seen; for a repeated command, what it has answered."""

    def task(turn: Turn) -> Event:
        event = turn.work.event
        require(actor, roles, event.municipality)
        if event.version != version:
            raise StaleVersion(params={"version": event.version})
        return _stepped(turn, *change(event), command)

    event = desk.events.get(event_id)
    if event is None:
        raise UnknownEvent(params={"event_id": event_id})
    require(actor, roles, event.municipality)
    earlier = _earlier(desk, command)
    if earlier is not None:
        return earlier
    try:
        stepped = desk.turns.run(event_id, task)
    except (Taken, StaleVersion):
        earlier = _earlier(desk, command)
        if earlier is None:
            raise
        return earlier
    tell_registrants(desk, event_id)
    return stepped


def _stepped(turn: Turn, event: Event, facts: Sequence[Fact], command: Command) -> Event:
    work: Work = turn.work
    work.event_is(event, facts)
    work.serve()
    stepped = work.stored()
    turn.steps.append(Step(command, stepped))
    return stepped


def _check_edit(event: Event, values: Mapping[str, Any]) -> None:
    wrong: list[FieldError] = []
    starts, ends = values.get("starts_at", event.starts_at), values.get("ends_at", event.ends_at)
    if ends <= starts:
        wrong.append(FieldError("changes.ends_at", "invalid", "must be after starts_at"))
    if event.state is not EventState.DRAFT:
        wrong += [FieldError(f"changes.{one}", "frozen", "the event is public") for one in FROZEN if one in values]
        kept = {one.code for one in values.get("groups", event.groups)}
        wrong += [FieldError("changes.groups", "kind_in_use", one.code) for one in event.groups if one.code not in kept]
    if wrong:
        raise InvalidInput(fields=wrong)


def _earlier(desk: Desk, command: Command) -> Event | None:
    found = desk.events.by_command(command.key)
    if found is None:
        return None
    command.must_be(found[1])
    return found[0]
