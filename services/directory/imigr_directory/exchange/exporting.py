"""The published directory as a file: HSDS JSON, ndjson, or a data package. Reading it in again gives the same."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, BinaryIO, Final

from imigr_directory.domain import Municipality, Record, Term
from imigr_directory.exchange import nesting
from imigr_directory.exchange.outward import Outward, locations_of
from imigr_directory.exchange.saying import Object
from imigr_directory.exchange.tables import FILES, GONE_TABLES, TABLES

FORMS: Final = ("package", "json", "ndjson")
PROFILE: Final = "contracts/hsds-profile"
VERSION: Final = "3.1"
_FIXED = (1980, 1, 1, 0, 0, 0)
"""Of every file in a package, so that the same directory makes the same bytes."""


def outward(
    records: Iterable[Record], towns: Iterable[Municipality], terms: Mapping[str, Term]
) -> tuple[Outward, dict[str, list[Record]]]:
    """Published records by kind, in the order of their ids, and what writes them."""
    by_kind: dict[str, dict[str, Record]] = {"organization": {}, "location": {}, "service": {}}
    for record in sorted(records, key=lambda one: one.id):
        if record.kind in by_kind and record.is_public:
            by_kind[record.kind][record.id] = record
    out = Outward({town.slug: town for town in towns}, terms, lambda kind, key: by_kind[kind].get(key))
    return out, {kind: list(some.values()) for kind, some in by_kind.items()}


def as_json(out: Outward, records: Mapping[str, list[Record]]) -> Object:
    """Everything in one object of lists."""
    return {
        "version": VERSION,
        "profile": PROFILE,
        "organizations": [out.organization(one) for one in records["organization"]],
        "locations": [out.location(one) for one in records["location"]],
        "services": [out.service(one) for one in records["service"]],
        "taxonomies": [out.taxonomy()],
        "taxonomy_terms": [out.term(term) for term in out.terms.values()],
    }


def as_ndjson(out: Outward, records: Mapping[str, list[Record]]) -> Iterator[str]:
    """A service to a line, fully nested; then what no service holds, each in a list that says its kind."""
    held: set[str] = set()
    for one in records["service"]:
        service = out.service(one)
        held |= {place["id"] for place in locations_of([service])} | {service.get("organization_id", "")}
        yield line(service)
    for kind, write in (("organization", out.organization), ("location", out.location)):
        for record in records[kind]:
            if record.id not in held:
                yield line({f"{kind}s": [write(record)]})


def as_bytes(form: str, records: Iterable[Record], towns: Iterable[Municipality], terms: Mapping[str, Term]) -> bytes:
    """The whole file in one of the forms."""
    out, by_kind = outward(records, towns, terms)
    if form == "ndjson":
        return "".join(as_ndjson(out, by_kind)).encode()
    if form == "json":
        return json.dumps(as_json(out, by_kind), ensure_ascii=False, indent=1).encode()
    file = io.BytesIO()
    write_package(out, by_kind, file)
    return file.getvalue()


def line(one: Mapping[str, Any]) -> str:
    """An object in a line."""
    return json.dumps(one, ensure_ascii=False, separators=(",", ":")) + "\n"


def write_package(out: Outward, records: Mapping[str, list[Record]], file: BinaryIO) -> dict[str, int]:
    """A zip of the tables with a datapackage.json; rows by table."""
    everything = as_json(out, records)
    tables: dict[str, dict[str, Mapping[str, Any]]] = {name: {} for name in TABLES}
    groups = (("taxonomies", "taxonomy"), ("taxonomy_terms", "taxonomy_term"), ("organizations", "organization"))
    for name, table in (*groups, ("locations", "location"), ("services", "service")):
        for row in nesting.flatten(everything[name], table, "directory"):
            tables[row.table].setdefault(row.id, row.values)
    written = {name: rows for name, rows in tables.items() if rows and name not in GONE_TABLES}
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, rows in written.items():
            _write(archive, FILES[name], _csv(name, rows.values()))
        _write(archive, "datapackage.json", json.dumps(_description(written), indent=2))
    return {name: len(rows) for name, rows in written.items()}


def _csv(table: str, rows: Iterable[Mapping[str, Any]]) -> str:
    file = io.StringIO(newline="")
    writer = csv.DictWriter(file, TABLES[table].fields, extrasaction="ignore", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue()


def _write(archive: zipfile.ZipFile, name: str, text: str) -> None:
    entry = zipfile.ZipInfo(name, _FIXED)
    entry.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(entry, text)


def _description(written: Iterable[str]) -> Object:
    """The data package's description (Frictionless Data Package 1)."""
    types = {"number": "number", "date": "date"}
    resources = [
        {
            "name": name,
            "path": FILES[name],
            "profile": "tabular-data-resource",
            "schema": {
                "fields": [
                    {"name": field, "type": types.get(kind, "string")} for field, kind in TABLES[name].fields.items()
                ],
                "primaryKey": "id",
            },
        }
        for name in written
    ]
    return {
        "name": "imigr-directory",
        "profile": "tabular-data-package",
        "hsds_version": VERSION,
        "hsds_profile": PROFILE,
        "resources": resources,
    }
