"""What the use cases of the guichet work with, and what they share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from imigr_guichet.domain.appointment import Appointment
from imigr_guichet.domain.guichet import Guichet
from imigr_guichet.domain.text import wire_time
from imigr_guichet.errors import KeyReused, UnknownGuichet
from imigr_guichet.ports.appointments import Appointments, Command, Done, Stored
from imigr_guichet.ports.plans import Plans
from imigr_kit.clock import Clock
from imigr_kit.ids import NewId

CHANGE_TRIES = 5
STAFF_ROLES = ("manager", "mediator")


@dataclass(frozen=True)
class Office:
    """Dependencies of this process."""

    plans: Plans
    appointments: Appointments
    clock: Clock
    new_id: NewId
    reference: Callable[[str], str]
    """The spoken reference of an appointment id."""
    hashed: Callable[[str, str], str]
    """Keyed hash of a text for a purpose."""


def get_guichet(office: Office, guichet_id: str, municipality: str | None = None) -> Guichet:
    """One open guichet; unknown and foreign alike raise UnknownGuichet."""
    guichet = office.plans.get(guichet_id)
    if guichet is None or guichet.state != "open" or municipality not in (None, guichet.municipality):
        raise UnknownGuichet(params={"guichet_id": guichet_id})
    return guichet


def said(office: Office, appointment: Appointment, done: Done | None = None) -> dict[str, Any]:
    """What is answered about an appointment: as it is, or as a command left it. The spoken reference is kept as a
    keyed hash only and derived anew when it is said."""
    return {
        "id": appointment.id,
        "municipality": appointment.municipality,
        "guichet_id": appointment.guichet_id,
        "start": wire_time(done.start if done else appointment.start),
        "end": wire_time(done.end if done else appointment.end),
        "topic": appointment.topic,
        "language": appointment.language,
        "state": str(done.state if done else appointment.state),
        "version": done.version if done else appointment.version,
        "contact_id": appointment.contact_id,
        "reference": office.reference(appointment.id),
    }


def said_again(office: Office, stored: Stored, command: Command) -> dict[str, Any]:
    """The answer of the first run of a repeated command; raises KeyReused for another body."""
    done = stored.commands[command.key]
    if done.body_hash != command.body_hash:
        raise KeyReused
    return said(office, stored.appointment, done)
