"""Use cases of the figures: what an event counts, and what may be shown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from imigr_guichet.domain.figures import Count, Measure, band, publish
from imigr_guichet.domain.guichet import Guichet
from imigr_guichet.errors import UnknownGuichet
from imigr_guichet.ports.plans import Plans
from imigr_kit.access import require

STAFF_ROLES = ("manager",)


class Figures(Protocol):
    """Counters by guichet and month."""

    def add(self, guichet: Guichet, month: str, counts: Sequence[Count], session: Any) -> None:
        """Add to the counters, within the session of the event that is handled."""
        ...

    def of_month(self, guichet_id: str, month: str) -> Mapping[Measure, Mapping[str, int]]:
        """All counters of a month, as they are."""
        ...


@dataclass(frozen=True)
class Ledger:
    """What the use cases of the figures work with."""

    plans: Plans
    figures: Figures


def count_event(ledger: Ledger, kind: str, data: Mapping[str, Any], session: Any) -> None:
    """Count what an event of the own guichets says; events of guichets that others run are not counted here."""
    guichet = ledger.plans.get(str(data.get("guichet_id", "")))
    counts = tuple(counts_of(kind, data))
    if guichet is not None and counts:
        ledger.figures.add(guichet, _month(guichet, data), counts, session)


def counts_of(kind: str, data: Mapping[str, Any]) -> Iterator[Count]:
    """The cells that an event adds to; a correction takes back what its cause has added."""
    if kind == "guichet.ticket.started" and data["first"]:
        yield Count(Measure.WAIT, band(int(data["waited_minutes"])))
        yield Count(Measure.TICKETS, "served")
    elif kind in TICKET_CODES:
        yield TICKET_CODES[kind]
    elif kind == "guichet.demand.unserved":
        yield Count(Measure.UNSERVED, str(data["language"]).lower())
    elif kind == "guichet.orientation.recorded":
        yield from (Count(Measure.NEEDS, str(theme)) for theme in data["themes"])
    elif kind in APPOINTMENT_CODES:
        yield APPOINTMENT_CODES[kind]


TICKET_CODES = {
    "guichet.ticket.missed": Count(Measure.TICKETS, "missed"),
    "guichet.ticket.recalled": Count(Measure.TICKETS, "missed", -1),
    "guichet.ticket.left": Count(Measure.TICKETS, "left"),
}
APPOINTMENT_CODES = {
    "guichet.appointment.finished": Count(Measure.APPOINTMENTS, "done"),
    "guichet.appointment.missed": Count(Measure.APPOINTMENTS, "no_show"),
    "guichet.appointment.corrected": Count(Measure.APPOINTMENTS, "no_show", -1),
    "guichet.appointment.cancelled": Count(Measure.APPOINTMENTS, "cancelled"),
    "guichet.appointment.left": Count(Measure.APPOINTMENTS, "left"),
}
KINDS = (
    "guichet.ticket.started",
    "guichet.demand.unserved",
    "guichet.orientation.recorded",
    *TICKET_CODES,
    *APPOINTMENT_CODES,
)
"""All kinds of events that counts_of makes something of."""


def get_figures(
    ledger: Ledger, actor: dict[str, Any], municipality: str, guichet_id: str, month: date
) -> dict[str, Any]:
    """The figures of one guichet in one calendar month, small counts hidden.

    No other period and no sum over guichets is given: the difference of two overlapping ones would tell what each of
    them hides.
    """
    require(actor, STAFF_ROLES, municipality)
    guichet = ledger.plans.get(guichet_id)
    if guichet is None or guichet.municipality != municipality:
        raise UnknownGuichet(params={"guichet_id": guichet_id})
    found = ledger.figures.of_month(guichet_id, f"{month:%Y-%m}")
    tables = {measure: publish(found.get(measure, {})) for measure in Measure}
    shown = {str(measure): {"cells": dict(table.cells), "total": table.total} for measure, table in tables.items()}
    return {"guichet_id": guichet_id, "municipality": municipality, "month": f"{month:%Y-%m}"} | shown


def _month(guichet: Guichet, data: Mapping[str, Any]) -> str:
    if "day" in data:
        return str(data["day"])[:7]
    start = datetime.fromisoformat(str(data["start"]).replace("Z", "+00:00"))
    return f"{start.astimezone(ZoneInfo(guichet.timezone)):%Y-%m}"
