"""Workers, broker, database and the SMS centre die at random while thousands of messages leave.

``make chaos`` runs it with 5,000 messages (IMIGR_CHAOS_MESSAGES); without the variable it is skipped, since the same
deaths at a few hundred messages are part of test_crash.
"""

from __future__ import annotations

import base64
import json
import os
import random
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from kombu import Connection  # type: ignore[attr-defined]  # kombu names it lazily
from kombu.exceptions import OperationalError
from nacl.public import PrivateKey, PublicKey, SealedBox

from imigr_kit.ids import new_id
from imigr_kit.testing import wait_until
from tests import sites

MESSAGES = int(os.environ.get("IMIGR_CHAOS_MESSAGES", "0"))
SEED = int(os.environ.get("IMIGR_CHAOS_SEED", "20261124"))
VICTIMS = ("notifications", "rabbitmq", "mongod", "peers")
PAUSE_SECONDS = (3.0, 9.0)
LEAD = timedelta(minutes=125)
"""So far ahead is an appointment booked whose reminder, two hours before, comes up within the test."""
pytestmark = [
    pytest.mark.timeout(3_600),
    pytest.mark.skipif(MESSAGES == 0, reason="make chaos sets IMIGR_CHAOS_MESSAGES"),
]


@dataclass
class Sent:
    """What was put on the bus, by phone: the appointment, and whether it was cancelled."""

    subjects: dict[str, str] = field(default_factory=dict)
    cancelled: set[str] = field(default_factory=set)
    deaths: list[str] = field(default_factory=list)


class Bus:
    """Publishes as gateway and guichet do, confirmed, and again until the broker has it."""

    def __init__(self, uri: str, public_key: bytes) -> None:
        self._uri = uri
        self._box = SealedBox(PublicKey(public_key))
        self._connection: Any = None

    def contact(self, phone: str) -> str:
        """A sealed contact; its id."""
        contact_id = new_id()
        content = {"channel": "sms", "address": phone, "language": "fr", "manage_token": f"la-marsa.{contact_id[-22:]}"}
        sealed = base64.b64encode(self._box.encrypt(json.dumps(content).encode())).decode()
        data = {"contact_id": contact_id, "sealed": sealed}
        self._put(_event("gateway.contact.given", contact_id, 1, data), "notifications.contact_intake", "")
        return contact_id

    def appointment(self, subject: str, verb: str, sequence: int, contact_id: str, start: datetime) -> None:
        """An event of the guichet."""
        data: dict[str, Any] = {
            "appointment_id": subject, "guichet_id": "g", "guichet_name": {"fr": "Guichet"},
            "address": {"fr": "Mairie"}, "start": start.isoformat(), "end": (start + timedelta(minutes=20)).isoformat(),
            "timezone": "Africa/Tunis", "topic": "health", "language": "fr", "contact_id": contact_id, "channel": "sms",
            "state": "cancelled_by_visitor" if verb == "cancelled" else "confirmed", "message_language": "fr",
        }  # fmt: skip
        more = {"cancelled_by": "visitor"} if verb == "cancelled" else {}
        event = _event(f"guichet.appointment.{verb}", subject, sequence, data | more)
        self._put(event, f"la-marsa.guichet.appointment.{verb}.v1", "imigr.events")

    def _put(self, event: dict[str, Any], routing_key: str, exchange: str) -> None:
        def put() -> bool:
            try:
                if self._connection is None:
                    self._connection = Connection(self._uri, transport_options={"confirm_publish": True})
                    self._connection.connect()
                options = {"content_type": "application/cloudevents+json", "content_encoding": "binary"}
                self._connection.Producer().publish(
                    json.dumps(event).encode(), exchange=exchange, routing_key=routing_key, delivery_mode=2, timeout=5,
                    confirm_timeout=5, **options,
                )  # fmt: skip
            except (OSError, OperationalError, *Connection(self._uri).connection_errors):
                self._connection = None
                return False
            return True

        wait_until(put, 120, "the broker takes an event")


def _event(kind: str, subject: str, sequence: int, data: dict[str, Any]) -> dict[str, Any]:
    return {
        "specversion": "1.0", "id": new_id(), "source": "/elsewhere", "type": f"tn.imigr.{kind}.v1", "subject": subject,
        "time": datetime.now(UTC).isoformat().replace("+00:00", "Z"), "datacontenttype": "application/json",
        "municipality": "la-marsa", "sequence": sequence, "correlationid": subject, "data": data,
    }  # fmt: skip


@pytest.fixture(scope="module")
def platform(start_platform: Callable[..., Any]) -> Any:
    """Only what sends messages, and short waits so that doubts come to an end within the test."""
    quick = {"IMIGR_DOUBT_SECONDS": "8", "IMIGR_DELIVERY_LEASE_SECONDS": "8", "IMIGR_RETRY_DELAYS": "200ms,1s,2s,5s"}
    without = ("directory", "guichet", "events", "accounts", "gateway", "streams")
    return start_platform("messages", without=without, environment={"notifications": quick})


@pytest.fixture(scope="module")
def aftermath(platform: Any) -> Sent:
    """All published, all deaths over, all messages at an end."""
    _settle_rules(platform)
    sent, draw = Sent(), random.Random(SEED)
    publisher = threading.Thread(target=_publish, args=(platform, sent, random.Random(SEED + 1)))
    publisher.start()
    while publisher.is_alive():
        publisher.join(draw.uniform(*PAUSE_SECONDS))
        name = draw.choice(VICTIMS)
        sent.deaths.append(name)
        platform.wait_ready(name, after=platform.kill(name))
    assert len(sent.subjects) == MESSAGES // 2, "the publisher did not come to its end"
    for name in VICTIMS:
        platform.wait_ready(name)
    wait_until(lambda: _stored(platform, {"kind": "confirmation"}) == len(sent.subjects), 600, "all are planned")
    wait_until(lambda: _open(platform) == 0, 1_200, "all have come to an end")
    print(f"seed {SEED}, {len(sent.subjects)} appointments, deaths: {dict(Counter(sent.deaths))}")
    return sent


def _settle_rules(platform: Any) -> None:
    """A town without quiet hours, so that the test may run at any hour, and one reminder two hours before."""
    own = {
        "quiet": [],
        "daily_limit": 20,
        "reminders": {"appointment": [{"code": "two_hours", "minutes_before": 120}]},
    }
    with sites.database(platform) as client:
        client["imigr_notifications"]["rules"].replace_one(
            {"_id": "la-marsa"},
            {"_id": "la-marsa", "own": own, "version": 1, "applied": 1, "commands": []},
            upsert=True,
        )


def _publish(platform: Any, sent: Sent, draw: random.Random) -> None:
    """Half as many appointments as messages, as each has a confirmation and a reminder or a cancellation."""
    private = (platform.instance.secrets / "notifications" / "vault_private_key").read_text()
    public = bytes(PrivateKey(base64.b64decode(private)).public_key)
    bus = Bus(platform.admin_environment()["IMIGR_TEST_AMQP_URI"].removesuffix("/") + "imigr", public)
    for number in range(MESSAGES // 2):
        phone, subject = f"+2162{number:07d}", new_id()
        contact_id, start = bus.contact(phone), datetime.now(UTC) + LEAD
        bus.appointment(subject, "booked", 1, contact_id, start)
        sent.subjects[phone] = subject
        if draw.random() < 0.2:
            bus.appointment(subject, "cancelled", 2, contact_id, start)
            sent.cancelled.add(phone)


def _stored(platform: Any, query: dict[str, Any]) -> int:
    with sites.database(platform) as client:
        return int(client["imigr_notifications"]["messages"].count_documents(query))


def _open(platform: Any) -> int:
    return _stored(platform, {"state": {"$in": ["planned", "leased", "sending"]}})


@pytest.fixture(scope="module")
def rows(platform: Any, aftermath: Sent) -> list[dict[str, Any]]:
    """All messages as stored."""
    with sites.database(platform) as client:
        return list(client["imigr_notifications"]["messages"].find())


@pytest.fixture(scope="module")
def arrived(platform: Any, aftermath: Sent) -> list[dict[str, Any]]:
    """All SMS that the centre brought to phones, from its journal, which outlives it."""
    journal = platform.instance.folder / "received.jsonl"
    return [json.loads(line) for line in journal.read_text(encoding="utf-8").splitlines()]


def test_none_is_lost(aftermath: Sent, rows: list[dict[str, Any]], arrived: list[dict[str, Any]]) -> None:
    """Each appointment has its confirmation sent, replaced by its cancellation, or openly in doubt."""
    by_subject = {(row["subject"], row["kind"]): row for row in rows}
    phones = {one["to"] for one in arrived}
    for phone, subject in aftermath.subjects.items():
        confirmation = by_subject[subject, "confirmation"]
        if phone in aftermath.cancelled:
            assert by_subject[subject, "cancelled"]["state"] in {"sent", "ambiguous"}
            assert confirmation["state"] in {"sent", "ambiguous", "cancelled"}
        else:
            assert confirmation["state"] in {"sent", "ambiguous"}
            assert by_subject[subject, "reminder"]["state"] in {"sent", "ambiguous"}
        if confirmation["state"] == "sent":
            assert phone in phones


def test_every_duplicate_is_explained(
    platform: Any, aftermath: Sent, rows: list[dict[str, Any]], arrived: list[dict[str, Any]]
) -> None:
    """The same text twice on one phone only where a doubt was logged and counted; what ended in doubt was logged."""
    logged = _logged(platform)
    doubtful = {row["_id"] for row in rows if row["in_doubt"] or row["repeated"] or row["state"] == "ambiguous"}
    assert doubtful <= logged
    twice = {key for key, count in Counter((one["to"], one["text"]) for one in arrived).items() if count > 1}
    repeated = {row["subject"] for row in rows if row["repeated"]}
    assert {aftermath.subjects[phone] for phone, _ in twice} <= repeated
    print(
        f"{len(arrived)} arrived, {len(logged)} windows in doubt logged, {len(twice)} duplicates, all of them repeats"
    )


def _logged(platform: Any) -> set[str]:
    found = set()
    for line in platform.log("notifications").read_text(encoding="utf-8").splitlines():
        if "message.ambiguous" in line:
            found.add(json.loads(line[line.index("{") :])["message"])
    return found


def test_no_reminder_of_a_cancelled_appointment(
    aftermath: Sent, rows: list[dict[str, Any]], arrived: list[dict[str, Any]]
) -> None:
    """Zero: neither stored as sent nor seen on a phone."""
    subjects = {aftermath.subjects[phone] for phone in aftermath.cancelled}
    assert aftermath.cancelled
    reminders = [row for row in rows if row["kind"] == "reminder" and row["subject"] in subjects]
    assert {row["state"] for row in reminders} <= {"cancelled"}
    assert not [one for one in arrived if one["to"] in aftermath.cancelled and "rappel" in one["text"]]
