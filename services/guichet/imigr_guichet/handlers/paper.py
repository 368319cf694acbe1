"""Use cases of paper: a slip that a desk can check without a network, the list of a day, and the merge afterwards."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Protocol

from imigr_guichet.domain import slips
from imigr_guichet.domain.appointment import Appointment
from imigr_guichet.domain.guichet import CELL_MINUTES, Guichet, shared
from imigr_guichet.domain.slips import Slip
from imigr_guichet.domain.states import State
from imigr_guichet.domain.text import wire_time
from imigr_guichet.errors import AppointmentNotChangeable, KeyReused, UnknownAppointment, UnknownSlip
from imigr_guichet.handlers.agenda import find_by_reference, take_step
from imigr_guichet.handlers.booking import Booking, Wanted, claim_within_quotas, draft, in_turn
from imigr_guichet.handlers.changing import find
from imigr_guichet.handlers.office import (
    STAFF_ROLES,
    Office,
    board,
    get_guichet,
    guichet_of,
    moment,
    said,
    said_again,
)
from imigr_guichet.handlers.slots import Ask, as_booked, next_slots
from imigr_guichet.opening import DAY, local_date
from imigr_guichet.places import WIDTH, cell_of
from imigr_guichet.ports.appointments import Command, Outcome
from imigr_kit.access import require
from imigr_kit.errors import ImigrError, NotFound

Actor = dict[str, Any]
Said = dict[str, Any]
SHOWABLE = (State.TO_CONFIRM, State.CONFIRMED, State.ARRIVED)
OLDEST = timedelta(days=3)
"""What was written on paper longer ago is not merged by itself."""
MOST_AHEAD = timedelta(minutes=5)
"""By how much the clock of a device may be ahead of ours."""


class Signer(Protocol):
    """Signs and verifies slips."""

    key_id: str

    def sign(self, body: bytes) -> bytes:
        """64 octets."""
        ...

    def verify(self, key_id: str, body: bytes, signature: bytes) -> bool:
        """Whether it is ours."""
        ...

    def public_keys(self) -> dict[str, str]:
        """In base64 by their id."""
        ...


@dataclass(frozen=True)
class Paper:
    """What the use cases of paper work with."""

    office: Office
    signer: Signer


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


class Conflicting(Exception):
    """This one cannot be merged; the reason is a code."""

    def __init__(self, reason: str, **more: Any) -> None:
        super().__init__(reason)
        self.reason = reason
        self.more = more


def get_slip(paper: Paper, municipality: str, manage_hash: str) -> Said:
    """The signed slip of the appointment behind a manage link, for the person or for who comes instead."""
    appointment = find(paper.office, municipality, manage_hash).appointment
    return _slip(paper, appointment)


def get_slip_for_visitor(paper: Paper, actor: Actor, municipality: str, appointment_id: str) -> Said:
    """The same, printed at the desk for an appointment that staff booked."""
    require(actor, STAFF_ROLES, municipality)
    stored = paper.office.appointments.by_id(appointment_id)
    if stored is None or stored.appointment.municipality != municipality:
        raise UnknownAppointment
    return _slip(paper, stored.appointment)


def public_keys(paper: Paper) -> Said:
    """Keys that slips are verified with, without asking."""
    return {"algorithm": "Ed25519", "purpose": slips.PURPOSE.decode(), "keys": paper.signer.public_keys()}


def check_in(
    paper: Paper,
    actor: Actor,
    municipality: str,
    guichet_id: str,
    slip: str | None,
    reference: str | None,
    command: Command,
) -> Said:
    """Check in by slip or spoken reference. Raises UnknownSlip for what is forged, foreign or unknown, all alike."""
    require(actor, STAFF_ROLES, municipality)
    guichet = get_guichet(paper.office, guichet_id, municipality)
    try:
        appointment = _shown(paper, actor, guichet, slip, reference)
    except Conflicting:
        raise UnknownSlip from None
    return take_step(paper.office, actor, municipality, appointment.id, "check_in", command)


def list_for_day(paper: Paper, actor: Actor, municipality: str, guichet_id: str, day: date) -> Said:
    """What a desk keeps for a day without a network: who is expected, by reference, and the keys to verify slips."""
    require(actor, STAFF_ROLES, municipality)
    guichet = get_guichet(paper.office, guichet_id, municipality)
    expected = [one for one in paper.office.appointments.of_day(guichet.id, day) if one.state in SHOWABLE]
    return {
        "guichet_id": guichet.id,
        "municipality": municipality,
        "timezone": guichet.timezone,
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
    appointment = _shown(paper, actor, guichet, one.slip, one.reference)
    try:
        return take_step(paper.office, actor, guichet.municipality, appointment.id, "check_in", command)
    except AppointmentNotChangeable:
        current = paper.office.appointments.by_id(appointment.id)
        state = current.appointment.state if current else appointment.state
        came = state in (State.ARRIVED, State.IN_SERVICE, State.DONE)
        raise Conflicting("already_arrived" if came else str(state), appointment_id=appointment.id) from None


def _shown(paper: Paper, actor: Actor, guichet: Guichet, slip: str | None, reference: str | None) -> Appointment:
    """Whose slip or reference it is; raises Conflicting."""
    if slip is None:
        try:
            appointment = find_by_reference(paper.office, actor, guichet.municipality, reference or "")
        except NotFound:
            raise Conflicting("unknown") from None
    else:
        stored = paper.office.appointments.by_id(_verified(paper, slip).appointment_id)
        if stored is None:
            raise Conflicting("unknown")
        appointment = stored.appointment
    if appointment.guichet_id != guichet.id:
        raise Conflicting("other_guichet")
    return appointment


def _verified(paper: Paper, text: str) -> Slip:
    try:
        slip, signature = slips.read(text)
    except slips.Unreadable:
        raise Conflicting("unreadable") from None
    if not paper.signer.verify(slip.key_id, slip.body(), signature):
        raise Conflicting("forged")
    return slip


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


def _slip(paper: Paper, appointment: Appointment) -> Said:
    if appointment.state not in SHOWABLE:
        raise AppointmentNotChangeable(params={"state": str(appointment.state)})
    guichet = guichet_of(paper.office, appointment)
    minutes = int((appointment.end - appointment.start).total_seconds() // 60)
    slip = Slip(
        paper.signer.key_id, appointment.guichet_id, appointment.id, appointment.desk, appointment.start, minutes
    )
    return {
        "slip": slips.written(slip, paper.signer.sign(slip.body())),
        "municipality": appointment.municipality,
        "guichet_id": appointment.guichet_id,
        "guichet_name": dict(guichet.name),
        "address": dict(guichet.address),
        "timezone": guichet.timezone,
        "start": wire_time(appointment.start),
        "end": wire_time(appointment.end),
        "desk": appointment.desk,
        "reference": paper.office.reference(appointment.id),
        "language": appointment.language,
        "version": appointment.version,
    }


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
