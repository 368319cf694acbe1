"""The tables of HSDS 3.1 with the spellings of 1.x and 2.x: names, fields, kinds of value, and how they hang together.

Written from the published specification (Open Referral, CC BY-SA 4.0); names of tables and fields only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

Kind = Literal["id", "text", "number", "date", "moment", "time", "url", "email"]
_ID = ("id", "id")


@dataclass(frozen=True)
class Table:
    """One table. ``links`` are the fields that hold the key of another table's row, with that table; of
    ``parents``, those under which a row is nested in JSON, one must lead somewhere. ``needs`` may not be empty."""

    name: str
    fields: Mapping[str, Kind]
    links: Mapping[str, str] = field(default_factory=dict)
    parents: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    nested_as: str = ""


def _table(
    name: str, spelled: str, *, needs: str = "", parents: str = "", nested_as: str = "", links: str = ""
) -> Table:
    """``spelled``: ``field`` (text) or ``field:kind``; ``links``: ``field>table``."""
    fields: dict[str, Kind] = {"id": "id"}
    for one in spelled.split():
        named, _, kind = one.partition(":")
        fields[named] = kind or "text"  # type: ignore[assignment]  # the literals below
    joined = dict(pair.split(">") for pair in links.split())
    fields |= dict.fromkeys(joined, "id")
    return Table(name, fields, joined, tuple(parents.split()), tuple(needs.split()), nested_as or f"{name}s")


_TABLES = (
    _table(
        "organization",
        "name alternate_name description email:email website:url tax_status tax_id year_incorporated:number"
        " legal_status logo uri:url",
        needs="name",
        links="parent_organization_id>organization",
    ),
    _table(
        "program", "name alternate_name description", parents="organization_id", links="organization_id>organization"
    ),
    _table(
        "service",
        "name alternate_name description url:url email:email status interpretation_services application_process"
        " fees_description wait_time fees accreditations eligibility_description minimum_age:number maximum_age:number"
        " assured_date:date assurer_email:email licenses alert last_modified:moment",
        needs="name",
        links="organization_id>organization program_id>program",
    ),
    _table(
        "location",
        "location_type url:url name alternate_name description transportation latitude:number longitude:number"
        " external_identifier external_identifier_type",
        links="organization_id>organization",
    ),
    _table(
        "service_at_location",
        "description part_id",
        parents="service_id location_id",
        links="service_id>service location_id>location",
    ),
    _table(
        "address",
        "attention address_1 address_2 city region state_province postal_code country address_type",
        parents="location_id",
        nested_as="addresses",
        links="location_id>location",
    ),
    _table(
        "contact",
        "name title department email:email part_id",
        parents="organization_id service_id service_at_location_id location_id",
        links="organization_id>organization service_id>service service_at_location_id>service_at_location"
        " location_id>location",
    ),
    _table(
        "phone",
        "number extension:number type description language",
        needs="number",
        parents="location_id service_id organization_id contact_id service_at_location_id",
        links="location_id>location service_id>service organization_id>organization contact_id>contact"
        " service_at_location_id>service_at_location",
    ),
    _table(
        "schedule",
        "valid_from:date valid_to:date dtstart:date timezone until:date count:number wkst freq interval:number byday"
        " byweekno bymonthday byyearday description opens_at:time closes_at:time schedule_link:url attending_type notes"
        " weekday closed part_id",
        parents="service_id location_id service_at_location_id",
        links="service_id>service location_id>location service_at_location_id>service_at_location",
    ),
    _table(
        "language",
        "name code note",
        parents="service_id location_id phone_id",
        links="service_id>service location_id>location phone_id>phone",
    ),
    _table(
        "accessibility",
        "description details url:url",
        parents="location_id",
        nested_as="accessibility",
        links="location_id>location",
    ),
    _table(
        "cost_option",
        "valid_from:date valid_to:date option currency amount:number amount_description part_id",
        parents="service_id",
        links="service_id>service",
    ),
    _table("required_document", "document uri:url part_id", parents="service_id", links="service_id>service"),
    _table(
        "service_area",
        "name description extent extent_type uri",
        parents="service_id service_at_location_id",
        links="service_id>service service_at_location_id>service_at_location",
    ),
    _table("unit", "name scheme identifier uri:url", needs="name"),
    _table(
        "service_capacity",
        "available:number maximum:number description updated:moment",
        parents="service_id",
        nested_as="capacities",
        links="service_id>service unit_id>unit",
    ),
    _table(
        "url",
        "label url:url",
        parents="organization_id service_id",
        nested_as="additional_urls",
        links="organization_id>organization service_id>service",
    ),
    _table(
        "funding",
        "source",
        parents="organization_id service_id",
        nested_as="funding",
        links="organization_id>organization service_id>service",
    ),
    _table(
        "organization_identifier",
        "identifier_scheme identifier_type identifier",
        parents="organization_id",
        links="organization_id>organization",
    ),
    _table("taxonomy", "name description uri:url version", needs="name", nested_as="taxonomies"),
    _table(
        "taxonomy_term",
        "code name description taxonomy language term_uri:url parent_name",
        needs="name",
        links="parent_id>taxonomy_term taxonomy_id>taxonomy",
    ),
    _table(
        "attribute",
        "link_id:id link_type link_entity value label taxonomy_detail",
        parents="link_id",
        links="taxonomy_term_id>taxonomy_term",
    ),
    _table(
        "metadata",
        "resource_id:id resource_type last_action_date last_action_type field_name previous_value replacement_value"
        " updated_by",
        nested_as="metadata",
    ),
    _table("meta_table_description", "name language character_set"),
    _table("eligibility", "eligibility", parents="service_id", nested_as="eligibility", links="service_id>service"),
    _table(
        "payment_accepted", "payment", parents="service_id", nested_as="payments_accepted", links="service_id>service"
    ),
    _table("translation", "link_id:id link_entity field language text", parents="link_id", needs="text"),
    _table("detail", "link_id:id link_entity part value", parents="link_id", needs="part"),
)
TABLES: Final[Mapping[str, Table]] = {table.name: table for table in _TABLES}
"""In an order in which every table comes after those it links to (but a table may link to itself)."""

_SINGULAR = ("accessibility", "funding", "metadata", "service_at_location", "service_capacity", "url")
_PLURAL: Mapping[str, str] = {"address": "addresses", "taxonomy": "taxonomies", "translation": "translations"}
PROFILE_TABLES: Final = ("translation", "detail")
"""Ours, declared in contracts/hsds-profile: texts in further languages, and what HSDS has no word for."""
GONE_TABLES: Final = ("eligibility", "payment_accepted")
"""Of 1.x and 2.x only."""
FILES: Final[Mapping[str, str]] = {
    name: f"{name if name in _SINGULAR else _PLURAL.get(name, f'{name}s')}.csv"
    for name in TABLES
    if name not in GONE_TABLES
}
"""The file of each table in a data package of 3.1."""


@dataclass(frozen=True)
class Older:
    """A table as an earlier version spells it: what it is now, its fields by their present name, and values that its
    rows have without saying so. The ``taxonomy.csv`` of 1.x holds terms."""

    now: str
    renamed: Mapping[str, str] = field(default_factory=dict)
    implied: Mapping[str, str] = field(default_factory=dict)


OLDER: Final[Mapping[str, Older]] = {
    "physical_address": Older("address", implied={"address_type": "physical"}),
    "postal_address": Older("address", implied={"address_type": "postal"}),
    "regular_schedule": Older("schedule"),
    "holiday_schedule": Older("schedule", {"start_date": "valid_from", "end_date": "valid_to"}),
    "service_taxonomy": Older(
        "attribute", {"service_id": "link_id", "taxonomy_id": "taxonomy_term_id"}, {"link_entity": "service"}
    ),
    "service_attribute": Older("attribute", {"service_id": "link_id"}, {"link_entity": "service"}),
    "other_attribute": Older("attribute", {"link_type": "link_entity"}),
    "accessibility_for_disabilities": Older("accessibility", {"accessibility": "description"}),
    "capacity": Older("service_capacity"),
    "taxonomy": Older("taxonomy_term"),
}
RENAMED: Final[Mapping[str, Mapping[str, str]]] = {
    "organization": {"url": "website", "parent_id": "parent_organization_id"},
    "language": {"language": "name"},
    "service_area": {"service_area": "name"},
    "taxonomy_term": {"term": "name", "vocabulary": "taxonomy"},
    "service": {"website": "url"},
    "phone": {"phone_number": "number", "phone": "number"},
    "location": {"lat": "latitude", "lng": "longitude", "lon": "longitude", "long": "longitude"},
    "address": {"address": "address_1", "zip": "postal_code", "zipcode": "postal_code", "postcode": "postal_code"},
    "schedule": {"byweekday": "byday"},
}
"""Fields of earlier versions (and of habit) by table."""
FREE_HOURS: Final = ("hours", "hours_of_operation", "opening_hours", "schedule", "regular_hours")
"""Fields that no version has and real files use for opening hours in words."""


def table_of(filename: str) -> tuple[str, Older] | None:
    """The table of a file or resource, however an earlier version or habit spells it; None for none of ours. The
    first part is the name as spelled there."""
    stem = (
        filename.replace("\\", "/").rpartition("/")[2].lower().removesuffix(".csv").replace("-", "_").replace(" ", "_")
    )
    stem = stem.removeprefix("hsds_")
    if stem == "taxonomies":
        return "taxonomies", Older("taxonomy")
    for name in _singular(stem):
        if name in OLDER:
            return name, OLDER[name]
        if name in TABLES:
            return name, Older(name)
    return None


def _singular(stem: str) -> tuple[str, ...]:
    """The stem itself, then its ways of being a plural (also of its first word: ``services_at_location``)."""
    first, _, rest = stem.partition("_")
    head = f"{first.removesuffix('s')}_{rest}" if rest and first in ("services", "payments") else stem
    ends = [head]
    if head.endswith("ies"):
        ends.append(head[:-3] + "y")
    if head.endswith("es"):
        ends.append(head[:-2])
    if head.endswith("s"):
        ends.append(head[:-1])
    return (stem, *ends)


def entity(text: str) -> str:
    """The table that a ``link_entity`` or ``resource_type`` names, in singular or plural."""
    named = text.strip().lower()
    return next((name for name in (named, named.removesuffix("s"), named.removesuffix("es")) if name in TABLES), named)
