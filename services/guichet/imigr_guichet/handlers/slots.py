"""Free slots: computed from the plan and from what is taken, never stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from math import asin, cos, radians, sin, sqrt
from typing import Any, NamedTuple

from imigr_guichet.domain.guichet import CELL_MINUTES, Extras, Guichet, Place, Topic, spoken
from imigr_guichet.errors import NotOpenToBooking
from imigr_guichet.handlers.office import Office, board, moment
from imigr_guichet.opening import local_date
from imigr_guichet.places import Board, bookable_days, limits, moment_of, ones, wire_of, within

NEXT_SLOTS = 5
EARTH_KM = 6371.0


class Slot(NamedTuple):
    """A start that can be booked: its first cell, how many cells it takes, places, and the languages in which."""

    cell: int
    cells: int
    places: int
    languages: tuple[str, ...]

    @property
    def start(self) -> datetime:
        """When it begins."""
        return moment_of(self.cell)

    @property
    def end(self) -> datetime:
        """When the visit ends."""
        return moment_of(self.cell + self.cells)


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
    topic = asked_topic(guichet, ask)
    office.occupancy.refresh()
    return free_slots(office, board(office, guichet), topic, ask, first, days, limit)


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
    now = moment(office)
    cells = int(topic.length(ask.extras).total_seconds()) // 60 // CELL_MINUTES
    languages = () if interpreted(plan.guichet, ask) else ask.languages
    bounds = limits(plan.guichet, topic, now)
    found: dict[date, list[Slot]] = {}
    left = limit
    for day in bookable_days(plan.guichet, topic, now, first, days):
        if left <= 0:
            break
        able = plan.able(topic.code, languages, day)
        if not able:
            continue
        slots = _of_day(office, plan, topic, able, day, cells, within(plan.base(day), bounds), ask.booked_by)
        if slots:
            found[day] = slots[:left]
            left -= len(found[day])
    return found


def _of_day(
    office: Office,
    plan: Board,
    topic: Topic,
    able: Sequence[Place],
    day: date,
    cells: int,
    bookable: int,
    booked_by: str,
) -> list[Slot]:
    public = booked_by == "public"
    free = [plan.free(place, day, topic, cells, office.occupancy, public=public) & bookable for place in able]
    union = 0
    for bits in free:
        union |= bits
    base = plan.base(day)
    said: dict[int, tuple[int, tuple[str, ...]]] = {}
    slots = []
    for bit in ones(union):
        who = 0
        for number, bits in enumerate(free):
            who |= (bits >> bit & 1) << number
        known = said.get(who)
        if known is None:
            places = [able[number] for number in ones(who)]
            known = said[who] = (len(places), spoken(places))
        slots.append(Slot(base + bit, cells, *known))
    return slots


def search_slots(
    office: Office, ask: Ask, municipality: str | None, near: tuple[float, float] | None, within_km: float, limit: int
) -> list[Found]:
    """The next free slot of every open guichet that treats the topic in one of the languages: the soonest first, at
    the same time the nearest; with a point, those within ``within_km`` only."""
    office.occupancy.refresh()
    found: list[Found] = []
    for guichet in list_guichets(office, municipality):
        topic = next((one for one in guichet.topics if one.code == ask.topic), None)
        if topic is None or topic.group or ask.booked_by not in topic.open_to:
            continue
        distance = _distance(guichet, near)
        if near is not None and (distance is None or distance > within_km):
            continue
        horizon = guichet.horizon_days if topic.horizon_days is None else topic.horizon_days
        slots = free_slots(office, board(office, guichet), topic, ask, None, horizon + 1, 1)
        found += [Found(guichet, day[0], distance) for day in slots.values()]
    found.sort(key=lambda one: (one.slot.cell, one.distance or 0.0, one.guichet.id))
    return found[:limit]


def next_slots(office: Office, guichet: Guichet, ask: Ask, wanted: datetime) -> dict[str, Any]:
    """Up to five free slots after the wanted start, as parameters of a refusal."""
    topic = as_booked(guichet.topic(ask.topic), ask)
    now = moment(office)
    today = local_date(guichet, now)
    latest = now + timedelta(days=400)
    first = max(local_date(guichet, min(wanted, latest)), today)
    office.occupancy.refresh()
    found = free_slots(office, board(office, guichet), topic, ask, first, guichet.horizon_days + 2, 100)
    after = min(wanted, latest)
    slots = [slot for day in sorted(found) for slot in found[day] if slot.start > after]
    return {"next_slots": [slot_said(slot) for slot in slots[:NEXT_SLOTS]]}


def slot_said(slot: Slot) -> dict[str, Any]:
    """One slot on the wire."""
    return {
        "start": wire_of(slot.cell),
        "end": wire_of(slot.cell + slot.cells),
        "places": slot.places,
        "languages": slot.languages,
    }


def _distance(guichet: Guichet, near: tuple[float, float] | None) -> float | None:
    """Great-circle distance in km (haversine)."""
    place: Mapping[str, float] | None = guichet.location
    if near is None or place is None:
        return None
    lat, lon, other_lat, other_lon = map(radians, (near[0], near[1], place["lat"], place["lon"]))
    half = sin((other_lat - lat) / 2) ** 2 + cos(lat) * cos(other_lat) * sin((other_lon - lon) / 2) ** 2
    return 2 * EARTH_KM * asin(sqrt(half))
