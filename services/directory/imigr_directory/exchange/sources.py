"""The forms in which a directory comes in: data package, HSDS JSON or ndjson, plain CSV with a mapping, OpenStreetMap.

Each gives rows by table of HSDS 3.1; keys.settle makes them hold together.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, BinaryIO, Final

from imigr_directory.domain import Term
from imigr_directory.errors import BadPackage
from imigr_directory.exchange import archive, nesting, rows
from imigr_directory.exchange.contents import inline_location
from imigr_directory.exchange.reading import plain
from imigr_directory.exchange.report import Report
from imigr_directory.exchange.rows import Row
from imigr_directory.exchange.tables import RENAMED, TABLES, Older, table_of
from imigr_directory.seeding import SOURCE, osm_id, osm_name

FORMS: Final = ("package", "hsds", "csv", "osm")
MOST_BYTES: Final = 20 * 1024 * 1024
"""Of a file as it is sent."""
_LISTS: Final = {
    "services": "service",
    "organizations": "organization",
    "locations": "location",
    "service_at_locations": "service_at_location",
    "taxonomies": "taxonomy",
    "taxonomy_terms": "taxonomy_term",
}
_ORGANIZATIONS: Final = frozenset(
    {"services", "organization_identifiers", "website", "parent_organization_id", "programs"}
)
Raw = dict[str, list[Row]]


def package(file: BinaryIO, report: Report) -> Raw:
    """The tables in a zip of CSV files; other files are told of."""
    raw: Raw = {}
    for name, content in archive.tables(file):
        found = table_of(name) if name.lower().endswith(".csv") else None
        if found is None:
            if not name.lower().endswith("datapackage.json"):
                count = max(content.count(b"\n") - 1, 0)
                report.note("left_out", "table_unknown", name[:60], None, sample=f"{count} rows or lines")
            continue
        spelled, older = found
        _add(raw, _read(content, older, report), older.now, spelled)
    if not raw:
        raise BadPackage(params={"why": "no_tables"})
    raw.setdefault("attribute", []).extend(_listed_terms(raw.get("service", ())))
    return raw


def _listed_terms(services: Iterable[Row]) -> Iterable[Row]:
    """Attributes for the terms that 1.x lists in a cell of the service."""
    for row in services:
        listed = str(row.values.pop("taxonomy_ids", None) or row.values.pop("taxonomy_id", None) or "")
        for key in [part.strip() for part in listed.replace(";", ",").split(",") if part.strip()]:
            own = str(row.values.get("id", ""))
            link = {"link_id": own, "link_entity": "service", "taxonomy_term_id": key}
            yield Row("attribute", row.number, {"id": f"{own} {key}", **link}, made=True)


def _read(content: bytes, older: Older, report: Report) -> Iterable[Row]:
    renamed = {**RENAMED.get(older.now, {}), **older.renamed}
    for row in rows.read(content, older.now, renamed, report):
        row.values = {**older.implied, **row.values}
        yield row


def _add(raw: Raw, found: Iterable[Row], table: str, spelled: str) -> None:
    """Ids count within their file: those of a file of an older spelling would otherwise meet those of its twin."""
    kept = raw.setdefault(table, [])
    for row in found:
        if spelled != table and row.values.get("id") and table in ("address", "schedule"):
            row.values["id"] = f"{spelled}:{row.values['id']}"
        kept.append(row)


def hsds(content: bytes, source: str, report: Report) -> Raw:
    """The tables in nested JSON: an object with lists by name, a page, a list of services, one service; or one object
    to a line."""
    raw: Raw = {}
    seen: dict[tuple[str, str], Row] = {}
    try:
        for table, objects in _groups(rows.text_of(content), report):
            for row in nesting.flatten(objects, table, source):
                _merge(raw, seen, row, report)
    except (nesting.TooDeep, RecursionError) as error:
        raise BadPackage(params={"why": "too_deep"}) from error
    return raw


def _groups(text: str, report: Report) -> Iterable[tuple[str, list[dict[str, Any]]]]:
    """Objects with the table that each list of them, or each alone, belongs to."""
    found = _json(text)
    for one in _objects(found if isinstance(found, list) else [found]):
        lists = {name: value for name, value in one.items() if name in _LISTS and isinstance(value, list)}
        if isinstance(one.get("contents"), list):
            yield from ((_sort_of(inner), [inner]) for inner in _objects(one["contents"]))
        elif lists and "name" not in one:
            yield from ((_LISTS[name], _objects(value)) for name, value in lists.items())
            for name in [name for name, value in one.items() if isinstance(value, list) and name not in _LISTS]:
                report.note("left_out", "table_unknown", name[:60], None, sample=f"{len(one[name])} objects")
        else:
            yield _sort_of(one), [one]


def _sort_of(one: Mapping[str, Any]) -> str:
    """The table of an object that does not say it, by a field only that table has."""
    if "location_type" in one:
        return "location"
    if "status" not in one and _ORGANIZATIONS & set(one):
        return "organization"
    return "service"


def _json(text: str) -> Any:
    """One document, or one to a line."""
    try:
        return json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        lines = [line for line in text.splitlines() if line.strip()]
        if len(lines) < 2 or isinstance(error, RecursionError):
            raise BadPackage(params={"why": "not_json"}) from error
    try:
        return [json.loads(line) for line in lines]
    except (json.JSONDecodeError, RecursionError) as error:
        raise BadPackage(params={"why": "not_json"}) from error


def _objects(found: list[Any]) -> list[dict[str, Any]]:
    if not all(isinstance(one, dict) for one in found):
        raise BadPackage(params={"why": "not_hsds"})
    return found


def _merge(raw: Raw, seen: dict[tuple[str, str], Row], row: Row, report: Report) -> None:
    """The same object nested in several places is one row that says all that any of them says."""
    known = RENAMED.get(row.table, {})
    row.values = {known.get(name, name): value for name, value in row.values.items()}
    earlier = seen.get((row.table, row.id))
    if earlier is None:
        seen[row.table, row.id] = row
        raw.setdefault(row.table, []).append(row)
        report.came_in[row.table] += 1
        return
    agree = all(earlier.values.get(name, value) == value for name, value in row.values.items())
    if agree:
        earlier.values |= row.values
    else:
        report.came_in[row.table] += 1
        raw[row.table].append(row)


def plain_csv(content: bytes, mapping: Mapping[str, str], report: Report) -> Raw:
    """A table of services with a mapping from its columns to ``table.field`` of HSDS: each line makes a row in every
    table it says something for, tied together by the line's own id (or number)."""
    columns = _mapping(mapping)
    raw: Raw = {}
    for line in rows.read(content, "service", {}, report):
        by_table: dict[str, dict[str, Any]] = {}
        for column, value in line.values.items():
            if column in columns:
                table, name = columns[column]
                by_table.setdefault(table, {})[name] = value
            else:
                report.unkept("table", column, line.number)
        for row in _tied(by_table, line.number):
            raw.setdefault(row.table, []).append(row)
    return raw


def _mapping(mapping: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    found = {}
    for column, target in mapping.items():
        table, _, name = str(target).partition(".")
        if table not in TABLES or not name or name not in TABLES[table].fields:
            raise BadPackage(params={"why": "mapping", "file": f"{column} -> {target}"[:100]})
        found["_".join(column.strip().lower().replace("-", " ").split())] = (table, name)
    return found


def _tied(by_table: dict[str, dict[str, Any]], number: int | None) -> Iterable[Row]:
    """Rows of one line with the keys that tie them to each other. An organization is known by its name."""
    key = str(by_table.get("service", {}).get("id") or f"line {number}")
    tie = {"service": {"id": key}}
    holder = by_table.get("organization")
    if holder:
        holder.setdefault("id", f"organization {holder.get('name', key)}")
        tie["service"]["organization_id"] = holder["id"]
        yield Row("organization", number, holder, made=True)
    placed = {"location", "address", "accessibility"} & set(by_table)
    if placed:
        yield Row("location", number, {"id": f"{key} place", **by_table.get("location", {})}, made=True)
        at = {"id": f"{key} at", "service_id": key, "location_id": f"{key} place"}
        yield Row("service_at_location", number, at, made=True)
    for table, values in by_table.items():
        if table in ("organization", "location", "taxonomy_term", "attribute"):
            continue
        if table != "service":
            link = "location_id" if "location_id" in TABLES[table].parents and placed >= {table} else "service_id"
            tie[table] = {"id": f"{key} {table}"} | ({link: tie_key(link, key)})
        yield Row(table, number, values | tie[table], made=True)
    yield from _themes(by_table, key, number)


def tie_key(link: str, key: str) -> str:
    """The key of the place or of the service that a line makes."""
    return f"{key} place" if link == "location_id" else key


def _themes(by_table: dict[str, dict[str, Any]], key: str, number: int | None) -> Iterable[Row]:
    """Terms named in one cell, separated by semicolons."""
    named = by_table.get("taxonomy_term", {}).get("name") or by_table.get("attribute", {}).get("value") or ""
    for name in [part.strip() for part in str(named).split(";") if part.strip()]:
        yield Row("taxonomy_term", number, {"id": f"term {name}", "name": name}, made=True)
        link = {"link_id": key, "link_entity": "service", "taxonomy_term_id": f"term {name}"}
        yield Row("attribute", number, {"id": f"{key} {name}", **link}, made=True)


def openstreetmap(content: bytes, kinds: Mapping[str, str], terms: Mapping[str, Term], report: Report) -> Raw:
    """Nodes with ``osm_node_id,lat,lon,name,name_en,key,value``; ``kinds`` says which theme a ``key=value`` is. What is
    no service the taxonomy knows is told of and left out. Ids and names are those that the seed gives."""
    raw: Raw = {name: [] for name in ("service", "location", "service_at_location", "taxonomy_term", "attribute")}
    for line in rows.read(content, "node", {}, report):
        said = line.values
        theme = kinds.get(f"{said.get('key')}={said.get('value')}", "")
        if theme not in terms:
            report.note("left_out", "term_unknown", "node", line.number, said.get("key"), said.get("value"))
        elif not {"osm_node_id", "lat", "lon"} <= set(said):
            report.note("quarantined", "value_missing", "node", line.number, "lat")
        else:
            for row in _node(said, line.number, terms[theme]):
                raw.setdefault(row.table, []).append(row)
    return raw


def _node(said: Mapping[str, str], number: int | None, term: Term) -> Iterable[Row]:
    key = osm_id(said["osm_node_id"])
    name = osm_name(said.get("name", ""), said.get("name_en", ""))
    linked = {"link_id": key, "link_entity": "service"}
    yield Row("service", number, {"id": key, "name": plain(name or term.name, "fr")}, made=True)
    for language, text in (name or term.name).items():
        said_so = {"id": f"{key} {language}", "field": "name", "language": language, "text": text}
        yield Row("translation", number, linked | said_so, made=True)
    details = {"record": {"source": SOURCE | {"id": f"node/{said['osm_node_id']}"}}}
    for part, value in (details if name else details | {"name_is_generic": True}).items():
        written = json.dumps(value, sort_keys=True)
        yield Row("detail", number, linked | {"id": f"{key} {part}", "part": part, "value": written}, made=True)
    place = inline_location(key)
    yield Row("location", number, {"id": place, "latitude": said["lat"], "longitude": said["lon"]}, made=True)
    yield Row("service_at_location", number, {"id": f"{key} at", "service_id": key, "location_id": place}, made=True)
    yield Row("taxonomy_term", number, {"id": term.code, "code": term.code, "name": term.code}, made=True)
    yield Row("attribute", number, linked | {"id": f"{key} theme", "taxonomy_term_id": term.code}, made=True)
