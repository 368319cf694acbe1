"""Fields and rules that many schemas share. Schemas refuse what they do not know."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

SLUG = validate.Regexp(r"^[a-z0-9]+(-[a-z0-9]+)*\Z")
ID = validate.Length(min=1, max=64)
PART_ID = validate.Regexp(r"^[A-Za-z0-9_-]{1,64}\Z")
"""Of a part of a list: it stands in the paths of texts, hence without a dot."""
CODE = validate.Regexp(r"^[a-z][a-z0-9_]*(\.[a-z0-9_]+)*\Z")
LANGUAGE = validate.Regexp(r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*\Z")
"""BCP 47 (RFC 5646) in shape."""
KEY = validate.Length(min=1, max=200)
NUMBER = validate.Regexp(r"^\+?[0-9 ()./*#-]{2,30}\Z")
"""A telephone number as people write it; also short ones such as 197."""
POSTAL_CODE = validate.Regexp(r"^[A-Za-z0-9 -]{2,12}\Z")


def text(longest: int, *, required: bool = False) -> fields.Dict:
    """A text in several languages, kept as it is written and shown escaped."""
    keys, values = fields.String(validate=LANGUAGE), fields.String(validate=validate.Length(min=1, max=longest))
    if required:
        return fields.Dict(keys=keys, values=values, required=True, validate=validate.Length(min=1, max=40))
    return fields.Dict(keys=keys, values=values, validate=validate.Length(max=40))


def listed(inner: Any, most: int, **more: Any) -> fields.List[Any]:
    """A list of at most so many."""
    return fields.List(inner, validate=validate.Length(max=most), **more)


def nested(inner: type[Schema], most: int) -> fields.List[Any]:
    """A list of objects."""
    return listed(fields.Nested(inner), most)


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
