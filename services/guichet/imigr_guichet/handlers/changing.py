"""What a visitor does with the link of an appointment: see, move, cancel."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from imigr_guichet.domain.guichet import Guichet
from imigr_guichet.errors import Busy, KeyReused, SlotFull, UnknownAppointment
from imigr_guichet.handlers.booking import Wanted, in_turn, offered
from imigr_guichet.handlers.office import CHANGE_TRIES, Office, get_guichet, said, said_again
from imigr_guichet.handlers.slots import next_slots
from imigr_guichet.ports.appointments import Command, Outcome, Stored
from imigr_kit.errors import ImigrError


def get_appointment(office: Office, municipality: str, manage_hash: str) -> dict[str, Any]:
    """The appointment behind a manage link."""
    return said(office, find(office, municipality, manage_hash).appointment)


def move_appointment(
    office: Office, municipality: str, manage_hash: str, start: datetime, command: Command
) -> dict[str, Any]:
    """Move to another start of the same guichet, or keep the old one: never both, never none."""
    for _ in range(CHANGE_TRIES):
        stored = find(office, municipality, manage_hash)
        if command.key in stored.commands:
            return said_again(office, stored, command)
        old = stored.appointment
        guichet = get_guichet(office, old.guichet_id, municipality)
        wanted = offered(office, guichet, old.topic, old.language, start, old.end - old.start)
        outcome, answer = _move(office, guichet, stored, wanted, command)
        if outcome is Outcome.DONE:
            return answer
        if outcome is Outcome.TAKEN:
            raise SlotFull(params=next_slots(office, guichet, old.topic, old.language, start))
    raise _given_up(office, command)


def _move(
    office: Office, guichet: Guichet, stored: Stored, wanted: Wanted, command: Command
) -> tuple[Outcome, dict[str, Any]]:
    old = stored.appointment
    outcome = Outcome.TAKEN
    able = guichet.places_for(old.topic, old.language, wanted.day, spread=old.id)
    own = [place for place in able if place.desk == old.desk]
    # The own desk is tried in any case: what lies in the way there may be the appointment itself.
    for place in (*own, *in_turn(office, guichet, [p for p in able if p not in own], wanted)):
        target = replace(
            old,
            desk=place.desk,
            day=wanted.day,
            start=wanted.start,
            end=wanted.end,
            busy_from=wanted.busy[0],
            busy_until=wanted.busy[1],
        )
        new, facts = old.move(target, guichet, now=office.clock.now())
        outcome = office.appointments.change(stored, new, facts, command)
        if outcome is not Outcome.TAKEN:
            return outcome, said(office, new)
    return outcome, {}


def cancel_appointment(office: Office, municipality: str, manage_hash: str, command: Command) -> dict[str, Any]:
    """Cancel for the visitor and free the place."""
    for _ in range(CHANGE_TRIES):
        stored = find(office, municipality, manage_hash)
        if command.key in stored.commands:
            return said_again(office, stored, command)
        old = stored.appointment
        guichet = office.plans.get(old.guichet_id)
        if guichet is None:
            raise UnknownAppointment
        new, facts = old.cancel(guichet, by="visitor", now=office.clock.now())
        if office.appointments.change(stored, new, facts, command) is Outcome.DONE:
            return said(office, new)
    raise _given_up(office, command)


def _given_up(office: Office, command: Command) -> ImigrError:
    """Why every try was refused: the key belongs to a command on another appointment, or there is a crowd."""
    return KeyReused() if office.appointments.by_command(command.key) else Busy(retry_after=1)


def find(office: Office, municipality: str, manage_hash: str) -> Stored:
    """What a manage link stands for; unknown and foreign alike raise UnknownAppointment."""
    stored = office.appointments.find(office.hashed("manage", manage_hash))
    if stored is None or stored.appointment.municipality != municipality:
        raise UnknownAppointment
    return stored
