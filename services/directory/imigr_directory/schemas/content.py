"""Content of a record by kind, as staff and imports write it. A part that is left out is filled by domain.content.

No part is for persons: a contact point has a function, and whoever holds it is not named.
"""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from imigr_directory.domain.content import BLANK, complete, with_ids
from imigr_directory.schemas.fields import (
    CODE,
    ID,
    NUMBER,
    PART_ID,
    POSTAL_CODE,
    Language,
    Point,
    listed,
    nested,
    one_of,
    url,
)
from imigr_directory.schemas.fields import text as words
from imigr_directory.schemas.hours import Schedules
from imigr_kit.fields import Day, Moment, Pattern

PHONES, LINES = 20, 50
PARTS = uuid.UUID("019348a0-0000-7000-8000-0000000000de")


class Part(Schema):
    """Part of a list; without an id it gets one."""

    id = fields.String(validate=PART_ID)


class ContactPoint(Part):
    """How to reach a function of an organization (reception, appointments), never a person by name."""

    function = words(100, required=True)
    phones = listed(fields.String(validate=NUMBER), PHONES)
    emails = listed(fields.Email(validate=validate.Length(max=254)), PHONES)
    languages = listed(Language(), 40)


class Attribute(Schema):
    """A term of another taxonomy than that of the themes."""

    taxonomy = fields.String(required=True, validate=CODE)
    term = fields.String(required=True, validate=CODE)


class Eligibility(Schema):
    """Whom a service is for. ``groups``: codes such as women or minors, of the service and never of a reader."""

    text = words(2000)
    min_age = fields.Integer(strict=True, allow_none=True, validate=validate.Range(0, 120))
    max_age = fields.Integer(strict=True, allow_none=True, validate=validate.Range(0, 120))
    groups = listed(fields.String(validate=CODE), 20)

    @validates_schema
    def check(self, data: dict[str, Any], **_: Any) -> None:
        """The lower bound is not above the upper one."""
        low, high = data.get("min_age"), data.get("max_age")
        if low is not None and high is not None and low > high:
            raise ValidationError("is under min_age", "max_age")


class Cost(Part):
    """One way to pay. ``amount`` in ``currency`` (ISO 4217); None when it depends."""

    option = words(300)
    amount = fields.Float(allow_none=True, validate=validate.Range(0, 1e9))
    currency = fields.String(validate=Pattern(r"[A-Z]{3}"))
    valid_from = Day(allow_none=True)
    valid_until = Day(allow_none=True)


class RequiredDocument(Part):
    """A paper to bring."""

    name = words(300, required=True)
    website = url()


class Capacity(Schema):
    """Places: how many there are, how many are free, and when that was said."""

    unit = fields.String(required=True, validate=CODE)
    maximum = fields.Integer(strict=True, allow_none=True, validate=validate.Range(0, 1_000_000))
    available = fields.Integer(strict=True, allow_none=True, validate=validate.Range(0, 1_000_000))
    updated_on = Day(allow_none=True)


class At(Part):
    """A service at a location: its own phones and hours there."""

    location_id = fields.String(required=True, validate=ID)
    phones = listed(fields.String(validate=NUMBER), PHONES)
    schedules = Schedules()


class Link(Part):
    """Somewhere on the web."""

    label = words(200)
    website = fields.Url(required=True, schemes={"http", "https"}, validate=validate.Length(max=500))


class ArticleStep(Part):
    """One thing to do."""

    text = words(2000, required=True)
    services = listed(fields.String(validate=ID), LINES)


class Section(Part):
    """A section of an article on rights."""

    heading = words(300, required=True)
    body = words(8000)
    steps = nested(ArticleStep, LINES)
    services = listed(fields.String(validate=ID), LINES)
    links = nested(Link, LINES)


class Organization(Schema):
    """Who offers services."""

    source_language = Language()
    name = words(200, required=True)
    alternate_name = words(200)
    description = words(4000)
    sort = fields.String(
        allow_none=True, validate=one_of("municipality", "public", "association", "international", "private", "other")
    )
    parent_id = fields.String(allow_none=True, validate=ID)
    taxonomy = listed(fields.String(validate=CODE), 20)
    location = fields.Nested(Point, allow_none=True)
    address = words(300)
    website = url()
    languages = listed(Language(), 100)
    contacts = nested(ContactPoint, LINES)
    attributes = nested(Attribute, LINES)


class Place(Schema):
    """Where services are offered."""

    source_language = Language()
    name = words(200, required=True)
    description = words(4000)
    location = fields.Nested(Point, allow_none=True)
    address = words(300)
    postal_code = fields.String(allow_none=True, validate=POSTAL_CODE)
    transport = words(1000)
    phones = listed(fields.String(validate=NUMBER), PHONES)
    languages = listed(Language(), 100)
    accessibility = listed(fields.String(validate=CODE), 20)
    accessibility_details = words(1000)
    attributes = nested(Attribute, LINES)
    website = url()
    schedules = Schedules()
    regime = fields.String(allow_none=True, validate=CODE)


class ServiceContent(Schema):
    """What is offered."""

    source_language = Language()
    name = words(200, required=True)
    name_is_generic = fields.Boolean()
    description = words(4000)
    organization = words(200)
    organization_id = fields.String(allow_none=True, validate=ID)
    taxonomy = listed(fields.String(validate=CODE), 20, required=True)
    location = fields.Nested(Point, allow_none=True)
    address = words(300)
    phones = listed(fields.String(validate=NUMBER), PHONES)
    emails = listed(fields.Email(validate=validate.Length(max=254)), PHONES)
    contacts = nested(ContactPoint, LINES)
    languages = listed(Language(), 100)
    interpretation = words(300)
    accessibility = listed(fields.String(validate=CODE), 20)
    eligibility = fields.Nested(Eligibility, allow_none=True)
    fees = fields.String(allow_none=True, validate=one_of("free", "paid", "mixed"))
    costs = nested(Cost, LINES)
    documents = nested(RequiredDocument, LINES)
    application = words(2000)
    capacity = fields.Nested(Capacity, allow_none=True)
    attributes = nested(Attribute, LINES)
    website = url()
    schedules = Schedules()
    regime = fields.String(allow_none=True, validate=CODE)
    at = nested(At, LINES)


class Article(Schema):
    """An article on rights."""

    source_language = Language()
    title = words(200, required=True)
    summary = words(1000)
    taxonomy = listed(fields.String(validate=CODE), 20)
    order = fields.Integer(strict=True, validate=validate.Range(0, 10_000))
    sections = nested(Section, LINES)
    services = listed(fields.String(validate=ID), LINES)
    links = nested(Link, LINES)


class Alert(Schema):
    """Something to know for a while: an office that is closed, a campaign."""

    source_language = Language()
    title = words(200, required=True)
    text = words(4000)
    sort = fields.String(validate=one_of("closure", "change", "campaign", "information"))
    severity = fields.String(validate=one_of("information", "warning", "urgent"))
    services = listed(fields.String(validate=ID), LINES)
    locations = listed(fields.String(validate=ID), LINES)
    website = url()
    valid_from = Moment(allow_none=True)
    valid_until = Moment(allow_none=True)

    @validates_schema
    def check(self, data: dict[str, Any], **_: Any) -> None:
        """It ends after it begins."""
        begins, ends = data.get("valid_from"), data.get("valid_until")
        if begins and ends and ends <= begins:
            raise ValidationError("is not after valid_from", "valid_until")


def content_in(kind: str, written: dict[str, Any], seed: str) -> dict[str, Any]:
    """Loaded and complete content of a record. Raises ValidationError, field by field."""
    return complete_content(kind, CONTENT[kind]().load(written), seed)


def complete_content(kind: str, loaded: dict[str, Any], seed: str) -> dict[str, Any]:
    """Loaded content as it is kept: as JSON, with every part of its kind and an id on every part of a list. New ids
    follow from ``seed`` (a command's key), so that a repetition makes the same."""
    count = itertools.count(1)
    return complete(kind, with_ids(_as_json(loaded), lambda: uuid.uuid5(PARTS, f"{seed}/{next(count)}").hex[:12]))


def _as_json(value: Any) -> Any:
    """Dates and moments as text: content is kept, told and compared as JSON."""
    if isinstance(value, dict):
        return {name: _as_json(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_as_json(inner) for inner in value]
    return value.isoformat() if isinstance(value, date) else value


CONTENT: Final[dict[str, type[Schema]]] = {
    "organization": Organization,
    "service": ServiceContent,
    "location": Place,
    "article": Article,
    "alert": Alert,
}
"""The schema of a record's content by kind."""


def fits(kind: str, content: Mapping[str, Any]) -> bool:
    """Whether complete content follows the schema of its kind."""
    blank = BLANK[kind]
    said = {name: value for name, value in content.items() if value != blank[name]}
    return not CONTENT[kind]().validate(said)
