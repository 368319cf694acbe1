"""Requests and answers of the public agenda."""

from __future__ import annotations

from zoneinfo import available_timezones

from marshmallow import Schema, ValidationError, fields, validate

from imigr_gateway.shapes.base import OfMunicipality, Paged, Strict, says
from imigr_gateway.shapes.events import EventOut
from imigr_kit.fields import LANGUAGE, SLUG, Moment, Pattern

_THEME = says("Only events of this theme")
_SPOKEN = says("Only events held in this language (BCP 47)")


def _is_zone(name: str) -> None:
    if name not in available_timezones():
        raise ValidationError("is no IANA time zone")


class Feed(OfMunicipality):
    """Which events; filters combine as AND."""

    theme = fields.String(load_default=None, validate=SLUG, metadata=_THEME)
    language = fields.String(load_default=None, validate=LANGUAGE, metadata=_SPOKEN)


class AgendaSearch(Paged):
    """Search in the agenda; filters combine as AND."""

    q = fields.String(
        load_default="",
        validate=validate.Length(max=200),
        metadata=says("Words in any language; case, accents and vowel signs make no difference"),
    )
    theme = fields.String(load_default=None, validate=SLUG, metadata=_THEME)
    language = fields.String(load_default=None, validate=LANGUAGE, metadata=_SPOKEN)
    from_time = Moment(load_default=None, metadata=says("Only events that end after this; now unless given"))
    until = Moment(load_default=None, metadata=says("Only events that begin before this"))


class Month(Feed):
    """A month as a time zone counts it."""

    month = fields.String(required=True, validate=Pattern(r"20\d\d-(0[1-9]|1[0-2])"), metadata=says("Such as 2026-12"))
    timezone = fields.String(
        load_default="Africa/Tunis",
        validate=_is_zone,
        metadata=says("IANA name"),
    )


class AgendaItem(EventOut):
    """An event of the agenda."""

    changed_at = fields.String(metadata=says("RFC 3339, UTC", format="date-time"))


class Agenda(Schema):
    """A page of the agenda."""

    items = fields.List(fields.Nested(AgendaItem))
    total = fields.Integer()
    page = fields.Integer()
    per_page = fields.Integer()


class CalendarImport(Strict):
    """A partner's calendar; larger ones are brought in by the command line of the events service."""

    calendar = fields.String(
        required=True, validate=validate.Length(1, 60_000), metadata=says("iCalendar (RFC 5545) as text")
    )
    organiser = fields.String(required=True, validate=validate.Length(1, 200), metadata=says("Whose calendar it is"))
    language = fields.String(load_default="fr", validate=LANGUAGE)
    place = fields.String(load_default="", validate=validate.Length(max=200), metadata=says("Where none is named"))
    is_trial = fields.Boolean(load_default=False, metadata=says("Say what would happen and change nothing"))


class ImportedEvent(Schema):
    """One that came in, or was there."""

    uid = fields.String()
    event_id = fields.String()
    action = fields.String(metadata=says("created, changed, cancelled or unchanged"))


class RefusedEvent(Schema):
    """One that did not come in."""

    uid = fields.String()
    reason = fields.String()
    paths = fields.List(fields.String(), attribute="fields", metadata=says("What is wrong, where it is a field"))


class ImportReport(Schema):
    """What came in, what did not and why, what was left out of it."""

    is_trial = fields.Boolean()
    counts = fields.Dict(keys=fields.String(), values=fields.Integer())
    items = fields.List(fields.Nested(ImportedEvent))
    refused = fields.List(fields.Nested(RefusedEvent))
    dropped = fields.Dict(
        keys=fields.String(), values=fields.Integer(), metadata=says("What names people and was left out, counted")
    )


class Day(Schema):
    """One day of a month."""

    date = fields.String(metadata=says("ISO 8601", format="date"))
    weekday = fields.Integer(metadata=says("1 is Monday (ISO 8601)"))
    events = fields.List(fields.String(), metadata=says("Ids of the events of this day"))


class MonthOut(Schema):
    """A month by days."""

    month = fields.String()
    timezone = fields.String()
    days = fields.List(fields.Nested(Day))
    items = fields.List(fields.Nested(AgendaItem))
