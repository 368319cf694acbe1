"""Places whose time is over: holds that ended, and places given back that return after a while."""

from __future__ import annotations

from imigr_guichet.domain.appointment import Appointment
from imigr_guichet.domain.states import State
from imigr_guichet.handlers.office import Office, guichet_of
from imigr_guichet.ports.appointments import Command, Outcome, Stored


def clear_the_way(office: Office, appointment: Appointment) -> bool:
    """Free what lies in the way of an appointment though its time is over, without waiting for a job; true when
    something was freed, so that a second try can help."""
    return sum(_let_go(office, one) for one in office.appointments.faded(appointment, office.clock.now())) > 0


def expire_holds(office: Office) -> int:
    """End the holds whose time is over, and give back what was cancelled; how many of one batch."""
    return sum(_let_go(office, one) for one in office.appointments.ended_holds(office.clock.now()))


def _let_go(office: Office, stored: Stored) -> bool:
    one = stored.appointment
    if one.state is not State.HELD:
        office.appointments.free_cancelled(stored)
        return True
    expired, facts = one.expire(guichet_of(office, one))
    command = Command(f"expire:{one.id}", "", by="system")
    return office.appointments.change(stored, expired, facts, command) is Outcome.DONE
