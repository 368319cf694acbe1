"""Translations: proposed by editors, published by managers, exchanged with translators as files."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from imigr_directory.domain import KINDS, Record
from imigr_directory.domain.records import PUBLISHED
from imigr_directory.domain.translations import MACHINE, Line, lines, with_texts
from imigr_directory.errors import ChangedMeanwhile, InvalidInput, NotInThisState
from imigr_directory.handlers.acting import act_of
from imigr_directory.handlers.ports import Command, Desk
from imigr_directory.handlers.records import (
    EDITORS,
    MANAGERS,
    Target,
    existing,
    get_record,
    home_of,
    may_propose,
    owner_of,
    stored,
)
from imigr_kit.access import require
from imigr_kit.errors import FieldError

TRIES = 3


class Unit(Protocol):
    """One text in a translator's file."""

    @property
    def kind(self) -> str:
        """Of the record."""
        ...

    @property
    def record_id(self) -> str:
        """The record."""
        ...

    @property
    def path(self) -> str:
        """Which text."""
        ...

    @property
    def source(self) -> str:
        """What was translated."""
        ...

    @property
    def target(self) -> str:
        """The translation."""
        ...

    @property
    def is_machine(self) -> bool:
        """Made by a machine and not reviewed."""
        ...


@dataclass(frozen=True)
class Words:
    """Translations of a record into one language by path. ``state``: draft or in_review as a proposal, published or
    machine at once by a manager."""

    language: str
    texts: Mapping[str, str]
    state: str


@dataclass
class Report:
    """What became of a translator's file; every unit is in exactly one of them."""

    taken: int = 0
    unchanged: int = 0
    refused: list[dict[str, str]] = field(default_factory=list)
    records: list[str] = field(default_factory=list)

    def refuse(self, unit: Unit, reason: str) -> None:
        """Not taken, and why."""
        record = f"{unit.kind}/{unit.record_id}"[:100]
        self.refused.append({"record": record, "path": unit.path[:200], "reason": reason})


def list_lines(desk: Desk, actor: Mapping[str, Any], kind: str, record_id: str) -> list[Line]:
    """Every text of a record with its translations and their states."""
    return _lines(get_record(desk, actor, kind, record_id))


def translate(desk: Desk, actor: Mapping[str, Any], target: Target, words: Words, command: Command) -> Record:
    """Other words in one language. Words that stay as they were may be confirmed so after their source changed."""
    record = existing(desk, target)
    if words.state in (PUBLISHED, MACHINE):
        require(actor, MANAGERS, home_of(record.municipality))
    else:
        may_propose(desk, actor, record.municipality, owner_of(record))
    return stored(desk, record, target, command, lambda one: _translated(desk, actor, one, words))


def _translated(desk: Desk, actor: Mapping[str, Any], record: Record, words: Words) -> Any:
    act = act_of(desk, actor)
    state = MACHINE if words.state == MACHINE else PUBLISHED
    marks = {path: {words.language: state} for path in words.texts}
    if words.state in (PUBLISHED, MACHINE):
        if not record.is_public:
            raise NotInThisState(params={"state": record.state})
        content = with_texts(record.kind, record.content or {}, words.language, words.texts)
        return record.written(_fitting(desk, record, content), act, marks=marks)
    waiting = record.proposal
    if waiting is not None and waiting.base == record.version:
        marks = {path: {**waiting.marks.get(path, {}), **marks.get(path, {})} for path in {*waiting.marks, *marks}}
        content = with_texts(record.kind, waiting.content, words.language, words.texts)
    else:
        content = with_texts(record.kind, record.content or {}, words.language, words.texts)
    return record.proposed(_fitting(desk, record, content), act, state=words.state, marks=marks)


def _fitting(desk: Desk, record: Record, content: Mapping[str, Any]) -> Mapping[str, Any]:
    if not desk.fits(record.kind, content):
        raise InvalidInput(fields=[FieldError("texts", InvalidInput.code, "too long, empty, or not a language tag")])
    return content


def export_lines(
    desk: Desk, actor: Mapping[str, Any], municipality: str | None, kinds: Sequence[str], ids: Sequence[str]
) -> list[Line]:
    """Every text that readers of a town see (or of what is common to all), of some kinds; of some records if named."""
    require(actor, EDITORS, home_of(municipality))
    chosen = set(ids)
    return [
        line
        for kind in kinds
        for record in desk.records.published_in(kind, municipality)
        if not chosen or record.id in chosen
        for line in _lines(record)
    ]


def may_exchange(actor: Mapping[str, Any], municipality: str | None) -> None:
    """Raises NotAllowed unless the actor may send files for the records of a town."""
    require(actor, EDITORS, home_of(municipality))


def import_some(
    desk: Desk,
    actor: Mapping[str, Any],
    municipality: str | None,
    language: str,
    records: Sequence[Sequence[Unit]],
    state: str,
    command: Command,
    first: int,
    is_over: Callable[[], bool],
) -> tuple[Report, int | None]:
    """As import_units, one record after the other from the ``first`` on until it ``is_over``; what became of them, and
    where to go on (None: nothing is left). Readers get all of them together."""
    quiet, report, number = replace(desk, changed=_nothing), Report(), first
    while number < len(records) and (number == first or not is_over()):
        _add(report, import_units(quiet, actor, municipality, language, records[number], state, command))
        number += 1
    desk.changed()
    return report, number if number < len(records) else None


def _nothing() -> None:
    """Told once at the end."""


def import_units(
    desk: Desk,
    actor: Mapping[str, Any],
    municipality: str | None,
    language: str,
    units: Iterable[Unit],
    state: str,
    command: Command,
) -> Report:
    """Take in a translator's file: one change per record. What was translated from a source that is no longer so is
    refused; what is there already changes nothing, so the same file twice is the same as once."""
    require(actor, EDITORS, home_of(municipality))
    report = Report()
    by_record: dict[tuple[str, str], list[Unit]] = defaultdict(list)
    for unit in units:
        by_record[(unit.kind, unit.record_id)].append(unit)
    for (kind, record_id), some in by_record.items():
        for attempt in range(TRIES):
            record = desk.records.get(kind, record_id) if kind in KINDS else None
            if record is None or record.municipality != municipality:
                for unit in some:
                    report.refuse(unit, "unknown_record")
                break
            part = Report()
            try:
                _take(desk, actor, record, language, some, state, command, part)
            except ChangedMeanwhile:
                if attempt + 1 == TRIES:
                    raise
                continue
            _add(report, part)
            break
    return report


def _take(
    desk: Desk,
    actor: Mapping[str, Any],
    record: Record,
    language: str,
    units: Sequence[Unit],
    state: str,
    command: Command,
    report: Report,
) -> None:
    """The units of one record, in one change for those made by people and one for those made by machines."""
    content = _base(record, state)
    new = _new_words(record, content, language, units, report)
    everything = {**new[PUBLISHED], **new[MACHINE]}
    if everything and not desk.fits(record.kind, with_texts(record.kind, content, language, everything)):
        report.taken = 0
        for unit in (one for one in units if one.path in everything):
            report.refuse(unit, "not_valid")
        return
    for mark, words in new.items():
        if words:
            key = Command(f"{command.key}/{record.id}/{mark}"[:200], command.body_hash)
            target = Target(record.kind, record.id, record.revision)
            then = mark if state == PUBLISHED else state
            record = translate(desk, actor, target, Words(language, words, then), key)
            report.records.append(record.id)


def _base(record: Record, state: str) -> Mapping[str, Any]:
    """What the file's words go into: a proposal that waits, when they are to be proposed too."""
    waiting = record.proposal
    if waiting is not None and waiting.base == record.version and state != PUBLISHED:
        return waiting.content
    return record.content or {}


def _new_words(
    record: Record, content: Mapping[str, Any], language: str, units: Sequence[Unit], report: Report
) -> dict[str, dict[str, str]]:
    """Words that change something, by how they were made."""
    there = {one.path: one for one in _lines_of(record, content)}
    is_proposed = content is not record.content
    new: dict[str, dict[str, str]] = {PUBLISHED: {}, MACHINE: {}}
    for unit in units:
        line = there.get(unit.path)
        mark = MACHINE if unit.is_machine else PUBLISHED
        if line is None or language == line.source_language:
            report.refuse(unit, "unknown_text")
        elif _plain(line.source) != _plain(unit.source):
            report.refuse(unit, "source_changed")
        elif line.texts.get(language) == unit.target and (is_proposed or line.states.get(language) == mark):
            report.unchanged += 1
        else:
            new[mark][unit.path] = unit.target
            report.taken += 1
    return new


def _add(report: Report, part: Report) -> None:
    report.taken += part.taken
    report.unchanged += part.unchanged
    report.refused += part.refused
    report.records += [one for one in part.records if one not in report.records]


def _lines(record: Record) -> list[Line]:
    content = record.content or (record.proposal.content if record.proposal else {})
    return _lines_of(record, content)


def _lines_of(record: Record, content: Mapping[str, Any]) -> list[Line]:
    return list(lines(record.kind, record.id, record.version, content, record.translations))


def _plain(text: str) -> str:
    """Translators' tools reflow spaces."""
    return " ".join(text.split())
