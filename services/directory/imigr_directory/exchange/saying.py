"""Parts of records as HSDS writes them: phones, contact points, prices, texts; without what says nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from imigr_directory.domain import Record
from imigr_directory.exchange.ids import as_uuid, derived, of_code
from imigr_directory.exchange.reading import plain

Object = dict[str, Any]
EMPTY: Final[tuple[Any, ...]] = (None, "", [], {}, ())


def said(made: Mapping[str, Any]) -> Object:
    """Without what says nothing (an empty text that the specification requires stays)."""
    required = ("description", "city", "state_province", "postal_code", "address_1")
    return {
        name: value
        for name, value in made.items()
        if not (value in EMPTY and not isinstance(value, bool)) or (value == "" and name in required)
    }


def phones(owner: str, numbers: Iterable[str]) -> list[Object]:
    """Numbers of a record or part."""
    return [{"id": derived(owner, "phone", number), "number": number, "type": "voice"} for number in numbers]


def languages(owner: str, tags: Iterable[str]) -> list[Object]:
    """Tags of languages."""
    return [{"id": derived(owner, "language", tag), "code": tag} for tag in tags]


def contact(owner: str, one: Mapping[str, Any], lang: str) -> Object:
    """A contact point, by its function."""
    key = as_uuid(str(one["id"])) or derived(owner, "contact", one["id"])
    row: Object = {"id": key, "part_id": one["id"], "email": next(iter(one.get("emails", ())), None)}
    add_text(row, "title", one.get("function") or {}, lang)
    return said(row | {"phones": phones(key, one.get("phones", ()))})


def cost(owner: str, one: Mapping[str, Any], lang: str) -> Object:
    """A price."""
    key = as_uuid(str(one["id"])) or derived(owner, "cost", one["id"])
    row: Object = {"id": key, "part_id": one["id"], "amount": one.get("amount"), "currency": one.get("currency")}
    row |= {"valid_from": one.get("valid_from"), "valid_to": one.get("valid_until")}
    add_text(row, "option", one.get("option") or {}, lang)
    return said(row)


def document(owner: str, one: Mapping[str, Any], lang: str) -> Object:
    """A document to bring."""
    key = as_uuid(str(one["id"])) or derived(owner, "document", one["id"])
    row: Object = {"id": key, "part_id": one["id"], "uri": one.get("website")}
    add_text(row, "document", one.get("name") or {}, lang)
    return said(row)


def capacity(record: Record) -> list[Object]:
    """Places, when it is known how many are free."""
    one = (record.content or {}).get("capacity")
    if not one or one.get("available") is None or not one.get("updated_on"):
        return []
    unit = {"id": of_code("unit", one["unit"]), "name": one["unit"]}
    row = {"id": derived(record.id, "capacity", one["unit"]), "service_id": record.id, "unit": unit}
    numbers = {"available": one["available"], "maximum": one.get("maximum")}
    return [said(row | {"unit_id": unit["id"], "updated": f"{one['updated_on']}T00:00:00+00:00", **numbers})]


def attribute(record: Record, code: str, term: Object) -> Object:
    """A term of a taxonomy."""
    key = derived(record.id, "attribute", code)
    return {
        "id": key,
        "link_id": record.id,
        "link_entity": record.kind,
        "taxonomy_term_id": term["id"],
        "taxonomy_term": term,
    }


def add_text(row: Object, name: str, text: Mapping[str, str], lang: str) -> None:
    """A text with all its languages."""
    if text:
        row[name] = plain(text, lang)
        row.setdefault("translations", {})[name] = dict(text)


def texts(content: Mapping[str, Any], lang: str, **names: str) -> Object:
    """Several texts, by their names in HSDS."""
    row: Object = {}
    for name, ours in names.items():
        add_text(row, name, content.get(ours) or {}, lang)
    return row
