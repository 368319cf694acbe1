"""Registrations of people: places held, taken, seen and given up, offers answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from imigr_events.domain import (
    LIVING,
    Event,
    EventState,
    Hold,
    Mode,
    Registration,
    Seats,
    State,
    Work,
    wire_time,
)
from imigr_events.errors import (
    HoldExpired,
    KeyReused,
    NoPlaces,
    NotOpen,
    RegistrationNotChangeable,
    UnknownEvent,
    UnknownRegistration,
    WrongCode,
)
from imigr_events.handlers.answers import again, answer, elsewhere, keyed, noted
from imigr_events.handlers.asking import check_answers, check_seats
from imigr_events.handlers.desk import Desk
from imigr_events.handlers.turns import Turn
from imigr_events.ports import Command, Taken
from imigr_kit.errors import TooMany
from imigr_kit.pressure import Asked, Asker

HOLD_LASTS = timedelta(minutes=10)


@dataclass(frozen=True)
class Wanted:
    """What a person asks for."""

    municipality: str
    event_id: str
    seats: Seats
    manage_hash: str
    contact_id: str | None
    channel: str | None
    message_language: str
    contact_keys: tuple[str, ...] = ()
    code: str | None = None
    hold_id: str | None = None
    answers: Mapping[str, Sequence[str]] = field(default_factory=dict)
    by_staff: bool = False
    asker: Asker | None = None


@dataclass(frozen=True)
class HoldWanted:
    """Which places somebody fills a form for."""

    municipality: str
    event_id: str
    seats: Seats
    asker: Asker | None = None


def hold_places(desk: Desk, wanted: HoldWanted, command: Command) -> dict[str, Any]:
    """Keep places while a form is filled. Raises NoPlaces when they are not free together, NotOpen, EffortNeeded,
    LaneFull."""
    command = keyed(desk, command)
    refusal = _refusal(desk, wanted, command.key)

    def task(turn: Turn) -> dict[str, Any]:
        work = turn.work
        holds = work.live_holds()
        hold = next((one for one in holds.values() if one.key == command.key), None)
        if hold is None:
            _must_be_public(work.event, wanted.municipality)
            check_seats(work.event, wanted.seats)
            work.event.must_be_open(work.now, wanted.seats.sessions)
            if refusal is not None:
                raise refusal
            if not work.tally.fits(work.event, wanted.seats, work.now):
                raise NoPlaces
            until = work.now + HOLD_LASTS
            hold = Hold(desk.new_id(), wanted.seats, until, command.key, command.body_hash)
            work.add_hold(hold)
        elif hold.body_hash != command.body_hash:
            raise KeyReused
        return {"hold_id": hold.id, "event_id": work.event.id, "until": wire_time(hold.until)}

    return desk.turns.run(wanted.event_id, task)


def release_hold(desk: Desk, municipality: str, event_id: str, hold_id: str) -> dict[str, Any]:
    """Give held places back before they run out; repeating it changes nothing."""

    def task(turn: Turn) -> dict[str, Any]:
        _must_be_public(turn.work.event, municipality)
        hold = turn.work.live_holds().get(hold_id)
        if hold is not None:
            turn.work.drop_hold(hold)
            turn.work.serve()
        return {"hold_id": hold_id, "event_id": event_id, "released": True}

    return desk.turns.run(event_id, task)


def register(desk: Desk, wanted: Wanted, command: Command) -> dict[str, Any]:
    """Places now, or a place in the waiting list; the answer of the first run for a repeated command.

    A contact that is registered already gets no second registration: the new link leads to the one there is.
    A live hold is a place: whoever has one gets it, also when the capacity was lowered meanwhile.
    """
    command = keyed(desk, command)
    manage = desk.hashed("manage", wanted.manage_hash)
    refusal = None if wanted.by_staff or wanted.hold_id else _refusal(desk, wanted, command.key)
    try:
        return desk.turns.run(wanted.event_id, lambda turn: _register(desk, turn, wanted, command, manage, refusal))
    except Taken:
        raise elsewhere(desk, command) from None


def _refusal(desk: Desk, wanted: Wanted | HoldWanted, key: str) -> TooMany | None:
    """What the gate says, to be raised unless the command was run before."""
    if wanted.asker is None:
        return None
    event_id = wanted.event_id

    def supply() -> int:
        event = desk.events.get(event_id)
        return event.capacity if event else 0

    try:
        asked = Asked(desk.hashed("price", key), event_id, supply, wanted.seats.places)
        desk.gate.pass_through(wanted.asker, asked, desk.clock.now())
    except TooMany as refusal:
        return refusal
    return None


def _register(
    desk: Desk, turn: Turn, wanted: Wanted, command: Command, manage: str, refusal: TooMany | None
) -> dict[str, Any]:
    work = turn.work
    earlier = work.by_key(command.key)
    if earlier is not None:
        return again(desk, work.event, earlier, command)
    _must_be_public(work.event, wanted.municipality)
    if work.by_link(manage) is not None:
        raise Taken
    same = work.by_contact(wanted.contact_keys)
    if same is not None:
        known = tuple(dict.fromkeys((*same.contact_keys, *wanted.contact_keys)))
        merged = replace(same, links=(*same.links, manage), contact_keys=known)
        work.claim(same.id, command.key, manage)
        return noted(desk, turn, merged, command)
    _check(desk, work, wanted)
    if refusal is not None:
        raise refusal
    draft = Registration(
        id=desk.new_id(),
        seats=wanted.seats,
        state=State.WAITING,
        contact_id=wanted.contact_id,
        channel=wanted.channel,
        message_language=wanted.message_language,
        version=0,
        contact_keys=wanted.contact_keys,
        told=work.event.noticed,
        links=(manage,),
    )
    hold = _hold(work, wanted)
    event = _with_code_used(desk, work.event, wanted)
    if hold is not None:
        work.drop_hold(hold)
    if hold is not None or work.tally.fits(event, wanted.seats, work.now):
        pending = event.registration == Mode.APPROVAL and not wanted.by_staff
        state, kind = (State.PENDING, "requested") if pending else (State.CONFIRMED, "confirmed")
        one, facts = draft.now(state, f"registration.{kind}", event)
    else:
        one, facts = draft.now(State.WAITING, "registration.waitlisted", event)
    work.event = event
    work.put(one, facts)
    work.claim(one.id, command.key, manage, wanted.contact_keys)
    for question, chosen in wanted.answers.items():
        for option in chosen:
            name = f"{question}.{option}"
            work.answers[name] = work.answers.get(name, 0) + 1
    return noted(desk, turn, one, command)


def get_registration(desk: Desk, municipality: str, manage_hash: str) -> dict[str, Any]:
    """The registration behind a manage link."""
    stored = desk.events.find(desk.hashed("manage", manage_hash))
    if stored is None or stored.event.municipality != municipality:
        raise UnknownRegistration
    found = answer(desk, stored.event, stored.registration, stored.waiting_position)
    return found | {"event": found["event"] | {"state": str(stored.event.state)}}


def cancel_registration(desk: Desk, municipality: str, manage_hash: str, command: Command) -> dict[str, Any]:
    """Give it up, while registration is open or the event is to come; freed places go down the line."""

    def give_up(work: Work, one: Registration) -> Registration:
        coming = work.event.state is EventState.POSTPONED or work.now < _begins(work.event, one)
        if one.state not in LIVING or work.event.state is EventState.CANCELLED or not coming:
            raise RegistrationNotChangeable(params={"state": str(one.state)})
        return work.end(one, State.CANCELLED, "cancelled", cancelled_by="visitor")

    return _by_link(desk, municipality, manage_hash, command, give_up)


def forget_contact(desk: Desk, municipality: str, manage_hash: str) -> dict[str, Any]:
    """Cut every tie of a registration to its contact, which the person has destroyed; the registration stays. As often
    as one likes."""
    manage = desk.hashed("manage", manage_hash)
    event_id = desk.events.home(f"manage:{manage}")
    if event_id is None:
        raise UnknownRegistration

    def task(turn: Turn) -> dict[str, Any]:
        one = turn.work.by_link(manage)
        if one is None or turn.work.event.municipality != municipality:
            raise UnknownRegistration
        if one.is_tied:
            turn.work.put(one.without_contact(), [])
        return answer(desk, turn.work.event, one.without_contact(), turn.work.position(one))

    return desk.turns.run(event_id, task)


def accept_offer(desk: Desk, municipality: str, manage_hash: str, command: Command) -> dict[str, Any]:
    """Take the places that are held for it. Raises RegistrationNotChangeable when the offer has run out."""

    def accept(work: Work, one: Registration) -> Registration:
        one.must_be(State.OFFERED)
        confirmed, facts = one.now(State.CONFIRMED, "registration.confirmed", work.event)
        work.put(confirmed, facts)
        return confirmed

    return _by_link(desk, municipality, manage_hash, command, accept)


def decline_offer(desk: Desk, municipality: str, manage_hash: str, command: Command) -> dict[str, Any]:
    """Leave the places to the next in line."""

    def decline(work: Work, one: Registration) -> Registration:
        one.must_be(State.OFFERED)
        return work.end(one, State.DECLINED, "declined")

    return _by_link(desk, municipality, manage_hash, command, decline)


def _by_link(desk: Desk, municipality: str, manage_hash: str, command: Command, step: Any) -> dict[str, Any]:
    command = keyed(desk, command)
    manage = desk.hashed("manage", manage_hash)
    event_id = desk.events.home(f"manage:{manage}")
    if event_id is None:
        raise UnknownRegistration

    def task(turn: Turn) -> dict[str, Any]:
        one = turn.work.by_link(manage)
        if one is None or turn.work.event.municipality != municipality:
            raise UnknownRegistration
        if any(said.key == command.key for said in one.said):
            return again(desk, turn.work.event, one, command)
        if turn.work.by_key(command.key) is not None:
            raise KeyReused
        changed = step(turn.work, one)
        turn.work.claim(one.id, command.key)
        return noted(desk, turn, changed, command)

    try:
        return desk.turns.run(event_id, task)
    except Taken:
        raise KeyReused from None


def _begins(event: Event, one: Registration) -> datetime:
    chosen = event.attended(one.seats.sessions) if one.seats.sessions else []
    return min((session.starts_at for session in chosen), default=event.starts_at)


def _must_be_public(event: Event, municipality: str) -> None:
    if event.state is EventState.DRAFT or event.municipality != municipality:
        raise UnknownEvent(params={"event_id": event.id})


def _check(desk: Desk, work: Work, wanted: Wanted) -> None:
    check_seats(work.event, wanted.seats)
    check_answers(work.event, wanted.answers)
    if not wanted.by_staff:
        work.event.must_be_open(work.now, wanted.seats.sessions)
    elif work.event.state not in (EventState.PUBLISHED, EventState.RUNNING) or work.event.registration == Mode.NONE:
        raise NotOpen(params={"state": str(work.event.state)})
    if work.is_crowded:
        raise NotOpen(params={"state": str(work.event.state), "reason": "waiting_list_full"})


def _hold(work: Work, wanted: Wanted) -> Hold | None:
    if wanted.hold_id is None:
        return None
    hold = work.live_holds().get(wanted.hold_id)
    if hold is None or hold.seats != wanted.seats:
        raise HoldExpired
    return hold


def _with_code_used(desk: Desk, event: Event, wanted: Wanted) -> Event:
    """The event after an invitation code was used. Raises WrongCode; unknown and used-up codes are told alike."""
    if event.registration != Mode.CODE or wanted.by_staff:
        return event
    hashed = desk.hashed("code", f"{event.id}:{(wanted.code or '').upper().replace('-', '').replace(' ', '')}")
    for number, one in enumerate(event.codes):
        if one.hash == hashed and one.places >= wanted.seats.places:
            used = replace(one, places=one.places - wanted.seats.places)
            return replace(event, codes=(*event.codes[:number], used, *event.codes[number + 1 :]))
    raise WrongCode
