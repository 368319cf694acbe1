"""Paper as an equal choice: signed slips, a day without a network, and a merge that gives nothing twice."""

from __future__ import annotations

import base64
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest

from imigr_guichet.domain import slips
from imigr_guichet.domain.guichet import Guichet
from imigr_guichet.errors import AppointmentNotChangeable, SlotFull, UnknownAppointment, UnknownSlip
from imigr_guichet.handlers import paper as work
from imigr_guichet.handlers.booking import Booking, book_appointment
from imigr_guichet.handlers.changing import cancel_appointment
from imigr_guichet.handlers.office import Office
from imigr_guichet.handlers.paper import Paper, Written
from imigr_guichet.ports.appointments import Command
from imigr_guichet.signing import SlipKey, verify
from imigr_kit.access import NotAllowed
from imigr_kit.testing import FrozenClock

from .conftest import KEY, STAFF, THURSDAY, manage_hash

TOWN = "la-marsa"
RAOUED = {"id": "s2", "kind": "staff", "roles": [{"municipality": "raoued", "role": "manager"}]}
Maker = Callable[..., tuple[Booking, Command]]


class Desk:
    """A desk of La Marsa with a printer, a scanner, and a network that comes and goes."""

    def __init__(self, office: Office, booking: Maker, guichet: Guichet, clock: FrozenClock) -> None:
        self.paper = Paper(office, SlipKey(KEY))
        self.office = office
        self.booking = booking
        self.guichet = guichet
        self.clock = clock

    def book(self, who: str, start: datetime = THURSDAY, **changes: Any) -> dict[str, Any]:
        """An appointment over the network."""
        return book_appointment(self.office, *self.booking(who, start, **changes))

    def slip(self, who: str) -> str:
        """The printed slip."""
        return str(work.get_slip(self.paper, TOWN, manage_hash(who))["slip"])

    def check_in(self, slip: str | None, reference: str | None = None, key: str = "c") -> dict[str, Any]:
        """At once."""
        return work.check_in(self.paper, STAFF, TOWN, self.guichet.id, slip, reference, Command(key, "c"))

    def scan(self, entry: str, slip: str | None = None, reference: str | None = None) -> Written:
        """A check-in without a network."""
        return Written(entry, "check_in", self.clock.now(), f"{slip}{reference}", slip, reference)

    def write(self, entry: str, start: datetime, language: str = "fr", topic: str = "information") -> Written:
        """A booking without a network."""
        body = f"{start}{language}{topic}"
        return Written(entry, "booking", self.clock.now(), body, None, None, start, topic, language)

    def merge(self, *entries: Written) -> dict[str, Any]:
        """The network is back."""
        return work.merge_day(self.paper, STAFF, TOWN, self.guichet.id, entries, "staff:s1")


@pytest.fixture
def desk(office: Office, booking: Maker, la_marsa: Guichet, clock: FrozenClock) -> Desk:
    """On the Monday before."""
    return Desk(office, booking, la_marsa, clock)


def on_the_day(desk: Desk) -> None:
    """Thursday morning."""
    desk.clock.advance(seconds=(THURSDAY - desk.clock.now()).total_seconds())


def test_a_slip_is_verified_with_nothing_but_the_public_key(desk: Desk) -> None:
    """And says where and when, but neither the topic nor the language."""
    desk.book("a", topic="legal", language="ti")
    text = desk.slip("a")
    key_id, public = next(iter(work.public_keys(desk.paper)["keys"].items()))
    slip, signature = slips.read(text)
    assert verify(base64.b64decode(public), slip.body(), signature)
    assert (slip.key_id, slip.guichet_id, slip.start, slip.minutes) == (key_id, desk.guichet.id, THURSDAY, 40)
    assert len(text) < 300
    assert set(text) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567.1")


def test_a_changed_slip_is_worth_nothing(desk: Desk) -> None:
    """Every single letter changed, and a slip signed by somebody else."""
    desk.book("a")
    text = desk.slip("a")
    for position in random.Random(7).sample(range(3, len(text)), 40):
        other = "A" if text[position] != "A" else "B"
        changed = text[:position] + other + text[position + 1 :]
        with pytest.raises(UnknownSlip):
            desk.check_in(changed)
    slip, _ = slips.read(text)
    stranger = SlipKey(type(KEY)(bytes(32)))
    with pytest.raises(UnknownSlip):
        desk.check_in(slips.written(slip, stranger.sign(slip.body())))


def test_the_sister_comes_with_the_slip(desk: Desk) -> None:
    """Case 24: booked by somebody else, without phone or email; who shows the slip is served, named or not."""
    desk.book("helper")
    text = desk.slip("helper")
    on_the_day(desk)
    assert desk.check_in(text)["state"] == "arrived"


def test_the_spoken_reference_works_at_the_desk(desk: Desk) -> None:
    """Case 23, as said aloud: small letters, no hyphen."""
    reference = str(desk.book("a")["reference"])
    on_the_day(desk)
    assert desk.check_in(None, reference.lower().replace("-", ""))["state"] == "arrived"


def test_there_is_no_slip_for_what_was_cancelled(desk: Desk) -> None:
    """Nor for a link that nobody has."""
    desk.book("a")
    cancel_appointment(desk.office, TOWN, manage_hash("a"), Command("x", "x"))
    with pytest.raises(AppointmentNotChangeable):
        desk.slip("a")
    with pytest.raises(UnknownAppointment):
        desk.slip("nobody")


def test_the_list_of_a_day_names_references_only(desk: Desk) -> None:
    """Who is expected, and the keys; neither contact nor name."""
    made = desk.book("a", contact_id="contact-1", channel="sms")
    listed = work.list_for_day(desk.paper, STAFF, TOWN, desk.guichet.id, THURSDAY.date())
    assert [row["reference"] for row in listed["items"]] == [made["reference"]]
    assert listed["keys"] == work.public_keys(desk.paper)["keys"]
    assert "contact" not in str(listed)


def test_scans_without_a_network_are_merged_once(desk: Desk) -> None:
    """The same entries again say the same; a slip shown at two desks is a conflict that says so; the rest goes on."""
    desk.book("a")
    slip = desk.slip("a")
    on_the_day(desk)
    entries = (desk.scan("e1", slip), desk.scan("e2", "G1.NONSENSE"), desk.scan("e3", None, "2222-2222"))
    first = desk.merge(*entries)
    assert [(one["id"], one["outcome"]) for one in first["items"]] == [
        ("e1", "merged"), ("e2", "conflict"), ("e3", "conflict"),
    ]  # fmt: skip
    assert [one["reason"] for one in first["conflicts"]] == ["unreadable", "unknown"]
    assert desk.merge(*entries) == first
    other = desk.merge(desk.scan("other-device", slip))["conflicts"]
    assert [one["reason"] for one in other] == ["already_arrived"]


def test_an_id_used_for_something_else_is_a_conflict(desk: Desk) -> None:
    """Nothing is stored under it a second time."""
    start = THURSDAY + timedelta(minutes=20)
    desk.merge(desk.write("e1", start, "ti"))
    again = desk.merge(desk.write("e1", start + timedelta(minutes=20), "ti"))
    assert [one["reason"] for one in again["conflicts"]] == ["id_reused"]


def test_a_cancelled_appointment_that_came_anyway_is_listed(desk: Desk) -> None:
    """Cancelled over the network while the desk had none: a person decides."""
    desk.book("a")
    slip = desk.slip("a")
    cancel_appointment(desk.office, TOWN, manage_hash("a"), Command("x", "x"))
    on_the_day(desk)
    assert [one["reason"] for one in desk.merge(desk.scan("e1", slip))["conflicts"]] == ["cancelled_by_visitor"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"start": THURSDAY + timedelta(minutes=7)}, "slot_not_offered"),
        ({"start": THURSDAY + timedelta(days=1)}, "slot_not_offered"),
        ({"topic": "astrology"}, "topic_not_offered"),
        ({"language": "eo"}, "slot_not_offered"),
        ({"at": THURSDAY + timedelta(days=3)}, "clock_ahead"),
        ({"at": THURSDAY - timedelta(days=30)}, "too_old"),
    ],
)
def test_what_cannot_be_is_a_conflict_and_stores_nothing(
    desk: Desk, mongo_db: Any, change: dict[str, Any], reason: str
) -> None:
    """Bad input within a merge does not stop the rest."""
    body: dict[str, Any] = {"start": THURSDAY, "topic": "information", "language": "fr", "at": desk.clock.now()}
    entry = Written("e1", "booking", body_hash="x", **(body | change))
    assert [one["reason"] for one in desk.merge(entry)["conflicts"]] == [reason]
    assert mongo_db["appointments"].count_documents({}) == 0


def test_a_full_day_without_a_network_gives_no_place_twice(desk: Desk, mongo_db: Any) -> None:
    """Two desks write on paper all day while the public books over the network; then both merge at once, twice."""
    on_the_day(desk)
    day = THURSDAY + timedelta(days=7)
    starts = [day + timedelta(minutes=20 * number) for number in range(12)]
    chance = random.Random(3)
    papers = []
    for name in ("north", "south"):
        asked = [(chance.choice(starts), chance.choice(["fr", "ar", "ti"])) for _ in range(15)]
        papers.append([desk.write(f"{name}-{number}", *one) for number, one in enumerate(asked)])
    for number in range(12):
        try:
            desk.book(f"net-{number}", chance.choice(starts), language=chance.choice(["fr", "ar", "ti"]))
        except SlotFull:
            pass
    desk.clock.advance(hours=5)
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda entries: desk.merge(*entries), papers * 2))
    rows = list(mongo_db["appointments"].find({"state": "confirmed"}))
    places = [(row["desk"], row["start"]) for row in rows]
    assert len(places) == len(set(places))
    for entries, first, second in zip(papers, done[:2], done[2:], strict=True):
        merged = {one["id"]: one["appointment_id"] for one in first["items"] if one["outcome"] == "merged"}
        assert merged == {one["id"]: one["appointment_id"] for one in second["items"] if one["outcome"] == "merged"}
        assert {one["id"] for one in first["conflicts"]} == {one.id for one in entries} - set(merged)
        assert {one["reason"] for one in first["conflicts"]} <= {"taken"}
        assert all("next_slots" in one for one in first["conflicts"])


def test_a_booking_on_paper_for_a_time_that_has_passed_is_merged_as_well(desk: Desk) -> None:
    """The person was served in the morning; the network came back in the afternoon."""
    on_the_day(desk)
    entry = desk.write("e1", THURSDAY + timedelta(minutes=40), "ti")
    desk.clock.advance(hours=6)
    merged = desk.merge(entry)["items"][0]
    assert (merged["outcome"], merged["state"]) == ("merged", "confirmed")


def test_another_town_prints_lists_and_merges_nothing(desk: Desk, mongo_db: Any) -> None:
    """Raoued's staff under either town's name."""
    made = desk.book("a")
    with pytest.raises(NotAllowed):
        work.list_for_day(desk.paper, RAOUED, TOWN, desk.guichet.id, THURSDAY.date())
    with pytest.raises(UnknownAppointment):
        work.get_slip_for_visitor(desk.paper, RAOUED, "raoued", made["id"])
    with pytest.raises(NotAllowed):
        work.merge_day(desk.paper, RAOUED, TOWN, desk.guichet.id, [desk.write("e1", THURSDAY)], "staff:s2")
    assert mongo_db["appointments"].count_documents({}) == 1
