"""Translations, tasks and links of the directory, for staff."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from imigr_gateway.shapes.base import Strict, says
from imigr_gateway.shapes.directory.records import RecordOut
from imigr_kit.fields import LANGUAGE

_MOST = 60_000
_KINDS = says("Of these kinds only: organization, service, location, article, alert")


class Line(Schema):
    """A text of a record."""

    path = fields.String(metadata=says("Such as `name` or `sections.s1.body`"))
    source_language = fields.String()
    texts = fields.Dict(metadata=says("By language"))
    states = fields.Dict(metadata=says("By language: published, outdated (its source changed) or machine"))


class Lines(Schema):
    """Every text of a record."""

    items = fields.List(fields.Nested(Line))


class TextsBody(Strict):
    """Words in one language."""

    language = fields.String(required=True, validate=LANGUAGE)
    texts = fields.Dict(
        keys=fields.String(), values=fields.String(), required=True, metadata=says("By path, as in the list of texts")
    )
    state = fields.String(
        load_default="in_review", metadata=says("draft, in_review; published or machine at once (managers only)")
    )


class Changed(RecordOut):
    """The record after the change."""


class ExportQuery(Strict):
    """Into which language."""

    language = fields.String(required=True, validate=LANGUAGE)
    kind = fields.List(fields.String(), load_default=list, metadata=_KINDS)
    record = fields.List(fields.String(), load_default=list, metadata=says("Ids of records; all when none is named"))


class ImportBody(Strict):
    """A file of up to 60,000 letters as JSON; larger ones are sent as they are, to `.../translations/file`."""

    xliff = fields.String(required=True, validate=validate.Length(min=1, max=_MOST))
    state = fields.String(
        load_default="in_review", metadata=says("draft, in_review, or published (at once; managers only)")
    )


class FileState(Strict):
    """What is to become of what the file says."""

    state = fields.String(
        load_default="in_review",
        validate=validate.OneOf(["draft", "in_review", "published"]),
        metadata=says("draft, in_review, or published (at once; managers only)"),
    )


class TranslationReport(Schema):
    """What became of each unit."""

    taken = fields.Integer()
    unchanged = fields.Integer()
    refused = fields.List(fields.Dict(), metadata=says("record, path, reason"))
    records = fields.List(fields.String(), metadata=says("Ids of the records that changed"))
    complete = fields.Boolean(
        metadata=says("Of a file sent as it is: false when time ran out; send it again, what is taken stays")
    )


class Task(Schema):
    """Something to do."""

    task = fields.String(metadata=says("review, verify, translate or link"))
    kind = fields.String()
    id = fields.String()
    municipality = fields.String()
    name = fields.Dict()
    revision = fields.Integer()
    verified_on = fields.String(allow_none=True)
    due = fields.String(allow_none=True, metadata=says("RFC 3339", format="date"))
    website = fields.String()
    reason = fields.String(allow_none=True)
    records = fields.List(fields.String())


class Tasks(Schema):
    """What waits."""

    items = fields.List(fields.Nested(Task))


class LinkOut(Schema):
    """A link that was looked at."""

    id = fields.String()
    website = fields.String()
    state = fields.String()
    reason = fields.String(allow_none=True)
    status = fields.Integer(allow_none=True)
    records = fields.List(fields.String(), metadata=says("kind/id of those that name it"))
    checked_at = fields.String(allow_none=True)


class Links(Schema):
    """Links."""

    items = fields.List(fields.Nested(LinkOut))
