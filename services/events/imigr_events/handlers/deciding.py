"""What staff do with registrations: seen, made for somebody, approved, refused, ended, counted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from imigr_events.domain import LIVING, Event, EventState, Registration, State, Work
from imigr_events.errors import KeyReused, RegistrationNotChangeable, UnknownEvent, UnknownRegistration
from imigr_events.handlers.answers import again, keyed, noted
from imigr_events.handlers.desk import HELPERS, READERS, Desk
from imigr_events.handlers.registering import Wanted, register
from imigr_events.handlers.turns import Turn
from imigr_events.ports import Command, Taken
from imigr_kit.access import require

REASONS = ("not_in_target_group", "event_full", "duplicate", "other_event_fits_better")
"""Why a registration is refused; closed, so that nothing can be written about anybody."""
SMALL = 10
"""Counts under this are not shown: who knows the participants could tell who answered what."""
PER_PAGE, MOST_PAGES = 100, 10
"""How many events of a town a reference is looked for in, the latest first."""
Actor = Mapping[str, Any]


@dataclass(frozen=True)
class Listing:
    """An event's registrations in order of arrival, how many places each kind has, and which registrations are too
    many since the capacity was lowered: the latest that hold places."""

    event: Event
    registrations: Sequence[Registration]
    references: Sequence[str]
    too_many: Sequence[str]


def list_registrations(desk: Desk, actor: Actor, municipality: str, event_id: str) -> Listing:
    """All registrations of an event of the municipality, in order of arrival."""
    require(actor, READERS, municipality)
    book = desk.events.book(event_id)
    if book is None or book.event.municipality != municipality:
        raise UnknownEvent(params={"event_id": event_id})
    rows = list(book.entries.values())
    references = [desk.reference(one.id) for one in rows]
    return Listing(book.event, rows, references, _too_many(Work(book, desk.clock.now())))


def register_for(desk: Desk, actor: Actor, wanted: Wanted, command: Command) -> dict[str, Any]:
    """Register somebody who stands at the desk or calls: no approval and no code, but never over the capacity."""
    require(actor, HELPERS, wanted.municipality)
    return register(desk, replace(wanted, by_staff=True), command)


def approve(desk: Desk, actor: Actor, municipality: str, ids: tuple[str, str], command: Command) -> dict[str, Any]:
    """Confirm one that waits for a decision; it has held its places since it was made."""

    def step(work: Work, one: Registration) -> Registration:
        one.must_be(State.PENDING)
        return _put(work, *one.now(State.CONFIRMED, "registration.confirmed", work.event))

    return _decide(desk, actor, municipality, ids, command, step)


def reject(
    desk: Desk, actor: Actor, municipality: str, ids: tuple[str, str], reason: str, command: Command
) -> dict[str, Any]:
    """Refuse one that waits for a decision; its places go down the line."""

    def step(work: Work, one: Registration) -> Registration:
        one.must_be(State.PENDING)
        return work.end(one, State.REJECTED, "rejected", reason=reason)

    return _decide(desk, actor, municipality, ids, command, step)


def cancel_for(desk: Desk, actor: Actor, municipality: str, ids: tuple[str, str], command: Command) -> dict[str, Any]:
    """Give a registration up for somebody who asks at the desk with the reference."""

    def step(work: Work, one: Registration) -> Registration:
        one.must_be(*LIVING)
        return work.end(one, State.CANCELLED, "cancelled", cancelled_by="visitor")

    return _decide(desk, actor, municipality, ids, command, step)


def mark_no_show(
    desk: Desk, actor: Actor, municipality: str, ids: tuple[str, str], undo: bool, command: Command
) -> dict[str, Any]:
    """Somebody who did not come, once the event has begun; a mistake is undone until the event is archived."""

    def step(work: Work, one: Registration) -> Registration:
        one.must_be(State.NO_SHOW if undo else State.CONFIRMED)
        if work.event.state not in (EventState.RUNNING, EventState.FINISHED):
            raise RegistrationNotChangeable(params={"state": str(one.state), "event_state": str(work.event.state)})
        state, verb = (State.CONFIRMED, "confirmed") if undo else (State.NO_SHOW, "no_show")
        return _put(work, *one.now(state, f"registration.{verb}", work.event))

    return _decide(desk, actor, municipality, ids, command, step)


def merge(
    desk: Desk, actor: Actor, municipality: str, ids: tuple[str, str], other_id: str, command: Command
) -> dict[str, Any]:
    """Two registrations of one group become one: the earlier stays with its places, the later ends and its links lead
    to the earlier. ``ids`` names the event and the one that stays."""

    def step(work: Work, one: Registration) -> Registration:
        other = work.get(other_id)
        if other is None or other.id == one.id:
            raise UnknownRegistration
        one.must_be(*LIVING)
        other.must_be(*LIVING)
        ended, facts = other.now(State.CANCELLED, "registration.cancelled", work.event, cancelled_by="service")
        work.put(replace(ended, links=(), contact_key=None), facts)
        kept = replace(one, links=(*one.links, *other.links))
        work.put(kept, [])
        for link in other.links:
            work.links[link] = kept.id
        work.serve()
        return work.get(kept.id) or kept

    return _decide(desk, actor, municipality, ids, command, step)


def question_results(desk: Desk, actor: Actor, municipality: str, event_id: str) -> tuple[Event, dict[str, Any]]:
    """How often each closed answer was given; a count under ten is None, and so is the next smallest when it could
    be told from the sum."""
    require(actor, READERS, municipality)
    event = desk.events.get(event_id)
    if event is None or event.municipality != municipality:
        raise UnknownEvent(params={"event_id": event_id})
    counts = desk.events.answer_counts(event_id)
    return event, {
        question.code: shown({option: counts.get(question.code, {}).get(option, 0) for option in question.options})
        for question in event.questions
    }


def shown(counts: Mapping[str, int]) -> dict[str, int | None]:
    """Counts under the small-count rule."""
    small = {name for name, number in counts.items() if 0 < number < SMALL}
    if len(small) == 1:
        others = sorted((number, name) for name, number in counts.items() if name not in small and number)
        small |= {name for _, name in others[:1]}
    return {name: None if name in small else number for name, number in counts.items()}


def _decide(
    desk: Desk,
    actor: Actor,
    municipality: str,
    ids: tuple[str, str],
    command: Command,
    step: Callable[[Work, Registration], Registration],
) -> dict[str, Any]:
    """One step on one registration, once; ``ids`` are the event's and the registration's (or its reference)."""
    require(actor, HELPERS, municipality)
    command = keyed(desk, command)
    event_id, registration_id = ids

    def task(turn: Turn) -> dict[str, Any]:
        work = turn.work
        if work.event.municipality != municipality:
            raise UnknownEvent(params={"event_id": event_id})
        one = work.get(registration_id) or _by_reference(desk, work, registration_id)
        if any(said.key == command.key for said in one.said):
            return again(desk, work.event, one, command)
        if work.by_key(command.key) is not None:
            raise KeyReused
        changed = step(work, one)
        work.claim(one.id, command.key)
        return noted(desk, turn, changed, command)

    try:
        return desk.turns.run(event_id, task)
    except Taken:
        raise KeyReused from None


def find_registration(desk: Desk, actor: Actor, municipality: str, reference: str) -> dict[str, Any]:
    """The registration with a reference that a person reads aloud, whichever event of the town it is for; the latest
    events are looked through first. Raises UnknownRegistration."""
    require(actor, READERS, municipality)
    for page in range(1, MOST_PAGES + 1):
        events, total = desk.events.list_all(municipality, page, PER_PAGE)
        for event in events:
            book = desk.events.book(event.id) if event.municipality == municipality else None
            one = None if book is None else _with_reference(desk, book.entries.values(), reference)
            if one is not None:
                return {"id": one.id, "event_id": event.id, "state": str(one.state), "version": one.version}
        if page * PER_PAGE >= total:
            break
    raise UnknownRegistration


def _by_reference(desk: Desk, work: Work, text: str) -> Registration:
    one = _with_reference(desk, work.entries(), text)
    if one is None:
        raise UnknownRegistration
    return one


def _with_reference(desk: Desk, registrations: Iterable[Registration], text: str) -> Registration | None:
    """References are kept nowhere: each is derived from its registration's id."""
    letters = "".join(letter for letter in text.upper() if letter.isalnum())
    return next((one for one in registrations if desk.reference(one.id).replace("-", "") == letters), None)


def _too_many(work: Work) -> list[str]:
    """The latest to come among those who hold places over the capacity; nobody is dropped silently."""
    over, found = work.tally.total - work.event.capacity, []
    for one in reversed([one for one in work.entries() if one.state in LIVING and one.state is not State.WAITING]):
        if over <= 0:
            break
        found.append(one.id)
        over -= one.places
    return found


def _put(work: Work, one: Registration, facts: Sequence[Any]) -> Registration:
    work.put(one, facts)
    return one
