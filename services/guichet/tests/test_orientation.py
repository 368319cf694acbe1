"""Orientation and referrals on a real database: closed codes, consent, and details fetched once."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from datetime import date
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from imigr_guichet.domain.needs import OPEN_NEEDS, RESERVED, SENSITIVE, neutral
from imigr_guichet.domain.orientations import FollowUp, Orientation
from imigr_guichet.domain.referrals import Consent, Referral
from imigr_guichet.domain.tickets import Ticket
from imigr_guichet.errors import (
    ConsentMissing,
    InvalidInput,
    KeyReused,
    OrientationNotChangeable,
    ReferralFetched,
    ReferralNotChangeable,
    UnknownGuichet,
    UnknownNeed,
    UnknownOrientation,
    UnknownReferral,
)
from imigr_guichet.handlers import orientation as work
from imigr_guichet.handlers.orientation import Counsel, Outcomes, Proposal
from imigr_guichet.ports.appointments import Command
from imigr_kit.access import NotAllowed
from imigr_kit.errors import ImigrError
from imigr_kit.testing import FrozenClock
from imigr_kit.testing.servers import fresh_database

from . import conftest
from .conftest import OFTEN, ROOT, STAFF, manage_hash

RAOUED = {"id": "s2", "kind": "staff", "roles": [{"municipality": "raoued", "role": "manager"}]}
TOWN = "la-marsa"


class Talk:
    """A mediator's commands, each under a key of its own unless one is named."""

    def __init__(self, counsel: Counsel) -> None:
        self.counsel = counsel
        self.guichet_id = "019348a0-0000-7000-8000-00000000a002"
        self.count = 0

    def command(self, key: str = "") -> Command:
        """A command that was never given before, or the one of that key."""
        self.count += 1
        return Command(key or f"k{self.count}", f"body-{key}")

    def record(self, needs: tuple[str, ...] = ("social.housing",), key: str = "", **changes: Any) -> dict[str, Any]:
        """The outcome of a visit."""
        wanted: dict[str, Any] = {
            "municipality": TOWN,
            "guichet_id": self.guichet_id,
            "needs": needs,
            "services": ("019348a0-0000-7000-8000-00000000c001",),
            "language": "fr",
            "follow_up_on": None,
            "appointment_id": "appointment-1",
            "ticket_id": None,
        }
        return work.record_orientation(self.counsel, STAFF, Outcomes(**(wanted | changes)), self.command(key))

    def propose(self, who: str = "a", **changes: Any) -> str:
        """A referral; its id."""
        orientation = self.record(**changes)["id"]
        proposal = Proposal(TOWN, orientation, "utss", None, manage_hash(who))
        return str(work.propose_referral(self.counsel, STAFF, proposal, self.command())["id"])

    def agree(self, referral: str) -> dict[str, Any]:
        """Consent is recorded."""
        return work.agree_referral(self.counsel, STAFF, TOWN, referral, Consent.SPOKEN, "2026-1", "ar", self.command())

    def send(self, referral: str, key: str = "") -> dict[str, Any]:
        """To the partner."""
        return work.send_referral(self.counsel, STAFF, TOWN, referral, self.command(key))

    def sent(self) -> tuple[str, str]:
        """A referral that was sent: its id, and the token for the partner."""
        referral = self.propose()
        self.agree(referral)
        return referral, self.send(referral)["fetch_token"]

    def fetch(self, token: str, key: str = "") -> dict[str, Any]:
        """The partner reads the details."""
        return work.fetch_referral(self.counsel, TOWN, token, self.command(key))

    def answer(self, case: str, action: str, code: str | None = None) -> dict[str, Any]:
        """The partner answers."""
        return work.answer_referral(self.counsel, TOWN, case, action, code, self.command())


@pytest.fixture
def talk(counsel: Counsel) -> Talk:
    """A mediator at La Marsa."""
    return Talk(counsel)


def test_every_need_is_a_code_of_the_taxonomy() -> None:
    """The closed list follows the directory's; what could endanger a person is not among the open codes."""
    terms = json.loads((ROOT / "data" / "taxonomy.json").read_text(encoding="utf-8"))["terms"]
    assert {term["code"] for term in terms} >= OPEN_NEEDS
    assert not {code.partition(".")[0] for code in OPEN_NEEDS} & SENSITIVE


@pytest.mark.parametrize("code", ["health", "health.hospital", "legal", "legal.consulate", "safety.police", "violence"])
def test_needs_about_violence_health_and_status_are_one_neutral_code(talk: Talk, mongo_db: Any, code: str) -> None:
    """Which of them it was stands nowhere: not in the record, the answer or the event."""
    assert talk.record(needs=(code, "social"))["needs"] == [RESERVED, "social"]
    row = mongo_db["orientations"].find_one()
    assert code not in json.dumps(row, default=str)
    assert row["outbox"][0]["data"]["themes"] == [RESERVED, "social"]


def test_a_reserved_need_never_names_the_visit(talk: Talk, mongo_db: Any) -> None:
    """Others do until 30 days have passed."""
    talk.record(needs=("health",))
    talk.record(needs=("social",))
    assert [row["appointment_id"] for row in mongo_db["orientations"].find().sort("_id")] == [None, "appointment-1"]


def test_the_link_to_the_visit_is_cut_after_thirty_days(talk: Talk, mongo_db: Any, clock: FrozenClock) -> None:
    """And the record goes by itself after twelve months."""
    talk.record()
    clock.advance(days=30)
    assert work.cut_links(talk.counsel) == 0
    clock.advance(seconds=1)
    assert work.cut_links(talk.counsel) == 1
    row = mongo_db["orientations"].find_one()
    assert (row["appointment_id"], row["ticket_id"]) == (None, None)
    assert (row["expire_at"] - row["recorded_at"]).days == 365
    assert mongo_db["orientations"].index_information()["expiry"]["expireAfterSeconds"] == 0


def test_a_follow_up_is_listed_when_due_and_closed_once(talk: Talk, clock: FrozenClock) -> None:
    """By date."""
    taken = talk.record(follow_up_on=date(2026, 12, 1))
    assert work.list_follow_ups(talk.counsel, STAFF, TOWN, date(2026, 11, 30))["items"] == []
    assert [one["id"] for one in work.list_follow_ups(talk.counsel, STAFF, TOWN, date(2026, 12, 1))["items"]] == [
        taken["id"]
    ]
    found = FollowUp.REACHED_SERVICE
    work.close_follow_up(talk.counsel, STAFF, TOWN, taken["id"], found, talk.command())
    assert work.list_follow_ups(talk.counsel, STAFF, TOWN, date(2026, 12, 1))["items"] == []
    with pytest.raises(OrientationNotChangeable):
        work.close_follow_up(talk.counsel, STAFF, TOWN, taken["id"], found, talk.command())


def test_a_referral_without_recorded_consent_is_refused(talk: Talk, mongo_db: Any) -> None:
    """Case 30c: nothing changes, nothing leaves."""
    referral = talk.propose()
    with pytest.raises(ConsentMissing):
        talk.send(referral)
    assert mongo_db["referrals"].find_one()["state"] == "proposed"
    talk.agree(referral)
    assert talk.send(referral)["state"] == "sent"


def test_the_partner_fetches_the_details_once(talk: Talk, mongo_db: Any) -> None:
    """Also of several at once; a repeated command says the same; the token lies hashed; the event says when."""
    referral, token = talk.sent()
    assert token not in json.dumps(mongo_db["referrals"].find_one(), default=str)

    def try_once(number: int) -> dict[str, Any] | None:
        try:
            return talk.fetch(token, key=f"f{number}")
        except ReferralFetched:
            return None

    with ThreadPoolExecutor(5) as pool:
        answers = list(pool.map(try_once, range(5)))
    assert sum(one is not None for one in answers) == 1
    winner = next(number for number, one in enumerate(answers) if one is not None)
    assert talk.fetch(token, key=f"f{winner}") == answers[winner]
    row = mongo_db["referrals"].find_one({"_id": referral})
    assert [event["type"].split(".")[4] for event in row["outbox"]] == ["proposed", "consented", "sent", "fetched"]
    assert str(answers[winner]["case_token"]) not in json.dumps(row, default=str)  # type: ignore[index]  # not None


def test_the_partner_accepts_works_and_finishes(talk: Talk) -> None:
    """Each under the case token that came with the details."""
    _, token = talk.sent()
    case = talk.fetch(token)["case_token"]
    assert talk.answer(case, "accept")["state"] == "accepted"
    assert talk.answer(case, "begin")["state"] == "in_progress"
    with pytest.raises(InvalidInput):
        talk.answer(case, "finish", "whatever")
    assert talk.answer(case, "finish", "served") == {
        "state": "done", "rejection": None, "outcome": "served", "version": 7,
    }  # fmt: skip


def test_a_partner_says_no_with_a_reason_from_the_list(talk: Talk) -> None:
    """Without one it is refused."""
    _, token = talk.sent()
    case = talk.fetch(token)["case_token"]
    with pytest.raises(InvalidInput):
        talk.answer(case, "reject")
    assert talk.answer(case, "reject", "no_capacity")["rejection"] == "no_capacity"


def test_an_answer_is_wanted_after_seven_and_fourteen_days(talk: Talk, clock: FrozenClock) -> None:
    """Derived from the clock; gone with the answer."""
    referral, _ = talk.sent()
    wanted = []
    for days in (0, 7, 7):
        clock.advance(days=days)
        wanted.append(work.list_referrals(talk.counsel, STAFF, TOWN, None)["items"][0]["needs_answer"])
    assert wanted == [None, 7, 14]
    work.step_referral(talk.counsel, STAFF, TOWN, referral, "accept", None, talk.command())
    assert work.list_referrals(talk.counsel, STAFF, TOWN, "accepted")["items"][0]["needs_answer"] is None


def test_the_person_sees_and_revokes_by_the_own_link(talk: Talk) -> None:
    """Then the partner's tokens open nothing any more."""
    referral, token = talk.sent()
    case = talk.fetch(token)["case_token"]
    assert work.get_own_referral(talk.counsel, TOWN, manage_hash("a"))["fetched"] is True
    assert work.revoke_own_referral(talk.counsel, TOWN, manage_hash("a"), talk.command())["state"] == "revoked"
    with pytest.raises(UnknownReferral):
        talk.answer(case, "accept")
    with pytest.raises(UnknownReferral):
        talk.fetch(token)
    with pytest.raises(ReferralNotChangeable):
        talk.send(referral)


def test_the_same_command_again_says_the_same(talk: Talk, mongo_db: Any) -> None:
    """One orientation, one token; another body is refused."""
    with ThreadPoolExecutor(5) as pool:
        answers = list(pool.map(lambda _: talk.record(key="o"), range(5)))
    assert all(one == answers[0] for one in answers)
    assert mongo_db["orientations"].count_documents({}) == 1
    referral = talk.propose()
    talk.agree(referral)
    assert talk.send(referral, key="s") == talk.send(referral, key="s")
    with pytest.raises(KeyReused):
        work.send_referral(talk.counsel, STAFF, TOWN, referral, Command("s", "other"))


BAD: list[tuple[str, dict[str, Any], type[ImigrError]]] = [
    ("no code of the taxonomy", {"needs": ("astrology",)}, UnknownNeed),
    ("free text", {"needs": ("Ali needs a flat",)}, UnknownNeed),
    ("a follow-up today", {"follow_up_on": date(2026, 11, 23)}, InvalidInput),
    ("an unknown guichet", {"guichet_id": "nowhere"}, UnknownGuichet),
    ("another town", {"municipality": "raoued"}, NotAllowed),
]


@pytest.mark.parametrize(("what", "changes", "error"), BAD, ids=[row[0] for row in BAD])
def test_bad_outcomes_change_nothing(
    talk: Talk, mongo_db: Any, what: str, changes: dict[str, Any], error: type[ImigrError]
) -> None:
    """A clear code, and nothing stored."""
    with pytest.raises(error):
        talk.record(**changes)
    assert mongo_db["orientations"].count_documents({}) == 0


def test_another_town_neither_sees_nor_changes(talk: Talk) -> None:
    """Raoued's manager at La Marsa's records."""
    referral, token = talk.sent()
    orientation = talk.record()["id"]
    with pytest.raises(UnknownOrientation):
        work.get_orientation(talk.counsel, RAOUED, "raoued", orientation)
    with pytest.raises(UnknownReferral):
        work.step_referral(talk.counsel, RAOUED, "raoued", referral, "revoke", None, talk.command())
    with pytest.raises(NotAllowed):
        work.list_referrals(talk.counsel, RAOUED, TOWN, None)
    assert work.list_referrals(talk.counsel, RAOUED, "raoued", None)["items"] == []
    for town, secret in (("raoued", token), (TOWN, "nonsense")):
        with pytest.raises(UnknownReferral):
            work.fetch_referral(talk.counsel, town, secret, talk.command())


def test_no_record_has_room_for_text_about_a_person() -> None:
    """Promise 6: every field of the new records is known here, and none is free text."""
    known = {
        Ticket: "id municipality guichet_id day number topic language interpreter priority state desk calls recalled "
        "taken_at turn_at called_at started_at ended_at appointment_id version",
        Orientation: "id municipality guichet_id day needs services language follow_up_on follow_up appointment_id "
        "ticket_id recorded_at version",
        Referral: "id municipality guichet_id orientation_id partner service_id needs language state consent "
        "consent_text consent_language consented_at sent_at fetched_at answered_at rejection outcome follow_up_on "
        "proposed_at version",
    }
    for kind, names in known.items():
        assert {one.name for one in fields(kind)} == set(names.split()), kind


def test_neutral_sorts_and_says_each_once() -> None:
    """So equal outcomes look equal."""
    assert neutral(["social", "health", "legal", "social"]) == (RESERVED, "social")


class Putting(RuleBasedStateMachine):
    """Any order of steps on one referral, each given twice: nothing is sent without consent, nothing read twice."""

    def __init__(self) -> None:
        super().__init__()
        self._held = fresh_database()
        self.db = self._held.__enter__()
        guichet = conftest.la_marsa.__wrapped__()  # type: ignore[attr-defined]
        office = conftest.bookings_on(self.db, FrozenClock(conftest.NOW), guichet).office
        self.talk = Talk(conftest.counsel.__wrapped__(self.db, office))  # type: ignore[attr-defined]
        self.referral = self.talk.propose()
        self.token = ""
        self.read = 0

    @rule()
    def agree(self) -> None:
        try:
            self.talk.agree(self.referral)
        except ReferralNotChangeable:
            pass

    @rule(key=st.sampled_from(["s1", "s2"]))
    def send(self, key: str) -> None:
        try:
            self.token = self.talk.send(self.referral, key=key)["fetch_token"]
        except (ConsentMissing, ReferralNotChangeable):
            pass

    @rule()
    def fetch(self) -> None:
        try:
            self.talk.fetch(self.token or "none")
            self.read += 1
        except (UnknownReferral, ReferralFetched, ReferralNotChangeable):
            pass

    @rule(action=st.sampled_from(["accept", "reject", "begin", "finish", "revoke"]), twice=st.booleans())
    def step(self, action: str, twice: bool) -> None:
        code = {"reject": "no_capacity", "finish": "served"}.get(action)
        command = self.talk.command()
        try:
            said = [
                work.step_referral(self.talk.counsel, STAFF, TOWN, self.referral, action, code, command)
                for _ in range(1 + twice)
            ]
            assert said[0] == said[-1]
        except ReferralNotChangeable:
            pass

    @invariant()
    def nothing_leaves_without_consent_and_nothing_is_read_twice(self) -> None:
        row = self.db["referrals"].find_one()
        assert row is not None
        assert row["sent_at"] is None or row["consent"] is not None
        assert self.read <= 1
        assert [event["sequence"] for event in row["outbox"]] == list(range(1, row["version"] + 1))

    def teardown(self) -> None:
        self._held.__exit__(None, None, None)


TestPutting = Putting.TestCase
TestPutting.settings = settings(max_examples=6 * OFTEN, stateful_step_count=12, deadline=None)
