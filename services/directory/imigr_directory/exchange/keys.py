"""Makes the keys of dirty tables hold: UUIDs for all, one row for each id, no key that leads nowhere."""

from __future__ import annotations

import itertools
import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from imigr_directory.exchange import kept, values
from imigr_directory.exchange.ids import as_uuid, derived
from imigr_directory.exchange.report import Report
from imigr_directory.exchange.rows import Row
from imigr_directory.exchange.tables import TABLES, Table, entity

Known = Mapping[str, Mapping[str, str]]
"""By table: what stands for a row in the files, and its UUID."""
MOST_JOINED = 200
"""Keys in the cells of one row, all combinations together."""

CORE = frozenset({"organization", "service", "location", "taxonomy_term", "taxonomy"})
"""Tables whose ids others refer to: the first row of an id stays, another one goes to quarantine."""


@dataclass
class Package:
    """Rows that hold, by table and id, in the order they came in."""

    tables: dict[str, dict[str, Row]] = field(default_factory=lambda: {name: {} for name in TABLES})

    def rows(self, table: str) -> Iterable[Row]:
        """All rows of a table."""
        return self.tables[table].values()

    def by(self, table: str, link: str) -> dict[str, list[Row]]:
        """Rows of a table by the key in one of their links."""
        found: dict[str, list[Row]] = {}
        for row in self.tables[table].values():
            key = row.values.get(link)
            if key is not None:
                found.setdefault(key, []).append(row)
        return found


def settle(raw: Mapping[str, list[Row]], source: str, report: Report) -> Package:
    """The rows of a whole package with keys that hold; tables in the order of the specification, so that what a row
    refers to has been settled before it."""
    package = Package()
    known = {name: _identities(name, rows, source) for name, rows in raw.items()}
    for name, table in TABLES.items():
        for row in raw.get(name, ()):
            for one in _split(row, table, known, report):
                _settle_row(one, table, source, known, package, report)
    _cut_loose_parents(package, report)
    return package


def _settle_row(row: Row, table: Table, source: str, known: Known, package: Package, report: Report) -> None:
    unknown = {name: value for name, value in row.values.items() if name not in table.fields}
    fields = {name: values.clean(row, name, kind, report) for name, kind in table.fields.items() if kind != "id"}
    made: dict[str, Any] = {name: value for name, value in fields.items() if value is not None}
    if any(name not in made for name in table.needs):
        report.note("quarantined", "value_missing", row.table, row.number, table.needs[0])
        return
    made |= _links(row, table, known, package, report)
    if table.parents and not any(parent in made for parent in table.parents):
        report.note("quarantined", "row_orphaned", row.table, row.number, sample=_sample(row, table))
        return
    made |= unknown
    kept.tell(Row(row.table, row.number, made), report)
    made["id"] = _own_id(row, table, source, made, package, report)
    if made["id"]:
        package.tables[table.name][made["id"]] = Row(row.table, row.number, made)


def _identities(table: str, rows: Iterable[Row], source: str) -> dict[str, str]:
    """What a link may write, and the UUID it means; a UUID may be written in any way."""
    found: dict[str, str] = {}
    for row in rows:
        written = str(row.values.get("id", "")).strip()
        if written:
            own = as_uuid(written) or derived(source, table, written)
            found[written] = found[own] = own
    return found


def _cut_loose_parents(package: Package, report: Report) -> None:
    """Links within one table can lead to a row that came later, or to none."""
    for name, table in TABLES.items():
        for link in [link for link, to in table.links.items() if to == name]:
            for row in package.rows(name):
                if row.values.get(link, row.id) not in package.tables[name]:
                    report.note("quarantined", "key_dangling", row.table, row.number, link, row.values.pop(link))


def _own_id(
    row: Row, table: Table, source: str, made: Mapping[str, Any], package: Package, report: Report
) -> str | None:
    """The id of the row; None when the row is already there or another one has its id."""
    written = str(row.values.get("id", "")).strip()
    said = json.dumps({**made, "id": written}, sort_keys=True, default=str)
    if not written:
        report.note("repaired", "id_missing", row.table, row.number)
        found = derived(source, table.name, said)
        return None if found in package.tables[table.name] else found
    found = as_uuid(written) or derived(source, table.name, written)
    earlier = package.tables[table.name].get(found)
    if earlier is not None:
        return _repeated(row, table, source, said, package, report)
    if as_uuid(written) is None and not row.made:
        report.note("repaired", "id_not_uuid", row.table, row.number, "id", written)
    return found


def _repeated(row: Row, table: Table, source: str, said: str, package: Package, report: Report) -> str | None:
    written = str(row.values.get("id", "")).strip()
    same = as_uuid(written) or derived(source, table.name, written)
    earlier = {name: value for name, value in package.tables[table.name][same].values.items() if name != "id"}
    if json.dumps({**earlier, "id": written}, sort_keys=True, default=str) == said:
        if not row.made:
            report.note("left_out", "row_repeated", row.table, row.number, "id", written)
        return None
    if table.name in CORE:
        report.note("quarantined", "id_repeated", row.table, row.number, "id", written)
        return None
    found = derived(source, table.name, said)
    if found in package.tables[table.name]:
        report.note("left_out", "row_repeated", row.table, row.number, "id", written)
        return None
    report.note("repaired", "id_repeated", row.table, row.number, "id", written)
    return found


def _links(row: Row, table: Table, known: Known, package: Package, report: Report) -> dict[str, str]:
    """The keys of the row that lead somewhere; the others are told of and left out."""
    found: dict[str, str] = {}
    for name, to in _linked(table, row):
        written = str(row.values.get(name, "")).strip()
        if not written:
            continue
        key = known.get(to, {}).get(written) or known.get(to, {}).get(as_uuid(written) or "")
        if key is None or (to != table.name and key not in package.tables[to]):
            report.note("quarantined", "key_dangling", row.table, row.number, name, written)
        else:
            found[name] = key
    return found


def _linked(table: Table, row: Row) -> Iterable[tuple[str, str]]:
    """The links of a row with the table each leads to; some tables say that table in the row."""
    yield from table.links.items()
    if "link_id" in table.fields:
        yield "link_id", entity(str(row.values.get("link_entity", "service")))
    if table.name == "metadata":
        yield "resource_id", entity(str(row.values.get("resource_type", "")))


def _split(row: Row, table: Table, known: Known, report: Report) -> list[Row]:
    """The row once for each key that stands in one of its cells (``17,18``), when the cell as a whole is no key."""
    joined = {name: parts for name, to in _linked(table, row) if (parts := _parts(row, name, known.get(to, {})))}
    if not joined:
        return [row]
    if math.prod(len(parts) for parts in joined.values()) > MOST_JOINED:
        report.note("quarantined", "keys_joined", row.table, row.number, next(iter(joined)))
        return []
    report.note("repaired", "keys_joined", row.table, row.number, ", ".join(joined))
    own = str(row.values.get("id", "")).strip()
    return [
        Row(
            row.table,
            row.number,
            row.values | dict(zip(joined, keys, strict=True)) | ({"id": "/".join((own, *keys))} if own else {}),
            made=True,
        )
        for keys in itertools.product(*joined.values())
    ]


def _parts(row: Row, name: str, known: Mapping[str, str]) -> list[str]:
    """The keys in a cell when they are several."""
    written = str(row.values.get(name, "")).strip()
    if written in known or not any(mark in written for mark in ",;|"):
        return []
    parts = dict.fromkeys(part.strip() for part in re.split(r"[,;|]", written) if part.strip())
    return list(parts) if len(parts) > 1 else []


def _sample(row: Row, table: Table) -> str:
    return ", ".join(f"{name}={row.values[name]}" for name in table.parents if name in row.values)
