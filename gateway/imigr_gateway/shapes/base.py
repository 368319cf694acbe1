"""What several parts of the API share: parameters of reads, pages, problems."""

from __future__ import annotations

from typing import Any

from marshmallow import RAISE, Schema, fields, validate

from imigr_kit.fields import LANGUAGE, SLUG

ID = validate.Length(min=1, max=64)


def says(text: str, **more: Any) -> dict[str, Any]:
    """Metadata of a field: its description in OpenAPI, and further keywords of JSON Schema."""
    return {"description": text, **more}


IMAGINED = says("Imagined, not to be relied on")


class Strict(Schema):
    """Unknown fields and parameters are refused."""

    class Meta:
        """See above."""

        unknown = RAISE


class Read(Strict):
    """Parameters of every public read."""

    lang = fields.String(
        load_default="",
        validate=LANGUAGE,
        metadata=says("BCP 47 language wanted, before Accept-Language"),
    )


class OfMunicipality(Read):
    """Perhaps of one municipality."""

    municipality = fields.String(load_default=None, validate=SLUG, metadata=says("Slug, such as la-marsa"))


class Paged(OfMunicipality):
    """A page of a list."""

    page = fields.Integer(load_default=1, validate=validate.Range(1, 10_000))
    per_page = fields.Integer(load_default=20, validate=validate.Range(1, 100))


class Reachable(Strict):
    """How to be written to, if at all: a phone or an email, or neither."""

    phone = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=40))
    email = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=254))
    message_language = fields.String(load_default="fr", validate=LANGUAGE)


class Nothing(Strict):
    """An empty object."""


class AtVersion(Strict):
    """A step on the version that was read."""

    version = fields.Integer(required=True, strict=True)


class Location(Schema):
    """A point in WGS 84."""

    lat = fields.Float()
    lon = fields.Float()


class Localised(Schema):
    """An answer with texts in the reader's language."""

    text_languages = fields.Dict(
        keys=fields.String(), values=fields.String(), metadata=says("Language (BCP 47) of each text of this object")
    )


class MessageOut(Schema):
    """A message that is planned or was sent; neither address nor content."""

    id = fields.String()
    kind = fields.String()
    channel = fields.String()
    state = fields.String()
    due_at = fields.String(metadata=says("RFC 3339, UTC", format="date-time"))


class Messages(Schema):
    """Messages."""

    items = fields.List(fields.Nested(MessageOut))


class Forgotten(Schema):
    """The contact is destroyed."""

    forgotten = fields.Boolean()
    erased_at = fields.String(metadata=says("RFC 3339, UTC", format="date-time"))
    receipt = fields.String(metadata=says("Proof, with the moment, that it was destroyed; the same when asked again"))


class Problem(Schema):
    """An error (RFC 9457)."""

    type = fields.String()
    title = fields.String(metadata=says("In the caller's language"))
    status = fields.Integer()
    code = fields.String(metadata=says("Stable; see contracts/errors"))
    correlation_id = fields.String()
    errors = fields.List(fields.Dict(), metadata=says("Field by field: path, code, message"))
    params = fields.Dict(metadata=says("Such as next_slots"))
