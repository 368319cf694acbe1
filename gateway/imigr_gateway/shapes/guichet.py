"""Requests and answers of the guichet."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from imigr_gateway.shapes.base import ID, LANGUAGE, Localised, Location, Reachable, Read, Strict, says


class SlotSearch(Read):
    """Which slots."""

    topic = fields.String(required=True, metadata=says("Code of the reason to come"))
    language = fields.String(load_default=None, validate=LANGUAGE, metadata=says("Language the mediator must speak"))
    from_date = fields.Date(load_default=None, metadata=says("First day, the guichet's local date; today unless given"))
    days = fields.Integer(load_default=28, validate=validate.Range(1, 92))
    limit = fields.Integer(load_default=200, validate=validate.Range(1, 1000))


class BookAppointment(Reachable):
    """Book a start, without an account."""

    guichet_id = fields.String(required=True, validate=ID)
    start = fields.AwareDateTime(required=True, metadata=says("Start of a slot"))
    topic = fields.String(required=True, validate=validate.Length(min=1, max=40))
    language = fields.String(required=True, validate=LANGUAGE, metadata=says("Language the mediator must speak"))


class MoveAppointment(Strict):
    """Another start."""

    start = fields.AwareDateTime(required=True)


class Agenda(Strict):
    """Which day."""

    date = fields.Date(required=True)


class Topic(Localised):
    """A reason to come."""

    code = fields.String()
    name = fields.String()
    minutes = fields.Integer()


class GuichetOut(Localised):
    """A guichet."""

    id = fields.String()
    municipality = fields.String()
    name = fields.String()
    address = fields.String()
    location = fields.Nested(Location, allow_none=True)
    timezone = fields.String()
    accessibility = fields.List(fields.String())
    topics = fields.List(fields.Nested(Topic))
    languages = fields.List(fields.String())
    state = fields.String()
    version = fields.Integer()


class Guichets(Schema):
    """Guichets."""

    items = fields.List(fields.Nested(GuichetOut))


class Slot(Schema):
    """A start that is free."""

    start = fields.String(metadata=says("RFC 3339, UTC", format="date-time"))
    end = fields.String(metadata=says("RFC 3339, UTC", format="date-time"))
    places = fields.Integer()
    languages = fields.List(fields.String())


class SlotDay(Schema):
    """An opening day."""

    date = fields.String(metadata=says("The guichet's local date", format="date"))
    slots = fields.List(fields.Nested(Slot))


class Slots(Schema):
    """Free slots of a guichet."""

    guichet_id = fields.String()
    municipality = fields.String()
    timezone = fields.String()
    topic = fields.String()
    days = fields.List(fields.Nested(SlotDay))


class AppointmentOut(Localised):
    """An appointment as its visitor sees it."""

    id = fields.String()
    municipality = fields.String()
    guichet_id = fields.String()
    guichet_name = fields.String()
    address = fields.String()
    start = fields.String(metadata=says("RFC 3339, UTC", format="date-time"))
    end = fields.String(metadata=says("RFC 3339, UTC", format="date-time"))
    timezone = fields.String()
    topic = fields.String()
    language = fields.String()
    state = fields.String()
    reference = fields.String(metadata=says("To say or to write on paper"))
    version = fields.Integer()
    manage_token = fields.String(metadata=says("Secret: who has it may move and cancel"))
    manage_url = fields.String()
