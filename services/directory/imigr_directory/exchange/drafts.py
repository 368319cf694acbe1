"""From settled tables to drafts of records, and from drafts to what would change in the directory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from imigr_directory.domain import Act, Record, opened
from imigr_directory.exchange import contents
from imigr_directory.exchange.keys import Package
from imigr_directory.exchange.nesting import Nest
from imigr_directory.exchange.reading import Reading, Where
from imigr_directory.exchange.report import Report
from imigr_directory.seeding import home_of
from imigr_kit.facts import Fact

GONE: Final = ("inactive", "defunct")
PAUSED: Final = "temporarily closed"
KINDS: Final = ("organization", "location", "service")


@dataclass(frozen=True)
class Draft:
    """What an import wants one record to say; ``active`` false: that it is not in the directory."""

    kind: str
    id: str
    municipality: str | None
    content: Mapping[str, Any]
    verified_on: str | None
    source: Mapping[str, str]
    demonstration: bool
    active: bool
    row: int | None


@dataclass
class Plan:
    """What an import would change."""

    new: list[Draft] = field(default_factory=list)
    changed: list[tuple[Record, Draft, list[str]]] = field(default_factory=list)
    withdrawn: list[Record] = field(default_factory=list)
    same: int = 0

    def difference(self) -> Iterator[dict[str, Any]]:
        """Each change, with the parts it is about."""
        for draft in self.new:
            yield {"kind": draft.kind, "id": draft.id, "change": "new", "parts": []}
        for old, draft, names in self.changed:
            yield {"kind": draft.kind, "id": old.id, "change": "changed", "parts": names}
        for record in self.withdrawn:
            yield {"kind": record.kind, "id": record.id, "change": "withdrawn", "parts": []}


def drafts(package: Package, reading: Reading) -> list[Draft]:
    """Drafts of all records in a package; organizations and locations come before the services that need them."""
    nest = Nest(package)
    places = _places(package, nest, reading)
    services = list(_services(nest, places, reading))
    towns = _towns_of_holders(services)
    return [
        *_organizations(nest, reading, towns),
        *_locations(package, places, reading, towns),
        *services,
    ]


def _places(package: Package, nest: Nest, reading: Reading) -> dict[str, tuple[contents.Read, int | None]]:
    found = {}
    for row, nested in nest.of("location"):
        found[row.id] = (contents.location(nested, reading), row.number)
    return found


def _services(nest: Nest, places: Mapping[str, tuple[contents.Read, int | None]], reading: Reading) -> Iterator[Draft]:
    known = {key: read for key, (read, _) in places.items()}
    for row, nested in nest.of("service"):
        where = Where("service", row.number)
        read = contents.service(nested, reading, known)
        if not read.content["name"]:
            reading.note("quarantined", "value_missing", where, "name")
            continue
        town = _town(read, read.content.get("location"), reading, where)
        if town is None:
            continue
        status = str(nested.get("status") or "active").lower()
        if status == PAUSED:
            _pause(read.content)
        active = status not in GONE
        if not active:
            reading.note("left_out", "not_active", where, "status", status)
        yield _draft("service", row.id, town, read, reading, active=active, row=row.number)


def _pause(content: dict[str, Any]) -> None:
    """Closed until somebody says otherwise; since when is not said."""
    pause = {"first": "1970-01-01", "last": None, "reason": None}
    schedules = content["schedules"] or [{"rules": []}]
    content["schedules"] = [{**one, "pause": one.get("pause") or pause} for one in schedules]


def _town(read: contents.Read, point: Any, reading: Reading, where: Where) -> str | None:
    """The municipality of a record; None after a remark when there is none, or not the one this import is for."""
    said = read.envelope.get("municipality")
    slugs = {town.slug for town in reading.towns}
    if reading.municipality is not None:
        if said in (None, reading.municipality) or said not in slugs:
            return reading.municipality
        reading.note("quarantined", "outside", where, "municipality", said)
        return None
    if said in slugs:
        return str(said)
    if not point:
        reading.note("quarantined", "place_missing", where)
        return None
    home = home_of(point, reading.towns)
    if home is None:
        reading.note("left_out", "outside", where, "location", f"{point['lat']}, {point['lon']}")
    return home


def _towns_of_holders(services: Iterable[Draft]) -> dict[str, str]:
    """By id of an organization or location: the municipality of the first service that needs it."""
    found: dict[str, str] = {}
    for draft in services:
        holder = draft.content.get("organization_id")
        keys = [one["location_id"] for one in draft.content.get("at", ())]
        for key in [*([holder] if holder else []), *keys]:
            found.setdefault(key, str(draft.municipality))
    return found


def _organizations(nest: Nest, reading: Reading, towns: Mapping[str, str]) -> Iterator[Draft]:
    for row, nested in nest.of("organization"):
        read = contents.organization(nested, reading)
        if not read.content["name"]:
            reading.note("quarantined", "value_missing", Where("organization", row.number), "name")
        elif row.id != contents.named_organization(read.content["name"]):
            town = _shared_town(read, row.id, reading, towns, Where("organization", row.number))
            if town is not None:
                yield _draft("organization", row.id, town, read, reading, active=True, row=row.number)


def _locations(
    package: Package,
    places: Mapping[str, tuple[contents.Read, int | None]],
    reading: Reading,
    towns: Mapping[str, str],
) -> Iterator[Draft]:
    own = {contents.inline_location(row.id) for row in package.rows("service")}
    for key, (read, number) in places.items():
        if key in own:
            continue
        where = Where("location", number)
        if not read.content["name"]:
            reading.note("quarantined", "value_missing", where, "name")
            continue
        town = _shared_town(read, key, reading, towns, where)
        if town is not None:
            yield _draft("location", key, town, read, reading, active=True, row=number)


def _shared_town(read: contents.Read, key: str, reading: Reading, towns: Mapping[str, str], where: Where) -> str | None:
    """Of an organization or a location: as of any record, or else that of a service that needs it."""
    if reading.municipality is None and key in towns and read.envelope.get("municipality") is None:
        return towns[key]
    return _town(read, read.content.get("location"), reading, where)


def _draft(
    kind: str, key: str, town: str, read: contents.Read, reading: Reading, *, active: bool, row: int | None
) -> Draft:
    said = read.envelope.get("source")
    source = {str(name): str(text) for name, text in said.items()} if isinstance(said, dict) else dict(reading.origin)
    verified = read.verified_on or read.envelope.get("verified_on")
    demonstration = read.envelope.get("demonstration") is True
    return Draft(kind, key, town, read.content, verified, source, demonstration, active, row)


def compare(wanted: Iterable[Draft], stored: Mapping[tuple[str, str], Record], report: Report) -> Plan:
    """What the drafts would change of what is stored, by kind and id."""
    plan = Plan()
    for draft in wanted:
        old = stored.get((draft.kind, draft.id))
        if old is None:
            if draft.active:
                plan.new.append(draft)
        elif old.municipality != draft.municipality:
            report.note("quarantined", "of_another_owner", draft.kind, draft.row, "id", draft.id)
        elif not draft.active:
            if old.is_public:
                plan.withdrawn.append(old)
        else:
            names = _differing(old, draft)
            if names:
                plan.changed.append((old, draft, names))
            else:
                plan.same += 1
    report.outcome.update(
        {"new": len(plan.new), "changed": len(plan.changed), "withdrawn": len(plan.withdrawn), "same": plan.same}
    )
    return plan


def _differing(old: Record, draft: Draft) -> list[str]:
    """Names of the parts that would be others; a withdrawn record that comes again differs in its state."""
    before = old.content or {}
    names = [name for name, value in draft.content.items() if before.get(name) != value]
    if not old.is_public:
        names.append("state")
    if draft.verified_on is not None and draft.verified_on != old.verified_on:
        names.append("verified_on")
    return names


def written(draft: Draft, act: Act) -> tuple[Record, list[Fact]]:
    """A new record that says what the draft wants."""
    blank = opened(draft.kind, draft.id, draft.municipality, source=draft.source, demonstration=draft.demonstration)
    return blank.written(draft.content, act, verified_on=draft.verified_on)


def rewritten(old: Record, draft: Draft, act: Act) -> tuple[Record, Record, list[Fact]]:
    """The old record and the one that takes its place."""
    new, facts = old.written(draft.content, act, verified_on=draft.verified_on)
    return old, new, facts
