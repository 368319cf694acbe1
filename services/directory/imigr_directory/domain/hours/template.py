"""The usual hours of Tunisian administrations, as a template: to be confirmed by whoever works there."""

from __future__ import annotations

from imigr_directory.domain.hours.recurrence import recurrence
from imigr_directory.domain.hours.schedule import RAMADAN, Rule, Schedule
from imigr_directory.domain.hours.spans import Span, span_of

MONDAY_TO_THURSDAY, FRIDAY = "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH", "FREQ=WEEKLY;BYDAY=FR"


def administration() -> Schedule:
    """Monday to Thursday 8:30-12:30 and 13:30-17:30, Friday 8:00-13:00 and 14:30-17:30; in Ramadan Monday to Thursday
    8:00-14:30, Friday 7:30-13:00; closed on holidays."""
    return Schedule(
        rules=(
            Rule(recurrence(MONDAY_TO_THURSDAY), _spans("08:30-12:30", "13:30-17:30")),
            Rule(recurrence(FRIDAY), _spans("08:00-13:00", "14:30-17:30")),
        ),
        regimes={
            RAMADAN: (
                Rule(recurrence(MONDAY_TO_THURSDAY), _spans("08:00-14:30")),
                Rule(recurrence(FRIDAY), _spans("07:30-13:00")),
            )
        },
        to_confirm=True,
    )


TEMPLATES = {"tunisian_administration": administration}
"""By name, as staff apply them."""


def _spans(*texts: str) -> tuple[Span, ...]:
    return tuple(span_of(text.split("-")) for text in texts)
