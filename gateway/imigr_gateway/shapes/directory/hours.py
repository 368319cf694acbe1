"""Requests and answers of opening hours."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from imigr_gateway.shapes.base import Strict, says
from imigr_kit.fields import Day


class HoursBody(Strict):
    """Hours of a service on the version that was read."""

    version = fields.Integer(required=True, strict=True)
    schedules = fields.List(
        fields.Dict(),
        load_default=None,
        allow_none=True,
        metadata=says(
            "Each {rules: [{rrule, spans: [[HH:MM, HH:MM]], valid_from, valid_until}], regimes: {ramadan: [...]}, "
            "one_offs: [{first, last, spans, reason}], holidays: closed | usual | spans, pause, by_appointment, "
            "to_confirm}; the service checks it in full"
        ),
    )
    template = fields.String(load_default=None, allow_none=True, metadata=says("Instead: code of a template"))


class PauseBody(Strict):
    """Temporarily closed."""

    first = Day(load_default=None, allow_none=True, metadata=says("Today when left out"))
    last = Day(load_default=None, allow_none=True, metadata=says("Included; until further notice without"))
    reason = fields.String(load_default=None, allow_none=True, metadata=says("A code such as works, strike, leave"))


class ExceptionBody(Strict):
    """Some days that are not as usual."""

    first = Day(required=True)
    last = Day(load_default=None, allow_none=True, metadata=says("Included; one day without"))
    spans = fields.List(
        fields.List(fields.String()),
        load_default=list,
        metadata=says("Pairs of HH:MM when it is open instead; none: closed"),
    )
    reason = fields.String(load_default=None, allow_none=True, metadata=says("A code such as works, strike, leave"))


class HoursText(Strict):
    """Hours as people write them."""

    text = fields.String(required=True, validate=validate.Length(min=1, max=1000))


class HoursRead(Schema):
    """What was understood."""

    understood = fields.Boolean()
    schedules = fields.List(fields.Dict())
    osm = fields.String(metadata=says("The same in OpenStreetMap's opening_hours grammar"))
    reason = fields.String(metadata=says("Why not: unknown_word, ambiguous_times, not_weekly, open_ended, ..."))
    word = fields.String(metadata=says("The word that was not understood"))


class HoursTemplate(Schema):
    """Hours to start from."""

    code = fields.String()
    schedules = fields.List(fields.Dict())


class HoursTemplates(Schema):
    """All templates."""

    items = fields.List(fields.Nested(HoursTemplate))
