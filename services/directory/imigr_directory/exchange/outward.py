"""Records as nested HSDS 3.1 with the declared profile. ``null`` never appears; what is not said is not there.

What HSDS has no word for goes along as the profile's ``details``: exactly those parts of a content that reading the
plain HSDS back would not give again, which makes a round trip equal by construction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from imigr_directory.domain import Municipality, Record, Term
from imigr_directory.exchange import contents, hours, parts, saying
from imigr_directory.exchange.ids import as_uuid, derived, of_code
from imigr_directory.exchange.reading import Reading, plain
from imigr_directory.exchange.report import Report
from imigr_directory.exchange.saying import Object, said


@dataclass(frozen=True)
class Outward:
    """What records refer to while they are written."""

    towns: Mapping[str, Municipality]
    terms: Mapping[str, Term]
    find: Callable[[str, str], Record | None]
    """A published record by kind and id."""

    def organization(self, record: Record) -> Object:
        """An organization without its services and locations."""
        content, lang = record.content or {}, _language(record)
        made = self._base(record) | {
            **saying.texts(content, lang, name="name", alternate_name="alternate_name", description="description"),
            "website": content.get("website"),
            "parent_organization_id": content.get("parent_id"),
            "contacts": [saying.contact(record.id, one, lang) for one in content.get("contacts", ())],
            "attributes": self._attributes(record, content),
        }
        made.setdefault("description", "")
        return self._finished(record, made)

    def location(self, record: Record) -> Object:
        """A location."""
        content, lang = record.content or {}, _language(record)
        made = self._base(record) | {
            "location_type": "physical",
            **saying.texts(content, lang, name="name", description="description", transportation="transport"),
            "url": content.get("website"),
            **self._place(record.id, content, lang, record.municipality),
            "phones": saying.phones(record.id, content.get("phones", ())),
            "languages": saying.languages(record.id, content.get("languages", ())),
            "attributes": self._attributes(record, content),
            "schedules": list(hours.rows_of(record.id, content.get("schedules", ()))),
        }
        return self._finished(record, made)

    def service(self, record: Record) -> Object:
        """A service with everything that hangs on it."""
        content, lang = record.content or {}, _language(record)
        eligibility = content.get("eligibility") or {}
        made = self._base(record) | {
            "status": "active" if record.is_public else "inactive",
            **self._offered_by(content, lang),
            **saying.texts(
                content,
                lang,
                name="name",
                description="description",
                interpretation_services="interpretation",
                application_process="application",
            ),
            "url": content.get("website"),
            "email": next(iter(content.get("emails", ())), None),
            "fees": content.get("fees"),
            "minimum_age": eligibility.get("min_age"),
            "maximum_age": eligibility.get("max_age"),
            "assured_date": record.verified_on,
            "phones": saying.phones(record.id, content.get("phones", ())),
            "contacts": [saying.contact(record.id, one, lang) for one in content.get("contacts", ())],
            "languages": saying.languages(record.id, content.get("languages", ())),
            "cost_options": [saying.cost(record.id, one, lang) for one in content.get("costs", ())],
            "required_documents": [saying.document(record.id, one, lang) for one in content.get("documents", ())],
            "capacities": saying.capacity(record),
            "schedules": list(hours.rows_of(record.id, content.get("schedules", ()))),
            "attributes": self._attributes(record, content),
            "service_at_locations": self._at(record, content, lang),
        }
        if eligibility.get("text"):
            saying.add_text(made, "eligibility_description", eligibility["text"], lang)
        return self._finished(record, made)

    def named_organization(self, name: Mapping[str, str], lang: str) -> Object:
        """An organization that is only named in a service."""
        made: Object = {"id": contents.named_organization(name), "description": ""}
        saying.add_text(made, "name", name, lang)
        return made

    def term(self, term: Term) -> Object:
        """A theme."""
        made: Object = {
            "id": of_code("term", term.code),
            "code": term.code,
            "taxonomy": parts.TAXONOMY,
            "taxonomy_id": parts.TAXONOMY_ID,
            "language": "fr" if "fr" in term.name else next(iter(term.name), "fr"),
        }
        saying.add_text(made, "name", term.name, "fr")
        made["description"] = made["name"]
        if term.parent is not None:
            made["parent_id"] = of_code("term", term.parent)
        return made

    def taxonomy(self) -> Object:
        """The taxonomy of the themes."""
        said = "Themes of local services: I-MIGR"
        return {"id": parts.TAXONOMY_ID, "name": parts.TAXONOMY, "description": said}

    def _base(self, record: Record) -> Object:
        return {"id": record.id, "last_modified": record.at} if record.kind == "service" else {"id": record.id}

    def _offered_by(self, content: Mapping[str, Any], lang: str) -> Object:
        holder = self.find("organization", content.get("organization_id") or "")
        if holder is not None:
            return {"organization_id": holder.id, "organization": self.organization(holder)}
        name = content.get("organization") or {}
        if not name:
            return {}
        made = self.named_organization(name, lang)
        return {"organization_id": made["id"], "organization": made}

    def places(self, record: Record) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Where a service is offered, as ``service_at_locations`` will say: each link's id with the place's content."""
        content = record.content or {}
        found = 0
        for one in content.get("at", ()):
            place = self.find("location", one["location_id"])
            if place is not None:
                found += 1
                yield _link_id(record, one), place.content or {}
        if self._has_own_place(content, alone=not found):
            yield derived(record.id, "at", "own"), content

    def _has_own_place(self, content: Mapping[str, Any], *, alone: bool) -> bool:
        """Whether a service has a place that none of its locations says."""
        if not (content.get("location") or content.get("address")):
            return False
        own = {name: content[name] for name in ("location", "address", "accessibility")}
        return alone or own != self._of_first(content)

    def _at(self, record: Record, content: Mapping[str, Any], lang: str) -> list[Object]:
        found = []
        for one in content.get("at", ()):
            place = self.find("location", one["location_id"])
            if place is None:
                continue
            key = _link_id(record, one)
            made = {
                "id": key,
                "part_id": one["id"],
                "service_id": record.id,
                "location_id": place.id,
                "location": self.location(place),
                "phones": saying.phones(key, one.get("phones", ())),
                "schedules": list(hours.rows_of(key, one.get("schedules", ()))),
            }
            found.append(said(made))
        if self._has_own_place(content, alone=not found):
            found.append(self._own_place(record, content, lang))
        return found

    def _of_first(self, content: Mapping[str, Any]) -> Object:
        place = self.find("location", content["at"][0]["location_id"])
        held = place.content if place is not None and place.content is not None else {}
        return {name: held.get(name) for name in ("location", "address", "accessibility")}

    def _own_place(self, record: Record, content: Mapping[str, Any], lang: str) -> Object:
        key = contents.inline_location(record.id)
        place: Object = {"id": key, "location_type": "physical"}
        saying.add_text(place, "name", content.get("address") or content["name"], lang)
        place |= self._place(key, content, lang, record.municipality)
        link = {"id": derived(record.id, "at", "own"), "service_id": record.id, "location_id": key}
        return link | {"location": said(place)}

    def _place(self, owner: str, content: Mapping[str, Any], lang: str, municipality: str | None) -> Object:
        """Point, address and accessibility of a place."""
        point = content.get("location") or {}
        made: Object = {"latitude": point.get("lat"), "longitude": point.get("lon")}
        if content.get("address") or content.get("postal_code"):
            made["addresses"] = [self._address(owner, content, lang, municipality)]
        words = content.get("accessibility_details") or {}
        codes = content.get("accessibility", ())
        rows: list[Object] = [{"id": derived(owner, "accessibility", code), "description": code} for code in codes]
        if words:
            row: Object = {"id": derived(owner, "accessibility", "words")}
            saying.add_text(row, "details", words, lang)
            rows.append(row)
        return made | {"accessibility": rows}

    def _address(self, owner: str, content: Mapping[str, Any], lang: str, municipality: str | None) -> Object:
        town = self.towns.get(municipality or "")
        row: Object = {"id": derived(owner, "address", "own"), "address_1": "", "translations": {}}
        saying.add_text(row, "address_1", content.get("address") or {}, lang)
        return row | {
            "city": plain(town.name, lang) if town else "",
            "state_province": plain(town.governorate, lang) if town else "",
            "postal_code": content.get("postal_code") or "",
            "country": "TN",
            "address_type": "physical",
        }

    def _attributes(self, record: Record, content: Mapping[str, Any]) -> list[Object]:
        rows = []
        for code in content.get("taxonomy", ()):
            if code in self.terms:
                rows.append(saying.attribute(record, code, self.term(self.terms[code])))
        for one in content.get("attributes", ()):
            both = f"{one['taxonomy']}/{one['term']}"
            name = one["term"]
            term = {"id": of_code("term", both), "code": name, "name": name, "description": name}
            rows.append(saying.attribute(record, both, term | {"taxonomy": one["taxonomy"]}))
        return rows

    def _finished(self, record: Record, made: Object) -> Object:
        """Without empty values, and with the details that reading it back would lack."""
        written = said(made)
        content = dict(record.content or {})
        again = self._read_back(record, written).content
        details = {name: value for name, value in content.items() if again.get(name) != value}
        return written | {"details": details | {contents.ENVELOPE: envelope_of(record)}}

    def _read_back(self, record: Record, written: Object) -> contents.Read:
        reading = Reading("", "fr", None, (), self.terms, Report(), _no_hours, _no_faults)
        nested = {name: value for name, value in written.items() if name != "details"}
        if record.kind == "organization":
            return contents.organization(nested, reading)
        if record.kind == "location":
            return contents.location(nested, reading)
        places = {one["location_id"]: self._place_back(one, reading) for one in nested.get("service_at_locations", ())}
        return contents.service(nested, reading, places)

    def _place_back(self, link: Object, reading: Reading) -> contents.Read:
        held = self.find("location", link["location_id"])
        if held is not None and held.content is not None:
            return contents.Read(dict(held.content), None, {})
        return contents.location(link["location"], reading)


def envelope_of(record: Record) -> Object:
    """What stands around the content and belongs to the outside."""
    found = {
        "municipality": record.municipality,
        "version": record.version,
        "source": dict(record.source),
        "demonstration": record.demonstration or None,
        "verified_on": record.verified_on if record.kind != "service" else None,
    }
    return said(found)


def stripped(record: Record) -> Record:
    """The record as another installation may keep it."""
    return replace(record, proposal=None)


def _link_id(record: Record, one: Mapping[str, Any]) -> str:
    return as_uuid(str(one["id"])) or derived(record.id, "at", one["id"])


def _language(record: Record) -> str:
    return str((record.content or {}).get("source_language", "fr"))


def _no_hours(_text: str) -> None:
    return None


def _no_faults(_kind: str, _content: Mapping[str, Any]) -> Object:
    return {}


def locations_of(services: Iterable[Object]) -> Iterator[Object]:
    """Every location that services hold, each once."""
    seen: set[str] = set()
    for service in services:
        for link in service.get("service_at_locations", ()):
            if link["location_id"] not in seen:
                seen.add(link["location_id"])
                yield link["location"]
