"""Requests and answers of feedback."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from imigr_gateway.shapes.base import Localised, Strict, says
from imigr_kit.fields import LANGUAGE, SLUG, Pattern

CODE = Pattern(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)*")
ID = validate.Length(min=1, max=64)
FOR_EDITORS = says(
    "To the editors only: kept encrypted, deleted after 30 days or when dealt with; say nothing personal"
)


class Said(Strict):
    """What all have in common."""

    municipality = fields.String(required=True, validate=SLUG, metadata=says("Slug, such as la-marsa"))
    language = fields.String(load_default="fr", validate=LANGUAGE, metadata=says("BCP 47, of the page that was read"))
    remark = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=1000), metadata=FOR_EDITORS)


class OpinionBody(Said):
    """An opinion; at least one of useful, reasons and remark."""

    about = fields.String(required=True, validate=validate.OneOf(("service", "article", "search")))
    record_id = fields.String(
        load_default=None, allow_none=True, validate=ID, metadata=says("Of the service or article; none for the search")
    )
    useful = fields.Boolean(load_default=None, allow_none=True, truthy={True}, falsy={False})
    reasons = fields.List(
        fields.String(validate=CODE), load_default=list, validate=validate.Length(max=5), metadata=says("Closed codes")
    )


class GapBody(Said):
    """What could not be found."""

    theme = fields.String(load_default=None, allow_none=True, validate=CODE, metadata=says("Code of a theme"))


class CorrectionBody(Strict):
    """What is wrong in an entry."""

    part = fields.String(required=True, validate=CODE, metadata=says("Such as phones or hours; see the choices"))
    value = fields.String(
        load_default=None,
        allow_none=True,
        validate=validate.Length(min=1, max=500),
        metadata=says(
            "How it should read, of phones, hours, website, languages, fees, accessibility (several with commas): goes"
            " into the review of the entry. Of other parts say it in the remark"
        ),
    )
    language = fields.String(load_default="fr", validate=LANGUAGE)
    remark = fields.String(
        load_default=None,
        allow_none=True,
        validate=validate.Length(max=1000),
        metadata=says("How it should read. " + str(FOR_EDITORS["description"])),
    )


class Received(Schema):
    """It arrived."""

    received = fields.Boolean()
    gone_on = fields.String(metadata=says("The day on which only counts are left", format="date"))


class Choice(Localised):
    """A closed answer."""

    about = fields.String(metadata=says("service, article or search"))
    code = fields.String()
    title = fields.String()


class Choices(Schema):
    """The closed answers."""

    reasons = fields.List(fields.Nested(Choice))
    parts = fields.List(fields.Nested(Choice), metadata=says("What of an entry can be corrected"))


class OpinionFilter(Strict):
    """What staff look for; everything given must hold."""

    state = fields.String(load_default=None, validate=validate.OneOf(("new", "handled")))
    kind = fields.String(load_default=None, validate=validate.OneOf(("opinion", "gap", "correction")))
    about = fields.String(load_default=None, validate=validate.OneOf(("service", "article", "search")))
    record_id = fields.String(load_default=None, validate=ID)
    page = fields.Integer(load_default=1, validate=validate.Range(1, 10_000))
    per_page = fields.Integer(load_default=20, validate=validate.Range(1, 100))


class OpinionOut(Schema):
    """What was said, without its remark."""

    id = fields.String()
    kind = fields.String(metadata=says("opinion, gap or correction"))
    about = fields.String()
    record_id = fields.String(allow_none=True)
    useful = fields.Boolean(allow_none=True)
    reasons = fields.List(fields.String())
    theme = fields.String(allow_none=True)
    part = fields.String(allow_none=True)
    language = fields.String()
    received_on = fields.String(metadata=says("A day, never an hour", format="date"))
    gone_on = fields.String(metadata=says("The day on which it is deleted", format="date"))
    has_remark = fields.Boolean()
    proposed = fields.Boolean(metadata=says("A correction that is in the review of its entry"))
    state = fields.String(metadata=says("new or handled"))
    outcome = fields.String(allow_none=True)
    version = fields.Integer()


class Opinions(Schema):
    """A page of what was said."""

    items = fields.List(fields.Nested(OpinionOut))
    total = fields.Integer()
    page = fields.Integer()
    per_page = fields.Integer()


class RemarkOut(Schema):
    """A remark, once."""

    opinion = fields.Nested(OpinionOut)
    remark = fields.String()


class Handled(Strict):
    """What was done, on the version that was read."""

    outcome = fields.String(required=True, validate=validate.OneOf(("corrected", "no_change", "duplicate", "abuse")))
    version = fields.Integer(required=True, strict=True)


class TallyOut(Schema):
    """Counts."""

    kind = fields.String()
    about = fields.String()
    record_id = fields.String(allow_none=True)
    theme = fields.String(allow_none=True)
    language = fields.String(allow_none=True)
    total = fields.Integer()
    useful = fields.Integer()
    not_useful = fields.Integer()
    reasons = fields.Dict(keys=fields.String(), values=fields.Integer())


class Tallies(Schema):
    """Counts of a town."""

    items = fields.List(fields.Nested(TallyOut))


class ReadsQuery(Strict):
    """How many rows."""

    most = fields.Integer(load_default=50, validate=validate.Range(1, 500))


class RemarkRead(Schema):
    """Who read which remark."""

    staff_id = fields.String()
    opinion_id = fields.String()
    at = fields.String(metadata=says("RFC 3339, UTC", format="date-time"))


class RemarkReads(Schema):
    """Newest first."""

    items = fields.List(fields.Nested(RemarkRead))
