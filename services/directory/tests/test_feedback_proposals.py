"""Corrections that readers write out: in review like an editor's, never over one, once, also after a kill."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from imigr_directory.domain import Act, Record, complete, opened
from imigr_directory.feedback import proposing
from imigr_directory.feedback.domain import About, Kind, Opinion, Outcome, tally_of
from imigr_directory.feedback.proposing import READER, parsed, propose, propose_waiting
from imigr_directory.feedback.storage import INDEXES, MongoOpinions
from imigr_directory.schemas.content import fits
from imigr_directory.storage import MongoRecords
from imigr_kit.events import Stamp
from imigr_kit.ids import new_id
from imigr_kit.mongo import ensure_indexes
from imigr_kit.testing import FrozenClock

ACT = Act("staff-1", "2026-11-24T08:00:00.000Z")
WEEK = {"rrule": "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", "spans": [["08:00", "17:00"]]}


@pytest.mark.parametrize(
    ("part", "text", "value"),
    [
        ("phones", "71 000 000, +216 20 111 222; 71 000 000", ["71 000 000", "+216 20 111 222"]),
        ("website", " https://example.tn/a ", "https://example.tn/a"),
        ("hours", "Lun-Ven 08:00-17:00", [{"rules": [WEEK]}]),
        ("languages", "ar, fr", ["ar", "fr"]),
        ("fees", "free", "free"),
        ("accessibility", "step_free", ["step_free"]),
    ],
)
def test_what_is_written_out_is_read_as_what_it_is(part: str, text: str, value: Any) -> None:
    """As the content of an entry keeps it."""
    assert parsed(part, text, fits) == value


@pytest.mark.parametrize(
    ("part", "text"),
    [
        ("phones", "ask for somebody"),
        ("phones", " , "),
        ("website", "javascript:alert(1)"),
        ("hours", "when she is there"),
        ("languages", "their own"),
        ("fees", "cheap"),
        ("name", "Chez quelqu'un"),
        ("address", "1 rue"),
        ("closed_for_good", "yes"),
    ],
)
def test_free_words_are_no_value(part: str, text: str) -> None:
    """They belong into the encrypted remark."""
    with pytest.raises(ValueError, match=r"understood|remark"):
        parsed(part, text, fits)


@pytest.fixture
def opinions(mongo_db: Any, clock: FrozenClock) -> MongoOpinions:
    """On a fresh database."""
    ensure_indexes(mongo_db, INDEXES)
    return MongoOpinions(mongo_db, Stamp("directory", "test", clock, new_id))


def correction(opinions: MongoOpinions, number: int, part: str, value: Any) -> Opinion:
    """Stored, as the service stores it before anything else."""
    day = datetime(2026, 11, 24, tzinfo=UTC).date()
    said = Opinion(f"o{number}", "raoued", Kind.CORRECTION, About.SERVICE, "fr", day, "s", part=part, value=value)
    assert opinions.add(said, "mark", None, tally_of(said))
    return said


def published(records: MongoRecords, **content: Any) -> Record:
    """An entry."""
    record, facts = opened("service", "s", "raoued").written(complete("service", {"name": {"fr": "A"}} | content), ACT)
    records.insert_all([(record, facts)])
    return record


def stored(records: MongoRecords) -> Record:
    """As it is now."""
    found = records.get("service", "s")
    assert found is not None
    return found


def test_corrections_wait_together_in_the_review_of_the_entry(
    opinions: MongoOpinions, records: MongoRecords, clock: FrozenClock
) -> None:
    """Two readers, two parts, one proposal of nobody in particular; readers see what they saw; told once each."""
    published(records, phones=["1 11"])
    propose(correction(opinions, 1, "phones", ["71 000 000"]), records, opinions, clock)
    propose(correction(opinions, 2, "website", "https://a.tn/"), records, opinions, clock)
    record = stored(records)
    assert record.proposal is not None
    assert (record.proposal.by, record.proposal.state, record.revision) == (READER, "in_review", 3)
    assert (record.proposal.content["phones"], record.proposal.content["website"]) == (["71 000 000"], "https://a.tn/")
    assert (record.content or {})["phones"] == ["1 11"]
    propose_waiting(records, opinions, clock)
    assert stored(records).revision == 3
    accepted, _ = record.accepted(ACT)
    assert (accepted.content or {})["website"] == "https://a.tn/"


def test_an_editors_proposal_is_never_written_over(
    opinions: MongoOpinions, records: MongoRecords, clock: FrozenClock
) -> None:
    """The correction waits, and goes into review when the editor's is decided."""
    first = published(records)
    waiting, facts = first.proposed(complete("service", {"name": {"fr": "B"}}), ACT, state="draft")
    assert records.replace(first, waiting, facts)
    propose(correction(opinions, 1, "fees", "free"), records, opinions, clock)
    assert stored(records).proposal == waiting.proposal
    assert [one.id for one in opinions.to_propose(9)] == ["o1"]
    done, facts = stored(records).accepted(ACT)
    assert records.replace(waiting, done, facts)
    propose_waiting(records, opinions, clock)
    proposal = stored(records).proposal
    assert proposal is not None
    assert (proposal.content["name"], proposal.content["fees"]) == ({"fr": "B"}, "free")
    assert opinions.to_propose(9) == []


def test_a_kill_between_proposal_and_note_changes_nothing(
    opinions: MongoOpinions, records: MongoRecords, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next round finds that it is there."""
    published(records)
    said = correction(opinions, 1, "fees", "free")
    with monkeypatch.context() as killed:
        killed.setattr(MongoOpinions, "note_proposed", _killed)
        with pytest.raises(KeyboardInterrupt):
            propose(said, records, opinions, clock)
    propose_waiting(records, opinions, clock)
    assert (stored(records).revision, opinions.to_propose(9)) == (2, [])


def _killed(*_: Any) -> None:
    raise KeyboardInterrupt


def test_hours_of_the_week_leave_the_other_layers(
    opinions: MongoOpinions, records: MongoRecords, clock: FrozenClock
) -> None:
    """Ramadan and closures stay as they are known."""
    ramadan = {"ramadan": [WEEK | {"spans": [["08:00", "14:00"]]}]}
    published(records, schedules=[{"rules": [], "regimes": ramadan, "by_appointment": True}])
    propose(correction(opinions, 1, "hours", [{"rules": [WEEK]}]), records, opinions, clock)
    proposal = stored(records).proposal
    assert proposal is not None
    assert proposal.content["schedules"] == [{"rules": [WEEK], "regimes": ramadan}]


def test_what_says_nothing_new_or_is_done_with_is_left(
    opinions: MongoOpinions, records: MongoRecords, clock: FrozenClock
) -> None:
    """No proposal, and no second look."""
    published(records, fees="free")
    propose(correction(opinions, 1, "fees", "free"), records, opinions, clock)
    done = correction(opinions, 2, "fees", "paid")
    opinions.handle(done.handled(Outcome.ABUSE, 1))
    propose_waiting(records, opinions, clock)
    propose(replace(done, state="handled"), records, opinions, clock)
    assert stored(records).proposal is None
    assert opinions.to_propose(9) == []
    assert proposing.PARTS.keys() <= {"phones", "hours", "website", "languages", "fees", "accessibility"}
