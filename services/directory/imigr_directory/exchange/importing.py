"""One import from the file to the stored records, step by step, so that whoever runs it can show how far it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Final, Protocol

from imigr_directory.domain import Act, Municipality, Record, Term
from imigr_directory.errors import BadPackage, UnknownMunicipality, UnknownTaxonomy
from imigr_directory.exchange import drafts, keys, sources
from imigr_directory.exchange.drafts import Draft, Plan
from imigr_directory.exchange.reading import Reading
from imigr_directory.exchange.report import Report
from imigr_kit.errors import FieldError
from imigr_kit.facts import Fact

BATCH: Final = 200
Progress = Callable[[str, int, int], None]
"""Called with the step, how much of it is done, and of how much."""


@dataclass(frozen=True)
class Order:
    """What is to be imported, and how it is to be read. ``source`` names the publisher: keys that are no UUIDs become
    ids within it."""

    form: str
    source: str
    municipality: str | None
    language: str = "fr"
    theme: str | None = None
    themes: Mapping[str, str] = field(default_factory=dict)
    columns: Mapping[str, str] = field(default_factory=dict)
    kinds: Mapping[str, str] = field(default_factory=dict)
    licence: str | None = None
    url: str | None = None
    dry_run: bool = False


class Store(Protocol):
    """Where records are."""

    def many(self, kind: str, ids: Sequence[str]) -> Iterable[Record]:
        """Records of a kind by id."""
        ...

    def insert_all(self, records: Iterable[tuple[Record, Sequence[Fact]]]) -> int:
        """Store new ones."""
        ...

    def replace_all(self, changes: Iterable[tuple[Record, Record, Sequence[Fact]]]) -> list[str]:
        """Replace; ids of those that somebody else changed meanwhile."""
        ...


@dataclass(frozen=True)
class Around:
    """What an import reads against."""

    towns: Sequence[Municipality]
    terms: Mapping[str, Term]
    hours: Callable[[str], Mapping[str, Any] | None]
    faults: Callable[[str, Mapping[str, Any]], Mapping[str, Any]]
    language_names: Mapping[str, str]


def run(
    file: BinaryIO, order: Order, around: Around, store: Store, act: Act, progress: Progress
) -> tuple[Report, list[dict[str, Any]]]:
    """Import a file; the report, and the difference made (or that would be made, in a dry run). What is written is
    written record by record, so a run that dies is finished by another one."""
    report = Report()
    _check(order, around)
    progress("reading", 0, 1)
    raw = _raw(file, order, around, report)
    progress("reading", 1, 1)
    package = keys.settle(raw, order.source, report)
    raw.clear()
    progress("understanding", 0, 1)
    wanted = drafts.drafts(package, _reading(order, around, report))
    progress("understanding", 1, 1)
    plan = drafts.compare(wanted, _stored(wanted, store), report)
    difference = list(plan.difference())
    if not order.dry_run:
        _write(plan, store, act, report, progress)
    return report, difference


def _check(order: Order, around: Around) -> None:
    if order.form not in sources.FORMS:
        raise BadPackage(params={"why": "form"})
    if order.municipality is not None and order.municipality not in {town.slug for town in around.towns}:
        raise UnknownMunicipality(params={"municipality": order.municipality})
    named = [*order.themes.values(), *([order.theme] if order.theme else [])]
    bad = next((code for code in named if code not in around.terms), None)
    if bad is not None:
        raise UnknownTaxonomy(fields=[FieldError("theme", "directory.unknown_taxonomy", bad[:60])])


def _raw(file: BinaryIO, order: Order, around: Around, report: Report) -> sources.Raw:
    if order.form == "package":
        return sources.package(file, report)
    content = file.read(sources.MOST_BYTES + 1)
    if len(content) > sources.MOST_BYTES:
        raise BadPackage(params={"why": "too_large"})
    if order.form == "hsds":
        return sources.hsds(content, order.source, report)
    if order.form == "csv":
        return sources.plain_csv(content, order.columns, report)
    return sources.openstreetmap(content, order.kinds, around.terms, report)


def _reading(order: Order, around: Around, report: Report) -> Reading:
    origin = {"name": order.source, "licence": order.licence, "url": order.url}
    return Reading(
        source=order.source,
        language=order.language,
        municipality=order.municipality,
        towns=around.towns,
        terms=around.terms,
        report=report,
        hours=around.hours,
        faults=around.faults,
        themes=order.themes,
        theme=order.theme,
        names=around.language_names,
        origin={name: text for name, text in origin.items() if text},
    )


def _stored(wanted: Sequence[Draft], store: Store) -> dict[tuple[str, str], Record]:
    found: dict[tuple[str, str], Record] = {}
    for kind in drafts.KINDS:
        ids = [draft.id for draft in wanted if draft.kind == kind]
        for at in range(0, len(ids), BATCH):
            found |= {(kind, record.id): record for record in store.many(kind, ids[at : at + BATCH])}
    return found


def _write(plan: Plan, store: Store, act: Act, report: Report, progress: Progress) -> None:
    total, done = len(plan.new) + len(plan.changed) + len(plan.withdrawn), 0
    for at in range(0, len(plan.new), BATCH):
        some = plan.new[at : at + BATCH]
        fresh = store.insert_all(drafts.written(draft, act) for draft in some)
        report.outcome["met_another_writer"] += len(some) - fresh
        done += len(some)
        progress("writing", done, total)
    changes = [drafts.rewritten(old, draft, act) for old, draft, _ in plan.changed]
    changes += [(old, *old.withdrawn(act)) for old in plan.withdrawn]
    for at in range(0, len(changes), BATCH):
        some_changes = changes[at : at + BATCH]
        report.outcome["met_another_writer"] += len(store.replace_all(some_changes))
        done += len(some_changes)
        progress("writing", done, total)
    report.outcome += type(report.outcome)()
