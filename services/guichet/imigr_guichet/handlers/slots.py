"""Free slots: computed from the plan and from what is taken, never stored."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from math import asin, cos, radians, sin, sqrt
from typing import Any, NamedTuple

from imigr_guichet.domain.guichet import CELL_MINUTES, Extras, Guichet, Topic
from imigr_guichet.errors import NotOpenToBooking
from imigr_guichet.handlers.free import Need, Next, Part, Slot, free_parts, next_free
from imigr_guichet.handlers.free import said as slot_said
from imigr_guichet.handlers.office import Office, board, moment
from imigr_guichet.opening import local_date
from imigr_guichet.places import Board

NEXT_SLOTS = 5
SHOWN_SECONDS = 0.3
"""How old a picture of what other processes took may be for what is shown; what this one takes is seen at once."""
EARTH_KM = 6371.0


@dataclass(frozen=True)
class Ask:
    """What somebody looks for; no language: any. ``booked_by`` is public, staff or partner."""

    topic: str
    languages: tuple[str, ...] = ()
    extras: Extras = Extras()
    booked_by: str = "public"


class Found(NamedTuple):
    """The next free slot of a guichet, and how far away it is (km, None without a point)."""

    guichet: Guichet
    slot: Slot
    distance: float | None


def list_guichets(office: Office, municipality: str | None) -> Sequence[Guichet]:
    """Open guichets, by municipality."""
    return [one for one in office.plans.all(municipality) if one.state == "open"]


def list_slots(
    office: Office, guichet: Guichet, ask: Ask, first: date | None, days: int, limit: int
) -> dict[date, list[Slot]]:
    """Free slots by opening day, at most ``limit`` in all, from ``first`` (default today) for ``days`` days.

    Raises TopicNotOffered, LanguageNotOffered or NotOpenToBooking.
    """
    return _slots_of(slot_parts(office, guichet, ask, first, days, limit))


def slot_parts(office: Office, guichet: Guichet, ask: Ask, first: date | None, days: int, limit: int) -> Sequence[Part]:
    """As list_slots: days with what is already written of their slots."""
    topic = asked_topic(guichet, ask)
    office.occupancy.refresh(SHOWN_SECONDS)
    plan = board(office, guichet)
    need = _need(plan, topic, ask)
    return [] if need is None else list(free_parts(plan, need, office.occupancy, moment(office), first, days, limit))


def asked_topic(guichet: Guichet, ask: Ask) -> Topic:
    """The topic of an ask that this guichet can serve at all."""
    topic = as_booked(guichet.topic(ask.topic), ask)
    if ask.booked_by not in topic.open_to or topic.group:
        raise NotOpenToBooking(params={"topic": topic.code})
    if len(ask.languages) == 1 and not interpreted(guichet, ask):
        guichet.must_speak(topic.code, ask.languages[0])
    return topic


def as_booked(topic: Topic, ask: Ask) -> Topic:
    """The topic with the rules for who books: staff need no notice."""
    return replace(topic, notice_minutes=0) if ask.booked_by == "staff" else topic


def interpreted(guichet: Guichet, ask: Ask) -> bool:
    """Whether an interpreter is asked for who can be called, so that any mediator will do."""
    return ask.extras.interpreter and all(one in guichet.interpreters for one in ask.languages)


def free_slots(
    office: Office, plan: Board, topic: Topic, ask: Ask, first: date | None, days: int, limit: int
) -> dict[date, list[Slot]]:
    """As list_slots, on a picture of what is taken that is not brought up to date."""
    need = _need(plan, topic, ask)
    parts: Iterator[Part] = iter(())
    if need is not None:
        parts = free_parts(plan, need, office.occupancy, moment(office), first, days, limit)
    return _slots_of(parts)


def _need(plan: Board, topic: Topic, ask: Ask) -> Need | None:
    """What the slots of an ask must have; None when nobody here speaks any of its languages."""
    wanted = () if interpreted(plan.guichet, ask) else ask.languages
    known = plan.known(wanted)
    if wanted and not known:
        return None
    cells = int(topic.length(ask.extras).total_seconds()) // 60 // CELL_MINUTES
    return Need(topic, cells, known, ask.booked_by == "public")


def _slots_of(parts: Iterable[Part]) -> dict[date, list[Slot]]:
    return {part.date: list(part.day.slots[part.first : part.end]) for part in parts}


def search_slots(
    office: Office, ask: Ask, municipality: str | None, near: tuple[float, float] | None, within_km: float, limit: int
) -> list[Found]:
    """The next free slot of every open guichet that treats the topic in one of the languages: the soonest first, at
    the same time the nearest; with a point, those within ``within_km`` only."""
    office.occupancy.refresh(SHOWN_SECONDS)
    now = moment(office)
    found: list[Found] = []
    key = ("next", ask.topic, ask.languages, ask.extras, ask.booked_by)
    for guichet in list_guichets(office, municipality):
        distance = _distance(guichet, near)
        if near is not None and (distance is None or distance > within_km):
            continue
        slot = _next_slot(office, guichet, ask, key, now)
        if slot is not None:
            found.append(Found(guichet, slot, distance))
    found.sort(key=lambda one: (one.slot.cell, one.distance or 0.0, one.guichet.id))
    return found[:limit]


def _next_slot(office: Office, guichet: Guichet, ask: Ask, key: tuple[Any, ...], now: datetime) -> Slot | None:
    """The first free slot; worked out anew only when it no longer holds. ``key`` tells the ask."""
    plan = board(office, guichet)
    kept: Next | None = plan.kept.get(key)
    if kept is not None and kept.holds(office.occupancy.changes(guichet.id), now):
        return kept.slot
    topic = next((one for one in guichet.topics if one.code == ask.topic), None)
    if topic is None or topic.group or ask.booked_by not in topic.open_to:
        return None
    need = _need(plan, as_booked(topic, ask), ask)
    if need is None:
        return None
    found = next_free(plan, need, office.occupancy, now)
    plan.keep(key, found)
    return found.slot


def next_slots(office: Office, guichet: Guichet, ask: Ask, wanted: datetime) -> dict[str, Any]:
    """Up to five free slots after the wanted start, as parameters of a refusal."""
    topic = as_booked(guichet.topic(ask.topic), ask)
    now = moment(office)
    today = local_date(guichet, now)
    latest = now + timedelta(days=400)
    first = max(local_date(guichet, min(wanted, latest)), today)
    office.occupancy.refresh(SHOWN_SECONDS)
    found = free_slots(office, board(office, guichet), topic, ask, first, guichet.horizon_days + 2, 100)
    after = min(wanted, latest)
    slots = [slot for day in sorted(found) for slot in found[day] if slot.start > after]
    return {"next_slots": [slot_said(slot) for slot in slots[:NEXT_SLOTS]]}


def _distance(guichet: Guichet, near: tuple[float, float] | None) -> float | None:
    """Great-circle distance in km (haversine)."""
    place: Mapping[str, float] | None = guichet.location
    if near is None or place is None:
        return None
    lat, lon, other_lat, other_lon = map(radians, (near[0], near[1], place["lat"], place["lon"]))
    half = sin((other_lat - lat) / 2) ** 2 + cos(lat) * cos(other_lat) * sin((other_lon - lon) / 2) ** 2
    return 2 * EARTH_KM * asin(sqrt(half))


__all__ = ["Ask", "Found", "Slot", "slot_said"]
