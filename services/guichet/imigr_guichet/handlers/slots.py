"""Free slots: computed from the plan and from what is taken, never stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from imigr_guichet.domain.guichet import Guichet, spoken
from imigr_guichet.domain.text import overlaps, wire_time
from imigr_guichet.handlers.office import Office
from imigr_guichet.opening import is_bookable, local_date, starts

NEXT_SLOTS = 5


@dataclass(frozen=True)
class Slot:
    """A start that can be booked, how many places it has, and the languages in which."""

    start: datetime
    end: datetime
    places: int
    languages: tuple[str, ...]


def list_guichets(office: Office, municipality: str | None) -> Sequence[Guichet]:
    """Open guichets, by municipality."""
    return [one for one in office.plans.all(municipality) if one.state == "open"]


def list_slots(
    office: Office, guichet: Guichet, topic: str, language: str | None, first: date | None, days: int, limit: int
) -> dict[date, list[Slot]]:
    """Free slots by opening day, at most ``limit`` in all, from ``first`` (default today) for ``days`` days."""
    reason = guichet.topic(topic)
    now = office.clock.now()
    today = local_date(guichet, now)
    begin = max(first or today, today - timedelta(days=1))
    guichet.places_for(topic, language, begin)
    taken = office.appointments.taken(guichet.id, begin, begin + timedelta(days=days - 1))
    found: dict[date, list[Slot]] = {}
    left = limit
    for offset in range(days):
        day = begin + timedelta(days=offset)
        able = guichet.places_for(topic, language, day)
        for start, end in starts(guichet, day, reason.minutes):
            if left and is_bookable(guichet, reason, start, now):
                busy = reason.busy(start, end)
                free = [p for p in able if not any(overlaps(busy, one) for one in taken.get((day, p.desk), ()))]
                if free:
                    found.setdefault(day, []).append(Slot(start, end, len(free), spoken(free)))
                    left -= 1
    return found


def next_slots(office: Office, guichet: Guichet, topic: str, language: str, wanted: datetime) -> dict[str, Any]:
    """Up to five free slots from the wanted day on, as parameters of a refusal."""
    now = office.clock.now()
    today = local_date(guichet, now)
    first = max(local_date(guichet, wanted), today) if wanted > now else today
    days = max(1, guichet.horizon_days + 1 - (first - today).days)
    found = list_slots(office, guichet, topic, language, first, days, 50)
    after = min(wanted, now + timedelta(days=400))
    slots = [slot for day in sorted(found) for slot in found[day] if slot.start > after]
    return {"next_slots": [slot_said(slot) for slot in slots[:NEXT_SLOTS]]}


def slot_said(slot: Slot) -> dict[str, Any]:
    """One slot on the wire."""
    return {
        "start": wire_time(slot.start),
        "end": wire_time(slot.end),
        "places": slot.places,
        "languages": list(slot.languages),
    }
