"""Requests and answers of the guichet."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from imigr_gateway.shapes.base import ID, IMAGINED, Localised, Location, Reachable, Read, Strict, says
from imigr_kit.fields import LANGUAGE, SLUG, Day, Moment


class Asked(Read):
    """What changes the length of a visit, or who can serve it."""

    topic = fields.String(required=True, metadata=says("Code of the reason to come"))
    companion = fields.Boolean(load_default=False, metadata=says("Somebody comes along"))
    child = fields.Boolean(load_default=False, metadata=says("A child comes along"))
    interpreter = fields.Boolean(load_default=False, metadata=says("An interpreter is to be called"))


class SlotSearch(Asked):
    """Which slots."""

    language = fields.String(load_default=None, validate=LANGUAGE, metadata=says("Language the mediator must speak"))
    from_date = Day(load_default=None, metadata=says("First day, the guichet's local date; today unless given"))
    days = fields.Integer(load_default=28, validate=validate.Range(1, 92))
    limit = fields.Integer(load_default=200, validate=validate.Range(1, 5000))


class SlotsAnywhere(Asked):
    """Which slots, over all guichets."""

    languages = fields.String(
        load_default="", validate=validate.Length(max=200), metadata=says("BCP 47 tags, any of them; such as ff,ar,fr")
    )
    municipality = fields.String(load_default=None, validate=SLUG)
    latitude = fields.Float(load_default=None, validate=validate.Range(-90, 90))
    longitude = fields.Float(load_default=None, validate=validate.Range(-180, 180))
    within_km = fields.Float(load_default=50.0, validate=validate.Range(0.1, 1000))
    limit = fields.Integer(load_default=20, validate=validate.Range(1, 100))


class HoldPlace(Strict):
    """A slot to keep."""

    guichet_id = fields.String(required=True, validate=ID)
    start = Moment(required=True, metadata=says("Start of a slot"))
    topic = fields.String(required=True, validate=validate.Length(min=1, max=40))
    language = fields.String(required=True, validate=LANGUAGE, metadata=says("Language the mediator must speak"))
    companion = fields.Boolean(load_default=False)
    child = fields.Boolean(load_default=False)
    interpreter = fields.Boolean(load_default=False)
    phone = fields.Constant(None, load_only=True, metadata=says("Said later, when the hold is taken up"))
    email = fields.Constant(None, load_only=True, metadata=says("Said later, when the hold is taken up"))
    message_language = fields.String(load_default="fr", validate=LANGUAGE)


class BookSeat(Reachable):
    """A seat of a group session."""

    guichet_id = fields.String(required=True, validate=ID)


class BookAppointment(Reachable):
    """Book a start, without an account."""

    companion = fields.Boolean(load_default=False, metadata=says("Somebody comes along"))
    child = fields.Boolean(load_default=False, metadata=says("A child comes along"))
    interpreter = fields.Boolean(load_default=False, metadata=says("An interpreter is to be called"))
    guichet_id = fields.String(required=True, validate=ID)
    start = Moment(required=True, metadata=says("Start of a slot"))
    topic = fields.String(required=True, validate=validate.Length(min=1, max=40))
    language = fields.String(required=True, validate=LANGUAGE, metadata=says("Language the mediator must speak"))


class MoveAppointment(Strict):
    """Another start."""

    start = Moment(required=True)


class Agenda(Strict):
    """Which day."""

    date = Day(required=True)


class Paper(Localised):
    """Something to bring."""

    name = fields.String()


class Topic(Localised):
    """A reason to come."""

    code = fields.String()
    name = fields.String()
    minutes = fields.Integer()
    bring = fields.List(fields.Nested(Paper), metadata=says("Papers to bring"))
    open_to = fields.List(fields.String(), metadata=says("Who may book: public, staff, partner"))
    confirmed_by_staff = fields.Boolean()
    group = fields.Boolean(metadata=says("Only in group sessions"))


class GuichetOut(Localised):
    """A guichet."""

    id = fields.String()
    municipality = fields.String()
    name = fields.String()
    address = fields.String()
    location = fields.Nested(Location, allow_none=True)
    timezone = fields.String()
    demonstration = fields.Boolean(metadata=IMAGINED)
    accessibility = fields.List(fields.String())
    topics = fields.List(fields.Nested(Topic))
    languages = fields.List(fields.String())
    interpreters = fields.List(fields.String(), metadata=says("Languages for which an interpreter can be called"))
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
    demonstration = fields.Boolean(metadata=IMAGINED)
    topic = fields.String()
    days = fields.List(fields.Nested(SlotDay))


class FoundSlot(Localised):
    """The next slot of a guichet."""

    guichet_id = fields.String()
    municipality = fields.String()
    guichet_name = fields.String()
    address = fields.String()
    timezone = fields.String()
    demonstration = fields.Boolean(metadata=IMAGINED)
    distance_km = fields.Float(allow_none=True)
    slot = fields.Nested(Slot)


class FoundSlots(Schema):
    """The next slots anywhere."""

    items = fields.List(fields.Nested(FoundSlot))


class Session(Schema):
    """A group session."""

    id = fields.String()
    municipality = fields.String()
    guichet_id = fields.String()
    demonstration = fields.Boolean(metadata=IMAGINED)
    start = fields.String(metadata=says("RFC 3339, UTC", format="date-time"))
    end = fields.String(metadata=says("RFC 3339, UTC", format="date-time"))
    topic = fields.String()
    language = fields.String()
    capacity = fields.Integer()
    places = fields.Integer(metadata=says("Seats that are left"))
    state = fields.String()
    version = fields.Integer()


class Sessions(Schema):
    """Group sessions."""

    items = fields.List(fields.Nested(Session))


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
    demonstration = fields.Boolean(metadata=IMAGINED)
    topic = fields.String()
    language = fields.String()
    state = fields.String()
    reference = fields.String(metadata=says("To say or to write on paper"))
    expires_at = fields.String(metadata=says("End of a hold; RFC 3339, UTC", format="date-time"))
    bring = fields.List(fields.Nested(Paper), metadata=says("Papers to bring"))
    version = fields.Integer()
    manage_token = fields.String(metadata=says("Secret: who has it may move and cancel"))
    manage_url = fields.String()


class StaffBooking(BookAppointment):
    """On behalf of somebody."""

    booked_by = fields.String(load_default="staff", validate=validate.OneOf(["staff", "partner"]))


class Overbooking(BookAppointment):
    """A deliberate overbooking."""

    desk = fields.String(required=True, validate=ID)


class TakeStep(Strict):
    """What happened with an appointment."""

    step = fields.String(
        required=True,
        validate=validate.OneOf(["confirm", "check_in", "start", "finish", "leave", "miss", "correct"]),
    )


class CancelForService(Strict):
    """Why the service cancels; a closed list."""

    reason = fields.String(
        required=True,
        validate=validate.OneOf(
            ["mediator_absent", "plan_changed", "closed", "duplicate", "asked_by_visitor", "other_service"]
        ),
    )


class ByReference(Strict):
    """A spoken reference."""

    reference = fields.String(required=True, validate=validate.Length(min=1, max=20))


class PlanChange(Strict):
    """A plan on the version that was read; what is left out of ``plan`` stays. The service checks every field."""

    version = fields.Integer(required=True, strict=True)
    plan = fields.Dict(required=True, metadata=says("Topics, desks, mediators, rules, exceptions, regimes, limits"))


class Absence(Strict):
    """A mediator is away."""

    mediator = fields.String(required=True, validate=ID)
    start = Moment(required=True)
    end = Moment(required=True)
    dry = fields.Boolean(load_default=False, metadata=says("Only show what would follow"))


class NewSession(Strict):
    """A group session."""

    desk = fields.String(required=True, validate=ID)
    start = Moment(required=True)
    topic = fields.String(required=True, validate=validate.Length(min=1, max=40))
    language = fields.String(required=True, validate=LANGUAGE)
    capacity = fields.Integer(required=True, strict=True, validate=validate.Range(1, 200))


class Capacity(Strict):
    """Another capacity."""

    capacity = fields.Integer(required=True, strict=True, validate=validate.Range(1, 200))


class Calendar(Strict):
    """Confirmed holidays by year, and regimes (summer, Ramadan)."""

    years = fields.Dict(required=True, metadata=says("ISO dates by year"))
    regimes = fields.List(fields.Dict(), load_default=list)
