"""The published directory in memory as HSDS reads it: kept up by what was touched, written once for each version."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import fmean
from typing import Any, Final, Protocol

from bson import Timestamp

from imigr_directory.domain import Municipality, Record, Term, distance_km, with_descendants
from imigr_directory.exchange import parts
from imigr_directory.exchange.ids import of_code
from imigr_directory.exchange.outward import Object, Outward
from imigr_directory.folding import words

KINDS: Final = ("organization", "location", "service")
SEARCHED: Final = ("name", "alternate_name", "description", "organization")
OVERLAP_SECONDS: Final = 30
"""Asked again each time: writes become visible out of the order of their times, within moments."""


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


class Touched(Protocol):
    """Where records are read."""

    def touched_since(self, kind: str, since: Timestamp | None) -> list[tuple[Record, Timestamp]]:
        """Records whose public side changed at a time or later, in that order, each with its time."""
        ...


class Catalogue:
    """Objects of HSDS by their kind. ``version`` is that of the directory it shows."""

    def __init__(self, stored: Touched) -> None:
        self._stored = stored
        self._records: dict[str, dict[str, Record]] = {kind: {} for kind in KINDS}
        self._since: dict[str, Timestamp | None] = dict.fromkeys(KINDS)
        self._written: dict[tuple[str, str], tuple[int, Object]] = {}
        self._folded: dict[tuple[str, str], tuple[int, str]] = {}
        self.version = -1
        self._out = Outward({}, {}, self._find)

    def refresh(self, towns: Iterable[Municipality], terms: Mapping[str, Term], version: int) -> None:
        """Take in what was touched since; a service that names a changed organization or location is written anew."""
        if version == self.version:
            return
        changed = False
        for kind in KINDS:
            since = self._since[kind]
            begin = None if since is None else Timestamp(max(since.time - OVERLAP_SECONDS, 0), 0)
            for record, touched in self._stored.touched_since(kind, begin):
                self._since[kind] = touched
                changed |= self._take(record)
        if changed:
            self._written.clear()
        self._out = Outward({town.slug: town for town in towns}, terms, self._find)
        self.version = version

    def _take(self, record: Record) -> bool:
        """Whether something other than a service changed, which services may hold."""
        shelf = self._records[record.kind]
        old = shelf.get(record.id)
        if old is not None and old.version == record.version:
            return False
        if record.is_public:
            shelf[record.id] = record
        elif old is not None:
            del shelf[record.id]
        self._written.pop((record.kind, record.id), None)
        return record.kind != "service"

    def _find(self, kind: str, key: str) -> Record | None:
        return self._records[kind].get(key)

    def _write(self, record: Record) -> Object:
        kept = self._written.get((record.kind, record.id))
        if kept is None or kept[0] != record.version:
            made: Object = getattr(self._out, record.kind)(record)
            kept = self._written[record.kind, record.id] = (record.version, made)
        return kept[1]

    def of_municipality(self, municipality: str) -> list[Record]:
        """Published organizations, locations and services of one."""
        return [one for kind in KINDS for one in self._records[kind].values() if one.municipality == municipality]

    def page(self, kind: str, asked: Asked) -> Object:
        """A page of a kind, in HSDS's envelope."""
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
        if kind == "services":
            record = self._records["service"].get(key)
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
            for record in sorted(self._records["service"].values(), key=lambda one: one.id)
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
        return self._write(record).get("organization_id")

    def _says(self, record: Record, search: str) -> bool:
        """Whether every word asked for begins a word of its name, description or organization."""
        asked = words(search)
        if not asked:
            return not search.strip()
        kept = self._folded.get((record.kind, record.id))
        if kept is None or kept[0] != record.version:
            content = record.content or {}
            texts = [
                text
                for name in ("name", "alternate_name", "description", "organization")
                for text in content.get(name, {}).values()
            ]
            folded = " " + " ".join(word for text in texts for word in words(text))
            kept = self._folded[record.kind, record.id] = (record.version, folded)
        return all(f" {word}" in kept[1] for word in asked)

    def _service_rows(self, asked: Asked) -> list[Any]:
        if asked.minimal:
            return [(one.id, lambda one=one: {"id": one.id, "last_modified": one.at}) for one in self._matching(asked)]
        show = _whole if asked.full else _slim
        return [(one.id, lambda one=one: show(self._write(one))) for one in self._matching(asked)]

    def _organization_rows(self, asked: Asked) -> list[Any]:
        """Organizations that are records, and those that are only named; with themes: those that offer one."""
        held: dict[str, list[Record]] = {}
        named: dict[str, Object] = {}
        for record in self._matching(Asked(taxonomy_id=asked.taxonomy_id, taxonomy_term_id=asked.taxonomy_term_id)):
            written = self._write(record)
            if "organization" in written:
                held.setdefault(written["organization_id"], []).append(record)
                named.setdefault(written["organization_id"], written["organization"])
        own = self._records["organization"]
        by_theme = asked.taxonomy_id is not None or asked.taxonomy_term_id is not None
        keys = sorted(held if by_theme else {*held, *own})
        asked_words = words(asked.search)
        rows = []
        for key in keys:
            one = self._write(own[key]) if key in own else named[key]
            if asked_words and not _in_name(one, asked_words):
                continue
            rows.append((key, lambda one=one, key=key: self._organization(one, held.get(key, ()), asked)))
        return rows

    def _organization(self, one: Object, services: Sequence[Record], asked: Asked) -> Object:
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
            service = self._write(record)
            for link in service.get("service_at_locations", ()):
                if centre is None or _is_near(link["location"], asked, centre):
                    rows.append((link["id"], lambda link=link, service=service: _at(link, service, full=asked.full)))
        return sorted(rows, key=lambda row: row[0])

    def _centre(self, asked: Asked) -> Any:
        """Of the places known to have the postal code; False when there are none; None when none is asked for."""
        if asked.postcode is None:
            return None
        points = [
            one.content["location"]
            for one in self._records["location"].values()
            if one.content and one.content.get("postal_code") == asked.postcode and one.content.get("location")
        ]
        if not points:
            return False
        return {name: fmean(point[name] for point in points) for name in ("lat", "lon")}

    def _taxonomy_rows(self, asked: Asked) -> list[Any]:
        one = self._out.taxonomy()
        asked_words = words(asked.search)
        return [] if asked_words and not _in_name(one, asked_words) else [(one["id"], lambda: one)]

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
            if not asked_words or _in_name(one, asked_words):
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


def _in_name(one: Object, asked: Sequence[str]) -> bool:
    texts = one.get("translations", {}).get("name", {"": one.get("name", "")}).values()
    folded = " " + " ".join(word for text in texts for word in words(text))
    return all(f" {word}" in folded for word in asked)


def _is_near(place: Object, asked: Asked, centre: Any) -> bool:
    if asked.proximity is None:
        return any(row.get("postal_code") == asked.postcode for row in place.get("addresses", ()))
    if centre is False or "latitude" not in place:
        return False
    here = {"lat": place["latitude"], "lon": place["longitude"]}
    return distance_km(here, centre) * 1000 <= asked.proximity
