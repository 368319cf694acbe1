"""Tickets and doors on a real database: nothing false gets in, nobody gets in twice, nothing scanned is lost."""

from __future__ import annotations

import base64
import itertools
import json
import random
import string
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from imigr_events import handlers
from imigr_events.check_ticket import check
from imigr_events.domain import Event, tickets
from imigr_events.domain.attendance import Attendance, Scan
from imigr_events.errors import NoTicket, UnknownEvent, UnknownRegistration
from imigr_events.handlers import Desk
from imigr_events.handlers.door import Door, cancelled_tickets, get_attendance, get_ticket, record_scans
from imigr_events.ports import Command
from imigr_events.schemas import SCANS
from imigr_events.signing import KeyRing
from imigr_events.storage import ATTENDANCE_INDEXES, MongoAttendance
from imigr_kit.access import NotAllowed
from imigr_kit.events import Stamp
from imigr_kit.ids import new_id
from imigr_kit.mongo import ensure_indexes
from imigr_kit.secret import Secret
from imigr_kit.testing import FrozenClock

from .conftest import KEY, MANAGER, manage_hash, wanted

Publish = Callable[..., Event]
START = datetime.fromisoformat("2026-12-12T09:00:00+00:00")
OTHER_KEY = KeyRing(Secret(bytes(32)))


@pytest.fixture
def door(desk: Desk, mongo_db: Any, clock: FrozenClock) -> Door:
    """Doors of the same events, on the morning of the event."""
    ensure_indexes(mongo_db, ATTENDANCE_INDEXES)
    return Door(desk, MongoAttendance(mongo_db, Stamp("events", "test", clock, new_id)), KeyRing(KEY))


@pytest.fixture
def opened(door: Door, publish: Publish, clock: FrozenClock) -> Door:
    """An event with registrations of a and b (three people), on its day."""
    publish()
    handlers.register(door.desk, *wanted("a"))
    handlers.register(door.desk, *wanted("b", 3))
    go_to(clock, START)
    return door


def go_to(clock: FrozenClock, moment: datetime) -> None:
    """Set the clock."""
    clock.advance(seconds=(moment - clock.now()).total_seconds())


def ticket(door: Door, who: str) -> str:
    """Somebody's ticket."""
    return str(get_ticket(door, "la-marsa", manage_hash(who))["ticket"])


_numbers = itertools.count()


def seen(**told: Any) -> dict[str, Any]:
    """One look at the north door."""
    return {"id": f"scan-{next(_numbers):06}", "door": "north", "scanner": "phone-1"} | told


def tell(door: Door, *scans: dict[str, Any], event_id: str = "event-1", actor: Any = MANAGER) -> list[dict[str, Any]]:
    """What a device tells, through the shape of the wire."""
    loaded = SCANS.load({"actor": actor, "municipality": "la-marsa", "event_id": event_id, "scans": list(scans)})
    return record_scans(door, actor, "la-marsa", event_id, loaded["scans"])


def test_a_real_ticket_is_accepted_once(opened: Door) -> None:
    """The second time it is a duplicate that says where and when the first was; the group came as one."""
    first, second = tell(opened, seen(ticket=ticket(opened, "b")), seen(ticket=ticket(opened, "b"), door="south"))
    assert (first["outcome"], first["people"]) == ("accepted", 3)
    assert second["outcome"] == "duplicate"
    assert second["first"] == {"at": "2026-12-12T09:00:00Z", "door": "north", "scanner": "phone-1"}


def test_a_ticket_shown_at_two_offline_doors(opened: Door) -> None:
    """Cases 35 and 41: one entry, the second marked with time, door and device, without names; whichever of the two
    devices comes back first."""
    text = ticket(opened, "a")
    north = seen(ticket=text, door="north", scanner="phone-1", at="2026-12-12T08:50:00Z")
    south = seen(ticket=text, door="south", scanner="phone-2", at="2026-12-12T08:57:00Z")
    assert tell(opened, south)[0]["outcome"] == "accepted"
    assert tell(opened, north)[0] | {"id": ""} == {
        "id": "", "outcome": "accepted", "people": 1, "entered_at": "2026-12-12T08:50:00Z",
        "also_shown": [{"at": "2026-12-12T08:57:00Z", "door": "south", "scanner": "phone-2"}],
    }  # fmt: skip
    assert tell(opened, south)[0]["outcome"] == "duplicate"
    (told,) = get_attendance(opened, MANAGER, "la-marsa", "event-1")["duplicates"]
    assert told["entry"] == {"at": "2026-12-12T08:50:00Z", "door": "north", "scanner": "phone-1"}
    assert told["shown_again"] == [{"at": "2026-12-12T08:57:00Z", "door": "south", "scanner": "phone-2"}]
    assert set(told) == {"reference", "session_id", "entry", "shown_again"}


def test_replaying_a_scan_is_harmless(opened: Door, mongo_db: Any) -> None:
    """Case 41: a device that was not told of its success sends everything again; nothing changes."""
    scans = [seen(ticket=ticket(opened, "a"), at="2026-12-12T08:50:00Z"), seen(people=2, at="2026-12-12T08:51:00Z")]
    first = tell(opened, *scans)
    before = list(mongo_db["attendance"].find())
    assert tell(opened, *scans) == first
    assert list(mongo_db["attendance"].find()) == before
    assert get_attendance(opened, MANAGER, "la-marsa", "event-1")["sessions"][0]["duplicates"] == 0


def test_a_scan_id_stands_for_one_look(opened: Door) -> None:
    """Another body under the same id is refused, also for another registration."""
    scan = seen(ticket=ticket(opened, "a"))
    tell(opened, scan)
    for other in (scan | {"door": "south"}, scan | {"ticket": ticket(opened, "b")}):
        assert tell(opened, other)[0]["reason"] == "scan_id_reused"


def test_the_same_ticket_at_twelve_doors_at_once(opened: Door) -> None:
    """Live, in parallel: exactly one accepted."""
    text = ticket(opened, "a")
    scans = [seen(ticket=text, door=f"door-{n}") for n in range(12)]
    with ThreadPoolExecutor(12) as pool:
        outcomes = [answer[0]["outcome"] for answer in pool.map(lambda one: tell(opened, one), scans)]
    assert sorted(outcomes) == ["accepted"] + ["duplicate"] * 11


def test_a_thousand_false_tickets_open_no_door(opened: Door, publish: Publish, clock: FrozenClock) -> None:
    """Forged, altered, cancelled, of another event, expired: none accepted; the real one still is, once."""
    draw = random.Random(11)
    go_to(clock, START - timedelta(days=10))
    publish(id="event-2")
    handlers.register(opened.desk, *wanted("elsewhere", event_id="event-2"))
    handlers.register(opened.desk, *wanted("gone"))
    gone, elsewhere = ticket(opened, "gone"), ticket(opened, "elsewhere")
    handlers.cancel_registration(opened.desk, "la-marsa", manage_hash("gone"), Command("c", "c"))
    go_to(clock, START)
    real = ticket(opened, "a")
    false = [altered(real, draw) for _ in range(400)] + [forged(real, draw) for _ in range(300)]
    false += [forged_with_our_key_id(real, draw) for _ in range(200)] + [gone] * 50 + [elsewhere] * 50
    assert len(false) == 1000
    outcomes = [one for n in range(0, 1000, 100) for one in tell(opened, *(seen(ticket=t) for t in false[n : n + 100]))]
    assert {one["outcome"] for one in outcomes} == {"refused"}
    assert {one["reason"] for one in outcomes} == {"unreadable", "forged", "cancelled", "other_event"}
    again = [one["outcome"] for one in tell(opened, seen(ticket=real), seen(ticket=real))]
    assert again == ["accepted", "duplicate"]


def altered(text: str, draw: random.Random) -> str:
    """One letter changed, cut or added."""
    at = draw.randrange(len(text))
    letter = draw.choice([one for one in string.ascii_uppercase + "234567" if one != text[at]])
    return draw.choice(
        [text[:at] + letter + text[at + 1 :], text[:at] + text[at + 1 :], text[:at] + letter + text[at:]]
    )


def forged(text: str, draw: random.Random) -> str:
    """Well made, for the same or an invented registration, signed with another key."""
    known, _ = tickets.read(text)
    who = draw.choice([known.registration_id, new_id()])
    made = tickets.Ticket(OTHER_KEY.key_id, known.event_id, who, draw.randint(1, 4), known.good_until)
    return tickets.written(made, OTHER_KEY.sign(tickets.PURPOSE, made.body()))


def forged_with_our_key_id(text: str, draw: random.Random) -> str:
    """The same, but saying it was signed with ours; or with the real signature over more places."""
    known, signature = tickets.read(text)
    made = tickets.Ticket(
        known.key_id, known.event_id, known.registration_id, known.places + draw.randint(1, 3), known.good_until
    )
    return tickets.written(made, draw.choice([signature, OTHER_KEY.sign(tickets.PURPOSE, made.body())]))


def test_an_expired_ticket_is_refused_offline(opened: Door) -> None:
    """Without any network: only the ticket, the keys and the list."""
    text = ticket(opened, "a")
    known, signature = tickets.read(text)
    assert KeyRing(KEY).verify(known.key_id, tickets.PURPOSE, known.body(), signature)
    assert tickets.fault(known, "event-1", START, ()) is None
    assert tickets.fault(known, "event-1", known.good_until + timedelta(seconds=1), ()) == "expired"
    assert tickets.fault(known, "event-1", START, {known.id}) == "cancelled"


def test_the_list_of_cancelled_tickets_names_those_without_places(opened: Door, clock: FrozenClock) -> None:
    """By an id from which the registration cannot be found."""
    known, _ = tickets.read(ticket(opened, "a"))
    assert cancelled_tickets(opened, "event-1")["cancelled"] == []
    go_to(clock, START - timedelta(days=1))
    handlers.cancel_registration(opened.desk, "la-marsa", manage_hash("a"), Command("c", "c"))
    assert cancelled_tickets(opened, "event-1")["cancelled"] == [known.id]
    assert known.registration_id not in known.id


def test_a_ticket_signed_with_a_retired_key_stays_good(opened: Door) -> None:
    """After a change of keys the old public key is still listed."""
    text = ticket(opened, "a")
    old = base64.b64decode(KeyRing(KEY).public_keys()[KeyRing(KEY).key_id])
    renewed = Door(opened.desk, opened.attendance, KeyRing(Secret(bytes(32)), [old]))
    assert tell(renewed, seen(ticket=text))[0]["outcome"] == "accepted"


def test_a_reference_opens_the_door_like_a_ticket(opened: Door) -> None:
    """As read aloud, in small letters; together with the ticket it is still one entry."""
    reference = get_ticket(opened, "la-marsa", manage_hash("a"))["reference"]
    spoken = reference.lower().replace("-", " ")
    first, second = tell(opened, seen(reference=spoken), seen(ticket=ticket(opened, "a")))
    assert (first["outcome"], second["outcome"]) == ("accepted", "duplicate")
    assert tell(opened, seen(reference="AAAA-AAAA"))[0]["reason"] == "unknown"


def test_people_without_a_registration_are_counted(opened: Door) -> None:
    """Beside the registered ones; a group may also be smaller than announced."""
    tell(opened, seen(people=4), seen(people=1), seen(ticket=ticket(opened, "b"), people=2))
    (session,) = get_attendance(opened, MANAGER, "la-marsa", "event-1")["sessions"]
    assert (session["walk_in_people"], session["entered_people"], session["entered_registrations"]) == (5, 2, 1)
    assert (session["expected_people"], session["expected_registrations"]) == (4, 2)


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ({"at": "2026-12-12T09:10:00Z"}, "clock_ahead"),
        ({"at": "2026-12-11T09:00:00Z"}, "outside_session"),
        ({"session_id": "none"}, "unknown_session"),
        ({"people": 2}, "too_many_people"),
        ({"ticket": "T1.ABC"}, "unreadable"),
        ({"ticket": "hello"}, "unreadable"),
    ],
)
def test_a_look_that_cannot_be_true_is_refused_with_its_reason(
    opened: Door, told: dict[str, Any], reason: str, mongo_db: Any
) -> None:
    """With its reason, and nothing is stored."""
    (answer,) = tell(opened, seen(ticket=ticket(opened, "a")) | told)
    assert (answer["outcome"], answer["reason"]) == ("refused", reason)
    assert mongo_db["attendance"].count_documents({}) == 0


def test_who_waits_has_no_ticket(door: Door, publish: Publish) -> None:
    """It comes with the place."""
    publish(1)
    for who in ("a", "b"):
        handlers.register(door.desk, *wanted(who))
    with pytest.raises(NoTicket):
        get_ticket(door, "la-marsa", manage_hash("b"))
    with pytest.raises(UnknownRegistration):
        get_ticket(door, "raoued", manage_hash("a"))


def test_only_staff_of_the_town_stand_at_the_door(opened: Door) -> None:
    """Another town's manager may not; an event of another town does not exist here."""
    stranger = {"id": "x", "kind": "staff", "roles": [{"municipality": "raoued", "role": "manager"}]}
    with pytest.raises(NotAllowed):
        tell(opened, seen(people=1), actor=stranger)
    with pytest.raises(UnknownEvent):
        record_scans(opened, stranger, "raoued", "event-1", [])


def test_every_entry_and_every_duplicate_is_told_in_order(opened: Door, mongo_db: Any) -> None:
    """In the same document, counted per record from one."""
    text = ticket(opened, "a")
    tell(opened, seen(ticket=text), seen(ticket=text), seen(ticket=text))
    outbox = mongo_db["attendance"].find_one()["outbox"]
    told = [(one["type"].split(".")[-2], one["sequence"], one["data"]["duplicates"]) for one in outbox]
    assert told == [("recorded", 1, 0), ("duplicated", 2, 1), ("duplicated", 3, 2)]


@settings(max_examples=50, deadline=None)
@given(st.permutations(range(5)))
def test_the_order_in_which_devices_come_back_does_not_matter(order: list[int]) -> None:
    """The same scans end in the same record: the earliest is the entry."""
    scans = [Scan(f"s{n}", START + timedelta(minutes=n), "north", "phone", False, "x") for n in range(5)]
    first, *rest = (scans[n] for n in order)
    record = Attendance("r", "la-marsa", "e", "main", "g", 1, "ticket", (first,), 1)
    for scan in rest:
        record, _ = record.with_scan(scan)
    assert record.scans == tuple(scans)


@settings(max_examples=80, deadline=None)
@given(st.text(max_size=60), st.text(min_size=1, max_size=60), st.integers(1, 255))
def test_a_ticket_reads_back_as_it_was_written(event_id: str, registration_id: str, places: int) -> None:
    """Whatever the ids are."""
    if len(event_id.encode()) > 255 or not event_id or len(registration_id.encode()) > 255:
        return
    made = tickets.Ticket("00ff00ff", event_id, registration_id, places, START)
    assert tickets.read(tickets.written(made, bytes(64))) == (made, bytes(64))


def test_a_door_without_network_or_database_checks_with_three_files(opened: Door, tmp_path: Path) -> None:
    """The command says good or why not; of a cancelled one too."""
    keys, cancelled = tmp_path / "keys.json", tmp_path / "cancelled.json"
    keys.write_text(json.dumps({"keys": opened.signer.public_keys()}))
    cancelled.write_text(json.dumps(cancelled_tickets(opened, "event-1")))
    text = ticket(opened, "b")
    options = ["--event", "event-1", "--keys", str(keys), "--cancelled", str(cancelled)]
    good = CliRunner().invoke(check, [text, *options])
    assert (good.exit_code, good.output) == (0, "good, places: 3\n")
    cancelled.write_text(json.dumps({"cancelled": [tickets.read(text)[0].id]}))
    assert CliRunner().invoke(check, [text, *options]).output == "cancelled\n"
    assert CliRunner().invoke(check, [text[:-1] + "A", *options]).exit_code == 1
