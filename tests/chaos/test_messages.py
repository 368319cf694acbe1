"""Workers, broker, database and the SMS centre die at random while messages leave.

A few in every run of the tests; ``make chaos`` runs it with 5,000 (IMIGR_CHAOS_MESSAGES). The deaths go on from the
first booking until the last message has come to its end, so they meet confirmations, reminders and cancellations alike.
"""

from __future__ import annotations

import base64
import json
import os
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from nacl.public import PrivateKey
from pymongo.errors import PyMongoError

from imigr_kit.ids import new_id
from imigr_kit.testing import wait_until
from tests import sites
from tests.chaos.bus import TOWN, Bus

MESSAGES = int(os.environ.get("IMIGR_CHAOS_MESSAGES", "40"))
SEED = int(os.environ.get("IMIGR_CHAOS_SEED", "20261124"))
VICTIMS = ("notifications", "rabbitmq", "mongod", "peers")
PUBLISHERS = 4
PAUSE_SECONDS = (0.5, 3.0)
BEFORE = timedelta(minutes=120)
"""The only reminder leaves so long before the start."""
REACH = timedelta(seconds=12 + MESSAGES * 0.03)
"""So long after its booking an appointment's reminder comes up: within the test, and after the last booking."""
LONGEST_SECONDS = 60 + MESSAGES * 0.2
"""After so long the deaths end in any case."""
pytestmark = pytest.mark.timeout(3_600)


@dataclass
class Sent:
    """What was put on the bus, by phone: the appointment, and whether it was cancelled, at once or when its reminder
    came up."""

    subjects: dict[str, str] = field(default_factory=dict)
    cancelled: set[str] = field(default_factory=set)
    deaths: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def platform(start_platform: Callable[..., Any]) -> Any:
    """Only what sends messages, and short waits so that doubts come to an end within the test."""
    quick = {"IMIGR_DOUBT_SECONDS": "6", "IMIGR_DELIVERY_LEASE_SECONDS": "7", "IMIGR_RETRY_DELAYS": "200ms,1s,2s,5s"}
    without = ("directory", "guichet", "events", "accounts", "gateway", "streams")
    return start_platform("messages", without=without, environment={"notifications": quick})


@pytest.fixture(scope="module")
def aftermath(platform: Any) -> Sent:
    """All published, all deaths over, all messages at an end."""
    _settle_rules(platform)
    sent, draw, began = Sent(), random.Random(SEED), time.monotonic()
    publishers = [threading.Thread(target=_publish, args=(platform, sent, number)) for number in range(PUBLISHERS)]
    for one in publishers:
        one.start()
    while any(one.is_alive() for one in publishers) or not _has_come_to_its_end(platform, sent):
        _let_die(platform, sent, draw)
        if time.monotonic() - began > LONGEST_SECONDS:
            break
    for one in publishers:
        one.join(300)
    assert len(sent.subjects) == MESSAGES // 2, "the publishers did not come to their end"
    for name in VICTIMS:
        platform.wait_ready(name)
    wait_until(lambda: _has_come_to_its_end(platform, sent), 300 + MESSAGES * 0.1, "all have come to an end")
    seconds = time.monotonic() - began
    print(f"seed {SEED}, {len(sent.subjects)} appointments, {seconds:.0f} s, deaths: {dict(Counter(sent.deaths))}")
    return sent


def _let_die(platform: Any, sent: Sent, draw: random.Random) -> None:
    """Each of them at least once, in the order drawn; then whoever is drawn. All are ready again when it returns."""
    left = [name for name in VICTIMS if name not in sent.deaths]
    name = draw.choice(left or VICTIMS)
    time.sleep(draw.uniform(*PAUSE_SECONDS))  # not waiting for anything: the moment of the death is the experiment
    sent.deaths.append(name)
    platform.wait_ready(name, after=platform.kill(name))


def _settle_rules(platform: Any) -> None:
    """A town without quiet hours, so that the test may run at any hour, and one reminder."""
    reminder = {"code": "two_hours", "minutes_before": int(BEFORE.total_seconds() // 60)}
    own = {"quiet": [], "daily_limit": 20, "reminders": {"appointment": [reminder]}}
    row = {"_id": TOWN, "own": own, "version": 1, "applied": 1, "commands": []}
    with sites.database(platform) as client:
        client["imigr_notifications"]["rules"].replace_one({"_id": TOWN}, row, upsert=True)


def _publish(platform: Any, sent: Sent, lane: int) -> None:
    """Half as many appointments as messages, as each has a confirmation and a reminder or a cancellation. Of ten, one
    is cancelled at once, and one when its reminder comes up."""
    private = (platform.instance.secrets / "notifications" / "vault_private_key").read_text()
    public = bytes(PrivateKey(base64.b64decode(private)).public_key)
    bus = Bus({part: sites.part_uri(platform, part) for part in ("gateway", "guichet")}, public)
    draw, later = random.Random(SEED + lane), []
    for number in range(lane, MESSAGES // 2, PUBLISHERS):
        phone, subject = f"+2162{number:07d}", new_id()
        contact_id, start = bus.contact(phone), datetime.now(UTC) + BEFORE + REACH
        bus.appointment(subject, "booked", 1, contact_id, start)
        sent.subjects[phone] = subject
        if number % 10 == 3:
            bus.appointment(subject, "cancelled", 2, contact_id, start)
            sent.cancelled.add(phone)
        elif number % 10 == 8:
            later.append((phone, subject, contact_id, start))
    for phone, subject, contact_id, start in later:
        moment = start - BEFORE + timedelta(seconds=draw.uniform(-0.5, 1.5))
        time.sleep(max(0.0, (moment - datetime.now(UTC)).total_seconds()))
        bus.appointment(subject, "cancelled", 2, contact_id, start)
        sent.cancelled.add(phone)


def _has_come_to_its_end(platform: Any, sent: Sent) -> bool:
    """All that was published is planned, and all that was planned is over."""
    open_states = {"state": {"$in": ["planned", "leased", "sending"]}}
    try:
        with sites.database(platform) as client:
            messages = client["imigr_notifications"]["messages"]
            wanted = len(sent.subjects), len(sent.cancelled)
            planned = tuple(messages.count_documents({"kind": one}) for one in ("confirmation", "cancelled"))
            return planned == wanted and messages.count_documents(open_states) == 0
    except PyMongoError:
        return False


@pytest.fixture(scope="module")
def rows(platform: Any, aftermath: Sent) -> dict[tuple[str, str], dict[str, Any]]:
    """All messages as stored, by subject and kind, of which there is one."""
    with sites.database(platform) as client:
        found = list(client["imigr_notifications"]["messages"].find())
    by_subject = {(row["subject"], row["kind"]): row for row in found}
    assert len(by_subject) == len(found)
    return by_subject


@pytest.fixture(scope="module")
def arrived(platform: Any, aftermath: Sent) -> list[dict[str, Any]]:
    """All SMS that the centre brought to phones, from its journal, which outlives it."""
    journal = platform.instance.folder / "received.jsonl"
    return [json.loads(line) for line in journal.read_text(encoding="utf-8").splitlines()]


def test_none_is_lost(aftermath: Sent, rows: dict[tuple[str, str], Any], arrived: list[dict[str, Any]]) -> None:
    """Each appointment has its confirmation sent, replaced by its cancellation, or openly in doubt; what is stored as
    sent has arrived. A reminder is missing only where the event came to be heard after its moment."""
    phones = Counter(one["to"] for one in arrived)
    for phone, subject in aftermath.subjects.items():
        confirmation, reminder = rows[subject, "confirmation"], rows.get((subject, "reminder"))
        if phone in aftermath.cancelled:
            assert rows[subject, "cancelled"]["state"] in {"sent", "ambiguous"}
            assert confirmation["state"] in {"sent", "ambiguous", "cancelled"}
        else:
            assert confirmation["state"] in {"sent", "ambiguous"}
            if reminder is None:
                assert confirmation["due_at"] > confirmation["values"]["start"] - BEFORE
            else:
                assert reminder["state"] in {"sent", "ambiguous"}
        mine = [row for kind in ("confirmation", "reminder", "cancelled") if (row := rows.get((subject, kind)))]
        assert phones[phone] >= sum(row["state"] == "sent" for row in mine)


def test_every_duplicate_is_explained(
    platform: Any, aftermath: Sent, rows: dict[tuple[str, str], Any], arrived: list[dict[str, Any]]
) -> None:
    """The same text twice on one phone only where a doubt was logged and counted; what ended in doubt was logged."""
    logged = _logged(platform)
    doubtful = {
        row["_id"] for row in rows.values() if row["in_doubt"] or row["repeated"] or row["state"] == "ambiguous"
    }
    assert doubtful <= logged
    twice = {key for key, count in Counter((one["to"], one["text"]) for one in arrived).items() if count > 1}
    repeated = {row["subject"] for row in rows.values() if row["repeated"]}
    assert {aftermath.subjects[phone] for phone, _ in twice} <= repeated
    ended = Counter(row["state"] for row in rows.values())
    print(f"{len(arrived)} arrived, {len(logged)} doubts logged, {len(twice)} duplicates, all repeats; {dict(ended)}")


def _logged(platform: Any) -> set[str]:
    found = set()
    for line in platform.log("notifications").read_text(encoding="utf-8").splitlines():
        if "message.ambiguous" in line:
            found.add(json.loads(line[line.index("{") :])["message"])
    return found


def test_no_reminder_of_a_cancelled_appointment(
    aftermath: Sent, rows: dict[tuple[str, str], Any], arrived: list[dict[str, Any]]
) -> None:
    """Zero: a reminder was handed over, and seen on a phone, only before the cancellation was known."""
    assert aftermath.cancelled
    reminded = {one["to"] for one in arrived if "rappel" in one["text"]}
    for phone in aftermath.cancelled:
        subject = aftermath.subjects[phone]
        reminder, cancelled = rows.get((subject, "reminder")), rows[subject, "cancelled"]
        if reminder is not None and reminder["state"] != "cancelled":
            assert reminder["handed_at"] <= cancelled["due_at"]
        elif phone in reminded:
            assert reminder is not None
            assert reminder["handed_at"] <= cancelled["due_at"]
