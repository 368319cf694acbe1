"""What goes over HTTP: requests are checked against these, answers are described by them in OpenAPI."""

from __future__ import annotations

from typing import Any

from marshmallow import RAISE, Schema, fields, validate

LANGUAGE = validate.Regexp(r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$")
SLUG = validate.Regexp(r"^[a-z0-9]+(-[a-z0-9]+)*$")
ID = validate.Length(min=1, max=64)


def _says(text: str, **more: Any) -> dict[str, Any]:
    return {"description": text, **more}


class Strict(Schema):
    """Unknown fields and parameters are refused."""

    class Meta:
        """See above."""

        unknown = RAISE


class Read(Strict):
    """Parameters of every public read."""

    lang = fields.String(
        load_default="",
        validate=validate.Length(max=20),
        metadata=_says("BCP 47 language wanted, before Accept-Language"),
    )


class OfMunicipality(Read):
    """Perhaps of one municipality."""

    municipality = fields.String(load_default=None, validate=SLUG, metadata=_says("Slug, such as la-marsa"))


class Paged(OfMunicipality):
    """A page of a list."""

    page = fields.Integer(load_default=1, validate=validate.Range(1, 10_000))
    per_page = fields.Integer(load_default=20, validate=validate.Range(1, 100))


class ServiceSearch(Paged):
    """Search in the directory; filters combine as AND."""

    q = fields.String(load_default="", validate=validate.Length(max=200), metadata=_says("Words in any language"))
    taxonomy = fields.String(load_default=None, metadata=_says("Code of a theme; its descendants count"))
    latitude = fields.Float(load_default=None, validate=validate.Range(-90, 90))
    longitude = fields.Float(load_default=None, validate=validate.Range(-180, 180))
    radius_km = fields.Float(load_default=None, validate=validate.Range(min=0, min_inclusive=False, max=100))


class SlotSearch(Read):
    """Which slots."""

    topic = fields.String(required=True, metadata=_says("Code of the reason to come"))
    language = fields.String(load_default=None, validate=LANGUAGE, metadata=_says("Language the mediator must speak"))
    from_date = fields.Date(
        load_default=None, metadata=_says("First day, the guichet's local date; today unless given")
    )
    days = fields.Integer(load_default=28, validate=validate.Range(1, 92))
    limit = fields.Integer(load_default=200, validate=validate.Range(1, 1000))


class EventSearch(Paged):
    """Which events."""

    from_time = fields.AwareDateTime(
        load_default=None, metadata=_says("Only events that end after this; now unless given")
    )


class Reachable(Strict):
    """How to be written to, if at all: a phone or an email, or neither."""

    phone = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=40))
    email = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=254))
    message_language = fields.String(load_default="fr", validate=LANGUAGE)


class BookAppointment(Reachable):
    """Book a start, without an account."""

    guichet_id = fields.String(required=True, validate=ID)
    start = fields.AwareDateTime(required=True, metadata=_says("Start of a slot"))
    topic = fields.String(required=True, validate=validate.Length(min=1, max=40))
    language = fields.String(required=True, validate=LANGUAGE, metadata=_says("Language the mediator must speak"))


class MoveAppointment(Strict):
    """Another start."""

    start = fields.AwareDateTime(required=True)


class Register(Reachable):
    """Register for an event, without an account."""

    places = fields.Integer(load_default=1, strict=True, validate=validate.Range(1, 4))


class Nothing(Strict):
    """An empty object."""


class Login(Strict):
    """Staff sign in."""

    email = fields.String(required=True, validate=validate.Length(min=3, max=254))
    password = fields.String(required=True, validate=validate.Length(min=1, max=1024))


class Agenda(Strict):
    """Which day."""

    date = fields.Date(required=True)


class AtVersion(Strict):
    """A step on the version that was read."""

    version = fields.Integer(required=True, strict=True)


class EventBody(Strict):
    """An event as staff write it; the service checks it in full."""

    event = fields.Dict(required=True)


class ServiceBody(Strict):
    """A directory entry as staff write it; the service checks it in full."""

    service = fields.Dict(required=True)


class ServiceChange(ServiceBody):
    """A changed entry on the version that was read."""

    version = fields.Integer(required=True, strict=True)


class Role(Strict):
    """A role in a municipality."""

    municipality = fields.String(required=True)
    role = fields.String(required=True, validate=validate.OneOf(["admin", "manager", "mediator", "editor"]))


class NewStaff(Strict):
    """A staff account."""

    email = fields.String(required=True, validate=validate.Length(min=3, max=254))
    password = fields.String(required=True, validate=validate.Length(min=12, max=1024))
    display = fields.String(
        required=True, validate=validate.Length(min=1, max=80), metadata=_says("A function, no name")
    )
    roles = fields.List(fields.Nested(Role), required=True, validate=validate.Length(min=1, max=20))


class NewToken(Strict):
    """A token for a machine."""

    label = fields.String(required=True, validate=validate.Length(min=1, max=80))
    roles = fields.List(fields.Nested(Role), required=True, validate=validate.Length(min=1, max=20))


class Location(Schema):
    """A point in WGS 84."""

    lat = fields.Float()
    lon = fields.Float()


class Localised(Schema):
    """An answer with texts in the reader's language."""

    text_languages = fields.Dict(
        keys=fields.String(), values=fields.String(), metadata=_says("Language (BCP 47) of each text of this object")
    )


class MunicipalityOut(Localised):
    """A municipality that takes part."""

    slug = fields.String()
    name = fields.String()
    governorate = fields.String()
    location = fields.Nested(Location)
    timezone = fields.String()
    languages = fields.List(fields.String())


class Municipalities(Schema):
    """All municipalities."""

    items = fields.List(fields.Nested(MunicipalityOut))


class TaxonomyTerm(Localised):
    """A theme."""

    code = fields.String()
    parent = fields.String(allow_none=True)
    name = fields.String()


class Taxonomy(Schema):
    """All themes."""

    items = fields.List(fields.Nested(TaxonomyTerm))


class ServiceOut(Localised):
    """A local service."""

    id = fields.String()
    municipality = fields.String()
    name = fields.String()
    name_is_generic = fields.Boolean(metadata=_says("The place has no name of its own; this is its kind"))
    description = fields.String()
    organization = fields.String()
    taxonomy = fields.List(fields.String())
    location = fields.Nested(Location, allow_none=True)
    address = fields.String()
    phones = fields.List(fields.String())
    languages = fields.List(fields.String())
    accessibility = fields.List(fields.String())
    fees = fields.String(allow_none=True)
    website = fields.String(allow_none=True)
    source = fields.Dict(metadata=_says("Where the entry comes from, with licence"))
    verified_on = fields.Date(allow_none=True)
    demonstration = fields.Boolean()
    distance_km = fields.Float(allow_none=True)
    version = fields.Integer()


class Services(Schema):
    """A page of services."""

    items = fields.List(fields.Nested(ServiceOut))
    total = fields.Integer()
    page = fields.Integer()
    per_page = fields.Integer()


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

    start = fields.String(metadata=_says("RFC 3339, UTC", format="date-time"))
    end = fields.String(metadata=_says("RFC 3339, UTC", format="date-time"))
    places = fields.Integer()
    languages = fields.List(fields.String())


class SlotDay(Schema):
    """An opening day."""

    date = fields.String(metadata=_says("The guichet's local date", format="date"))
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
    start = fields.String(metadata=_says("RFC 3339, UTC", format="date-time"))
    end = fields.String(metadata=_says("RFC 3339, UTC", format="date-time"))
    timezone = fields.String()
    topic = fields.String()
    language = fields.String()
    state = fields.String()
    reference = fields.String(metadata=_says("To say or to write on paper"))
    version = fields.Integer()
    manage_token = fields.String(metadata=_says("Secret: who has it may move and cancel"))
    manage_url = fields.String()


class EventOut(Localised):
    """A public event."""

    id = fields.String()
    municipality = fields.String()
    title = fields.String()
    summary = fields.String()
    place = fields.String()
    address = fields.String()
    location = fields.Nested(Location, allow_none=True)
    starts_at = fields.String(metadata=_says("RFC 3339, UTC", format="date-time"))
    ends_at = fields.String(metadata=_says("RFC 3339, UTC", format="date-time"))
    timezone = fields.String()
    capacity = fields.Integer()
    free_places = fields.Integer()
    languages = fields.List(fields.String())
    state = fields.String()
    registration = fields.String()
    version = fields.Integer()


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
    state = fields.String()
    reference = fields.String()
    version = fields.Integer()
    waiting_position = fields.Integer(allow_none=True)
    manage_token = fields.String()
    manage_url = fields.String()


class MessageOut(Schema):
    """A message that is planned or was sent; neither address nor content."""

    id = fields.String()
    kind = fields.String()
    channel = fields.String()
    state = fields.String()
    due_at = fields.String(metadata=_says("RFC 3339, UTC", format="date-time"))


class Messages(Schema):
    """Messages."""

    items = fields.List(fields.Nested(MessageOut))


class Forgotten(Schema):
    """The contact is destroyed."""

    forgotten = fields.Boolean()


class Problem(Schema):
    """An error (RFC 9457)."""

    type = fields.String()
    title = fields.String(metadata=_says("In the caller's language"))
    status = fields.Integer()
    code = fields.String(metadata=_says("Stable; see contracts/errors"))
    correlation_id = fields.String()
    errors = fields.List(fields.Dict(), metadata=_says("Field by field: path, code, message"))
    params = fields.Dict(metadata=_says("Such as next_slots"))
