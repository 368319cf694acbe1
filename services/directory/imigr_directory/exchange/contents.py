"""Contents of records from nested HSDS. What the profile's details say of a part holds; the rest follows from HSDS."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from imigr_directory.domain import complete
from imigr_directory.domain.content import BLANK
from imigr_directory.exchange import hours, parts
from imigr_directory.exchange.ids import derived
from imigr_directory.exchange.reading import Nested, Reading, Where

ENVELOPE: Final = "record"
"""The detail that holds what stands around the content: municipality, source, and so on."""
_FREE: Final = frozenset({"free", "gratuit", "gratuite", "no fee", "none", "مجاني", "مجانا"})
_FEES: Final = ("free", "paid", "mixed")


@dataclass(frozen=True)
class Read:
    """What HSDS says of one record."""

    content: dict[str, Any]
    verified_on: str | None
    envelope: Mapping[str, Any]


def inline_location(service_id: str) -> str:
    """The id under which a service's own place is a location outside."""
    return derived(service_id, "location", "own")


def named_organization(name: Mapping[str, str]) -> str:
    """The id under which an organization that is only named is one outside."""
    return derived("directory", "organization", json.dumps(dict(name), sort_keys=True, ensure_ascii=False))


def organization(row: Nested, reading: Reading) -> Read:
    """An organization. Its own phones and email become contact points without a person."""
    where = Where("organization", row.get("_row"))
    points = parts.contacts(row.get("contacts", ()), reading)
    numbers = parts.phones(row.get("phones", ()), reading)
    emails = [row["email"]] if row.get("email") else []
    if numbers or emails:
        own = {"id": derived(str(row["id"]), "contact", "own")[:12], "function": dict(parts.CONTACT)}
        points = [own | {"phones": numbers, "emails": emails}, *points]
    themes, others = parts.terms(row.get("attributes", ()), reading)
    found = {
        "name": reading.text(row, "name"),
        "alternate_name": reading.text(row, "alternate_name"),
        "description": reading.text(row, "description"),
        "website": row.get("website"),
        "parent_id": row.get("parent_organization_id"),
        "taxonomy": themes,
        "attributes": others,
        "contacts": points,
    }
    return _with_details("organization", found, row, reading, where)


def location(row: Nested, reading: Reading) -> Read:
    """A place."""
    where = Where("location", row.get("_row"))
    line, code = parts.address(row.get("addresses", ()), reading)
    access, access_text = _access(row, reading)
    _, others = parts.terms(row.get("attributes", ()), reading)
    found = {
        "name": reading.text(row, "name") or line,
        "description": reading.text(row, "description"),
        "location": parts.point(row, reading, where),
        "address": line,
        "postal_code": code,
        "transport": reading.text(row, "transportation"),
        "phones": _numbers(row, reading, where),
        "languages": parts.languages(row.get("languages", ()), reading),
        "accessibility": access,
        "accessibility_details": access_text,
        "attributes": others,
        "website": row.get("url"),
        "schedules": hours.schedules(row.get("schedules", ()), reading) or hours.in_words(row, "location", reading),
    }
    return _with_details("location", found, row, reading, where)


def service(row: Nested, reading: Reading, places: Mapping[str, Read]) -> Read:
    """A service; ``places`` are the contents of locations by id."""
    where = Where("service", row.get("_row"))
    themes, others = parts.terms(row.get("attributes", ()), reading)
    if not themes:
        themes = [reading.theme] if reading.theme else []
        reading.note("repaired" if reading.theme else "quarantined", "theme_missing", where, "attributes")
    found = {
        "name": reading.text(row, "name"),
        "description": reading.text(row, "description"),
        "taxonomy": themes,
        "attributes": others,
        "phones": parts.phones(row.get("phones", ()), reading),
        "emails": [row["email"]] if row.get("email") else [],
        "contacts": parts.contacts(row.get("contacts", ()), reading),
        "languages": parts.languages(row.get("languages", ()), reading),
        "interpretation": reading.text(row, "interpretation_services"),
        "application": reading.text(row, "application_process"),
        "website": row.get("url"),
        "eligibility": _eligibility(row, reading),
        "documents": _documents(row, reading),
        "capacity": _capacity(row, reading, where),
        "schedules": hours.schedules(row.get("schedules", ()), reading) or hours.in_words(row, "service", reading),
        "at": [],
        **_costs(row, reading),
        **_offered_by(row, reading),
    }
    return _with_details("service", found | _placed(row, reading, places), row, reading, where)


def _offered_by(row: Nested, reading: Reading) -> dict[str, Any]:
    holder = row.get("organization") or {}
    name = reading.text(holder, "name")
    key = row.get("organization_id")
    return {"organization": name, "organization_id": None if key == named_organization(name) else key}


def _placed(row: Nested, reading: Reading, places: Mapping[str, Read]) -> dict[str, Any]:
    """Where a service is offered: at its own place, at locations, or both; the first location's point and address are
    also the service's, so that it is found near there."""
    own = inline_location(str(row["id"]))
    found: dict[str, Any] = {"at": []}
    for link in row.get("service_at_locations", ()):
        key = link.get("location_id")
        place = places.get(key or "")
        if place is None:
            continue
        if key == own:
            content = place.content
            found |= {name: content[name] for name in ("location", "address", "accessibility")}
            continue
        found["at"].append(
            {
                "id": parts.part_id(link),
                "location_id": key,
                "phones": _numbers(link, reading, Where("service_at_location", link.get("_row"))),
                "schedules": hours.schedules(link.get("schedules", ()), reading),
            }
        )
    if found["at"] and "location" not in found:
        first = places[found["at"][0]["location_id"]].content
        found |= {name: first[name] for name in ("location", "address", "accessibility")}
    return found


def _numbers(row: Nested, reading: Reading, where: Where) -> list[str]:
    """Telephone numbers of a place, its own first; of its contact points only the numbers find room."""
    points = parts.contacts(row.get("contacts", ()), reading)
    if any(point["emails"] for point in points):
        reading.note("left_out", "not_kept", where, "contacts")
    own = parts.phones(row.get("phones", ()), reading)
    return list(dict.fromkeys([*own, *(number for point in points for number in point["phones"])]))


def _access(row: Nested, reading: Reading) -> tuple[list[str], dict[str, str]]:
    """Codes of accessibility, and what is said in words."""
    codes: dict[str, None] = {}
    words: dict[str, str] = {}
    for one in row.get("accessibility", ()):
        said = str(one.get("description") or "")
        code = said if parts.slug_or_code(said) == said else ""
        if code:
            codes[code] = None
        text = reading.text(one, "details") or ({} if code else reading.text(one, "description"))
        for tag, line in text.items():
            words[tag] = f"{words[tag]}; {line}" if tag in words else line
    return list(codes), words


def _eligibility(row: Nested, reading: Reading) -> dict[str, Any] | None:
    text = reading.text(row, "eligibility_description")
    older = "; ".join(str(one["eligibility"]) for one in row.get("eligibility", ()) if one.get("eligibility"))
    if older and not text:
        text = {reading.language_of(older): older[:2000]}
    ages = {name: row.get(field) for name, field in (("min_age", "minimum_age"), ("max_age", "maximum_age"))}
    if not text and all(age is None for age in ages.values()):
        return None
    return {"text": text, **ages, "groups": []}


def _documents(row: Nested, reading: Reading) -> list[dict[str, Any]]:
    return [
        {"id": parts.part_id(one), "name": name, "website": one.get("uri")}
        for one in row.get("required_documents", ())
        if (name := reading.text(one, "document"))
    ]


def _capacity(row: Nested, reading: Reading, where: Where) -> dict[str, Any] | None:
    rows = row.get("capacities", ())
    if not rows:
        return None
    for _ in rows[1:]:
        reading.note("left_out", "not_kept", where, "capacities")
    first = rows[0]
    unit = parts.slug_or_code(str((first.get("unit") or {}).get("name") or "place"))
    made = {"unit": unit, "maximum": first.get("maximum"), "available": first.get("available")}
    return made | {"updated_on": str(first["updated"])[:10] if first.get("updated") else None}


def _costs(row: Nested, reading: Reading) -> dict[str, Any]:
    costs = []
    for one in row.get("cost_options", ()):
        option = reading.text(one, "option") or reading.text(one, "amount_description")
        made = {"id": parts.part_id(one), "option": option, "amount": one.get("amount")}
        made |= {"currency": one["currency"]} if one.get("currency") else {}
        costs.append(made | {"valid_from": one.get("valid_from"), "valid_until": one.get("valid_to")})
    fees = str(row.get("fees") or "").strip()
    words = str(row.get("fees_description") or "").strip()
    if fees.lower() in _FEES:
        return {"fees": fees.lower(), "costs": costs}
    said = words or fees
    if said.lower() in _FREE:
        return {"fees": "free", "costs": costs}
    if said and not costs:
        option = {reading.language_of(said): said[:300]}
        costs = [{"id": derived(str(row["id"]), "cost", said)[:12], "option": option, "amount": None}]
    return {"fees": None, "costs": costs}


def _with_details(kind: str, found: dict[str, Any], row: Nested, reading: Reading, where: Where) -> Read:
    """The content, with the parts that the profile's details say, and without those the directory refuses."""
    details = {name: _value(text) for name, text in row.get("details", {}).items()}
    envelope = details.pop(ENVELOPE, None)
    found |= {name: value for name, value in details.items() if name in BLANK[kind]}
    content = complete(kind, found)
    for name, why in reading.faults(kind, content).items():
        if name == "name" and not content["name"]:
            continue  # whoever needs one sees that
        reading.note("quarantined", "not_allowed", where, name, why)
        if name in BLANK[kind]:
            content[name] = BLANK[kind][name]
    content = complete(kind, content)
    return Read(content, row.get("assured_date"), envelope if isinstance(envelope, dict) else {})


def _value(text: Any) -> Any:
    try:
        return json.loads(text) if isinstance(text, str) else text
    except ValueError:
        return None
