"""The list of a day, and its merge after a time without a network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from imigr_guichet.domain.appointment import Appointment
from imigr_guichet.domain.guichet import CELL_MINUTES, Guichet, shared
from imigr_guichet.domain.states import State
from imigr_guichet.domain.text import wire_time
from imigr_guichet.errors import AppointmentNotChangeable, KeyReused
from imigr_guichet.handlers.agenda import take_step
from imigr_guichet.handlers.booking import Booking, Wanted, claim_within_quotas, draft, in_turn
from imigr_guichet.handlers.office import (
    STAFF_ROLES,
    Office,
    board,
    get_guichet,
    moment,
    said,
    said_again,
)
from imigr_guichet.handlers.paper.slips import SHOWABLE, Actor, Conflicting, Paper, Said, whose
from imigr_guichet.handlers.slots import Ask, as_booked, next_slots
from imigr_guichet.opening import DAY, local_date
from imigr_guichet.places import WIDTH, cell_of
from imigr_guichet.ports.appointments import Command, Outcome
from imigr_kit.access import require
from imigr_kit.errors import ImigrError

OLDEST = timedelta(days=3)
"""What was written on paper longer ago is not merged by itself."""


MOST_AHEAD = timedelta(minutes=5)
"""By how much the clock of a device may be ahead of ours."""


@dataclass(frozen=True)
class Written:
    """One thing that a desk did without a network; ``id`` is drawn on the device and makes a repetition harmless."""

    id: str
    kind: str
    """``check_in`` or ``booking``."""
    at: datetime
    body_hash: str
    slip: str | None = None
    reference: str | None = None
    start: datetime | None = None
    topic: str | None = None
    language: str | None = None


def list_for_day(paper: Paper, actor: Actor, municipality: str, guichet_id: str, day: date) -> Said:
    """What a desk keeps for a day without a network: who is expected, by reference, and the keys to verify slips."""
    require(actor, STAFF_ROLES, municipality)
    guichet = get_guichet(paper.office, guichet_id, municipality)
    expected = [one for one in paper.office.appointments.of_day(guichet.id, day) if one.state in SHOWABLE]
    return {
        "guichet_id": guichet.id,
        "municipality": municipality,
        "timezone": guichet.timezone,
        "demonstration": guichet.demonstration,
        "day": day.isoformat(),
        "made_at": wire_time(moment(paper.office)),
        "keys": paper.signer.public_keys(),
        "items": [_row(paper, one) for one in expected],
    }


def merge_day(
    paper: Paper, actor: Actor, municipality: str, guichet_id: str, written: Sequence[Written], by: str
) -> Said:
    """Take in what a desk did without a network, in the order in which it was done; one answer for each.

    The same entry again has the same effect: none. A booking on paper takes its place by the same conditional write as
    any other, so nothing is given twice: what cannot be merged is a conflict, with its reason, for people to settle.
    """
    require(actor, STAFF_ROLES, municipality)
    guichet = get_guichet(paper.office, guichet_id, municipality)
    answers = {one.id: _merged(paper, actor, guichet, one, by) for one in sorted(written, key=lambda one: one.at)}
    items = [answers[one.id] for one in written]
    return {"items": items, "conflicts": [one for one in items if one["outcome"] == "conflict"]}


def _merged(paper: Paper, actor: Actor, guichet: Guichet, one: Written, by: str) -> Said:
    command = Command(f"paper:{guichet.id}:{one.id}", one.body_hash, by)
    try:
        _must_be_recent(paper, one)
        done = (
            _book(paper, guichet, one, command)
            if one.kind == "booking"
            else _arrive(paper, actor, guichet, one, command)
        )
    except Conflicting as conflict:
        return {"id": one.id, "outcome": "conflict", "reason": conflict.reason, **conflict.more}
    except KeyReused:
        return {"id": one.id, "outcome": "conflict", "reason": "id_reused"}
    except ImigrError as error:
        return {"id": one.id, "outcome": "conflict", "reason": error.code.rpartition(".")[2]}
    return {
        "id": one.id,
        "outcome": "merged",
        "appointment_id": done["id"],
        "reference": done["reference"],
        "start": done["start"],
        "state": done["state"],
    }


def _arrive(paper: Paper, actor: Actor, guichet: Guichet, one: Written, command: Command) -> Said:
    appointment = whose(paper, actor, guichet, one.slip, one.reference)
    try:
        return take_step(paper.office, actor, guichet.municipality, appointment.id, "check_in", command)
    except AppointmentNotChangeable:
        current = paper.office.appointments.by_id(appointment.id)
        state = current.appointment.state if current else appointment.state
        came = state in (State.ARRIVED, State.IN_SERVICE, State.DONE)
        raise Conflicting("already_arrived" if came else str(state), appointment_id=appointment.id) from None


def _book(paper: Paper, guichet: Guichet, one: Written, command: Command) -> Said:
    """A booking that was written on paper takes its place now, also when it has begun meanwhile."""
    office = paper.office
    if one.start is None or one.topic is None or one.language is None:
        raise Conflicting("incomplete")
    earlier = office.appointments.by_command(command.key)
    if earlier is not None:
        return said_again(office, earlier, command)
    secret = office.hashed("paper", command.key)
    booking = Booking(
        guichet.municipality, guichet.id, one.start, one.topic, one.language, secret, None, None, "fr",
        booked_by="staff",
    )  # fmt: skip
    appointment_id = office.new_id()
    for wanted in _as_planned(office, guichet, booking):
        able = shared(guichet.places(wanted.day), wanted.able, one.language, appointment_id)
        for place in in_turn(office, guichet, able, wanted):
            made, facts = draft(booking, appointment_id, place, wanted).book(guichet)
            outcome = claim_within_quotas(office, booking, made, facts, command)
            if outcome is Outcome.DONE:
                return said(office, made)
            if outcome is not Outcome.TAKEN:
                break
        again = office.appointments.by_command(command.key)  # another device merges the same entry at this moment
        if again is not None:
            return said_again(office, again, command)
        raise Conflicting("taken", **next_slots(office, guichet, Ask(one.topic, (one.language,)), one.start))
    raise Conflicting("slot_not_offered")


def _as_planned(office: Office, guichet: Guichet, booking: Booking) -> Iterator[Wanted]:
    """The start as the plan offers it, whatever the hour is now; nothing when it is no start of the plan."""
    topic = as_booked(guichet.topic(booking.topic), Ask(booking.topic, booked_by="staff"))
    end = booking.start + topic.length(booking.extras)
    cells = int((end - booking.start).total_seconds()) // 60 // CELL_MINUTES
    plan = board(office, guichet)
    for day in (local_date(guichet, booking.start), local_date(guichet, booking.start) - DAY):
        bit = cell_of(booking.start) - plan.base(day)
        if booking.start.timestamp() % (CELL_MINUTES * 60) or not 0 <= bit < WIDTH:
            return
        able = tuple(
            place
            for place in guichet.places_for(booking.topic, (booking.language,), day)
            if plan.fitting(place, day, cells, public=False) >> bit & 1
            and not plan.absent(place.mediator, day) >> bit & 1
        )
        if able:
            yield Wanted(day, booking.start, end, topic.busy(booking.start, end), able)
            return


def _must_be_recent(paper: Paper, one: Written) -> None:
    now = moment(paper.office)
    if one.at > now + MOST_AHEAD:
        raise Conflicting("clock_ahead")
    if one.at < now - OLDEST:
        raise Conflicting("too_old")


def _row(paper: Paper, one: Appointment) -> Mapping[str, Any]:
    return {
        "appointment_id": one.id,
        "reference": paper.office.reference(one.id),
        "start": wire_time(one.start),
        "end": wire_time(one.end),
        "desk": one.desk,
        "topic": one.topic,
        "language": one.language,
        "interpreter": one.interpreter,
        "state": str(one.state),
        "version": one.version,
    }
