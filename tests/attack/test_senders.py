"""Promise 9: whoever holds one part's credentials speaks for that part, its towns and nobody else."""

from __future__ import annotations

import subprocess
import sys
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from amqp.exceptions import AccessRefused, PreconditionFailed

from imigr_kit.testing import wait_until
from tests import sites
from tests.attack.intruder import as_headers, call, event, intruder

SERVICES = ("directory", "events", "guichet", "notifications", "accounts", "guichet_raoued")
TOWN = "la-marsa"
ADMIN = {"id": "intruder", "kind": "staff", "roles": [{"role": "admin", "municipality": "*"}]}
Stolen = Callable[[str], str]


def new_administrator() -> dict[str, Any]:
    """A call that would make its sender administrator of all towns, if its word were taken."""
    return call(
        "create_staff",
        actor=ADMIN,
        email=f"{uuid.uuid4().hex}@intruder.example",
        display_name="intruder",
        roles=[{"role": "admin", "municipality": "*"}],
        password=uuid.uuid4().hex,
        idempotency_key=str(uuid.uuid4()),
    )


def intruders_among_staff(platform: Any) -> int:
    with sites.database(platform) as client:
        return sum(
            client["imigr_accounts"][name].count_documents({"email": {"$regex": "@intruder.example"}})
            for name in client["imigr_accounts"].list_collection_names()
        )


def parked(platform: Any, queue: str) -> list[dict[str, Any]]:
    """What waits for a person, with the headers that say why."""
    found: list[dict[str, Any]] = sites.peek(platform, f"{queue}.parking")
    return found


def reasons(platform: Any, queue: str) -> set[tuple[str, str]]:
    """Sender and reason of everything parked there."""
    return {
        (
            str(one["properties"]["headers"].get("x-imigr-sender", "")),
            str(one["properties"]["headers"]["x-imigr-reason"]),
        )
        for one in parked(platform, queue)
    }


@pytest.fixture(scope="module")
def appointment(platform: Any) -> dict[str, Any]:
    """A booking with a phone, its confirmation sent and its reminder planned."""
    phone = f"+21620{uuid.uuid4().int % 10**6:06d}"
    guichet = sites.guichet_id(platform, TOWN)
    start = sites.slots(platform, TOWN, "fr")[0]
    body = {"guichet_id": guichet, "start": start, "topic": "information", "language": "fr", "phone": phone}
    answer = sites.site(platform).post("/api/v1/appointments", body, Idempotency_Key=str(uuid.uuid4()))
    assert answer.status == 201, answer
    made = {**answer.body, "phone": phone, "guichet_id": guichet}
    wait_until(lambda: len(texts_to(platform, phone)) == 1, 30, "the confirmation")
    wait_until(lambda: planned(platform, made["id"]) == 1, 10, "the reminder is planned")
    return made


def texts_to(platform: Any, phone: str) -> list[str]:
    """What a phone has received."""
    found = sites.received(platform).get(f"/api/messages?to={phone.replace('+', '%2B')}").body["items"]
    return [str(one["text"]) for one in found]


def planned(platform: Any, subject: str) -> int:
    """Messages about an appointment that still wait for their time."""
    with sites.database(platform) as client:
        return client["imigr_notifications"]["messages"].count_documents({"subject": subject, "state": "planned"})


def state_of(platform: Any, appointment_id: str) -> str:
    with sites.database(platform) as client:
        return str((client["imigr_guichet"]["appointments"].find_one({"_id": appointment_id}) or {})["state"])


def cancelled(made: dict[str, Any], town: str = TOWN) -> dict[str, Any]:
    """The event with which the guichet would tell that it has cancelled the appointment."""
    data = {
        "appointment_id": made["id"], "guichet_id": made["guichet_id"], "guichet_name": {"fr": "Guichet"},
        "address": {"fr": "Mairie"}, "start": made["start"], "end": made["end"], "timezone": "Africa/Tunis",
        "topic": "information", "language": "fr", "contact_id": str(uuid.uuid4()), "channel": "sms",
        "state": "cancelled_by_service", "message_language": "fr", "cancelled_by": "service",
    }  # fmt: skip
    return event("guichet", "appointment.cancelled", made["id"], town, 2, data)


@pytest.mark.parametrize("part", [*SERVICES, "gateway", "streams"])
def test_nobody_writes_to_the_default_exchange(stolen: Stolen, part: str) -> None:
    """It leads to every queue by its name, and its key says nothing of where copies go."""
    with intruder(stolen(part)) as thief, pytest.raises(AccessRefused):
        thief.publish("", "accounts.create_staff", new_administrator(), CC=["rpc-accounts"])


@pytest.mark.parametrize("part", [*SERVICES, "streams"])
@pytest.mark.parametrize("header", ["CC", "BCC"])
def test_no_service_makes_an_administrator(platform: Any, stolen: Stolen, part: str, header: str) -> None:
    """A copy of an answer, which every service may send, reaches accounts as a call: it is refused, parked and told."""
    key = "guichet.get_board" if part == "streams" else str(uuid.uuid4())
    with intruder(stolen(part)) as thief:
        thief.publish("nameko-rpc", key, new_administrator(), **as_headers({header: ["accounts.create_staff"]}))
    expected = {"CC": {"copied"}, "BCC": {"routing_key", "method"}}[header]
    wait_until(
        lambda: any(sender == part and why in expected for sender, why in reasons(platform, "accounts.rpc")),
        15,
        "the call is parked with its reason",
    )
    assert intruders_among_staff(platform) == 0
    bodies = [one["payload"] for one in parked(platform, "accounts.rpc")]
    assert all("password" not in body for body in bodies), "what was asked for is not kept"


def test_a_service_cannot_call_under_the_key_of_a_call(stolen: Stolen) -> None:
    """The broker itself refuses what needs no trick."""
    with intruder(stolen("directory")) as thief, pytest.raises(AccessRefused):
        thief.publish("nameko-rpc", "accounts.create_staff", new_administrator())


def test_streams_ask_for_boards_and_nothing_else(platform: Any, stolen: Stolen) -> None:
    """Two reads; any other method is refused by the broker, and by the service when a copy brings it."""
    with intruder(stolen("streams")) as thief:
        with pytest.raises(AccessRefused):
            thief.publish("nameko-rpc", "guichet.agenda", call("agenda", actor=ADMIN))
        thief.publish("nameko-rpc", "guichet.get_board", call("agenda", actor=ADMIN), BCC=["guichet.agenda"])
    # A blind copy keeps the key of the original, so the service runs the harmless method that the key names.
    assert sites.waiting(platform, "rpc-guichet") == {}


def test_another_s_name_is_refused_by_the_broker(stolen: Stolen) -> None:
    """AMQP's user_id is verified against the connection."""
    with intruder(stolen("directory")) as thief, pytest.raises(PreconditionFailed):
        thief.publish("imigr.events", "la-marsa.directory.service.changed.v1", {}, user="guichet")


@pytest.mark.parametrize(
    ("part", "own_key", "header", "reason"),
    [
        ("directory", "la-marsa.directory.service.changed.v1", "CC", "copied"),
        ("directory", "la-marsa.directory.service.changed.v1", "BCC", "routing_key"),
        ("events", "la-marsa.events.event.published.v1", "BCC", "routing_key"),
        ("accounts", "la-marsa.accounts.staff.changed.v1", "CC", "copied"),
        ("guichet_raoued", "raoued.guichet.appointment.cancelled.v1", "BCC", "routing_key"),
        ("guichet_raoued", "raoued.guichet.appointment.cancelled.v1", "", "routing_key"),
    ],
    ids=str,
)
def test_nobody_cancels_another_s_appointment(
    platform: Any, stolen: Stolen, appointment: dict[str, Any], part: str, own_key: str, header: str, reason: str
) -> None:
    """The person is told nothing that is not so, and is reminded; the forged event waits for a person to look at it."""
    copies = {header: ["la-marsa.guichet.appointment.cancelled.v1"]} if header else {}
    with intruder(stolen(part)) as thief:
        thief.publish("imigr.events", own_key, cancelled(appointment), **as_headers(copies))
    wait_until(
        lambda: (part, reason) in reasons(platform, "notifications.on_appointment"), 15, "the forged event is parked"
    )
    assert planned(platform, appointment["id"]) == 1
    assert len(texts_to(platform, appointment["phone"])) == 1


def test_a_town_does_not_speak_of_another_town_s_record(
    platform: Any, stolen: Stolen, appointment: dict[str, Any]
) -> None:
    """Under its own key and its own town, but with the id of La Marsa's appointment."""
    with intruder(stolen("guichet_raoued")) as thief:
        thief.publish("imigr.events", "raoued.guichet.appointment.cancelled.v1", cancelled(appointment, "raoued"))
    waits = ("guichet_raoued", "municipality")
    wait_until(lambda: waits in reasons(platform, "notifications.on_appointment"), 15, "it is parked")
    assert planned(platform, appointment["id"]) == 1
    assert len(texts_to(platform, appointment["phone"])) == 1


def test_an_event_without_a_sender_is_not_believed(platform: Any, stolen: Stolen, appointment: dict[str, Any]) -> None:
    """Not even under the guichet's own key: a management interface publishes without a name."""
    with intruder(stolen("guichet")) as thief:
        key = "la-marsa.guichet.appointment.cancelled.v1"
        thief.publish("imigr.events", key, cancelled(appointment), user=None)
    wait_until(lambda: ("", "no_sender") in reasons(platform, "notifications.on_appointment"), 15, "it is parked")
    assert planned(platform, appointment["id"]) == 1


def test_a_forged_origin_of_a_copy_is_not_believed(platform: Any, stolen: Stolen, appointment: dict[str, Any]) -> None:
    """The headers by which a consumer remembers a sender count only on its own redelivery exchange."""
    told = {
        "x-imigr-sender": "guichet",
        "x-imigr-exchange": "imigr.events",
        "x-imigr-routing-key": "la-marsa.guichet.appointment.cancelled.v1",
        "BCC": ["la-marsa.guichet.appointment.cancelled.v1"],
    }
    before = len(parked(platform, "notifications.on_appointment"))
    with intruder(stolen("events")) as thief:
        thief.publish("imigr.events", "la-marsa.events.event.published.v1", cancelled(appointment), **as_headers(told))
        with pytest.raises(AccessRefused):
            thief.publish(
                "notifications.redelivery", "notifications.on_appointment", cancelled(appointment), **as_headers(told)
            )
    wait_until(lambda: len(parked(platform, "notifications.on_appointment")) > before, 15, "it is parked")
    assert ("events", "routing_key") in reasons(platform, "notifications.on_appointment")
    assert planned(platform, appointment["id"]) == 1


@pytest.mark.parametrize("part", ["directory", "events", "guichet_raoued"])
def test_nobody_answers_a_reminder_for_somebody_else(
    platform: Any, stolen: Stolen, appointment: dict[str, Any], part: str
) -> None:
    """A forged "2" would cancel an appointment: the answer of a phone comes from notifications only."""
    town = "raoued" if part == "guichet_raoued" else TOWN
    kind = "appointment.confirmed" if part == "guichet_raoued" else "event.published"
    service = "guichet" if part == "guichet_raoued" else part
    data = {"subject": appointment["id"], "source": "appointment", "answer": "cancel"}
    forged = event("notifications", "message.answered", appointment["id"], TOWN, 1, data)
    with intruder(stolen(part)) as thief:
        key = f"{town}.{service}.{kind}.v1"
        thief.publish("imigr.events", key, forged, BCC=["la-marsa.notifications.message.answered.v1"])
    wait_until(lambda: (part, "routing_key") in reasons(platform, "guichet.on_answer"), 15, "it is parked")
    assert state_of(platform, appointment["id"]) == "confirmed"


def test_nobody_but_the_gateway_hands_contacts_to_the_vault(platform: Any, stolen: Stolen) -> None:
    """A stranger's sealed box would let messages go to a number of his choice."""
    forged = event("gateway", "contact.given", str(uuid.uuid4()), TOWN, 1, {"contact_id": "x", "sealed": ""})
    for part in (*SERVICES, "streams"):
        with intruder(stolen(part)) as thief, pytest.raises(AccessRefused):
            thief.publish("imigr.intake", "notifications.contact_intake", forged)


def test_what_was_refused_is_seen_counted_and_refused_again(platform: Any, stolen: Stolen) -> None:
    """A replay checks the sender once more; the figures say how many were refused, and why."""
    listing = [sys.executable, "-m", "imigr_kit.parking", "--amqp-uri", sites.part_uri(platform, "notifications")]
    queue = "notifications.on_appointment"
    forged = event("guichet", "appointment.cancelled", str(uuid.uuid4()), TOWN, 2, {})
    with intruder(stolen("directory")) as thief:
        key, copies = "la-marsa.directory.service.changed.v1", ["la-marsa.guichet.appointment.cancelled.v1"]
        thief.publish("imigr.events", key, forged, BCC=copies)

    def listed() -> str:
        return subprocess.run([*listing, "list", queue], capture_output=True, text=True, check=True).stdout

    wait_until(lambda: '"sender": "directory"' in listed(), 20, "the list names the sender")
    count = len(parked(platform, queue))
    subprocess.run([*listing, "replay", queue], capture_output=True, check=True)
    wait_until(lambda: len(parked(platform, queue)) == count, 20, "all of them are parked again")
    figures = sites.metrics(platform, "notifications")
    assert 'imigr_messages_refused_total{reason="routing_key",where="on_appointment"}' in figures
