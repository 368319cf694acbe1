"""What the use cases of the guichet work with, and what they share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from imigr_guichet.domain.appointment import Appointment
from imigr_guichet.domain.guichet import Guichet
from imigr_guichet.domain.states import State
from imigr_guichet.domain.text import wire_time
from imigr_guichet.errors import AlreadyBooked, Busy, KeyReused, UnknownAppointment, UnknownGuichet
from imigr_guichet.places import Board
from imigr_guichet.ports.appointments import Appointments, Command, Done, Occupancy, Outcome, Quotas, Stored
from imigr_guichet.ports.plans import Plans
from imigr_kit.clock import Clock
from imigr_kit.context import current
from imigr_kit.facts import Fact
from imigr_kit.ids import NewId
from imigr_kit.pressure import Gate

CHANGE_TRIES = 5
STAFF_ROLES = ("manager", "mediator")
LONGEST_CALL = timedelta(seconds=5)
"""More than any caller gives a call; see ``moment``."""

Change = Callable[[Stored, Guichet], tuple[Appointment, list[Fact]]]


@dataclass(frozen=True)
class Office:
    """Dependencies of this process."""

    plans: Plans
    appointments: Appointments
    occupancy: Occupancy
    clock: Clock
    new_id: NewId
    reference: Callable[[str], str]
    """The spoken reference of an appointment id."""
    hashed: Callable[[str, str], str]
    """Keyed hash of a text for a purpose."""
    quotas: Quotas
    gate: Gate
    """Counts where commands of visitors come from."""
    chance: Callable[[], float]
    """A random number from 0 to 1."""
    boards: dict[str, Board] = field(default_factory=dict)
    """Compiled plans by guichet; see ``board``."""


def moment(office: Office) -> datetime:
    """Now. The caller's deadline was made by another machine's clock: if this one's is far behind it, the other is
    believed, so that a wrong clock does not let anybody book the past."""
    now = office.clock.now()
    deadline = current().deadline
    return now if deadline is None else max(now, deadline - LONGEST_CALL)


def board(office: Office, guichet: Guichet) -> Board:
    """The compiled plan, made anew when the plan was read anew."""
    found = office.boards.get(guichet.id)
    if found is None or found.guichet is not guichet:
        found = office.boards[guichet.id] = Board(guichet)
    return found


def get_guichet(office: Office, guichet_id: str, municipality: str | None = None) -> Guichet:
    """One open guichet; unknown and foreign alike raise UnknownGuichet."""
    guichet = office.plans.get(guichet_id)
    if guichet is None or guichet.state != "open" or municipality not in (None, guichet.municipality):
        raise UnknownGuichet(params={"guichet_id": guichet_id})
    return guichet


def guichet_of(office: Office, appointment: Appointment) -> Guichet:
    """The guichet of an appointment, open or not."""
    guichet = office.plans.get(appointment.guichet_id)
    if guichet is None:
        raise UnknownAppointment
    return guichet


def run(
    office: Office, find: Callable[[], Stored], command: Command, change: Change, contacts: tuple[str, ...] = ()
) -> tuple[Appointment, bool]:
    """Apply ``change`` to what ``find`` gives, again when others changed it meanwhile. The appointment and whether
    this run changed it; false when the command had been run before (then see ``said_again``).

    Raises what ``change`` raises, AlreadyBooked, KeyReused, or Busy.
    """
    for _ in range(CHANGE_TRIES):
        stored = find()
        if command.key in stored.commands:
            return stored.appointment, False
        new, facts = change(stored, guichet_of(office, stored.appointment))
        outcome = office.appointments.change(stored, new, facts, command, contacts)
        if outcome is Outcome.DONE:
            return new, True
        if outcome is Outcome.CONTACT:
            raise AlreadyBooked
    raise given_up(office, command)


def answer(
    office: Office, find: Callable[[], Stored], command: Command, change: Change, contacts: tuple[str, ...] = ()
) -> dict[str, Any]:
    """As ``run``; what is answered, the first time and again."""
    new, is_new = run(office, find, command, change, contacts)
    return said(office, new) if is_new else said_again(office, find(), command)


def given_up(office: Office, command: Command) -> KeyReused | Busy:
    """Why every try was refused: the key belongs to a command on another appointment, or there is a crowd."""
    return KeyReused() if office.appointments.by_command(command.key) else Busy(retry_after=1)


def said(office: Office, appointment: Appointment, done: Done | None = None) -> dict[str, Any]:
    """What is answered about an appointment: as it is, or as a command left it. The spoken reference is kept as a
    keyed hash only and derived anew when it is said."""
    until = done.until if done else (appointment.frees_at if appointment.state is State.HELD else None)
    answer = {
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
    return answer | ({"expires_at": wire_time(until)} if until else {})


def said_again(office: Office, stored: Stored, command: Command) -> dict[str, Any]:
    """The answer of the first run of a repeated command; raises KeyReused for another body."""
    done = stored.commands[command.key]
    command.must_be(done.body_hash)
    return said(office, stored.appointment, done)
