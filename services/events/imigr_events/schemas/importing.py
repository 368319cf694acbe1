"""Imports on the wire."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from imigr_events.domain.importing import Incoming, Offered, Read, Refusal, event_id
from imigr_events.partner_calendar import Source
from imigr_events.schemas.event import NewEvent, draft_of
from imigr_kit.fields import LANGUAGE, SLUG


class ImportCalendar(Schema):
    """Whose calendar, and who brings it in."""

    actor = fields.Dict(required=True)
    municipality = fields.String(required=True, validate=SLUG)
    calendar = fields.String(required=True, validate=validate.Length(1, 2_000_000))
    organiser = fields.String(required=True, validate=validate.Length(1, 200))
    language = fields.String(load_default="fr", validate=LANGUAGE)
    place = fields.String(load_default="", validate=validate.Length(max=200))
    is_trial = fields.Boolean(load_default=False)


IMPORT_CALENDAR = ImportCalendar()
_NEW_EVENT = NewEvent()


def source_of(data: dict[str, Any]) -> Source:
    """Whose calendar it is."""
    return Source(data["municipality"], data["organiser"], data["language"], place=data["place"])


def offers(read: Read) -> tuple[list[Offered], list[Refusal]]:
    """Events that could come in, each held to the shape that staff's own events are held to."""
    offered: list[Offered] = []
    refused = list(read.refused)
    for one in read.incoming:
        try:
            found = _offered(one)
            known = {date.recurrence_id for date in found.draft.sessions}
            refused += [Refusal(one.uid, "unknown_date") for date in one.others if date.replaces not in known]
            fitting = tuple(date for date in one.others if date.replaces in known)
            offered.append(replace(found, others=fitting))
        except ValidationError as error:
            messages = error.messages if isinstance(error.messages, dict) else {}
            refused.append(Refusal(one.uid, "invalid", tuple(sorted(map(str, messages)))))
    return offered, refused


def _offered(one: Incoming) -> Offered:
    here = event_id(str(one.values["municipality"]), one.uid)
    draft = draft_of(_NEW_EVENT.load(dict(one.values) | {"id": here}), lambda: here)
    return Offered(one.uid, one.sequence, one.is_cancelled, draft, one.others)
