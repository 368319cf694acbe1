"""A key stands for one command: whoever reads the database finds none, and whoever has one gets nothing else by it."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module
from typing import Any

import pytest
from kombu import Connection  # type: ignore[attr-defined]  # kombu names it lazily

from imigr_kit.clock import SystemClock
from imigr_kit.commands import Claims, command_of, hidden
from imigr_kit.errors import ImigrError
from imigr_kit.rpc_client import RpcClient
from imigr_kit.secret import Secret
from imigr_kit.senders import Senders
from imigr_kit.testing import wait_until
from tests import sites
from tests.e2e.halls import sign_in

TOWNS = ("la-marsa", "raoued")
SERVICES = {
    "accounts": "AccountsService",
    "directory": "DirectoryService",
    "events": "EventsService",
    "guichet": "GuichetService",
    "notifications": "NotificationsService",
}
NOT_WALKED = {
    # Several calls bring one file under one key; each part says its number, and none reaches into another's upload.
    "directory": {"add_translations_part", "import_translations_file"},
    # A read that names an argument of its own; it takes no key.
    "guichet": {"appointment_file"},
}
ACTOR = {"id": "staff-1", "kind": "staff", "roles": [{"role": "admin", "municipality": "*"}]}
REUSED = (422, "kit.idempotency_key_reused")


def canary() -> str:
    """A key that cannot be there by chance."""
    return f"canary-{uuid.uuid4().hex}"


def book(platform: Any, town: str, key: str, phone: str, nth: int = 0) -> Any:
    """A visitor's booking with a phone."""
    start = sites.slots(platform, town, "fr")[nth]
    body = {"guichet_id": sites.guichet_id(platform, town), "start": start, "topic": "information", "language": "fr"}
    return sites.site(platform).post("/api/v1/appointments", body | {"phone": phone}, Idempotency_Key=key)


def phone() -> str:
    """A number that nobody has used yet."""
    return f"+21620{uuid.uuid4().int % 10**6:06d}"


@pytest.fixture(scope="module")
def booked(platform: Any) -> dict[str, tuple[str, str]]:
    """Three appointments in two towns, by id: town and phone; their contacts have reached the vault."""
    found = {}
    for town, nth in (("la-marsa", 1), ("la-marsa", 2), ("raoued", 1)):
        number = phone()
        answer = book(platform, town, canary(), number, nth)
        assert answer.status == 201, answer
        found[answer.body["id"]] = (town, number)
        wait_until(partial(texts_to, platform, number), 30, "the confirmation")
    return found


def texts_to(platform: Any, number: str) -> list[Any]:
    """What a phone has received."""
    path = f"/api/messages?to={number.replace('+', '%2B')}"
    return list(sites.received(platform).get(path).body["items"])


def reveal(
    platform: Any, town: str, subject: str, key: str, staff: str = "admin@demo.invalid", why: str = "safety"
) -> Any:
    """Ask for the phone behind an appointment."""
    headers = {"Idempotency_Key": key, "Authorization": sign_in(platform, staff)}
    return sites.site(platform).post(f"/api/v1/staff/{town}/contacts/{subject}/reveal", {"reason": why}, **headers)


def test_one_key_reveals_one_number(platform: Any, booked: dict[str, tuple[str, str]]) -> None:
    """Three appointments of two towns, another reason, another person: the first is shown, the others are refused, and
    the audit has one row for one number."""
    key = canary()
    (first, (town, number)), *others = booked.items()
    for _ in range(2):
        shown = reveal(platform, town, first, key)
        assert (shown.status, shown.body["address"]) == (200, number)
    for subject, (elsewhere, hidden_number) in others:
        refused = reveal(platform, elsewhere, subject, key)
        assert (refused.status, refused.body["code"]) == REUSED
        assert hidden_number[4:] not in str(refused)
    for changes in ({"why": "correction"}, {"staff": "manager.la-marsa@demo.invalid"}):
        refused = reveal(platform, town, first, key, **changes)
        assert (refused.status, refused.body["code"]) == REUSED
    with sites.database(platform) as client:
        rows = list(client["imigr_notifications"]["reveals"].find({"subject": {"$in": list(booked)}}))
    assert [row["subject"] for row in rows] == [first]


def test_an_editor_and_a_machine_reveal_nothing(platform: Any, booked: dict[str, tuple[str, str]]) -> None:
    """Refused at the gateway already, whatever roles the machine has."""
    subject, (town, _) = next(iter(booked.items()))
    assert reveal(platform, town, subject, canary(), staff=f"editor.{town}@demo.invalid").status == 403
    admin = {"Idempotency_Key": canary(), "Authorization": sign_in(platform, "admin@demo.invalid")}
    body = {"label": "importer", "roles": [{"role": "manager", "municipality": town}]}
    made = sites.site(platform).post(f"/api/v1/staff/{town}/tokens", body, **admin)
    assert made.status == 201, made
    machine = {"Idempotency_Key": canary(), "Authorization": f"Bearer {made.body['token']}"}
    path = f"/api/v1/staff/{town}/contacts/{subject}/reveal"
    refused = sites.site(platform).post(path, {"reason": "safety"}, **machine)
    assert (refused.status, refused.body["code"]) == (403, "kit.forbidden")


@pytest.fixture
def on_the_wire(platform: Any) -> Iterator[Callable[[], bytes]]:
    """All events and all calls from now on, as an administrator of the broker sees them."""
    heard: list[bytes] = []
    with Connection(admin_uri(platform), connect_timeout=5) as connection:
        channel = connection.channel()
        queue, *_ = channel.queue_declare(exclusive=True)
        for exchange in ("imigr.events", "nameko-rpc", "imigr.intake"):
            channel.queue_bind(queue, exchange, "#")

        def drained() -> bytes:
            while message := channel.basic_get(queue, no_ack=True):
                heard.append(bytes(message.body, "utf-8") if isinstance(message.body, str) else bytes(message.body))
            return b"\n".join(heard)

        yield drained


def admin_uri(platform: Any) -> str:
    """The administrator's way to the vhost of the platform."""
    login = platform.admin_environment()["IMIGR_TEST_AMQP_ADMIN"].split("//")[1].split("@")[0]
    return f"amqp://{login}@127.0.0.1:{platform.port('amqp')}/imigr"


def test_no_key_is_stored_or_sent_anywhere(
    platform: Any, booked: dict[str, tuple[str, str]], on_the_wire: Callable[[], bytes]
) -> None:
    """A booking, a registration, an opinion, a subscription and a reveal, each under a key of its own: no database, no
    outbox, no event and no call holds one of them."""
    web, keys = sites.site(platform), [canary() for _ in range(6)]
    assert book(platform, "la-marsa", keys[0], phone(), 4).status == 201
    event = web.get("/api/v1/events?municipality=la-marsa").body["items"][0]["id"]
    body: dict[str, Any] = {"phone": phone(), "message_language": "fr", "places": 1}
    assert web.post(f"/api/v1/events/{event}/registrations", body, Idempotency_Key=keys[1]).status == 201
    said = {"municipality": "la-marsa", "about": "search", "useful": True, "language": "fr"}
    assert web.post("/api/v1/feedback", said, Idempotency_Key=keys[2]).status == 201
    news = {"municipality": "la-marsa", "topic": "events", "message_language": "fr", "phone": phone()}
    assert web.post("/api/v1/subscriptions", news, Idempotency_Key=keys[3]).status in (201, 202)
    subject, (town, _) = next(iter(booked.items()))
    assert reveal(platform, town, subject, keys[4]).status == 200
    wish = {"guichet_id": sites.guichet_id(platform, "la-marsa"), "topic": "information", "language": "fr"}
    assert web.post("/api/v1/waiting-list", wish | {"phone": phone()}, Idempotency_Key=keys[5]).status in (201, 409)
    wait_until(lambda: sites.unsent(platform) == 0, 30, "the outboxes are empty")
    wire = on_the_wire()
    assert b"book_appointment" in wire or b"idempotency_key" in wire
    with sites.database(platform) as client:
        everything = " ".join(
            str(row)
            for name in client.list_database_names()
            if name.startswith("imigr_")
            for collection in client[name].list_collection_names()
            for row in client[name][collection].find()
        )
    assert subject in everything
    for key in keys:
        assert key not in everything
        assert key.encode() not in wire


def test_another_body_under_the_key_of_a_visitor_is_refused(platform: Any) -> None:
    """The same again is the same answer; nothing else is answered or done."""
    web, number = sites.site(platform), phone()
    event = web.get("/api/v1/events?municipality=la-marsa").body["items"][0]["id"]
    said = {"municipality": "la-marsa", "about": "search", "useful": True, "language": "fr"}
    commands: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
        (f"/api/v1/events/{event}/registrations", {"phone": number, "message_language": "fr"}, {"places": 2}),
        ("/api/v1/feedback", said, {"useful": False}),
        ("/api/v1/subscriptions", {"municipality": "la-marsa", "topic": "events", "message_language": "fr",
                                   "phone": number}, {"message_language": "ar"}),
    ]  # fmt: skip
    for path, body, changes in commands:
        key = canary()
        answers = [web.post(path, body, Idempotency_Key=key) for _ in range(2)]
        assert answers[0].status in (201, 202), (path, answers[0])
        assert answers[0].body == answers[1].body, path
        other = web.post(path, body | changes, Idempotency_Key=key)
        assert (other.status, other.body["code"]) == REUSED, path


def methods_of(service: str) -> list[str]:
    """All methods that could be commands of staff: those that take a payload."""
    kind = getattr(import_module(f"imigr_{service}.service"), SERVICES[service])
    found = {name: getattr(kind, name) for name in dir(kind)}
    return [name for name, one in found.items() if getattr(one, "nameko_entrypoints", None) and takes_a_key(one)]


def takes_a_key(method: Any) -> bool:
    """Whether the kit claims its key."""
    return hasattr(method, "__wrapped__") and method.__code__.co_name == "as_command"


@pytest.mark.parametrize("service", SERVICES)
def test_a_key_of_staff_stands_for_one_command_in_all_methods(
    platform: Any, stolen: Callable[[str], str], service: str
) -> None:
    """Every method of every service: under a key that was used, another body and another actor are refused before
    anything is looked at; the same command gets through to the method."""
    key = Secret(base64.b64decode((platform.instance.secrets / service / "hash_key").read_text()))
    table = platform.instance.secrets / "gateway" / "senders.json"
    client = RpcClient(Secret(stolen("gateway")), origin="gateway", senders=Senders(table))
    client.start()
    methods = methods_of(service)
    assert len(methods) > 4
    try:
        with sites.database(platform) as databases:
            claims = Claims(databases[f"imigr_{service}"], key, SystemClock())
            for method in methods:
                payload = {"idempotency_key": canary(), "actor": ACTOR, "municipality": "la-marsa"}
                with claims.held(command_of(method, hidden(payload, key))):
                    pass
                codes = [
                    refusal(client, service, method, payload | changes)
                    for changes in ({}, {"municipality": "raoued"}, {"actor": ACTOR | {"id": "staff-2"}})
                ]
                assert codes[0] != REUSED[1], method
                assert codes[1:] == [REUSED[1]] * 2, method
    finally:
        client.close()


def test_every_method_that_may_take_a_key_is_walked() -> None:
    """A new method is under the rule without a line of its own."""
    for service, name in SERVICES.items():
        kind = getattr(import_module(f"imigr_{service}.service"), name)
        entrypoints = {one for one in dir(kind) if getattr(getattr(kind, one), "nameko_entrypoints", None)}
        payloads = {one for one in entrypoints if "payload" in getattr(kind, one).__code__.co_varnames}
        assert payloads - set(methods_of(service)) == NOT_WALKED.get(service, set())


def refusal(client: RpcClient, service: str, method: str, payload: dict[str, Any]) -> str:
    """The code of the refusal; empty when it is answered."""
    try:
        client.call(service, method, payload)
    except ImigrError as error:
        return error.code
    return ""
