"""Guichets and slots on the wire."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from marshmallow import Schema, fields, validate

from imigr_guichet.domain.guichet import Guichet
from imigr_guichet.handlers.slots import Slot, slot_said
from imigr_guichet.schemas.fields import CODE, ID, LANGUAGE, SLUG


class ListGuichets(Schema):
    """Which guichets."""

    municipality = fields.String(load_default=None, allow_none=True, validate=SLUG)


class ListSlots(Schema):
    """Which slots."""

    guichet_id = fields.String(required=True, validate=ID)
    topic = fields.String(required=True, validate=CODE)
    language = fields.String(load_default=None, allow_none=True, validate=LANGUAGE)
    from_date = fields.Date(load_default=None, allow_none=True)
    days = fields.Integer(load_default=28, strict=True, validate=validate.Range(1, 92))
    limit = fields.Integer(load_default=200, strict=True, validate=validate.Range(1, 1000))


# One instance of each is enough, and making one costs more than a load.
LIST_GUICHETS = ListGuichets()
LIST_SLOTS = ListSlots()


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
        "topics": [{"code": t.code, "name": dict(t.name), "minutes": t.minutes} for t in guichet.topics],
        "languages": list(guichet.languages),
        "state": guichet.state,
        "version": guichet.version,
    }


def slots_out(guichet: Guichet, topic: str, found: Mapping[date, Iterable[Slot]]) -> dict[str, Any]:
    """Free slots by opening day, in order."""
    return {
        "guichet_id": guichet.id,
        "municipality": guichet.municipality,
        "timezone": guichet.timezone,
        "topic": topic,
        "days": [{"date": day.isoformat(), "slots": [slot_said(slot) for slot in found[day]]} for day in sorted(found)],
    }
