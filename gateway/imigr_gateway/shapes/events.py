"""Requests and answers of events."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from imigr_gateway.shapes.base import ID, IMAGINED, AtVersion, Localised, Location, Paged, Reachable, Strict, says
from imigr_kit.fields import Moment


class EventSearch(Paged):
    """Which events."""

    from_time = Moment(load_default=None, metadata=says("Only events that end after this; now unless given"))


PLACES = validate.Range(1, 4)


class Seats(Strict):
    """Places that are never split."""

    places = fields.Integer(load_default=1, strict=True, validate=PLACES)
    kinds = fields.Dict(
        keys=fields.String(),
        values=fields.Integer(strict=True, validate=PLACES),
        load_default=dict,
        metadata=says("How many of the places are of a kind that the event keeps places for; nobody has to say"),
    )
    sessions = fields.List(
        fields.String(validate=ID), load_default=list, metadata=says("Ids of the sessions, where they are chosen")
    )


class Register(Seats, Reachable):
    """Register for an event, without an account."""

    code = fields.String(
        load_default=None, allow_none=True, validate=validate.Length(max=40), metadata=says("Invitation code")
    )
    hold_id = fields.String(
        load_default=None, allow_none=True, validate=ID, metadata=says("Places held while the form was filled")
    )
    answers = fields.Dict(
        keys=fields.String(),
        values=fields.List(fields.String()),
        load_default=dict,
        metadata=says("Chosen options by question; they are counted and kept apart from the registration"),
    )


class Hold(Schema):
    """Places that are kept for a while."""

    hold_id = fields.String()
    event_id = fields.String()
    until = fields.String(metadata=says("RFC 3339, UTC", format="date-time"))


class Released(Schema):
    """A hold that was given back."""

    hold_id = fields.String()
    event_id = fields.String()
    released = fields.Boolean()


class EventSession(Localised):
    """One session of a programme, or one date of a series."""

    id = fields.String()
    title = fields.String()
    room = fields.String()
    starts_at = fields.String(metadata=says("RFC 3339, UTC", format="date-time"))
    ends_at = fields.String(metadata=says("RFC 3339, UTC", format="date-time"))
    functions = fields.List(fields.Dict(), metadata=says("Functions of those who speak"))
    capacity = fields.Integer(allow_none=True)
    free_places = fields.Integer(allow_none=True, metadata=says("Null where only the event has a limit"))
    state = fields.String()
    recurrence_id = fields.String(allow_none=True, metadata=says("The start that the rule gave it, RFC 5545 3.8.4.4"))


class EventOut(Localised):
    """A public event; programme, questions and kinds of places are in the answer about one event."""

    id = fields.String()
    municipality = fields.String()
    municipalities = fields.List(fields.String())
    title = fields.String()
    summary = fields.String()
    place = fields.String()
    address = fields.String()
    location = fields.Nested(Location, allow_none=True)
    online_url = fields.String(allow_none=True)
    starts_at = fields.String(metadata=says("RFC 3339, UTC", format="date-time"))
    ends_at = fields.String(metadata=says("RFC 3339, UTC", format="date-time"))
    previous_starts_at = fields.String(allow_none=True, metadata=says("Before it was moved", format="date-time"))
    timezone = fields.String()
    demonstration = fields.Boolean(metadata=IMAGINED)
    capacity = fields.Integer()
    free_places = fields.Integer(metadata=says("Places that anybody may take"))
    free_kinds = fields.Dict(keys=fields.String(), values=fields.Integer(), metadata=says("Free places by kind"))
    is_open = fields.Boolean(metadata=says("Whether registrations are taken now"))
    opens_at = fields.String(allow_none=True)
    closes_at = fields.String(allow_none=True)
    offer_hours = fields.Integer(allow_none=True, metadata=says("How long an offer to the waiting list holds"))
    languages = fields.List(fields.String())
    organisers = fields.List(fields.Dict(), metadata=says("By language"))
    audience = fields.List(fields.String())
    themes = fields.List(fields.String())
    accessibility = fields.List(fields.String())
    childcare = fields.Boolean()
    illustration_url = fields.String(allow_none=True)
    illustration_alt = fields.Dict(keys=fields.String(), values=fields.String())
    state = fields.String()
    registration = fields.String()
    choose_sessions = fields.Boolean()
    recurrence = fields.Dict(allow_none=True)
    groups = fields.List(fields.Dict(), metadata=says("Kinds of places, how many are kept, until when"))
    sessions = fields.List(fields.Nested(EventSession))
    questions = fields.List(fields.Dict(), metadata=says("With closed answers"))
    version = fields.Integer()
    sequence = fields.Integer()


class Events(Schema):
    """A page of events."""

    items = fields.List(fields.Nested(EventOut))
    total = fields.Integer()
    page = fields.Integer()
    per_page = fields.Integer()


class RegistrationOut(Schema):
    """A registration as its holder sees it."""

    id = fields.String()
    municipality = fields.String()
    event_id = fields.String()
    event = fields.Nested(EventOut)
    places = fields.Integer()
    kinds = fields.Dict(keys=fields.String(), values=fields.Integer())
    sessions = fields.List(fields.String())
    state = fields.String()
    offer_until = fields.String(allow_none=True, metadata=says("RFC 3339, UTC", format="date-time"))
    reference = fields.String()
    version = fields.Integer()
    waiting_position = fields.Integer(allow_none=True)
    manage_token = fields.String()
    manage_url = fields.String()


class EventBody(Strict):
    """An event as staff write it; the service checks it in full."""

    event = fields.Dict(required=True)


class EventChanges(AtVersion):
    """Some of what is written about an event, on the version that was read; the service checks it in full."""

    changes = fields.Dict(required=True)


class Postponement(AtVersion):
    """Another date, or none that is known yet."""

    starts_at = fields.String(load_default=None, allow_none=True, metadata=says("RFC 3339", format="date-time"))
    ends_at = fields.String(load_default=None, allow_none=True, metadata=says("RFC 3339", format="date-time"))


class SessionBody(AtVersion):
    """A session, or what is another about it."""

    session = fields.Dict(required=True)


class Codes(Strict):
    """How many invitation codes, and for how many places each."""

    number = fields.Integer(required=True, strict=True, validate=validate.Range(1, 200))
    places = fields.Integer(load_default=1, strict=True, validate=validate.Range(1, 100))


class CodesOut(Schema):
    """Invitation codes; they are shown to whoever asked for them and kept as hashes."""

    event_id = fields.String()
    codes = fields.List(fields.String())
    places = fields.Integer()


class Page(Strict):
    """A page of a list."""

    page = fields.Integer(load_default=1, validate=validate.Range(1, 10_000))
    per_page = fields.Integer(load_default=20, validate=validate.Range(1, 100))


class Rejection(Strict):
    """Why a registration is refused."""

    reason = fields.String(
        required=True,
        validate=validate.OneOf(["not_in_target_group", "event_full", "duplicate", "other_event_fits_better"]),
    )


class NoShow(Strict):
    """Did not come; or that was a mistake."""

    undo = fields.Boolean(load_default=False)


class Merge(Strict):
    """The registration that ends."""

    other_id = fields.String(required=True, validate=ID)
