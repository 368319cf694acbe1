"""The states of an appointment and the steps between them (VOCABULARY)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """States of an appointment; those in OCCUPYING hold a place."""

    HELD = "held"
    TO_CONFIRM = "to_confirm"
    CONFIRMED = "confirmed"
    ARRIVED = "arrived"
    IN_SERVICE = "in_service"
    DONE = "done"
    EXPIRED = "expired"
    CANCELLED_BY_VISITOR = "cancelled_by_visitor"
    CANCELLED_BY_SERVICE = "cancelled_by_service"
    MOVED = "moved"
    NO_SHOW = "no_show"
    LEFT_BEFORE_SERVICE = "left_before_service"


OCCUPYING = (State.HELD, State.TO_CONFIRM, State.CONFIRMED, State.ARRIVED, State.IN_SERVICE, State.DONE)
CHANGEABLE = (State.TO_CONFIRM, State.CONFIRMED)
OPEN = (State.HELD, *CHANGEABLE)
"""States before the visit, which a change of the plan can strand."""
EXPECTED = (*OPEN, State.ARRIVED, State.IN_SERVICE)
"""States in which somebody is expected or there; in all others an appointment has no contact any more."""


@dataclass(frozen=True)
class Step:
    """What staff do with an appointment on its day: from which states to which, told as which fact.

    ``same_day``: only on the guichet's date of the appointment; ``after_start``: not before it begins."""

    sources: tuple[State, ...]
    target: State
    fact: str
    same_day: bool = True
    after_start: bool = False


STEPS = {
    "confirm": Step((State.TO_CONFIRM,), State.CONFIRMED, "appointment.confirmed", same_day=False),
    "check_in": Step((State.CONFIRMED,), State.ARRIVED, "appointment.arrived"),
    "start": Step((State.ARRIVED,), State.IN_SERVICE, "appointment.started"),
    "finish": Step((State.IN_SERVICE,), State.DONE, "appointment.finished"),
    "leave": Step((State.ARRIVED,), State.LEFT_BEFORE_SERVICE, "appointment.left"),
    "miss": Step((State.CONFIRMED,), State.NO_SHOW, "appointment.missed", after_start=True),
    "correct": Step((State.NO_SHOW,), State.ARRIVED, "appointment.corrected"),
}
"""Steps of staff by name; a no-show may be corrected the same day."""
REASONS = ("mediator_absent", "plan_changed", "closed", "duplicate", "asked_by_visitor", "other_service")
"""Why the service cancels; a closed list, since a free text could tell of a person."""
