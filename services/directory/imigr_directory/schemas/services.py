"""Search and services on the wire, as the first routes take and give them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validate, validates_schema

from imigr_directory.domain import Municipality, Record, Service, Term, service_of
from imigr_directory.handlers.services import Draft
from imigr_directory.reading import code_of
from imigr_directory.schemas.content import ServiceContent, complete_content
from imigr_directory.schemas.fields import CODE, ID, KEY, Point
from imigr_directory.search import SORTS, Found, Help, Query
from imigr_kit.fields import LANGUAGE, SLUG, Day, Moment

NAMESPACE = uuid.UUID("019348a0-0000-7000-8000-0000000000dd")
_TRUTH = {None: "null", True: "true", False: "false"}


class Search(Schema):
    """What is looked for, filters joined by AND. ``languages`` are the reader's, for the order of names; texts in all
    languages are searched. ``spoken`` and ``accessibility`` must all be offered."""

    q = fields.String(load_default="", validate=validate.Length(max=200))
    languages = fields.List(fields.String(validate=LANGUAGE), load_default=list)
    municipality = fields.String(load_default=None, allow_none=True, validate=SLUG)
    taxonomy = fields.String(load_default=None, allow_none=True, validate=CODE)
    spoken = fields.List(fields.String(validate=LANGUAGE), load_default=list, validate=validate.Length(max=10))
    accessibility = fields.List(fields.String(validate=CODE), load_default=list, validate=validate.Length(max=10))
    open_now = fields.Boolean(load_default=False, truthy={True}, falsy={False})
    open_at = Moment(load_default=None, allow_none=True, format="iso")
    free = fields.Boolean(load_default=False, truthy={True}, falsy={False})
    sort = fields.String(load_default=None, allow_none=True, validate=validate.OneOf(SORTS))
    facets = fields.Boolean(load_default=False, truthy={True}, falsy={False})
    latitude = fields.Float(load_default=None, allow_none=True, validate=validate.Range(-90, 90))
    longitude = fields.Float(load_default=None, allow_none=True, validate=validate.Range(-180, 180))
    radius_km = fields.Float(load_default=None, allow_none=True, validate=validate.Range(0, 100, min_inclusive=False))
    page = fields.Integer(load_default=1, strict=True, validate=validate.Range(1, 10_000))
    per_page = fields.Integer(load_default=20, strict=True, validate=validate.Range(1, 100))

    @validates_schema
    def check(self, data: dict[str, Any], **_: Any) -> None:
        """A point has two coordinates, and a radius needs a point."""
        if (data["latitude"] is None) != (data["longitude"] is None):
            raise ValidationError("latitude and longitude belong together", "latitude")
        if data["radius_km"] is not None and data["latitude"] is None:
            raise ValidationError("needs latitude and longitude", "radius_km")
        if data["open_now"] and data["open_at"] is not None:
            raise ValidationError("either now or at a time", "open_at")
        if data["sort"] == "distance" and data["latitude"] is None:
            raise ValidationError("needs latitude and longitude", "sort")

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> Query:
        """A Query."""
        near = None if data["latitude"] is None else {"lat": data["latitude"], "lon": data["longitude"]}
        asked: dict[str, Any] = {name: tuple(data[name]) for name in ("languages", "spoken", "accessibility")}
        names: tuple[str, ...] = ("municipality", "taxonomy", "radius_km", "free", "sort", "facets", "page", "per_page")
        names += ("open_now", "open_at")
        asked |= {name: data[name] for name in names}
        return Query(q=_sayable(data["q"]), near=near, **asked)


class Links(Schema):
    """A page of links."""

    page = fields.Integer(load_default=1, strict=True, validate=validate.Range(1, 1_000))
    per_page = fields.Integer(load_default=1_000, strict=True, validate=validate.Range(1, 10_000))


Location = Point


class Entry(ServiceContent):
    """An entry as staff write it in one step: its content, its municipality and when it was verified."""

    municipality = fields.String(required=True, validate=SLUG)
    verified_on = Day(allow_none=True)


class Create(Schema):
    """Who adds what."""

    actor = fields.Dict(required=True)
    service = fields.Nested(Entry, required=True)
    idempotency_key = fields.String(required=True, validate=KEY)


class Step(Schema):
    """A change on the version that was read."""

    actor = fields.Dict(required=True)
    service_id = fields.String(required=True, validate=ID)
    version = fields.Integer(required=True, strict=True)
    idempotency_key = fields.String(required=True, validate=KEY)


class Update(Step):
    """Other content."""

    service = fields.Nested(Entry, required=True)


def draft_of(data: dict[str, Any], idempotency_key: str) -> Draft:
    """An entry from loaded data; its id follows from the command's key, so a repetition has the same."""
    identity = str(uuid.uuid5(NAMESPACE, idempotency_key))
    verified = data.get("verified_on")
    written = {name: value for name, value in data.items() if name not in ("municipality", "verified_on")}
    content = complete_content("service", written, idempotency_key)
    return Draft(identity, data["municipality"], content, verified.isoformat() if verified else None)


def written_out(record: Record) -> dict[str, Any]:
    """An entry for whoever has just written it: what was written. ``waiting`` in_review: a manager will look at it, and
    until then readers see what they saw."""
    proposal = record.proposal
    is_waiting = proposal is not None and (record.content is None or proposal.at > record.at)
    shown = replace(record, content=proposal.content) if proposal is not None and is_waiting else record
    told = {"waiting": proposal.state if proposal is not None and is_waiting else None, "revision": record.revision}
    return service_out(service_of(shown)) | told


def service_out(service: Service, distance: float | None = None) -> dict[str, Any]:
    """An entry for everyone."""
    return {
        "id": service.id,
        "municipality": service.municipality,
        "name": dict(service.name),
        "name_is_generic": service.name_is_generic,
        "description": dict(service.description),
        "organization": dict(service.organization),
        "taxonomy": list(service.taxonomy),
        "location": dict(service.location) if service.location else None,
        "address": dict(service.address),
        "phones": list(service.phones),
        "languages": list(service.languages),
        "accessibility": list(service.accessibility),
        "fees": service.fees,
        "website": service.website,
        "source": dict(service.source),
        "verified_on": service.verified_on,
        "demonstration": service.demonstration,
        "state": service.state,
        "version": service.version,
        "distance_km": distance,
        "code": code_of(service.id),
        **service.details,
    }


def page_out(found: Found, query: Query, version: int) -> dict[str, Any]:
    """A page of hits."""
    return {"items": [listed_out(hit.service, hit.distance_km) for hit in found.hits]} | counted_out(
        found, query, version
    )


def counted_out(found: Found, query: Query, version: int) -> dict[str, Any]:
    """What is told of a page beside its hits."""
    told = {"total": found.total, "page": query.page, "per_page": query.per_page, "version": version}
    return told | {"facets": found.facets} if query.facets else told


def help_out(given: Help) -> dict[str, Any]:
    """What may help who found nothing."""
    return {"did_you_mean": given.did_you_mean, "without": dict(given.without), "nearest_km": given.nearest_km}


def links_out(records: Mapping[str, Record], page: int, per_page: int) -> dict[str, Any]:
    """A page of links."""
    some = sorted(records)[(page - 1) * per_page : page * per_page]
    items = [{"code": code_of(one), "changed_on": records[one].at[:10] or None} for one in some]
    return {"items": items, "total": len(records)}


def listed_out(service: Service, distance: float | None = None) -> dict[str, Any]:
    """An entry in a list."""
    listed = service_out(service, distance)
    del listed["state"]  # all that is found is published
    return listed


def timeless_out(service: Service) -> dict[str, Any]:
    """An entry in a list, without what differs from question to question: see hit_end."""
    listed = listed_out(service)
    del listed["distance_km"]
    return listed


def hit_end(distance: float | None, open_now: bool | None) -> bytes:
    """The rest of the JSON of a hit."""
    away = "null" if distance is None else repr(distance)
    return f',"distance_km":{away},"open_now":{_TRUTH[open_now]}}}'.encode()


def _sayable(text: str) -> str:
    """Without halves of characters and control characters, which nobody means."""
    return "".join(letter for letter in text if letter.isprintable() or letter.isspace())


def municipality_out(town: Municipality) -> dict[str, Any]:
    """A municipality for everyone."""
    return {
        "slug": town.slug,
        "name": dict(town.name),
        "governorate": dict(town.governorate),
        "location": dict(town.location),
        "timezone": town.timezone,
        "languages": list(town.languages),
    }


def term_out(term: Term) -> dict[str, Any]:
    """A theme for everyone."""
    return {"code": term.code, "parent": term.parent, "name": dict(term.name)}
