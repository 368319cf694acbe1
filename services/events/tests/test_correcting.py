"""Check-ins made right on their day: by whom is kept, the numbers follow, and nobody comes back by a repetition."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from marshmallow import ValidationError

from imigr_events.errors import InvalidInput, KeyReused, NotTheSameDay, UnknownEntry, UnknownEvent
from imigr_events.handlers.correcting import correct_attendance
from imigr_events.handlers.door import Door, get_attendance
from imigr_events.ports import Command
from imigr_events.schemas import CORRECT_ATTENDANCE, wrong_of
from imigr_kit.access import NotAllowed
from imigr_kit.keyed import body_hash
from imigr_kit.testing import FrozenClock

from .conftest import MANAGER
from .test_contracts import validate
from .test_door import START, door, go_to, opened, seen, tell, ticket  # noqa: F401  # fixtures and words of the door

RAOUED = {"id": "r", "kind": "staff", "roles": [{"municipality": "raoued", "role": "manager"}]}
Correct = Callable[..., dict[str, Any]]


@pytest.fixture
def correct(opened: Door) -> Correct:  # noqa: F811  # the fixture
    """Correct the entry of somebody's scan, through the shape of the wire."""

    def make(scan_id: str | None, people: int, key: str = "k", actor: Any = MANAGER, **changes: Any) -> dict[str, Any]:
        body = {
            "actor": actor, "municipality": "la-marsa", "event_id": "event-1", "scan_id": scan_id, "people": people,
            "reason": "scanned_by_mistake", "idempotency_key": key,
        } | changes  # fmt: skip
        loaded = CORRECT_ATTENDANCE.load(body)
        place = (loaded["municipality"], loaded["event_id"])
        return correct_attendance(opened, actor, place, wrong_of(loaded), Command(key, body_hash(body)))

    return make


def people(door: Door) -> int:  # noqa: F811  # an argument
    """How many have come in, by the numbers that staff see."""
    counted = get_attendance(door, MANAGER, "la-marsa", "event-1")["sessions"][0]
    return int(counted["entered_people"] + counted["walk_in_people"])


def test_an_entry_is_undone_and_its_author_is_kept(opened: Door, correct: Correct, mongo_db: Any) -> None:  # noqa: F811
    """The numbers follow, the event says so and keeps its contract, the line names the account and no visitor."""
    scan = seen(ticket=ticket(opened, "b"))
    tell(opened, scan)
    told = correct(scan["id"], 0)
    assert (told["by"], told["people_before"], told["people"]) == ("staff:m", 3, 0)
    assert people(opened) == 0
    (line,) = get_attendance(opened, MANAGER, "la-marsa", "event-1")["corrections"]
    assert (line["by"], line["reason"], line["reference"]) == ("staff:m", "scanned_by_mistake", told["reference"])
    corrected = mongo_db["attendance"].find_one()["outbox"][-1]
    assert corrected["type"] == "tn.imigr.events.attendance.corrected.v1"
    validate("attendance.corrected.v1.json", corrected["data"])


def test_telling_the_undone_scan_again_brings_nobody_in(opened: Door, correct: Correct) -> None:  # noqa: F811
    """A device that sends everything once more; a new look at the ticket does let in."""
    scan = seen(ticket=ticket(opened, "a"))
    tell(opened, scan)
    correct(scan["id"], 0)
    assert tell(opened, scan)[0]["reason"] == "undone"
    assert people(opened) == 0
    assert tell(opened, seen(ticket=ticket(opened, "a")))[0]["outcome"] == "accepted"
    assert people(opened) == 1


def test_the_number_of_people_is_made_right(opened: Door, correct: Correct) -> None:  # noqa: F811
    """By reference as well as by scan, never above what the registration is for."""
    scan = seen(ticket=ticket(opened, "b"))
    tell(opened, scan)
    reference = correct(scan["id"], 2, reason="wrong_count")["reference"]
    assert people(opened) == 2
    correct(None, 1, key="k2", reference=reference.lower(), reason="wrong_count")
    assert people(opened) == 1
    with pytest.raises(InvalidInput):
        correct(scan["id"], 4, key="k3")


def test_walk_ins_are_corrected_by_their_scan(opened: Door, correct: Correct) -> None:  # noqa: F811
    """They have no reference."""
    scan = seen(people=12)
    tell(opened, scan)
    assert correct(scan["id"], 10, reason="wrong_count")["reference"] is None
    assert people(opened) == 10


def test_the_same_command_corrects_once(opened: Door, correct: Correct, mongo_db: Any) -> None:  # noqa: F811
    """The same answer, whatever came later; another body under the key is refused."""
    scan = seen(ticket=ticket(opened, "b"))
    tell(opened, scan)
    first = correct(scan["id"], 2)
    correct(scan["id"], 1, key="later")
    assert correct(scan["id"], 2) == first
    with pytest.raises(KeyReused):
        correct(scan["id"], 3)
    assert len(mongo_db["attendance"].find_one()["corrections"]) == 2


def test_only_on_the_same_day(opened: Door, correct: Correct, clock: FrozenClock) -> None:  # noqa: F811
    """Of the event's own time zone: 23:30 in Tunis is the day, half an hour later it is not."""
    scan = seen(ticket=ticket(opened, "a"))
    tell(opened, scan)
    go_to(clock, datetime.fromisoformat("2026-12-12T22:30:00+00:00"))
    correct(scan["id"], 0)
    tell(opened, again := seen(ticket=ticket(opened, "b"), at="2026-12-12T10:00:00Z"))
    go_to(clock, START + timedelta(hours=14))
    with pytest.raises(NotTheSameDay):
        correct(again["id"], 0, key="k2")


def test_what_is_not_there_cannot_be_corrected(opened: Door, correct: Correct) -> None:  # noqa: F811
    """Unknown scans and references, entries undone already, events of another town, other towns' staff."""
    scan = seen(ticket=ticket(opened, "a"))
    tell(opened, scan)
    for changes in ({"scan_id": "scan-none"}, {"scan_id": None, "reference": "AAAA-AAAA"}):
        with pytest.raises(UnknownEntry):
            correct(**{"scan_id": None, "people": 0} | changes)
    correct(scan["id"], 0)
    with pytest.raises(UnknownEntry):
        correct(scan["id"], 0, key="k2")
    with pytest.raises(UnknownEvent):
        correct(scan["id"], 0, key="k3", event_id="event-2")
    with pytest.raises(NotAllowed):
        correct(scan["id"], 0, key="k4", actor=RAOUED)


@pytest.mark.parametrize(
    "changes",
    [
        {"people": -1}, {"people": 51}, {"people": "2"}, {"reason": "she left"}, {"reference": "ABCD-EFGH"},
        {"scan_id": None}, {"note": "x"},
    ],
)  # fmt: skip
def test_bad_input_changes_nothing(correct: Correct, changes: dict[str, Any]) -> None:
    """Closed reasons, whole numbers, one way to name the entry."""
    with pytest.raises(ValidationError):
        correct(**{"scan_id": "scan-000001", "people": 1} | changes)
