"""The published directory as HSDS reads it: a view of the snapshot that all readers share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import fmean
from typing import Any, Final, Protocol

from imigr_directory.domain import Municipality, Record, Term, distance_km, with_descendants
from imigr_directory.exchange import contents, parts
from imigr_directory.exchange.ids import of_code
from imigr_directory.exchange.outward import Outward
from imigr_directory.exchange.saying import Object
from imigr_directory.folding import words

KINDS: Final = ("organization", "location", "service")
SEARCHED: Final = ("name", "alternate_name", "description", "organization")
MOST_WRITTEN: Final = 1000
"""Objects kept written out."""


@dataclass(frozen=True)
class Asked:
    """What is looked for; everything given must hold. ``after``: begin behind this id (for streams)."""

    search: str = ""
    page: int = 1
    per_page: int = 20
    full: bool = False
    minimal: bool = False
    full_service: bool = False
    taxonomy_id: str | None = None
    taxonomy_term_id: str | None = None
    organization_id: str | None = None
    modified_after: datetime | None = None
    postcode: str | None = None
    proximity: float | None = None
    top_only: bool = False
    parent_id: str | None = None
    after: str | None = None


class Shown(Protocol):
    """The copy of all that is public (reading.Snapshot); nothing of it is kept twice."""

    @property
    def version(self) -> int:
        """Grows with every change."""
        ...

    records: dict[str, dict[str, Record]]
    terms: Mapping[str, Term]
    towns: Sequence[Municipality]


class Catalogue:
    """Objects of HSDS by their kind, as the snapshot stands. Only what a page shows is written out; the last ones
    written are kept until something changes."""

    def __init__(self, shown: Shown) -> None:
        self._shown = shown
        self._version = -1
        self._written: dict[tuple[str, str], Object] = {}
        self._folded: dict[str, tuple[int, str]] = {}
        self._out = Outward({}, {}, self._find)
        self._follow()

    def _follow(self) -> None:
        if self._shown.version != self._version:
            self._written.clear()
            self._out = Outward({town.slug: town for town in self._shown.towns}, self._shown.terms, self._find)
            self._version = self._shown.version

    def _find(self, kind: str, key: str) -> Record | None:
        return self._shown.records[kind].get(key)

    def _write(self, record: Record) -> Object:
        made = self._written.get((record.kind, record.id))
        if made is None:
            if len(self._written) >= MOST_WRITTEN:
                self._written.clear()
            made = getattr(self._out, record.kind)(record)
            self._written[record.kind, record.id] = made
        return made

    def of_municipality(self, municipality: str) -> list[Record]:
        """Published organizations, locations and services of one."""
        records = self._shown.records
        return [one for kind in KINDS for one in records[kind].values() if one.municipality == municipality]

    def page(self, kind: str, asked: Asked) -> Object:
        """A page of a kind, in HSDS's envelope."""
        self._follow()
        found = {
            "services": self._service_rows,
            "organizations": self._organization_rows,
            "service_at_locations": self._at_rows,
            "taxonomies": self._taxonomy_rows,
            "taxonomy_terms": self._term_rows,
        }[kind](asked)
        if asked.after is not None:
            found = [one for one in found if one[0] > asked.after]
        size = max(len(found), 1) if asked.minimal else asked.per_page
        first = 0 if asked.minimal else (asked.page - 1) * size
        shown = [write() for _, write in found[first : first + size]]
        pages = max((len(found) + size - 1) // size, 1)
        return {
            "total_items": len(found),
            "total_pages": pages,
            "page_number": 1 if asked.minimal else asked.page,
            "size": len(shown),
            "first_page": first == 0,
            "last_page": first + size >= len(found),
            "empty": not shown,
            "contents": shown,
        }

    def one(self, kind: str, key: str, asked: Asked) -> Object | None:
        """One object with all that hangs on it."""
        self._follow()
        if kind == "services":
            record = self._shown.records["service"].get(key)
            return None if record is None else self._write(record)
        rows = {
            "organizations": self._organization_rows,
            "service_at_locations": self._at_rows,
            "taxonomies": self._taxonomy_rows,
            "taxonomy_terms": self._term_rows,
        }[kind](Asked(full=True, full_service=asked.full_service))
        return next((write() for known, write in rows if known == key), None)

    def _matching(self, asked: Asked) -> list[Record]:
        """Services for which everything asked holds."""
        themes = self._themes(asked)
        return [
            record
            for record in sorted(self._shown.records["service"].values(), key=lambda one: one.id)
            if (asked.modified_after is None or _moment(record.at) >= asked.modified_after)
            and (themes is None or themes & _codes(record))
            and (asked.organization_id is None or self._holder(record) == asked.organization_id)
            and self._says(record, asked.search)
        ]

    def _themes(self, asked: Asked) -> set[str] | None:
        """Codes one of which a service must carry; None when nothing is asked. A term stands for those below it."""
        wanted: set[str] | None = None
        if asked.taxonomy_id is not None:
            wanted = set(self._out.terms) if asked.taxonomy_id == parts.TAXONOMY_ID else set()
        if asked.taxonomy_term_id is not None:
            named = [code for code in self._out.terms if of_code("term", code) == asked.taxonomy_term_id]
            below = with_descendants(named[0], self._out.terms) if named else {f"id:{asked.taxonomy_term_id}"}
            wanted = below if wanted is None else wanted & below
        return wanted

    def _holder(self, record: Record) -> str | None:
        """Id of the organization that offers it: of a record, or of one that is only named; None for neither."""
        content = record.content or {}
        key = content.get("organization_id") or ""
        if self._find("organization", key) is not None:
            return str(key)
        name = content.get("organization")
        return contents.named_organization(name) if name else None

    def _says(self, record: Record, search: str) -> bool:
        """Whether every word asked for begins a word of its name, description or organization."""
        asked = words(search)
        if not asked:
            return not search.strip()
        kept = self._folded.get(record.id)
        if kept is None or kept[0] != record.version:
            content = record.content or {}
            texts = [text for name in SEARCHED for text in content.get(name, {}).values()]
            folded = " " + " ".join(word for text in texts for word in words(text))
            kept = self._folded[record.id] = (record.version, folded)
        return all(f" {word}" in kept[1] for word in asked)

    def _service_rows(self, asked: Asked) -> list[Any]:
        if asked.minimal:
            return [(one.id, lambda one=one: {"id": one.id, "last_modified": one.at}) for one in self._matching(asked)]
        show = _whole if asked.full else _slim
        return [(one.id, lambda one=one: show(self._write(one))) for one in self._matching(asked)]

    def _organization_rows(self, asked: Asked) -> list[Any]:
        """Organizations that are records, and those that are only named; with themes: those that offer one."""
        held: dict[str, list[Record]] = {}
        for record in self._matching(Asked(taxonomy_id=asked.taxonomy_id, taxonomy_term_id=asked.taxonomy_term_id)):
            holder = self._holder(record)
            if holder is not None:
                held.setdefault(holder, []).append(record)
        by_theme = asked.taxonomy_id is not None or asked.taxonomy_term_id is not None
        asked_words = words(asked.search)
        rows = []
        for key in sorted(held if by_theme else {*held, *self._shown.records["organization"]}):
            own = self._find("organization", key)
            source = own or held[key][0]
            if asked_words and not _in_name((source.content or {})["name" if own else "organization"], asked_words):
                continue
            offered = held.get(key, [])
            rows.append((key, lambda own=own, offered=offered: self._organization(own, offered, asked)))
        return rows

    def _organization(self, own: Record | None, services: Sequence[Record], asked: Asked) -> Object:
        one = self._write(own) if own is not None else self._write(services[0])["organization"]
        if not (asked.full or asked.full_service):
            return _slim(one)
        inner = [self._write(record) for record in services]
        if not asked.full_service:
            inner = [{name: service[name] for name in ("id", "name", "status")} for service in inner]
        return one | ({"services": inner} if inner else {})

    def _at_rows(self, asked: Asked) -> list[Any]:
        centre = self._centre(asked)
        rows = []
        for record in self._matching(asked):
            for key, place in self._out.places(record):
                if centre is None or _is_near(place, asked, centre):
                    rows.append((key, lambda key=key, record=record: self._at(key, record, full=asked.full)))
        return sorted(rows, key=lambda row: row[0])

    def _at(self, key: str, record: Record, *, full: bool) -> Object:
        service = self._write(record)
        link = next(one for one in service["service_at_locations"] if one["id"] == key)
        return _at(link, service, full=full)

    def _centre(self, asked: Asked) -> Any:
        """Of the places known to have the postal code; False when there are none; None when none is asked for."""
        if asked.postcode is None:
            return None
        points = [
            one.content["location"]
            for one in self._shown.records["location"].values()
            if one.content and one.content.get("postal_code") == asked.postcode and one.content.get("location")
        ]
        if not points:
            return False
        return {name: fmean(point[name] for point in points) for name in ("lat", "lon")}

    def _taxonomy_rows(self, asked: Asked) -> list[Any]:
        one = self._out.taxonomy()
        asked_words = words(asked.search)
        return [] if asked_words and not _in_name({"": one["name"]}, asked_words) else [(one["id"], lambda: one)]

    def _term_rows(self, asked: Asked) -> list[Any]:
        asked_words = words(asked.search)
        rows = []
        for term in self._out.terms.values():
            one = self._out.term(term)
            if asked.top_only and term.parent is not None:
                continue
            if asked.parent_id is not None and one.get("parent_id") != asked.parent_id:
                continue
            if asked.taxonomy_id is not None and asked.taxonomy_id != parts.TAXONOMY_ID:
                continue
            if not asked_words or _in_name(term.name, asked_words):
                rows.append((one["id"], lambda one=one: one | {"taxonomy_detail": self._out.taxonomy()}))
        return sorted(rows, key=lambda row: row[0])


def _codes(record: Record) -> set[str]:
    content = record.content or {}
    others = {f"id:{of_code('term', one['taxonomy'] + '/' + one['term'])}" for one in content.get("attributes", ())}
    return {*content.get("taxonomy", ()), *others}


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return datetime.fromisoformat("1970-01-01T00:00:00+00:00")


def _whole(one: Object) -> Object:
    return one


def _slim(one: Object) -> Object:
    """Only what is one to one."""
    slim = {name: value for name, value in one.items() if not isinstance(value, list)}
    holder = slim.get("organization")
    return slim | {"organization": _slim(holder)} if isinstance(holder, dict) else slim


def _at(link: Object, service: Object, *, full: bool) -> Object:
    inner = {name: value for name, value in service.items() if name != "service_at_locations"}
    if full:
        return link | {"service": inner}
    return _slim(link) | {"location": _slim(link["location"]), "service": _slim(inner)}


def _in_name(name: Mapping[str, str], asked: Sequence[str]) -> bool:
    folded = " " + " ".join(word for text in name.values() for word in words(text))
    return all(f" {word}" in folded for word in asked)


def _is_near(place: Mapping[str, Any], asked: Asked, centre: Any) -> bool:
    if asked.proximity is None:
        return place.get("postal_code") == asked.postcode
    here = place.get("location")
    return bool(centre) and here is not None and distance_km(here, centre) * 1000 <= asked.proximity
