"""Fields and rules that many schemas share. Schemas refuse what they do not know."""

from __future__ import annotations

from typing import Any

import langcodes
from marshmallow import Schema, ValidationError, fields, validate

from imigr_kit.fields import LANGUAGE, Pattern

ID = validate.Length(min=1, max=64)
PART_ID = Pattern(r"[A-Za-z0-9_-]{1,64}")
"""Of a part of a list: it stands in the paths of texts, hence without a dot."""
CODE = Pattern(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)*")
LANGUAGES_AT_MOST = 40
KEY = validate.Length(min=1, max=200)
PRINTABLE = Pattern(
    "[^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f\\ud800-\\udfff\\ufffe\\uffff]*", error="control characters"
)
"""Text that XML, JSON and people can take: no controls but tab and line end, no half of a letter."""
NUMBER = Pattern(r"\+?[0-9 ()./*#-]{2,30}")
"""A telephone number as people write it; also short ones such as 197."""
POSTAL_CODE = Pattern(r"[A-Za-z0-9 -]{2,12}")


class Language(fields.String):
    """A tag of BCP 47 whose parts are registered, in its one written form (RFC 5646, sections 2.2.9 and 2.1.1)."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **more: Any) -> Any:
        tag = super()._deserialize(value, attr, data, **more)
        LANGUAGE(tag)
        if not langcodes.tag_is_valid(tag):
            raise ValidationError("not a registered BCP 47 language tag")
        return langcodes.standardize_tag(tag, macro=False)


def text(longest: int, *, required: bool = False) -> fields.Dict:
    """A text in several languages, kept as it is written and shown escaped."""
    keys, values = Language(), fields.String(validate=[validate.Length(min=1, max=longest), PRINTABLE])
    if required:
        return fields.Dict(
            keys=keys, values=values, required=True, validate=validate.Length(min=1, max=LANGUAGES_AT_MOST)
        )
    return fields.Dict(keys=keys, values=values, validate=validate.Length(max=LANGUAGES_AT_MOST))


def distinct(parts: list[dict[str, Any]]) -> None:
    """Parts of one list have ids of their own."""
    ids = [part["id"] for part in parts if "id" in part]
    if len(ids) != len(set(ids)):
        raise ValidationError("two parts have the same id")


def listed(inner: Any, most: int, **more: Any) -> fields.List[Any]:
    """A list of at most so many."""
    return fields.List(inner, validate=validate.Length(max=most), **more)


def nested(inner: type[Schema], most: int) -> fields.List[Any]:
    """A list of objects."""
    return fields.List(fields.Nested(inner), validate=[validate.Length(max=most), distinct])


def url() -> fields.Url:
    """An address on the web."""
    return fields.Url(allow_none=True, schemes={"http", "https"}, validate=validate.Length(max=500))


def one_of(*values: str) -> validate.OneOf:
    """A closed list."""
    return validate.OneOf(values)


class Point(Schema):
    """A point in WGS 84."""

    lat = fields.Float(required=True, validate=validate.Range(-90, 90))
    lon = fields.Float(required=True, validate=validate.Range(-180, 180))
