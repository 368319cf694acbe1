"""Reads the seed: municipalities, themes, hand-written demonstration entries, and places of OpenStreetMap."""

from __future__ import annotations

import csv
import json
import re
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from imigr_directory.domain import Act, Municipality, Record, Service, Term, complete, distance_km, opened
from imigr_directory.domain.content import with_ids
from imigr_kit.demonstration import marked

_NAMESPACE = uuid.UUID("019348a0-0000-7000-8000-0000000000d0")
_ARABIC = re.compile(r"[\u0600-\u06ff]")
SOURCE = {
    "name": "OpenStreetMap contributors",
    "licence": "ODbL-1.0",
    "url": "https://www.openstreetmap.org/copyright",
    "as_of": "2019-09",
}


@dataclass(frozen=True)
class Seed:
    """What was read, and what was left out with the reason."""

    municipalities: tuple[Municipality, ...]
    terms: tuple[Term, ...]
    services: tuple[Service, ...]
    left_out: Mapping[str, int]

    def real(self) -> Seed:
        """Without what is imagined: what an installation for a real town begins with."""
        return replace(self, services=tuple(one for one in self.services if not one.demonstration))


def read(data: Path) -> Seed:
    """The seed in a folder with municipalities.json, taxonomy.json, services.json and osm/places.csv."""
    towns = tuple(_municipality(row) for row in _rows(data / "municipalities.json", "municipalities"))
    taxonomy = json.loads((data / "taxonomy.json").read_text(encoding="utf-8"))
    terms = tuple(Term(row["code"], row.get("parent"), row["name"], row.get("words", {})) for row in taxonomy["terms"])
    written = [_written(row) for row in _rows(data / "services.json", "services")]
    places, left_out = _places(data / "osm" / "places.csv", taxonomy["openstreetmap"], towns, terms)
    return Seed(towns, terms, (*written, *places), left_out)


def records_of(data: Path, act: Act) -> list[Record]:
    """Demonstration organizations and articles in a folder with organizations.json and articles.json."""
    return [
        *(_record("organization", row, act) for row in _rows(data / "organizations.json", "organizations")),
        *(_record("article", row, act) for row in _rows(data / "articles.json", "articles")),
    ]


def _record(kind: str, row: dict[str, Any], act: Act) -> Record:
    content = {name: value for name, value in row.items() if name not in ("slug", "municipality")}
    content |= {name: marked(row[name]) for name in ("name", "title") if name in row}
    identity = _identity(kind, row["slug"])
    blank = opened(kind, identity, row.get("municipality"), demonstration=True)
    record, _ = blank.written(complete(kind, with_ids(_with_services(content), str)), act)
    return record


def _with_services(value: Any) -> Any:
    """The slugs of services as their ids."""
    if isinstance(value, list):
        return [_with_services(one) for one in value]
    if not isinstance(value, dict):
        return value
    return {
        name: [_identity("service", slug) for slug in inner] if name == "services" else _with_services(inner)
        for name, inner in value.items()
    }


def _identity(kind: str, slug: str) -> str:
    """Follows from the slug; services keep the ids they have always had."""
    return str(uuid.uuid5(_NAMESPACE, f"demonstration:{slug}" if kind == "service" else f"{kind}:{slug}"))


def home_of(location: Mapping[str, float], towns: Sequence[Municipality]) -> str | None:
    """The municipality whose circle holds the point, the nearer centre first; None outside of all. The circles
    are approximations that each town replaces by its boundary."""
    near = [(distance_km(location, town.location), town) for town in towns]
    inside = [(distance, town.slug) for distance, town in near if distance <= town.reach_km]
    return min(inside)[1] if inside else None


def _places(
    path: Path, mapping: Mapping[str, str], towns: Sequence[Municipality], terms: Sequence[Term]
) -> tuple[list[Service], Counter[str]]:
    kinds = {term.code: term for term in terms}
    found: list[Service] = []
    left_out: Counter[str] = Counter()
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            place = _place(row, mapping, towns, kinds)
            if isinstance(place, Service):
                found.append(place)
            else:
                left_out[place] += 1
    return found, left_out


def _place(
    row: Mapping[str, str | None], mapping: Mapping[str, str], towns: Sequence[Municipality], kinds: Mapping[str, Term]
) -> Service | str:
    """One place, or why it is left out."""
    code = mapping.get(f"{row['key']}={row['value']}")
    if row["key"] == "place":
        return "a neighbourhood or town, not a service"
    if code is None:
        return "not a kind of service the taxonomy knows"
    try:
        location = {"lat": float(row["lat"] or ""), "lon": float(row["lon"] or "")}
    except ValueError:
        return "without coordinates"
    municipality = home_of(location, towns)
    if municipality is None:
        return "outside of both municipalities"
    name = osm_name(row.get("name") or "", row.get("name_en") or "")
    return Service(
        id=osm_id(row["osm_node_id"] or ""),
        municipality=municipality,
        name=name or dict(kinds[code].name),
        name_is_generic=not name,
        taxonomy=(code,),
        location=location,
        source=SOURCE | {"id": f"node/{row['osm_node_id']}"},
    )


def osm_id(node: str) -> str:
    """The id of the service that a node of OpenStreetMap is, whether a seed or an import brought it."""
    return str(uuid.uuid5(_NAMESPACE, f"osm:{node}"))


def osm_name(name: str, name_en: str) -> dict[str, str]:
    """Names by script: Arabic letters mean Arabic, others French; parts in both scripts are told apart."""
    name, name_en = name.strip(), name_en.strip()
    found: dict[str, str] = {}
    if name and _ARABIC.search(name):
        latin = " ".join(
            part for part in re.split(r"[\u0600-\u06ff\u064b-\u0652]+", name) if part.strip(" -()/")
        ).strip(" -()/")
        arabic = " ".join(re.findall(r"[\u0600-\u06ff]+(?:[ \d]+[\u0600-\u06ff]+)*", name))
        found["ar"] = arabic if latin else name
        if latin and re.search(r"[A-Za-zÀ-ÿ]{3}", latin):
            found["fr"] = latin
        else:
            found["ar"] = name
    elif name:
        found["fr"] = name
    if name_en and name_en != name:
        found["en"] = name_en
    return found


def _written(row: dict[str, Any]) -> Service:
    tuples = {name: tuple(row.get(name, ())) for name in ("taxonomy", "languages", "accessibility", "phones")}
    identity = _identity("service", row["slug"])
    rest = {name: value for name, value in row.items() if name not in ("slug", "organization_slug")}
    owner = row.get("organization_slug")
    details = {"organization_id": _identity("organization", owner)} if owner else {}
    own = {"id": identity, "demonstration": True, "details": details, "name": marked(row["name"])}
    return Service(**(rest | tuples | own))


def _municipality(row: dict[str, Any]) -> Municipality:
    return Municipality(**(row | {"languages": tuple(row["languages"])}))


def _rows(path: Path, name: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))[name]
    return rows
