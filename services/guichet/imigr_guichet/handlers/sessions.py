"""Group sessions: planned by staff, seats booked by visitors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

from imigr_guichet.domain.appointment import Appointment
from imigr_guichet.domain.guichet import Extras, Guichet, Place
from imigr_guichet.domain.session import Session
from imigr_guichet.errors import Busy, KeyReused, SessionFull, SlotFull, SlotNotOffered, UnknownSession
from imigr_guichet.handlers.agenda import cancel_for_service
from imigr_guichet.handlers.booking import Booking, Wanted, admit, claim_within_quotas, draft, refused
from imigr_guichet.handlers.fading import clear_the_way
from imigr_guichet.handlers.office import CHANGE_TRIES, STAFF_ROLES, Office, get_guichet, moment, said
from imigr_guichet.opening import local_date
from imigr_guichet.ports.appointments import Command, Outcome
from imigr_guichet.ports.sessions import Seated, Sessions
from imigr_kit.access import require

Actor = Mapping[str, Any]


@dataclass(frozen=True)
class NewSession:
    """What staff plan."""

    municipality: str
    guichet_id: str
    desk: str
    start: datetime
    topic: str
    language: str
    capacity: int


def plan_session(office: Office, sessions: Sessions, actor: Actor, new: NewSession, command: Command) -> Seated:
    """A session at a desk that is free then; opening hours are the planner's own affair. Raises SlotFull."""
    require(actor, STAFF_ROLES, new.municipality)
    guichet = get_guichet(office, new.guichet_id, new.municipality)
    topic = guichet.topic(new.topic)
    if new.start <= moment(office) or new.desk not in {one.code for one in guichet.desks}:
        raise SlotNotOffered(params={"desk": new.desk})
    end = new.start + topic.length(Extras())
    busy = topic.busy(new.start, end)
    # The id follows from the command, so a repetition finds what the first run made.
    session = Session(
        id=f"s-{office.hashed('session', command.key)[:32]}",
        municipality=new.municipality,
        guichet_id=guichet.id,
        desk=new.desk,
        day=local_date(guichet, new.start),
        start=new.start,
        end=end,
        busy_from=busy[0],
        busy_until=busy[1],
        topic=topic.code,
        language=new.language,
        capacity=new.capacity,
        state="planned",
        version=1,
    )
    outcome = sessions.plan(*session.plan(guichet), command)
    if outcome is Outcome.TAKEN and clear_the_way(office, _as_appointment(session)):
        outcome = sessions.plan(*session.plan(guichet), command)
    if outcome is Outcome.TAKEN:
        raise SlotFull
    kept = sessions.find(session.id)
    if kept is None:
        raise KeyReused
    if outcome is Outcome.REPEATED:
        command.must_be(sessions.body_of(session.id, command) or "")
    return kept


def list_sessions(
    office: Office, sessions: Sessions, guichet_id: str, municipality: str | None = None
) -> Sequence[Seated]:
    """Sessions to come, for everybody."""
    guichet = get_guichet(office, guichet_id, municipality)
    found = sessions.upcoming(guichet.id, local_date(guichet, moment(office)))
    return [one for one in found if one.session.start > moment(office)]


def book_seat(
    office: Office, sessions: Sessions, session_id: str, booking: Booking, command: Command
) -> dict[str, Any]:
    """A seat of a session; one conditional write per try. Raises UnknownSession or SessionFull."""
    guichet = get_guichet(office, booking.guichet_id, booking.municipality)
    is_admitted = False
    for _ in range(CHANGE_TRIES):
        seated = sessions.find(session_id)
        if seated is None or seated.session.guichet_id != guichet.id or seated.session.state != "planned":
            raise UnknownSession
        session = seated.session
        if not is_admitted:
            admit(office, booking, command, session.id, partial(int, session.capacity))
            is_admitted = True
        if session.start <= moment(office):
            raise SlotNotOffered
        taken = {one.seat for one in seated.seats if one.seat is not None}
        if len(taken) >= session.capacity:
            break
        if len(seated.open) > session.capacity:
            _close_surplus(office, sessions, session, guichet)
            continue
        free = seated.open - taken
        appointment_id = office.new_id()
        for seat in sorted(free, key=lambda one: office.hashed("seat", f"{appointment_id}{one}")):
            made, facts = _seat(booking, appointment_id, session, seat).book(guichet)
            outcome = claim_within_quotas(office, booking, made, facts, command)
            if outcome is Outcome.TAKEN and clear_the_way(office, made):
                outcome = claim_within_quotas(office, booking, made, facts, command)
            if outcome is Outcome.DONE:
                return said(office, made)
            if outcome is not Outcome.TAKEN:
                return refused(office, outcome, command)
        if not free:
            break
    return refused(office, Outcome.TAKEN, command, full=SessionFull())


def _close_surplus(office: Office, sessions: Sessions, session: Session, guichet: Guichet) -> None:
    """More seats are open than there may be, since some were given when the capacity was lowered: close what is free
    of them, by the same conditional write as lowering does. So the seats that are open are the whole rule for who
    books, and no two who book at once can be one too many."""
    command = Command(f"close:{session.id}:{session.version}", "", by="system")
    sessions.change(session, *session.resize(session.capacity, guichet), command)


def resize_session(
    office: Office,
    sessions: Sessions,
    actor: Actor,
    municipality: str,
    session_id: str,
    capacity: int,
    command: Command,
) -> tuple[Seated, Sequence[Appointment]]:
    """Another capacity; and who sits beyond it: nobody is dropped, staff are told whom to call."""
    require(actor, STAFF_ROLES, municipality)
    seated = _change(office, sessions, municipality, session_id, command, capacity)
    return seated, seated.seats[capacity:]


def cancel_session(
    office: Office, sessions: Sessions, actor: Actor, municipality: str, session_id: str, command: Command
) -> Seated:
    """Call it off: its seats are closed first, then every visitor's appointment is cancelled by the service."""
    require(actor, STAFF_ROLES, municipality)
    seated = _change(office, sessions, municipality, session_id, command, None)
    for one in seated.seats:
        each = replace(command.part(one.id), body_hash="")
        cancel_for_service(office, actor, municipality, one.id, "closed", each)
    return seated


def _change(
    office: Office, sessions: Sessions, municipality: str, session_id: str, command: Command, capacity: int | None
) -> Seated:
    for _ in range(CHANGE_TRIES):
        seated = sessions.find(session_id)
        if seated is None or seated.session.municipality != municipality:
            raise UnknownSession
        guichet = get_guichet(office, seated.session.guichet_id, municipality)
        old = seated.session
        new, facts = old.cancel(guichet) if capacity is None else old.resize(capacity, guichet)
        outcome = sessions.change(old, new, facts, command)
        if outcome is Outcome.REPEATED:
            command.must_be(sessions.body_of(session_id, command) or "")
        if outcome in (Outcome.DONE, Outcome.REPEATED):
            return sessions.find(session_id) or seated
    raise Busy(retry_after=1)


def _seat(booking: Booking, appointment_id: str, session: Session, seat: int) -> Appointment:
    place = Place(session.desk, session.desk, (session.language,), (session.topic,))
    wanted = Wanted(session.day, session.start, session.end, (session.busy_from, session.busy_until), (place,))
    made = draft(booking, appointment_id, place, wanted)
    return replace(
        made, start=session.start, topic=session.topic, language=session.language, session_id=session.id, seat=seat
    )


def _as_appointment(session: Session) -> Appointment:
    place = Place(session.desk, session.desk, (session.language,), (session.topic,))
    wanted = Wanted(session.day, session.start, session.end, (session.busy_from, session.busy_until), (place,))
    booking = Booking(
        session.municipality, session.guichet_id, session.start, session.topic, session.language, "", None, None, "fr"
    )
    return draft(booking, session.id, place, wanted)
