"""Texts of a municipality on the wire."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from marshmallow import Schema, fields, validate

from imigr_notifications.domain import wire_time
from imigr_notifications.preview import Preview
from imigr_notifications.schemas.fields_shared import ID
from imigr_notifications.texts import LANGUAGES, TemplateId

LINE = validate.Length(max=2_000)


class TextIn(Schema):
    """One language of a text."""

    subject = fields.String(required=True, validate=LINE)
    lines = fields.List(fields.String(validate=LINE), required=True, validate=validate.Length(max=50))
    also = fields.String(validate=LINE)
    ask = fields.String(validate=LINE)
    transliterate = fields.Boolean()


class _OfText(Schema):
    actor = fields.Dict(required=True)
    municipality = fields.String(required=True, validate=ID)
    source = fields.String(required=True, validate=ID)
    kind = fields.String(required=True, validate=ID)
    channel = fields.String(required=True, validate=validate.OneOf(["sms", "email"]))


class PreviewTemplate(_OfText):
    """Which text, in which language."""

    language = fields.String(required=True, validate=validate.OneOf(LANGUAGES))
    text = fields.Nested(TextIn, required=True)


class TryTemplate(PreviewTemplate):
    """Which text, and to whom it goes."""

    contact_id = fields.String(required=True, validate=ID)
    idempotency_key = fields.String(required=True, validate=validate.Length(min=1, max=200))


class PublishTemplate(_OfText):
    """A text in all languages, on the version that was read; no languages: the built-in text."""

    texts = fields.Dict(keys=fields.String(validate=ID), values=fields.Nested(TextIn), required=True)
    version = fields.Integer(required=True, strict=True, validate=validate.Range(0))
    idempotency_key = fields.String(required=True, validate=validate.Length(min=1, max=200))


def which(wanted: Mapping[str, Any]) -> TemplateId:
    """The text that is meant."""
    return TemplateId(wanted["source"], wanted["kind"], wanted["channel"])


def preview_out(found: Preview) -> dict[str, Any]:
    """What a person would get; the price is in thousandths of the currency."""
    return {
        "subject": found.subject,
        "body": found.body,
        "html": found.html,
        "alphabet": found.alphabet,
        "units": found.units,
        "parts": list(found.parts),
        "price": found.price,
        "letters": [{"letter": letter, "effect": effect} for letter, effect in found.letters],
    }


def templates_out(rows: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Texts with their versions, newest last."""
    names = ("source", "kind", "channel", "version", "texts")
    items = []
    for row in rows:
        versions = [
            {"version": one["version"], "at": wire_time(one["at"]), "actor": one["actor"], "texts": one["texts"]}
            for one in row["versions"]
        ]
        items.append({name: row[name] for name in names} | {"versions": versions})
    return {"items": items}
