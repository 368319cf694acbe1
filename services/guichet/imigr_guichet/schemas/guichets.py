"""Guichets, slots and group sessions on the wire."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from marshmallow import Schema, fields, post_load, validate

from imigr_guichet.domain.guichet import Extras, Guichet
from imigr_guichet.domain.text import wire_time
from imigr_guichet.handlers.free import Part
from imigr_guichet.handlers.slots import Ask, Found, Slot, slot_said
from imigr_guichet.ports.sessions import Seated
from imigr_guichet.schemas.fields import CODE, ID
from imigr_kit.fields import LANGUAGE, SLUG, Day


class ListGuichets(Schema):
    """Which guichets."""

    municipality = fields.String(load_default=None, allow_none=True, validate=SLUG)


class Asked(Schema):
    """What somebody looks for."""

    topic = fields.String(required=True, validate=CODE)
    companion = fields.Boolean(load_default=False)
    child = fields.Boolean(load_default=False)
    interpreter = fields.Boolean(load_default=False)


class ListSlots(Asked):
    """Which slots."""

    guichet_id = fields.String(required=True, validate=ID)
    language = fields.String(load_default=None, allow_none=True, validate=LANGUAGE)
    from_date = Day(load_default=None, allow_none=True)
    days = fields.Integer(load_default=28, strict=True, validate=validate.Range(1, 92))
    limit = fields.Integer(load_default=200, strict=True, validate=validate.Range(1, 5000))

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """With the ask made."""
        languages = (data["language"],) if data["language"] else ()
        return data | {"ask": Ask(data["topic"], languages, _extras(data))}


class SearchSlots(Asked):
    """The next slots anywhere."""

    languages = fields.List(fields.String(validate=LANGUAGE), load_default=list, validate=validate.Length(max=10))
    municipality = fields.String(load_default=None, allow_none=True, validate=SLUG)
    latitude = fields.Float(load_default=None, allow_none=True, validate=validate.Range(-90, 90))
    longitude = fields.Float(load_default=None, allow_none=True, validate=validate.Range(-180, 180))
    within_km = fields.Float(load_default=50.0, validate=validate.Range(0.1, 1000))
    limit = fields.Integer(load_default=20, strict=True, validate=validate.Range(1, 100))

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """The ask, the point, and the bounds."""
        has_point = data["latitude"] is not None and data["longitude"] is not None
        return {
            "ask": Ask(data["topic"], tuple(data["languages"]), _extras(data)),
            "municipality": data["municipality"],
            "near": (data["latitude"], data["longitude"]) if has_point else None,
            "within_km": data["within_km"],
            "limit": data["limit"],
        }


# One instance of each is enough, and making one costs more than a load.
LIST_GUICHETS = ListGuichets()
LIST_SLOTS = ListSlots()
SEARCH_SLOTS = SearchSlots()


def guichet_out(guichet: Guichet) -> dict[str, Any]:
    """The public data of a guichet; the plan is told by its slots."""
    return {
        "id": guichet.id,
        "municipality": guichet.municipality,
        "name": dict(guichet.name),
        "address": dict(guichet.address),
        "location": dict(guichet.location) if guichet.location else None,
        "timezone": guichet.timezone,
        "accessibility": list(guichet.accessibility),
        "topics": [
            {
                "code": topic.code,
                "name": dict(topic.name),
                "minutes": topic.minutes,
                "bring": [{"name": dict(one)} for one in topic.bring],
                "open_to": list(topic.open_to),
                "confirmed_by_staff": topic.confirmed_by_staff,
                "group": topic.group,
            }
            for topic in guichet.topics
        ],
        "languages": list(guichet.languages),
        "interpreters": list(guichet.interpreters),
        "state": guichet.state,
        "demonstration": guichet.demonstration,
        "version": guichet.version,
    }


def slots_out(guichet: Guichet, topic: str, found: Mapping[date, Iterable[Slot]]) -> dict[str, Any]:
    """Free slots by opening day, in order."""
    return {
        "guichet_id": guichet.id,
        "municipality": guichet.municipality,
        "timezone": guichet.timezone,
        "demonstration": guichet.demonstration,
        "topic": topic,
        "days": [{"date": day.isoformat(), "slots": [slot_said(slot) for slot in found[day]]} for day in sorted(found)],
    }


def slots_text(guichet: Guichet, topic: str, found: Iterable[Part]) -> str:
    """The same as JSON, from what is already written of each day."""
    days = (f'{{"date":"{one.date}","slots":[{one.day.text(one.first, one.end)}]}}' for one in found)
    head = json.dumps(slots_out(guichet, topic, {}), separators=(",", ":"))
    return f"{head[: -len('[]}')]}[{','.join(days)}]}}"


def search_out(found: Iterable[Found]) -> dict[str, Any]:
    """The next slot of each guichet, the soonest first."""
    return {
        "items": [
            {
                "guichet_id": one.guichet.id,
                "municipality": one.guichet.municipality,
                "guichet_name": dict(one.guichet.name),
                "address": dict(one.guichet.address),
                "timezone": one.guichet.timezone,
                "demonstration": one.guichet.demonstration,
                "distance_km": None if one.distance is None else round(one.distance, 2),
                "slot": slot_said(one.slot),
            }
            for one in found
        ]
    }


def sessions_out(found: Iterable[Seated], guichet: Guichet | None) -> dict[str, Any]:
    """Group sessions as everybody sees them."""
    imagined = {"demonstration": guichet is not None and guichet.demonstration}
    return {"items": [session_out(one) | imagined for one in found]}


def session_out(seated: Seated) -> dict[str, Any]:
    """One session with the seats that are left; never who sits there."""
    one = seated.session
    return {
        "id": one.id,
        "municipality": one.municipality,
        "guichet_id": one.guichet_id,
        "start": wire_time(one.start),
        "end": wire_time(one.end),
        "topic": one.topic,
        "language": one.language,
        "capacity": one.capacity,
        "places": max(0, one.capacity - len(seated.seats)),
        "state": one.state,
        "version": one.version,
    }


def _extras(data: Mapping[str, Any]) -> Extras:
    return Extras(data["companion"], data["child"], data["interpreter"])
