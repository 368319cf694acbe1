"""Records as they are kept: versions, one winner of a race, repeated commands, the form of earlier releases."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from imigr_directory.domain import KINDS, Act, Record, complete, opened, service_of
from imigr_directory.domain.records import IN_REVIEW, VERBS, Changed
from imigr_directory.errors import NothingProposed, NotInThisState, StaleProposal
from imigr_directory.handlers import Command
from imigr_directory.storage import MongoRecords, upgrade
from imigr_kit.facts import Fact

from .conftest import ACT

EVENTS = Path(__file__).resolve().parents[3] / "contracts" / "events" / "directory"


def named(kind: str, **texts: str) -> dict[str, Any]:
    """Content that has a name only."""
    return complete(kind, {"title" if kind in ("article", "alert") else "name": texts})


def stored(records: MongoRecords, kind: str = "service") -> Record:
    """A published record."""
    record, facts = opened(kind, "r1", "raoued").written(named(kind, fr="Un"), ACT)
    assert records.add(record, facts, Command("first", "h"))
    return record


STEPS: tuple[Callable[[Record], Changed], ...] = (
    lambda one: one.accepted(ACT),
    lambda one: one.written(named(one.kind, fr="Deux"), ACT),
    lambda one: one.verified("2026-11-24", ACT),
    lambda one: one.ran_out(),
    lambda one: one.withdrawn(ACT),
)


def every_fact(kind: str) -> list[Fact]:
    """One fact of each verb, as the life of a record makes them."""
    record, facts = opened(kind, "r1", "raoued").proposed(named(kind, fr="Un"), ACT, state=IN_REVIEW)
    record, more = record.declined("unclear")
    facts += more
    record, _ = record.submitted()
    for step in STEPS:
        record, more = step(record)
        facts += more
    return facts


@pytest.mark.parametrize("kind", KINDS)
def test_every_fact_of_a_record_follows_its_contract(kind: str) -> None:
    """Each verb of each kind has a schema, and what the domain tells is valid under it."""
    facts = every_fact(kind)
    assert {fact.kind for fact in facts} == {f"{kind}.{verb}" for verb in VERBS}
    for fact in facts:
        schema = json.loads((EVENTS / f"{fact.kind}.v1.json").read_text(encoding="utf-8"))
        Draft202012Validator(schema, format_checker=FormatChecker()).validate(fact.data)


def test_the_facts_of_a_record_count_without_gaps() -> None:
    """Their sequence is the revision, so a subscriber who counts never waits for a number that does not come."""
    record, told = opened("article", "r1", None).proposed(named("article", fr="Un"), ACT, state=IN_REVIEW)
    for step in STEPS:
        record, facts = step(record)
        told += facts
    assert [fact.sequence for fact in told] == [1, 2, 3, 4, 5, 6]
    assert {fact.municipality for fact in told} == {"all"}


def test_a_record_reads_back_as_it_was_stored(records: MongoRecords) -> None:
    """With its proposal, in whatever state."""
    record, facts = stored(records).proposed(named("service", fr="Deux"), ACT, state=IN_REVIEW)
    assert records.replace(stored_now(records), record, facts)
    assert records.get("service", "r1") == record


def stored_now(records: MongoRecords) -> Record:
    """What stands."""
    found = records.get("service", "r1")
    assert found is not None
    return found


def test_of_many_writers_on_one_revision_one_wins(records: MongoRecords) -> None:
    """Optimistic concurrency in one conditional write."""
    old = stored(records)

    def write(number: int) -> bool:
        new, facts = old.written(named("service", fr=f"Texte {number}"), Act(f"staff-{number}", ACT.at))
        return records.replace(old, new, facts, Command(f"key-{number}", "h"))

    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(write, range(16)))
    now = stored_now(records)
    assert sum(won) == 1
    assert (now.version, now.by) == (2, f"staff-{won.index(True)}")


def test_every_published_version_is_kept(records: MongoRecords) -> None:
    """With who and when; the one that stands is among them."""
    record = stored(records)
    for number in (2, 3):
        new, facts = record.written(named("service", fr=str(number)), Act(f"staff-{number}", ACT.at))
        assert records.replace(record, new, facts)
        record = new
    kept = records.versions(record)
    assert [(one["version"], one["by"], one["content"]["name"]["fr"]) for one in kept] == [
        (3, "staff-3", "3"),
        (2, "staff-2", "2"),
        (1, "staff-1", "Un"),
    ]


def test_a_repeated_command_gives_what_it_made(records: MongoRecords) -> None:
    """Also when the record has changed since."""
    first = stored(records)
    new, facts = first.written(named("service", fr="Deux"), ACT)
    assert records.replace(first, new, facts, Command("second", "h2"))
    assert records.by_command("service", "first") == (first, "h")
    assert records.by_command("service", "second") == (new, "h2")
    assert not records.add(first, [], Command("first", "h"))


def test_what_was_touched_since_is_found(records: MongoRecords) -> None:
    """A proposal is not seen by readers, so it touches nothing; a publication does."""
    record = stored(records)
    [(_, first)] = records.touched_since("service", None)
    new, facts = record.proposed(named("service", fr="Deux"), ACT, state=IN_REVIEW)
    assert records.replace(record, new, facts)
    assert [when for _, when in records.touched_since("service", first)] == [first]
    published, facts = new.accepted(ACT)
    assert records.replace(new, published, facts)
    [(found, second)] = records.touched_since("service", first)
    assert second > first
    assert found.content == named("service", fr="Deux")


def test_publishing_a_proposal_made_on_another_version_is_refused() -> None:
    """It would undo, unseen, what was published meanwhile. A verification changes no content and is no such thing."""
    record, _ = opened("service", "r1", "raoued").written(named("service", fr="Un"), ACT)
    waiting, _ = record.proposed(named("service", fr="Deux"), ACT, state=IN_REVIEW)
    verified, _ = waiting.verified("2026-11-24", ACT)
    assert verified.accepted(ACT)[0].version == 3
    other, _ = waiting.written(named("service", fr="Autre"), ACT)
    with pytest.raises(StaleProposal):
        other.accepted(ACT)


def test_steps_that_the_state_does_not_allow_are_refused() -> None:
    """Nothing waits, nothing is public, it was withdrawn before."""
    record = opened("service", "r1", "raoued")
    for step in (record.submitted, lambda: record.declined("wrong"), lambda: record.accepted(ACT)):
        with pytest.raises(NothingProposed):
            step()
    withdrawn, _ = record.withdrawn(ACT)
    for step in (lambda: withdrawn.withdrawn(ACT), lambda: withdrawn.verified("2026-11-24", ACT)):
        with pytest.raises(NotInThisState):
            step()


def test_a_document_of_an_earlier_release_gets_an_envelope(mongo_db: Any, records: MongoRecords) -> None:
    """Nothing of it is lost, its events go on in order, and a second upgrade finds nothing to do."""
    mongo_db["services"].insert_one(
        {
            "_id": "old",
            "municipality": "raoued",
            "name": {"fr": "Pharmacie", "ar": "صيدلية"},
            "taxonomy": ["health.pharmacy"],
            "description": {},
            "organization": {},
            "location": {"lat": 36.9, "lon": 10.2},
            "address": {},
            "phones": [],
            "languages": ["ar"],
            "accessibility": [],
            "fees": None,
            "website": None,
            "source": {"name": "x"},
            "verified_on": None,
            "name_is_generic": False,
            "demonstration": False,
            "state": "published",
            "version": 4,
            "commands": [],
            "outbox": [],
        }
    )
    assert (upgrade(mongo_db), upgrade(mongo_db)) == (1, 0)
    record = records.get("service", "old")
    assert record is not None
    assert (record.version, record.revision) == (4, 4)
    assert set(record.content or {}) == set(complete("service", {}))
    service = service_of(record)
    assert (service.name, service.location, service.languages) == (
        {"fr": "Pharmacie", "ar": "صيدلية"},
        {"lat": 36.9, "lon": 10.2},
        ("ar",),
    )
    assert [one.id for one, _ in records.touched_since("service", None)] == ["old"]
