"""What the use cases of the waiting room work with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from imigr_guichet.domain.demands import Demand
from imigr_guichet.domain.guichet import Guichet
from imigr_guichet.domain.tickets import (
    Ticket,
)
from imigr_guichet.errors import (
    UnknownDesk,
    UnknownGuichet,
)
from imigr_guichet.handlers.records import Kept, Records
from imigr_guichet.ports.appointments import Appointments
from imigr_guichet.ports.plans import Plans
from imigr_kit.clock import Clock
from imigr_kit.errors import FieldError
from imigr_kit.ids import NewId

STAFF_ROLES = ("manager", "mediator")


class Tickets(Records[Ticket], Protocol):
    """Tickets as stored; a desk has one called or served ticket at most, and a day each number once."""

    def next_number(self, guichet_id: str, day: date) -> int:
        """Counts up from 1; a number whose ticket was never stored is left out."""
        ...

    def of_day(self, guichet_id: str, day: date) -> Sequence[Kept[Ticket]]:
        """All tickets of a day by number."""
        ...


@dataclass(frozen=True)
class Hall:
    """What the use cases of the waiting room work with."""

    plans: Plans
    tickets: Tickets
    demands: Records[Demand]
    appointments: Appointments
    clock: Clock
    new_id: NewId
    hashed: Callable[[str, str], str]
    """Keyed hash of a text for a purpose."""


def open_guichet(hall: Hall, municipality: str, guichet_id: str) -> Guichet:
    guichet = hall.plans.get(guichet_id)
    if guichet is None or guichet.state != "open" or guichet.municipality != municipality:
        raise UnknownGuichet(params={"guichet_id": guichet_id})
    return guichet


def known_desk(guichet: Guichet, desk: str) -> str:
    if all(one.code != desk for one in guichet.desks):
        raise UnknownDesk(fields=[FieldError("desk", UnknownDesk.code, "not a desk of this guichet")])
    return desk
