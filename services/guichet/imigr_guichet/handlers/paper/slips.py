"""The slip that a desk can check without a network, and what it stands for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from imigr_guichet.domain import slips
from imigr_guichet.domain.appointment import Appointment
from imigr_guichet.domain.guichet import Guichet
from imigr_guichet.domain.slips import Slip
from imigr_guichet.domain.states import State
from imigr_guichet.domain.text import wire_time
from imigr_guichet.errors import AppointmentNotChangeable, UnknownAppointment, UnknownSlip
from imigr_guichet.handlers.agenda import find_by_reference, take_step
from imigr_guichet.handlers.changing import find
from imigr_guichet.handlers.office import (
    STAFF_ROLES,
    Office,
    get_guichet,
    guichet_of,
)
from imigr_guichet.ports.appointments import Command
from imigr_kit.access import require
from imigr_kit.errors import NotFound

Actor = dict[str, Any]


Said = dict[str, Any]


SHOWABLE = (State.TO_CONFIRM, State.CONFIRMED, State.ARRIVED)


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
        appointment = whose(paper, actor, guichet, slip, reference)
    except Conflicting:
        raise UnknownSlip from None
    return take_step(paper.office, actor, municipality, appointment.id, "check_in", command)


def whose(paper: Paper, actor: Actor, guichet: Guichet, slip: str | None, reference: str | None) -> Appointment:
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
        "demonstration": guichet.demonstration,
        "start": wire_time(appointment.start),
        "end": wire_time(appointment.end),
        "desk": appointment.desk,
        "reference": paper.office.reference(appointment.id),
        "language": appointment.language,
        "version": appointment.version,
    }
