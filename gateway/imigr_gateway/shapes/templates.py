"""Requests and answers about the texts of messages."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from imigr_gateway.shapes.base import Reachable, Strict, says

LINE = validate.Length(max=2_000)
LANGUAGES = ["fr", "ar", "en"]


class TextIn(Strict):
    """One language of a text. Values: `{town}`, `{date}`, `{time}`, `{place}`, `{link}`, ...; plurals in ICU's words:
    `{documents, plural, one {# document} other {# documents}}`."""

    subject = fields.String(required=True, validate=LINE)
    lines = fields.List(
        fields.String(validate=LINE),
        required=True,
        validate=validate.Length(max=50),
        metadata=says("A line whose value is not there is left out"),
    )
    also = fields.String(validate=LINE, metadata=says("One more meeting, in a reminder of several"))
    ask = fields.String(validate=LINE, metadata=says("How to answer, where answers are possible"))
    transliterate = fields.Boolean(metadata=says("Letters that make an SMS dearer lose their marks (default)"))


class PreviewTemplate(Strict):
    """A text to look at."""

    language = fields.String(required=True, validate=validate.OneOf(LANGUAGES))
    text = fields.Nested(TextIn, required=True)


class TestTemplate(Reachable):
    """A text to try, and to whom it goes."""

    __test__ = False
    language = fields.String(required=True, validate=validate.OneOf(LANGUAGES))
    text = fields.Nested(TextIn, required=True)


class Letter(Schema):
    """A letter that costs more."""

    letter = fields.String()
    effect = fields.String(metadata=says("double: two units; forces: the whole text in the wide alphabet"))


class Preview(Schema):
    """What a person would get."""

    subject = fields.String()
    body = fields.String()
    html = fields.String()
    alphabet = fields.String(metadata=says("gsm7 or ucs2; empty for email"))
    units = fields.Integer()
    parts = fields.List(fields.String())
    price = fields.Integer(metadata=says("Of all parts, in thousandths of the currency"))
    letters = fields.List(fields.Nested(Letter))


class PublishTemplate(Strict):
    """A text in all languages; none: the built-in text holds again."""

    texts = fields.Dict(
        keys=fields.String(validate=validate.OneOf(LANGUAGES)), values=fields.Nested(TextIn), required=True
    )
    version = fields.Integer(
        required=True, strict=True, validate=validate.Range(0), metadata=says("The one that was read; 0: none yet")
    )


class Published(Schema):
    """The version it has now."""

    version = fields.Integer(required=True)


class Version(Schema):
    """One publication."""

    version = fields.Integer()
    at = fields.String(metadata=says("RFC 3339, UTC", format="date-time"))
    actor = fields.String()
    texts = fields.Dict()


class TemplateOut(Schema):
    """A text that the municipality published."""

    source = fields.String()
    kind = fields.String()
    channel = fields.String()
    version = fields.Integer()
    texts = fields.Dict()
    versions = fields.List(fields.Nested(Version))


class Templates(Schema):
    """All of them."""

    items = fields.List(fields.Nested(TemplateOut), required=True)
