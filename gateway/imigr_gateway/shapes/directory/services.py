"""Search, services, municipalities and themes."""

from __future__ import annotations

from marshmallow import Schema, fields, validate
from webargs.fields import DelimitedList

from imigr_gateway.shapes.base import Localised, Location, Paged, Strict, says
from imigr_gateway.shapes.directory.records import ContactPoint, DayHours, WhyClosed
from imigr_kit.fields import LANGUAGE, Moment

_DAY = says("RFC 3339", format="date")


class ServiceSearch(Paged):
    """Search in the directory; filters combine as AND."""

    q = fields.String(load_default="", validate=validate.Length(max=200), metadata=says("Words in any language"))
    taxonomy = fields.String(load_default=None, metadata=says("Code of a theme; its descendants count"))
    latitude = fields.Float(load_default=None, validate=validate.Range(-90, 90))
    longitude = fields.Float(load_default=None, validate=validate.Range(-180, 180))
    radius_km = fields.Float(load_default=None, validate=validate.Range(min=0, min_inclusive=False, max=100))
    speaks = DelimitedList(
        fields.String(validate=LANGUAGE),
        load_default=list,
        validate=validate.Length(max=10),
        metadata=says("Languages (BCP 47) that must all be spoken there, with commas between"),
    )
    accessibility = DelimitedList(
        fields.String(validate=validate.Length(min=1, max=60)),
        load_default=list,
        validate=validate.Length(max=10),
        metadata=says("Codes that must all hold, with commas between"),
    )
    free = fields.Boolean(load_default=False, metadata=says("Only what costs nothing"))
    open_now = fields.Boolean(load_default=False, metadata=says("Only what is open now, without an appointment"))
    open_at = Moment(load_default=None, format="iso", metadata=says("Only what is open then: RFC 3339 with offset"))
    sort = fields.String(
        load_default=None,
        validate=validate.OneOf(("relevance", "distance", "name")),
        metadata=says("By relevance to words unless said; without words by distance, or by name in the reader's order"),
    )
    facets = fields.Boolean(load_default=False, metadata=says("Count what each further choice would find"))


class ServiceBody(Strict):
    """A directory entry as staff write it; the service checks it in full."""

    service = fields.Dict(required=True)


class ServiceChange(ServiceBody):
    """A changed entry on the version that was read."""

    version = fields.Integer(required=True, strict=True)


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


class Eligibility(Localised):
    """Whom a service is for."""

    text = fields.String()
    min_age = fields.Integer(allow_none=True)
    max_age = fields.Integer(allow_none=True)
    groups = fields.List(fields.String(), metadata=says("Codes such as women, minors or asylum_seekers"))


class Cost(Localised):
    """One way to pay."""

    id = fields.String()
    option = fields.String()
    amount = fields.Float(allow_none=True, metadata=says("Null when it depends"))
    currency = fields.String(metadata=says("ISO 4217"))
    valid_from = fields.String(allow_none=True, metadata=_DAY)
    valid_until = fields.String(allow_none=True, metadata=_DAY)


class RequiredDocument(Localised):
    """A paper to bring."""

    id = fields.String()
    name = fields.String()
    website = fields.String(allow_none=True)


class ServiceCapacity(Schema):
    """Places."""

    unit = fields.String(metadata=says("What is counted, such as beds or seats"))
    maximum = fields.Integer(allow_none=True)
    available = fields.Integer(allow_none=True)
    updated_on = fields.String(allow_none=True, metadata=_DAY)


class Attribute(Schema):
    """A term of another taxonomy than that of the themes."""

    taxonomy = fields.String()
    term = fields.String()


class AtLocation(Schema):
    """The service at a location: its own phones and hours there."""

    id = fields.String()
    location_id = fields.String()
    phones = fields.List(fields.String())
    schedules = fields.List(fields.Dict())


class ServiceOut(Localised):
    """A local service. What its source does not say is empty or null."""

    id = fields.String()
    municipality = fields.String()
    name = fields.String()
    name_is_generic = fields.Boolean(metadata=says("The place has no name of its own; this is its kind"))
    description = fields.String()
    organization = fields.String()
    organization_id = fields.String(allow_none=True)
    taxonomy = fields.List(fields.String())
    location = fields.Nested(Location, allow_none=True)
    address = fields.String()
    phones = fields.List(fields.String())
    emails = fields.List(fields.String())
    contacts = fields.List(fields.Nested(ContactPoint))
    languages = fields.List(fields.String(), metadata=says("Spoken there (BCP 47)"))
    interpretation = fields.String(metadata=says("How one is interpreted for"))
    accessibility = fields.List(fields.String())
    eligibility = fields.Nested(Eligibility, allow_none=True)
    fees = fields.String(allow_none=True, metadata=says("free, paid or mixed"))
    costs = fields.List(fields.Nested(Cost))
    documents = fields.List(fields.Nested(RequiredDocument))
    application = fields.String(metadata=says("How to get in"))
    capacity = fields.Nested(ServiceCapacity, allow_none=True)
    attributes = fields.List(fields.Nested(Attribute))
    website = fields.String(allow_none=True)
    schedules = fields.List(fields.Dict(), metadata=says("The rules of its hours, as staff set them"))
    regime = fields.String(allow_none=True)
    at = fields.List(fields.Nested(AtLocation))
    source_language = fields.String(metadata=says("BCP 47: the language the others are translated from"))
    source = fields.Dict(metadata=says("Where the entry comes from, with licence"))
    verified_on = fields.String(allow_none=True, metadata=says("RFC 3339", format="date"))
    demonstration = fields.Boolean()
    distance_km = fields.Float(allow_none=True)
    version = fields.Integer()
    code = fields.String(metadata=says("Short and stable, for links: /s/<code>"))
    share_url = fields.String(metadata=says("A short address to pass on; ?lang= fixes its language"))
    open_now = fields.Boolean(allow_none=True, metadata=says("Null when no hours are known"))


class OpenService(ServiceOut):
    """A local service, and its hours at this moment; null when no hours are known."""

    closes_at = fields.String(allow_none=True, metadata=says("RFC 3339, UTC", format="date-time"))
    opens_next = fields.String(allow_none=True, metadata=says("RFC 3339, UTC; null when open", format="date-time"))
    why_closed = fields.Nested(WhyClosed, allow_none=True)
    hours = fields.List(fields.Nested(DayHours), metadata=says("Today and the six days after"))
    stale = fields.Boolean(metadata=says("Nobody has verified it, or not for a long time"))
    updated_at = fields.String(allow_none=True, metadata=says("RFC 3339, UTC", format="date-time"))
    translations = fields.List(
        fields.Dict(),
        metadata=says("Texts to be read with care: path, language, state `outdated` (its source changed) or `machine`"),
    )


class WrittenService(OpenService):
    """A service as it was just written."""

    state = fields.String(metadata=says("Of what readers see: draft or in_review when they have never seen it"))
    waiting = fields.String(allow_none=True, metadata=says("in_review: readers see it once a manager publishes it"))
    revision = fields.Integer(metadata=says("Counts every change, also those that wait; what If-Match names"))


class SearchHelp(Schema):
    """What may help who found nothing; nothing is proposed that would find nothing either."""

    did_you_mean = fields.String(allow_none=True, metadata=says("The words as they may have been meant"))
    without = fields.Dict(
        keys=fields.String(),
        values=fields.Integer(),
        metadata=says(
            "How many one would find with one filter less: municipality, taxonomy, speaks, accessibility, free, open, "
            "radius_km"
        ),
    )
    nearest_km = fields.Float(allow_none=True, metadata=says("How far it is to the nearest beyond the radius"))


class Services(Schema):
    """A page of services."""

    items = fields.List(fields.Nested(ServiceOut))
    total = fields.Integer()
    page = fields.Integer()
    per_page = fields.Integer()
    facets = fields.Dict(
        keys=fields.String(),
        values=fields.Dict(keys=fields.String(), values=fields.Integer()),
        metadata=says(
            "With facets=true: group (municipality, taxonomy, languages, accessibility, fees), value, how many "
            "services one would find with it; a theme counts its descendants"
        ),
    )
    help = fields.Nested(SearchHelp, metadata=says("Only when nothing was found"))


class LinkedService(Schema):
    """schema.org Service; further properties as schema.org describes them."""

    context = fields.Url(data_key="@context")
    kind = fields.String(data_key="@type")
    id = fields.Url(data_key="@id")
    name = fields.String()
    url = fields.Url()
