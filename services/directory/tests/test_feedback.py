"""Opinions of readers: counted exactly, told in tens, remarks closed to all but editors and gone in time."""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from marshmallow import ValidationError

from imigr_directory.domain import Municipality, Service, Term
from imigr_directory.errors import (
    KeyReused,
    NoRemark,
    OpinionHandled,
    StaleVersion,
    TooManyOpinions,
    UnknownOpinion,
    UnknownService,
)
from imigr_directory.feedback import handlers, schemas, words
from imigr_directory.feedback.domain import (
    CORRECTABLE,
    MOST_AN_HOUR,
    REASONS,
    About,
    Kind,
    Opinion,
    Outcome,
    tally_of,
)
from imigr_directory.feedback.handlers import Box, Filter
from imigr_directory.feedback.sealing import RemarkSeal
from imigr_directory.feedback.storage import INDEXES, OPINIONS, READS, TALLIES, MongoOpinions, MongoReads
from imigr_directory.storage import MongoDirectory
from imigr_kit.access import NotAllowed
from imigr_kit.chain_head import ChainHead
from imigr_kit.commands import Command
from imigr_kit.errors import ImigrError, Invalid, NotFound
from imigr_kit.events import Stamp
from imigr_kit.ids import new_id
from imigr_kit.mongo import ensure_indexes
from imigr_kit.rpc_client import RpcClient
from imigr_kit.secret import Secret
from imigr_kit.testing import FrozenClock

KEY = Secret(bytes(range(32)))
NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
EDITOR = {"id": "e", "kind": "staff", "roles": [{"municipality": "la-marsa", "role": "editor"}]}
MANAGER = {"id": "m", "kind": "staff", "roles": [{"municipality": "la-marsa", "role": "manager"}]}
MEDIATOR = {"id": "x", "kind": "staff", "roles": [{"municipality": "la-marsa", "role": "mediator"}]}
CANARY = "Zyxwvut 98765432"
HASH = "a" * 64


def opinion(number: int = 1, **changes: Any) -> Opinion:
    """That an entry was useful."""
    values: dict[str, Any] = {
        "id": f"opinion-{number}",
        "municipality": "la-marsa",
        "kind": Kind.OPINION,
        "about": About.SERVICE,
        "record_id": "service-1",
        "useful": True,
        "language": "fr",
        "received_on": NOW.date(),
    }
    return Opinion(**(values | changes))


@pytest.fixture
def clock() -> FrozenClock:
    """A Monday morning."""
    return FrozenClock(NOW)


@pytest.fixture
def box(mongo_db: Any, clock: FrozenClock) -> Box:
    """The use cases on a fresh database; only service-1 exists."""
    ensure_indexes(mongo_db, INDEXES)
    seal = RemarkSeal(KEY)
    opinions = MongoOpinions(mongo_db, Stamp("directory", "test", clock, new_id))

    def check(said: Opinion) -> None:
        if said.record_id not in (None, "service-1"):
            raise UnknownService

    return Box(opinions, MongoReads(mongo_db, seal), seal, clock, check)


def say(box: Box, number: int = 1, remark: str | None = None, client: str | None = None, **changes: Any) -> Opinion:
    """Say it."""
    said = opinion(number, has_remark=remark is not None, **changes)
    return handlers.say(box, said, None if remark is None else Secret(remark), client, Command("key", f"body-{number}"))


@given(st.lists(st.sampled_from([True, False, None]), min_size=1, max_size=60))
@settings(max_examples=50)
def test_events_tell_tens_only(answers: list[bool | None]) -> None:
    """Every tenth opinion is told, in order, and all figures are tens."""
    tally = tally_of(opinion())
    assert tally is not None
    told = []
    for useful in answers:
        tally, facts = tally.counted(opinion(useful=useful, reasons=() if useful else ("wrong_phone",)))
        told += facts
    assert [fact.sequence for fact in told] == list(range(1, len(answers) // 10 + 1))
    assert tally.total == len(answers)
    for fact in told:
        figures = [fact.data["total"], fact.data["useful"], fact.data["not_useful"]]
        assert not any(figure % 10 for figure in figures + [one["count"] for one in fact.data["reasons"]])


def test_an_opinion_is_gone_within_thirty_days() -> None:
    """To the day, since no hour is kept."""
    assert opinion(received_on=date(2026, 11, 23)).gone_at == datetime(2026, 12, 23, tzinfo=UTC)


def test_every_closed_answer_has_words_in_three_languages() -> None:
    """Else a reader could not tick it."""
    told = words.choices()
    assert {(one["about"], one["code"]) for one in told["reasons"]} == {
        (about.value, code) for about, codes in REASONS.items() for code in codes
    }
    assert [one["code"] for one in told["parts"]] == list(CORRECTABLE)
    assert all({"fr", "ar", "en"} <= set(one["title"]) for one in [*told["reasons"], *told["parts"]])


def test_opinions_at_once_are_each_counted_once(box: Box, mongo_db: Any) -> None:
    """Forty threads, each opinion sent twice: forty in the tally, four events in the outbox, none lost."""
    problems: list[Exception] = []

    def work(number: int) -> None:
        for _ in range(2):
            for _ in range(20):
                try:
                    say(box, number, useful=number % 2 == 0)
                    break
                except ImigrError as error:
                    if error.family != "unavailable":
                        problems.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not problems
    row = mongo_db[TALLIES].find_one()
    assert (row["total"], row["useful"], row["not_useful"]) == (40, 20, 20)
    assert [event["sequence"] for event in row["outbox"]] == [1, 2, 3, 4]
    assert mongo_db[OPINIONS].count_documents({}) == 40


def test_the_same_again_is_the_same_and_other_words_are_refused(box: Box) -> None:
    """Idempotent by key; a repetition on another day gives the first answer."""
    first = say(box, 1)
    assert handlers.say(box, opinion(1, received_on=date(2026, 11, 24)), None, None, Command("key", "body-1")) == first
    with pytest.raises(KeyReused):
        handlers.say(box, opinion(1), None, None, Command("key", "another body"))


def test_what_does_not_exist_cannot_be_spoken_of(box: Box, mongo_db: Any) -> None:
    """And nothing is stored."""
    with pytest.raises(UnknownService):
        say(box, record_id="service-2")
    assert mongo_db[OPINIONS].count_documents({}) == 0


def test_a_remark_is_stored_closed_and_read_by_editors_with_a_trace(box: Box, mongo_db: Any) -> None:
    """No readable copy anywhere; the trace is written before; a mediator and another town see nothing."""
    said = say(box, remark=CANARY)
    everything = [str(row) for name in mongo_db.list_collection_names() for row in mongo_db[name].find()]
    assert CANARY not in " ".join(everything)
    with pytest.raises(NotAllowed):
        handlers.read_remark(box, MEDIATOR, "la-marsa", said.id, Command("c", said.id))
    with pytest.raises(NotAllowed):
        handlers.read_remark(box, EDITOR, "raoued", said.id, Command("c", said.id))
    for _ in range(2):
        assert handlers.read_remark(box, EDITOR, "la-marsa", said.id, Command("c", said.id))[1].reveal() == CANARY
    rows = handlers.list_reads(box, MANAGER, "la-marsa", 10)
    assert [(row["staff_id"], row["opinion_id"]) for row in rows] == [("e", said.id)]
    with pytest.raises(NotAllowed):
        handlers.list_reads(box, EDITOR, "la-marsa", 10)


def test_a_remark_does_not_open_in_another_record() -> None:
    """Copied by hand in the database it is nonsense."""
    seal = RemarkSeal(KEY)
    assert seal.open("b", seal.seal("a", Secret(CANARY))) is None


def test_the_trace_shows_where_it_was_changed(box: Box, mongo_db: Any) -> None:
    """Rows carry the keyed hash of the row before."""
    said = say(box, remark=CANARY)
    for number in range(5):
        handlers.read_remark(box, EDITOR, "la-marsa", said.id, Command(f"c{number}", said.id))
    reads = MongoReads(mongo_db, RemarkSeal(KEY))
    assert reads.break_at() is None
    mongo_db[READS].update_one({"_id": 3}, {"$set": {"staff_id": "somebody else"}})
    assert reads.break_at() == 3


def test_one_key_reads_one_remark(box: Box, mongo_db: Any) -> None:
    """Another remark, or another reader, under a key that was used is refused, and no row says otherwise."""
    first, second = say(box, 1, remark=CANARY), say(box, 2, remark=CANARY)
    handlers.read_remark(box, EDITOR, "la-marsa", first.id, Command("k", "first"))
    for actor, said, body in ((EDITOR, second, "second"), (EDITOR | {"id": "other"}, first, "by another")):
        with pytest.raises(KeyReused):
            handlers.read_remark(box, actor, "la-marsa", said.id, Command("k", body))
    assert [row["opinion_id"] for row in mongo_db[READS].find()] == [first.id]


def test_a_cut_end_of_the_trace_is_found_by_its_head_outside(box: Box, mongo_db: Any, tmp_path: Path) -> None:
    """What is left is a shorter chain that holds; the file knows how long it was."""
    reads = MongoReads(mongo_db, RemarkSeal(KEY), ChainHead(tmp_path / "head.json"))
    said = say(box, remark=CANARY)
    for number in range(3):
        outside = replace(box, reads=reads)
        handlers.read_remark(outside, EDITOR, "la-marsa", said.id, Command(f"k{number}", said.id))
    assert reads.break_at() is None
    mongo_db[READS].delete_one({"_id": 3})
    assert reads.break_at() == 3
    reads.accept()
    assert reads.break_at() is None


def test_a_remark_is_gone_after_thirty_days_on_read_and_by_sweep(box: Box, mongo_db: Any, clock: FrozenClock) -> None:
    """Before the sweep has run nobody can read it; after it there is nothing; the counts stay."""
    said = say(box, remark=CANARY)
    clock.advance(days=29)
    assert handlers.read_remark(box, EDITOR, "la-marsa", said.id, Command("c", said.id))[1].reveal() == CANARY
    clock.advance(days=1)
    with pytest.raises(UnknownOpinion):
        handlers.read_remark(box, EDITOR, "la-marsa", said.id, Command("d", said.id))
    assert handlers.list_opinions(box, EDITOR, Filter("la-marsa")) == ([], 0)
    box.opinions.sweep(clock.now())
    assert mongo_db[OPINIONS].count_documents({}) == 0
    assert [one.total for one in handlers.count_opinions(box, EDITOR, "la-marsa")] == [1]


def test_what_is_done_with_keeps_no_remark(box: Box, mongo_db: Any) -> None:
    """Handled once, on the version that was read; the same again is the same answer."""
    said = say(box, remark=CANARY)
    with pytest.raises(StaleVersion):
        handlers.handle_opinion(box, EDITOR, "la-marsa", said.id, Outcome.CORRECTED, 7)
    done = handlers.handle_opinion(box, EDITOR, "la-marsa", said.id, Outcome.CORRECTED, 1)
    assert (done.state, done.version, done.has_remark) == ("handled", 2, False)
    assert handlers.handle_opinion(box, EDITOR, "la-marsa", said.id, Outcome.CORRECTED, 1) == done
    with pytest.raises(OpinionHandled):
        handlers.handle_opinion(box, EDITOR, "la-marsa", said.id, Outcome.ABUSE, 2)
    with pytest.raises(NoRemark):
        handlers.read_remark(box, EDITOR, "la-marsa", said.id, Command("c", said.id))
    assert mongo_db[OPINIONS].find_one()["remark"] is None


def test_staff_filter_what_was_said(box: Box) -> None:
    """By state, kind and record."""
    say(box, 1)
    say(box, 2, kind=Kind.GAP, about=About.SEARCH, record_id=None, useful=None, theme="legal")
    say(box, 3, kind=Kind.CORRECTION, useful=None, part="phones", remark="71 000 000")
    found, total = handlers.list_opinions(box, EDITOR, Filter("la-marsa", record_id="service-1"))
    assert ({one.kind for one in found}, total) == ({Kind.OPINION, Kind.CORRECTION}, 2)
    assert handlers.list_opinions(box, EDITOR, Filter("la-marsa", kind="gap", state="new"))[1] == 1
    gap = next(one for one in handlers.count_opinions(box, EDITOR, "la-marsa") if one.kind is Kind.GAP)
    assert (gap.theme, gap.total) == ("legal", 1)


def test_one_address_is_heard_so_often_an_hour(box: Box, clock: FrozenClock, mongo_db: Any) -> None:
    """Repetitions are free, others go on, the next hour begins anew, and the address is nowhere."""
    for number in range(MOST_AN_HOUR):
        say(box, number, client="somebody")
    say(box, 0, client="somebody")
    with pytest.raises(TooManyOpinions) as caught:
        say(box, 1000, client="somebody")
    assert caught.value.retry_after == 3600
    say(box, 1001, client="somebody else")
    say(box, 1002)
    clock.advance(hours=1)
    say(box, 1003, client="somebody")
    assert "somebody" not in str(list(mongo_db["opinion_limits"].find()))


GOOD: dict[str, Any] = {
    "municipality": "la-marsa", "language": "fr", "about": "service", "record_id": "s", "useful": True,
    "idempotency_key": "k",
}  # fmt: skip


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("about", {"about": "person"}),
        ("record_id", {"record_id": None}),
        ("record_id", {"about": "search"}),
        ("useful", {"useful": "yes"}),
        ("useful", {"useful": 1.5}),
        ("useful", {"useful": None}),
        ("reasons", {"reasons": ["nothing_found"]}),
        ("reasons", {"reasons": ["other", "other"]}),
        ("reasons", {"reasons": "other"}),
        ("reasons", {"reasons": [{}]}),
        ("remark", {"remark": "x" * 1001}),
        ("remark", {"remark": 7}),
        ("remark", {"remark": {"$gt": ""}}),
        ("language", {"language": "français"}),
        ("municipality", {"municipality": "../la-marsa"}),
        ("municipality", {"municipality": {"$ne": ""}}),
        ("client_key", {"client_key": "41.224.0.1"}),
        ("more", {"more": 1}),
    ],
)
def test_bad_input_names_its_field(field: str, changes: dict[str, Any]) -> None:
    """One field each."""
    schemas.GiveOpinion().load(GOOD)
    with pytest.raises(ValidationError) as caught:
        schemas.GiveOpinion().load(GOOD | changes)
    assert field in caught.value.messages_dict


def test_a_remark_is_text_whatever_is_in_it() -> None:
    """Markup stays text; controls and a lone nothing fall away; its box does not open in a log."""
    load: Callable[..., Any] = schemas.GiveOpinion().load
    assert load(GOOD | {"remark": " <script>alert(1)</script>\x00 "})["remark"].reveal() == "<script>alert(1)</script>"
    assert load(GOOD | {"remark": "\x00 \x1b"})["remark"] is None
    assert CANARY not in repr(load(GOOD | {"remark": CANARY}))


@pytest.fixture
def call(
    amqp_uri: str, mongo_uri: str, mongo_db: Any, service_process: Callable[..., Any], rpc_client: RpcClient
) -> Callable[..., Any]:
    """Calls methods of a running directory with a town, a theme and a service."""
    place = {"lat": 36.88, "lon": 10.33}
    town = Municipality("la-marsa", {"fr": "La Marsa"}, {"fr": "Tunis"}, place, 4.0, "Africa/Tunis", ("fr", "ar", "en"))
    entry = Service(id="service-1", municipality="la-marsa", name={"fr": "Permanence"}, taxonomy=("legal",))
    MongoDirectory(mongo_db, Stamp("directory", "test", FrozenClock(NOW), new_id)).seed(
        [town], [Term("legal", None, {"fr": "Droit"})], [entry]
    )
    env = {
        "IMIGR_AMQP_URI": amqp_uri,
        "IMIGR_MONGO_URI": mongo_uri,
        "IMIGR_MONGO_DATABASE": mongo_db.name,
        "IMIGR_DIRECTORY_KEY": base64.b64encode(KEY.reveal()).decode(),
    }
    service_process("imigr_directory", env=env)
    return lambda method, payload=None, /, **more: rpc_client.call("directory", method, (payload or {}) | more)


def test_the_running_service_hears_readers_and_tells_editors(call: Callable[..., Any]) -> None:
    """From the opinion to done with, over the broker."""
    said = {"municipality": "la-marsa", "language": "fr", "idempotency_key": "k1"}
    opinion_ = said | {"about": "service", "record_id": "service-1", "useful": False, "reasons": ["wrong_phone"]}
    assert call("give_opinion", opinion_, remark=CANARY)["received"]
    correction = said | {"record_id": "service-1", "part": "fees", "value": "paid", "idempotency_key": "k2"}
    assert call("suggest_correction", correction)["received"]
    waits = call("get_record", actor=MANAGER, kind="service", record_id="service-1")
    assert waits["proposal"]["content"]["fees"] == "paid"
    with pytest.raises(Invalid):
        call("report_gap", said | {"theme": "astronomy", "idempotency_key": "k3"})
    with pytest.raises(NotFound):
        call("suggest_correction", correction | {"record_id": "service-2", "idempotency_key": "k4"})
    staff = {"actor": EDITOR, "municipality": "la-marsa"}
    listed = call("list_opinions", staff)
    assert (listed["total"], CANARY in str(listed)) == (2, False)
    first = next(one for one in listed["items"] if one["kind"] == "opinion")
    step = staff | {"opinion_id": first["id"]}
    assert call("read_remark", step, idempotency_key="r")["remark"] == CANARY
    assert len(call("list_remark_reads", actor=MANAGER, municipality="la-marsa")["items"]) == 1
    assert call("handle_opinion", step, outcome="corrected", version=1, idempotency_key="h")["state"] == "handled"
    assert call("count_opinions", staff)["items"][0]["reasons"] == {"wrong_phone": 1}
