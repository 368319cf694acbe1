"""Records of the directory: what readers get, and what staff write and read."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from imigr_gateway.shapes.base import Localised, Location, Paged, Strict, says
from imigr_kit.fields import LANGUAGE, Day

KIND = says("organization, service, location, article or alert")
_DAY = says("RFC 3339", format="date")
_MOMENT = says("RFC 3339, UTC", format="date-time")


class ByTheme(Paged):
    """A page, perhaps under a theme."""

    taxonomy = fields.String(
        load_default=None, validate=validate.Length(max=100), metadata=says("Code of a theme; its descendants count")
    )


class ContactPoint(Localised):
    """How to reach a function; nobody is named."""

    id = fields.String()
    function = fields.String()
    phones = fields.List(fields.String())
    emails = fields.List(fields.String())
    languages = fields.List(fields.String())


class Link(Localised):
    """Somewhere on the web."""

    id = fields.String()
    label = fields.String()
    website = fields.String()


class PublicRecord(Localised):
    """What every record says."""

    id = fields.String()
    municipality = fields.String(metadata=says("Slug; `all` for what is common to all"))
    version = fields.Integer()
    source_language = fields.String(metadata=says("BCP 47: the language the others are translated from"))
    source = fields.Dict(metadata=says("Where it comes from, with licence"))
    demonstration = fields.Boolean()
    verified_on = fields.String(allow_none=True, metadata=_DAY)
    stale = fields.Boolean(metadata=says("Nobody has verified it, or not for a long time"))
    updated_at = fields.String(allow_none=True, metadata=_MOMENT)
    translations = fields.List(
        fields.Dict(),
        metadata=says("Texts to be read with care: path, language, state `outdated` (its source changed) or `machine`"),
    )


class OrganizationOut(PublicRecord):
    """Who offers services."""

    name = fields.String()
    alternate_name = fields.String()
    description = fields.String()
    sort = fields.String(allow_none=True)
    parent_id = fields.String(allow_none=True)
    taxonomy = fields.List(fields.String())
    location = fields.Nested(Location, allow_none=True)
    address = fields.String()
    website = fields.String(allow_none=True)
    languages = fields.List(fields.String())
    contacts = fields.List(fields.Nested(ContactPoint))
    attributes = fields.List(fields.Dict())


class LocationOut(PublicRecord):
    """Where services are offered."""

    name = fields.String()
    description = fields.String()
    location = fields.Nested(Location, allow_none=True)
    address = fields.String()
    postal_code = fields.String(allow_none=True)
    transport = fields.String()
    phones = fields.List(fields.String())
    languages = fields.List(fields.String())
    accessibility = fields.List(fields.String())
    accessibility_details = fields.String()
    attributes = fields.List(fields.Dict())
    website = fields.String(allow_none=True)
    schedules = fields.List(fields.Dict())
    regime = fields.String(allow_none=True)


class WhyClosed(Localised):
    """Why one cannot come now."""

    code = fields.String(metadata=says("Such as holiday, paused, break, after_hours, by_appointment"))
    description = fields.String()


class DayHours(Localised):
    """The hours of one day in wall-clock time."""

    date = fields.String(metadata=_DAY)
    spans = fields.List(fields.List(fields.String()), metadata=says("Pairs of HH:MM; 24:00 is the next midnight"))
    closed = fields.String(metadata=says("Why there are none, as a code"))
    special = fields.String(allow_none=True, metadata=says("Other hours than usual: one_off, holiday, ramadan, summer"))
    unsure = fields.Boolean(metadata=says("Rests on an estimate, or nobody has confirmed it"))
    by_appointment = fields.Boolean()
    description = fields.String()


class OpenLocation(LocationOut):
    """A location and its hours at this moment; null when no hours are known."""

    open_now = fields.Boolean(allow_none=True)
    closes_at = fields.String(allow_none=True, metadata=_MOMENT)
    opens_next = fields.String(allow_none=True, metadata=_MOMENT)
    why_closed = fields.Nested(WhyClosed, allow_none=True)
    hours = fields.List(fields.Nested(DayHours), metadata=says("Today and the six days after"))


class ArticleStep(Localised):
    """One thing to do."""

    id = fields.String()
    text = fields.String()
    services = fields.List(fields.String())


class Section(Localised):
    """A section of an article."""

    id = fields.String()
    heading = fields.String()
    body = fields.String()
    steps = fields.List(fields.Nested(ArticleStep))
    services = fields.List(fields.String(), metadata=says("Ids of services that help with it"))
    links = fields.List(fields.Nested(Link))


class ArticleOut(PublicRecord):
    """An article on rights."""

    title = fields.String()
    summary = fields.String()
    taxonomy = fields.List(fields.String())
    order = fields.Integer()
    sections = fields.List(fields.Nested(Section))
    services = fields.List(fields.String())
    links = fields.List(fields.Nested(Link))


class AlertOut(PublicRecord):
    """Something to know for a while."""

    title = fields.String()
    text = fields.String()
    sort = fields.String(metadata=says("closure, change, campaign or information"))
    severity = fields.String(metadata=says("information, warning or urgent"))
    services = fields.List(fields.String())
    locations = fields.List(fields.String())
    website = fields.String(allow_none=True)
    valid_from = fields.String(allow_none=True, metadata=_MOMENT)
    valid_until = fields.String(allow_none=True, metadata=_MOMENT)


class PageOf(Schema):
    """A page of a list."""

    total = fields.Integer()
    page = fields.Integer()
    per_page = fields.Integer()


class Organizations(PageOf):
    """Organizations."""

    items = fields.List(fields.Nested(OrganizationOut))


class Locations(PageOf):
    """Locations."""

    items = fields.List(fields.Nested(LocationOut))


class Articles(PageOf):
    """Articles on rights."""

    items = fields.List(fields.Nested(ArticleOut))


class Alerts(PageOf):
    """Alerts whose time it is."""

    items = fields.List(fields.Nested(AlertOut))


class RecordList(Strict):
    """A page of a town's records, for staff."""

    state = fields.String(
        load_default=None,
        metadata=says("draft or in_review (also of published ones with a change that waits), published, withdrawn"),
    )
    page = fields.Integer(load_default=1, validate=validate.Range(1, 10_000))
    per_page = fields.Integer(load_default=20, validate=validate.Range(1, 100))
    lang = fields.String(load_default="", validate=LANGUAGE)


_STATE = says("draft, in_review, or published (at once; managers only)")


class RecordBody(Strict):
    """What a record is to say; the service checks it in full (schemas/content.py)."""

    content = fields.Dict(required=True, metadata=says("Texts as objects by BCP 47 tag; parts by kind"))
    state = fields.String(load_default="in_review", metadata=_STATE)


class NewRecord(RecordBody):
    """A new record."""

    owner = fields.String(
        load_default=None,
        allow_none=True,
        validate=validate.Length(min=1, max=64),
        metadata=says("The organization whose partner editors may propose changes"),
    )


class Declined(Strict):
    """Why it goes back."""

    reason = fields.String(
        required=True, metadata=says("incomplete, wrong, unclear, duplicate, not_ours, translation or other")
    )


class Verified(Strict):
    """On which day somebody looked; today when none is named."""

    on = Day(load_default=None, allow_none=True)


class StaffId(Strict):
    """Who."""

    staff_id = fields.String(required=True, validate=validate.Length(min=1, max=64))


class RecordOut(Schema):
    """A record with what waits in it; texts in all their languages."""

    id = fields.String()
    kind = fields.String(metadata=KIND)
    municipality = fields.String()
    owner = fields.String(allow_none=True)
    state = fields.String()
    version = fields.Integer(metadata=says("Of what readers see"))
    revision = fields.Integer(metadata=says("Of everything; the ETag, for If-Match"))
    content = fields.Dict(allow_none=True)
    proposal = fields.Dict(allow_none=True, metadata=says("content, base, state, by, at, reason"))
    translations = fields.Dict()
    verified_on = fields.String(allow_none=True, metadata=_DAY)
    expires_on = fields.String(allow_none=True, metadata=_DAY)
    source = fields.Dict()
    demonstration = fields.Boolean()
    published_by = fields.String(allow_none=True)
    published_at = fields.String(allow_none=True, metadata=_MOMENT)


class RecordRow(Schema):
    """A record in a list."""

    id = fields.String()
    kind = fields.String(metadata=KIND)
    municipality = fields.String()
    owner = fields.String(allow_none=True)
    name = fields.Dict()
    state = fields.String()
    waiting = fields.String(allow_none=True)
    version = fields.Integer()
    revision = fields.Integer()
    verified_on = fields.String(allow_none=True, metadata=_DAY)
    expires_on = fields.String(allow_none=True, metadata=_DAY)


class Records(PageOf):
    """Records."""

    items = fields.List(fields.Nested(RecordRow))


class VersionOut(Schema):
    """What readers saw."""

    version = fields.Integer()
    state = fields.String()
    by = fields.String()
    at = fields.String(metadata=_MOMENT)
    verified_on = fields.String(allow_none=True, metadata=_DAY)
    content = fields.Dict(allow_none=True)


class Versions(Schema):
    """Versions, the latest first."""

    items = fields.List(fields.Nested(VersionOut))


class Editors(Schema):
    """Who holds an organization's entries."""

    editors = fields.List(fields.String())
