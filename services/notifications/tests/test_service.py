"""The running service: from events and sealed contacts on the broker to SMS and mail at real peers."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from kombu.connection import Connection

from imigr_kit.errors import Forbidden, Invalid
from imigr_kit.ids import new_id
from imigr_kit.rpc_client import RpcClient
from imigr_kit.testing import wait_until
from imigr_notifications.cli import cli

PHONE = "+21620123456"
INTAKE = "imigr.intake"
TOKEN = "la-marsa.AAAAAAAAAAAAAAAAAAAAAA"
SOON = datetime.now(UTC).replace(microsecond=0) + timedelta(days=5)


@pytest.fixture
def service(service_process: Callable[..., Any], notifications_env: dict[str, str]) -> Any:
    """The running service."""
    return service_process("imigr_notifications", env=notifications_env)


@pytest.fixture
def publish(amqp_uri: str) -> Iterator[Callable[..., None]]:
    """Publish a body the way a foreign producer would."""
    with Connection(amqp_uri) as connection:

        def send(body: dict[str, Any] | bytes, routing_key: str, exchange: str = "imigr.events") -> None:
            raw = body if isinstance(body, bytes) else json.dumps(body).encode()
            options = {"content_type": "application/cloudevents+json", "content_encoding": "binary"}
            options["user_id"] = connection.userid
            connection.Producer().publish(raw, exchange=exchange, routing_key=routing_key, **options)

        yield send


@pytest.fixture
def contact(publish: Callable[..., None], seal: Callable[..., bytes]) -> Callable[..., str]:
    """Seal a contact and put it on the vault's queue; its id."""

    def given(address: str = PHONE, channel: str = "sms", contact_id: str | None = None) -> str:
        contact_id = contact_id or new_id()
        box = seal(channel=channel, address=address, language="fr", manage_token=TOKEN)
        data = {"contact_id": contact_id, "sealed": base64.b64encode(box).decode()}
        publish(envelope("gateway.contact.given", contact_id, 1, data), "notifications.contact_intake", INTAKE)
        return contact_id

    return given


def envelope(kind: str, subject: str, sequence: int, data: dict[str, Any]) -> dict[str, Any]:
    service = kind.partition(".")[0]
    return {
        "specversion": "1.0", "id": new_id(), "source": f"/elsewhere/{service}", "type": f"tn.imigr.{kind}.v1",
        "subject": subject, "time": "2026-11-23T08:00:00Z", "datacontenttype": "application/json",
        "municipality": "la-marsa", "sequence": sequence, "correlationid": "journey-1", "data": data,
    }  # fmt: skip


def appointment(subject: str, verb: str, sequence: int, contact_id: str, start: datetime = SOON) -> dict[str, Any]:
    data: dict[str, Any] = {
        "appointment_id": subject, "guichet_id": "g", "guichet_name": {"fr": "Guichet"},
        "address": {"fr": "Mairie de La Marsa"}, "start": start.isoformat(),
        "end": (start + timedelta(minutes=20)).isoformat(), "timezone": "Africa/Tunis", "topic": "health",
        "language": "fr", "state": "confirmed", "contact_id": contact_id, "channel": "sms", "message_language": "fr",
    }  # fmt: skip
    extra = {"moved": {"previous_start": SOON.isoformat()}, "cancelled": {"cancelled_by": "visitor"}}
    return envelope(f"guichet.appointment.{verb}", subject, sequence, data | extra.get(verb, {}))


def route(verb: str) -> str:
    return f"la-marsa.guichet.appointment.{verb}.v1"


def states(client: RpcClient, subject: str) -> dict[str, str]:
    items = client.call("notifications", "list_messages", {"subject": subject})["items"]
    return {one["id"].removeprefix(f"{subject}:"): one["state"] for one in items}


def test_the_whole_life_of_an_appointment(
    service: Any, peers: Any, publish: Callable[..., None], contact: Callable[..., str], rpc_client: RpcClient
) -> None:
    """Booked, moved, cancelled: three SMS with a neutral text, the reminder follows and disappears."""
    subject, contact_id = new_id(), contact()
    publish(appointment(subject, "booked", 1, contact_id), route("booked"))
    wait_until(lambda: len(peers.received()) == 1, 15, "the confirmation arrives")
    assert f"https://imigr.test/m/{TOKEN}" in peers.received()[0]["text"]
    assert (peers.received()[0]["to"], peers.received()[0]["from"]) == (PHONE, "Commune")
    publish(appointment(subject, "moved", 2, contact_id, SOON + timedelta(days=2)), route("moved"))
    wait_until(lambda: len(peers.received()) == 2, 15, "the move arrives")
    assert states(rpc_client, subject)["reminder:2:eve"] == "planned"
    publish(appointment(subject, "cancelled", 3, contact_id, SOON + timedelta(days=2)), route("cancelled"))
    wait_until(lambda: len(peers.received()) == 3, 15, "the cancellation arrives")
    wait_until(lambda: states(rpc_client, subject).get("cancelled:3") == "sent", 5, "and is stored")
    assert states(rpc_client, subject) == {
        "confirmation:1": "sent", "reminder:1:eve": "cancelled", "moved:2": "sent", "reminder:2:eve": "cancelled",
        "cancelled:3": "sent",
    }  # fmt: skip


@pytest.mark.parametrize("order", [(3, 1, 2), (2, 3, 1)])
def test_events_out_of_order_and_twice(
    service: Any,
    peers: Any,
    publish: Callable[..., None],
    contact: Callable[..., str],
    rpc_client: RpcClient,
    order: tuple[int, ...],
) -> None:
    """Case 20: ends as after 1, 2, 3, and nothing is sent twice."""
    subject, contact_id = new_id(), contact()
    events = {
        1: appointment(subject, "booked", 1, contact_id),
        2: appointment(subject, "moved", 2, contact_id, SOON + timedelta(days=2)),
        3: appointment(subject, "cancelled", 3, contact_id, SOON + timedelta(days=2)),
    }
    for number in order:
        for _ in range(2):
            publish(events[number], route({1: "booked", 2: "moved", 3: "cancelled"}[number]))
    wait_until(lambda: states(rpc_client, subject).get("cancelled:3") == "sent", 20, "the end is told")
    found = states(rpc_client, subject)
    assert "planned" not in found.values()
    assert found["reminder:1:eve"] == "cancelled"
    texts = [one["text"] for one in peers.received()]
    assert len(texts) == len(set(texts))
    assert "annul" in texts[0]


def test_killed_while_sending_nobody_is_told_twice(
    service_process: Callable[..., Any],
    notifications_env: dict[str, str],
    peers: Any,
    publish: Callable[..., None],
    contact: Callable[..., str],
    mongo_db: Any,
) -> None:
    """kill -9 in the middle of forty confirmations and of reminders that are due: all come to an end, nobody is told
    twice, and whoever was perhaps not told stands there as ambiguous: at most what one window held."""
    mongo_db["rules"].insert_one({"_id": "la-marsa", "own": {"quiet": []}, "version": 1, "applied": 1, "commands": []})
    service = service_process("imigr_notifications", env=notifications_env)
    for number in range(40):
        contact_id = contact(f"+216201234{number:02d}")
        publish(appointment(f"subject-{number}", "booked", 1, contact_id), route("booked"))
    wait_until(lambda: len(peers.received()) >= 10, 30, "some have left")
    now = datetime.now(UTC)
    due = {"$set": {"due_at": now, "claim_at": now}}
    reminders = mongo_db["messages"].update_many({"kind": "reminder", "state": "planned"}, due).modified_count
    wait_until(lambda: any("rappel" in one["text"] for one in peers.received()), 30, "a reminder has left")
    service.kill()
    service_process("imigr_notifications", env=notifications_env)

    def ended(kind: str, *states: str) -> int:
        return int(mongo_db["messages"].count_documents({"kind": kind, "state": {"$in": states}}))

    wait_until(lambda: ended("confirmation", "sent", "ambiguous") == 40, 60, "all confirmations have come to an end")
    wait_until(lambda: ended("reminder", "sent", "ambiguous") == reminders, 60, "all reminders that were due too")
    told = [(one["to"], one["text"]) for one in peers.received()]
    doubts = ended("confirmation", "ambiguous") + ended("reminder", "ambiguous")
    assert len(told) == len(set(told))
    assert 40 + reminders - doubts <= len(told) <= 40 + reminders
    assert doubts <= 16


def test_a_box_that_cannot_be_opened_is_parked_and_holds_up_nobody(
    service: Any, publish: Callable[..., None], contact: Callable[..., str], amqp_uri: str, mongo_db: Any
) -> None:
    """The next contact is taken."""
    data = {"contact_id": "broken", "sealed": base64.b64encode(b"x" * 80).decode()}
    publish(envelope("gateway.contact.given", "broken", 1, data), "notifications.contact_intake", INTAKE)
    good = contact()
    wait_until(lambda: mongo_db["contacts"].find_one({"_id": good}), 10, "the good one is stored")
    with Connection(amqp_uri) as connection:
        parking = connection.SimpleQueue("notifications.contact_intake.parking", no_ack=True, queue_opts=_passive())
        message = parking.get(timeout=10)
        assert message.headers["x-imigr-reason"] == "notifications.undecryptable_contact"


def _passive() -> dict[str, Any]:
    return {"no_declare": True}


def test_mail_goes_out_too(service: Any, peers: Any, publish: Callable[..., None], contact: Callable[..., str]) -> None:
    """By SMTP, for a registration."""
    subject, contact_id = new_id(), contact("visitor@example.test", "email")
    data = {
        "registration_id": subject, "event_id": "e", "title": {"fr": "Journée"},
        "place": {"fr": "Maison de la culture"},
        "starts_at": SOON.isoformat(), "ends_at": (SOON + timedelta(hours=2)).isoformat(), "timezone": "Africa/Tunis",
        "places": 1, "state": "confirmed", "contact_id": contact_id, "channel": "email", "message_language": "ar",
    }  # fmt: skip
    publish(envelope("events.registration.confirmed", subject, 1, data), "la-marsa.events.registration.confirmed.v1")
    wait_until(lambda: len(peers.received("email")) == 1, 15, "the mail arrives")
    found = peers.received("email")[0]
    assert (found["to"], found["direction"]) == ("visitor@example.test", "rtl")


def test_events_about_messages_reach_the_bus(
    service: Any, publish: Callable[..., None], contact: Callable[..., str], amqp_uri: str
) -> None:
    """planned and sent, in order, with the journey they belong to and no address."""
    with Connection(amqp_uri) as connection:
        channel = connection.default_channel
        channel.queue_declare("watch", durable=False, auto_delete=True)
        channel.queue_bind("watch", "imigr.events", "*.notifications.#")
        subject = new_id()
        publish(appointment(subject, "booked", 1, contact()), route("booked"))
        seen: list[dict[str, Any]] = []

        def both() -> bool:
            message = channel.basic_get("watch", no_ack=True)
            if message is not None:
                seen.append(json.loads(message.body))
            return len([one for one in seen if "confirmation" in one["subject"]]) == 2

        wait_until(both, 15, "planned and sent are told")
    told = [one for one in seen if "confirmation" in one["subject"]]
    assert [one["type"].split(".")[4] for one in told] == ["planned", "sent"]
    assert [one["sequence"] for one in told] == [1, 2]
    assert {one["correlationid"] for one in told} == {"journey-1"}
    assert "20123456" not in json.dumps(seen)


def test_forgetting_by_rpc(
    service: Any,
    peers: Any,
    publish: Callable[..., None],
    contact: Callable[..., str],
    rpc_client: RpcClient,
    mongo_db: Any,
) -> None:
    """The reminder is gone with the contact; asking again is no error; nothing of the number was logged."""
    subject, contact_id = new_id(), contact()
    publish(appointment(subject, "booked", 1, contact_id), route("booked"))
    wait_until(lambda: states(rpc_client, subject).get("confirmation:1") == "sent", 15, "the confirmation is sent")
    for _ in range(2):
        answer = rpc_client.call(
            "notifications", "forget_contact", {"contact_id": contact_id, "idempotency_key": "one"}
        )
        assert answer["forgotten"]
    assert states(rpc_client, subject)["reminder:1:eve"] == "cancelled"
    assert mongo_db["contacts"].count_documents({}) == 0
    assert "20123456" not in service.output()


def test_questions_by_rpc(service: Any, rpc_client: RpcClient) -> None:
    """ping, figures with their access rule, and clear refusals."""
    manager = {"id": "m", "kind": "staff", "roles": [{"municipality": "la-marsa", "role": "manager"}]}
    assert rpc_client.call("notifications", "ping", {}) == {"pong": True}
    assert rpc_client.call("notifications", "figures", {"actor": manager, "municipality": "la-marsa"}) == {"items": []}
    with pytest.raises(Forbidden):
        rpc_client.call("notifications", "figures", {"actor": manager, "municipality": "raoued"})
    with pytest.raises(Invalid) as caught:
        rpc_client.call("notifications", "list_messages", {"subject": "", "more": 1})
    assert sorted(field.path for field in caught.value.fields) == ["more", "subject"]


def test_staff_work_on_the_command_line(service: Any, notifications_env: dict[str, str], tmp_path: Path) -> None:
    """Rules and campaigns by the running service, with its checks; every command says what it does."""
    written = tmp_path / "content.json"

    def run(*words: str, content: dict[str, Any] | None = None) -> tuple[int, str]:
        if content is not None:
            written.write_text(json.dumps(content), encoding="utf-8")
        found = CliRunner().invoke(cli, words, env=notifications_env)
        return found.exit_code, found.output[found.output.index("{") :]  # log lines come first here

    file = ("--file", str(written))
    assert json.loads(run("rules", "show", "la-marsa")[1])["version"] == 0
    status, said = run("rules", "set", "la-marsa", *file, "--version", "0", content={"daily_limit": 2})
    assert (status, json.loads(said)["rules"]["daily_limit"]) == (0, 2)
    status, said = run("rules", "set", "la-marsa", *file, "--version", "1", content={"daily_limit": 0})
    assert (status, "rules.daily_limit" in said) == (1, True)
    draft = {"topic": "events", "texts": {"fr": {"subject": "Portes ouvertes", "body": "Samedi a 10 h"}}}
    made = json.loads(run("campaigns", "create", "la-marsa", *file, content=draft)[1])
    assert json.loads(run("campaigns", "preview", "la-marsa", made["id"])[1])["texts"]["fr"]["parts"] == 1
    scheduled = ("campaigns", "schedule", "la-marsa", made["id"], "--at", "2099-01-01T09:00:00Z")
    held = json.loads(run(*scheduled, "--version", str(made["version"]))[1])
    assert held["state"] == "scheduled"
    ended = run("campaigns", "step", "la-marsa", made["id"], "cancel", "--version", str(held["version"]))[1]
    assert json.loads(ended)["state"] == "cancelled"
    assert json.loads(run("messages", "channels", "la-marsa")[1]) == {"items": []}
    assert run("campaigns", "show", "la-marsa", "nothing")[0] == 1


def test_staff_try_texts_and_campaigns_on_the_command_line(
    service: Any, peers: Any, notifications_env: dict[str, str], tmp_path: Path, mongo_db: Any
) -> None:
    """A text is looked at, sent to one's own phone, published and listed; a campaign goes to one's own mailbox; an
    address of no use is refused. Nothing of it is kept in the clear."""
    written = tmp_path / "content.json"

    def run(*words: str, content: dict[str, Any]) -> tuple[int, str]:
        written.write_text(json.dumps(content), encoding="utf-8")
        found = CliRunner().invoke(cli, words, env=notifications_env)
        return found.exit_code, found.output

    def said(*words: str, content: dict[str, Any] | None = None) -> Any:
        status, output = run(*words, content=content or {})
        assert status == 0, output
        return json.loads(output[output.index("{") :])

    file, which = ("--file", str(written)), ("la-marsa", "appointment", "reminder", "sms")
    text = {"subject": "{town}", "lines": ["{town} : demain, {date} à {time}."]}
    assert said("templates", "preview", *which, *file, content=text)["parts"]
    said("templates", "test", *which, *file, "--to", "20 123 456", content=text)
    wait_until(lambda: len(peers.received()) == 1, 10, "the text arrives")
    assert (peers.received()[0]["to"], peers.received()[0]["text"].split(",")[0]) == (PHONE, "La Marsa : demain")
    status, output = run("templates", "test", *which, *file, "--to", "71 749 608", content=text)
    assert (status, "--to" in output) == (1, True)
    everywhere = dict.fromkeys(("fr", "ar", "en"), text)
    assert said("templates", "publish", *which, *file, "--version", "0", content=everywhere) == {"version": 1}
    assert said("templates", "list", "la-marsa")["items"][0]["kind"] == "reminder"
    draft = {"topic": "events", "texts": {"fr": {"subject": "Portes ouvertes", "body": "Samedi à 10 h"}}}
    made = said("campaigns", "create", "la-marsa", *file, content=draft)["id"]
    said("campaigns", "test", "la-marsa", made, "--to", "staff@example.test")
    wait_until(lambda: len(peers.received("email")) == 1, 10, "the campaign arrives")
    assert said("contacts", "reveals", "la-marsa") == {"items": []}
    kept = mongo_db["contacts"].find_one({"channel": "sms"})
    assert said("contacts", "forget", kept["_id"])["forgotten"]
    assert "20123456" not in str(list(mongo_db["contacts"].find()))


def test_it_stops_politely(service: Any) -> None:
    """SIGTERM ends it within its drain time, with the bind still open."""
    assert service.stop() == 0


def test_stop_from_a_phone_and_from_an_http_provider(
    service: Any, peers: Any, publish: Callable[..., None], seal: Callable[..., bytes]
) -> None:
    """Both ways lead to the same: acknowledged once, by SMS, though the second one repeats it."""
    peers.write(PHONE, "ARRÊT")
    wait_until(lambda: len(peers.received()) == 1, 15, "the acknowledgement arrives")
    assert (peers.received()[0]["to"], "STOP" in peers.received()[0]["text"]) == (PHONE, False)
    for reference in ("http:1", "http:1", "http:2"):
        box = seal(address=PHONE, text="start" if reference == "http:1" else "START", reference=reference)
        data = {"sealed": base64.b64encode(box).decode()}
        publish(envelope("gateway.answer.given", new_id(), 1, data), "notifications.inbound_sms", INTAKE)
    wait_until(lambda: len(peers.received()) == 2, 15, "the end of it is acknowledged")
    assert "STOP" in peers.received()[0]["text"]
