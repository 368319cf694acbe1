"""What of HSDS finds a place in the directory; everything else is counted and told, never dropped unseen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from imigr_directory.exchange.report import Report
from imigr_directory.exchange.rows import Row
from imigr_directory.exchange.tables import FREE_HOURS, TABLES

_SPELLED: Final = {
    "organization": "name alternate_name description website email",
    "service": "name description url email status interpretation_services application_process fees_description fees"
    " eligibility_description minimum_age maximum_age assured_date",
    "location": "name description url transportation latitude longitude location_type",
    "service_at_location": "part_id",
    "address": "attention address_1 address_2 address_3 city postal_code address_type",
    "contact": "name title department email part_id",
    "phone": "number extension",
    "schedule": "valid_from valid_to dtstart until count wkst freq interval byday byweekno bymonthday byyearday"
    " description opens_at closes_at notes weekday closed part_id",
    "language": "name code",
    "accessibility": "description details",
    "cost_option": "valid_from valid_to option currency amount amount_description part_id",
    "required_document": "document uri part_id",
    "service_capacity": "available maximum updated",
    "unit": "name",
    "taxonomy": "name",
    "taxonomy_term": "code name taxonomy",
    "attribute": "link_entity value",
    "eligibility": "eligibility",
    "translation": "link_entity field language text",
    "detail": "link_entity part value",
}
_SPELLED_FREELY: Final = ("service", "location", "schedule")
KEPT: Final[Mapping[str, frozenset[str]]] = {
    table: frozenset(spelled.split()) | frozenset(FREE_HOURS if table in _SPELLED_FREELY else ())
    for table, spelled in _SPELLED.items()
}
"""Fields that are read, by table; the contents of tables that are not here have no place at all."""
CARRIED: Final = frozenset({"id", "last_modified"})
"""Kept by the record itself."""


def tell(row: Row, report: Report) -> None:
    """Tell of what a row says and the directory has no place for."""
    kept = KEPT.get(row.table)
    if kept is None:
        report.note("left_out", "table_not_kept", row.table, row.number)
        return
    links = TABLES[row.table].links
    for name, value in row.values.items():
        is_key = name in links or TABLES[row.table].fields.get(name) == "id"
        if name not in kept and not is_key and name not in CARRIED and value not in (None, ""):
            report.unkept(row.table, name, row.number)
