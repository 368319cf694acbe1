"""Between the two forms of HSDS: tables whose rows link to each other, and objects that hold each other."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from imigr_directory.exchange.ids import derived
from imigr_directory.exchange.keys import Package
from imigr_directory.exchange.rows import Row
from imigr_directory.exchange.tables import TABLES, entity

SINGLE: Final[Mapping[str, Mapping[str, str]]] = {
    "service": {"organization": "organization_id", "program": "program_id"},
    "service_at_location": {"location": "location_id"},
    "attribute": {"taxonomy_term": "taxonomy_term_id"},
    "taxonomy_term": {"taxonomy_detail": "taxonomy_id"},
    "service_capacity": {"unit": "unit_id"},
}
"""Fields that hold one object of another table instead of its key."""
_TABLE_OF = {"taxonomy_detail": "taxonomy"}
DEEPEST: Final = 12
Child = tuple[str, str, str]
"""Name of the list, its table, and the link by which a row of it belongs to the parent."""


def _children() -> dict[str, tuple[Child, ...]]:
    found: dict[str, list[Child]] = {name: [] for name in TABLES}
    for table in TABLES.values():
        for link in table.parents:
            if link in table.links:
                found[table.links[link]].append((table.nested_as, table.name, link))
    for name in found:
        if name not in ("metadata", "translation", "detail", "attribute"):
            found[name].append(("attributes", "attribute", "link_id"))
    found["organization"].append(("services", "service", "organization_id"))
    found["organization"].append(("locations", "location", "organization_id"))
    found["location"] = [one for one in found["location"] if one[1] != "service_at_location"]
    return {name: tuple(children) for name, children in found.items()}


CHILDREN: Final = _children()


class TooDeep(ValueError):
    """Objects within objects beyond what the specification can mean."""


def flatten(objects: Iterable[Mapping[str, Any]], table: str, source: str) -> Iterator[Row]:
    """The rows in nested objects, in the order met; a row that stands in several places comes several times."""
    for count, one in enumerate(objects, start=1):
        yield from _flat(one, table, {}, count, source, 0)


def _flat(
    one: Mapping[str, Any], table: str, links: Mapping[str, str], number: int, source: str, depth: int
) -> Iterator[Row]:
    if depth > DEEPEST:
        raise TooDeep
    own = str(one.get("id") or "") or derived(
        source, table, json.dumps([dict(links), one], sort_keys=True, default=str)
    )
    values: dict[str, Any] = {"id": own, **links}
    below: list[Iterator[Row]] = []
    lists = {name: (child, link) for name, child, link in CHILDREN[table]}
    for name, value in one.items():
        single = SINGLE.get(table, {}).get(name)
        if name in ("translations", "details") and isinstance(value, Mapping):
            below.append(_profile_rows(name, value, table, own, number, source))
        elif isinstance(value, list) and name in lists:
            child, link = lists[name]
            more = {link: own} | ({"link_entity": table} if link == "link_id" else {})
            below.extend(
                _flat(part, child, more, number, source, depth + 1) for part in value if isinstance(part, dict)
            )
        elif isinstance(value, Mapping) and single is not None:
            held = dict(value) | {"id": value.get("id") or derived(source, name, json.dumps(value, sort_keys=True))}
            values[single] = held["id"]
            below.append(_flat(held, _TABLE_OF.get(name, name), {}, number, source, depth + 1))
        elif isinstance(value, (list, dict)):
            values[name] = json.dumps(value, ensure_ascii=False, sort_keys=True)
        elif value is not None and name != "id":
            values[name] = value
    yield Row(table, number, values)
    for rows in below:
        yield from rows


def _profile_rows(name: str, value: Mapping[str, Any], table: str, own: str, number: int, source: str) -> Iterator[Row]:
    linked = {"link_id": own, "link_entity": table}
    for part, said in value.items():
        if name == "details":
            written = json.dumps(said, ensure_ascii=False, sort_keys=True)
            yield Row("detail", number, linked | {"id": derived(own, "detail", part), "part": part, "value": written})
        elif isinstance(said, Mapping):
            for language, text in said.items():
                key = derived(own, "translation", f"{part}\x1f{language}")
                told = {"id": key, "field": part, "language": language, "text": text}
                yield Row("translation", number, linked | told)


class Nest:
    """Nested objects out of settled tables; each list is looked up, so that a whole package costs one pass. ``_row`` in
    an object is the row it came from."""

    def __init__(self, package: Package) -> None:
        self._package = package
        self._by: dict[tuple[str, str], dict[str, list[Row]]] = {}

    def of(self, table: str) -> Iterator[tuple[Row, dict[str, Any]]]:
        """Each row of a table with what hangs on it."""
        for row in self._package.rows(table):
            yield row, self._nested(row, table)

    def _nested(self, row: Row, table: str) -> dict[str, Any]:
        made = row.values | {"_row": row.number}
        for name, child, link in CHILDREN[table]:
            if table == "organization" and child in ("service", "location"):
                continue
            rows = self._hanging(child, link, row.id, table)
            if rows:
                made[name] = [self._nested(one, child) for one in rows]
        for name, link in SINGLE.get(table, {}).items():
            held = self._package.tables[_TABLE_OF.get(name, name)].get(made.get(link, ""))
            if held is not None:
                made[name] = self._nested(held, _TABLE_OF.get(name, name))
        return made | self._said(row, table)

    def _said(self, row: Row, table: str) -> dict[str, Any]:
        """What the profile adds to the row."""
        if table in ("translation", "detail"):
            return {}
        found: dict[str, Any] = {}
        for one in self._hanging("translation", "link_id", row.id, table):
            said = found.setdefault("translations", {}).setdefault(str(one.values.get("field")), {})
            said[str(one.values.get("language"))] = one.values["text"]
        for one in self._hanging("detail", "link_id", row.id, table):
            found.setdefault("details", {})[one.values["part"]] = one.values.get("value")
        return found

    def _hanging(self, child: str, link: str, key: str, table: str) -> list[Row]:
        index = self._by.get((child, link))
        if index is None:
            index = self._by[child, link] = self._package.by(child, link)
        rows = index.get(key, [])
        if link == "link_id" and child == "attribute":
            return [row for row in rows if entity(str(row.values.get("link_entity", "service"))) == table]
        return rows
