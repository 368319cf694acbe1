"""Who may say what: the table of senders, and what is believed of a message's origin."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from imigr_kit import senders as module
from imigr_kit.events import CloudEvent
from imigr_kit.secret import Secret
from imigr_kit.senders import (
    Origin,
    Refused,
    Senders,
    check_call,
    check_event,
    check_intake,
    is_answer_of,
    is_subscribed,
    origin_of,
    user_of,
)

from .conftest import counter_event

USERS = {
    "sample": {"service": "sample", "municipalities": [], "calls": [], "serves": "sample"},
    "sample_raoued": {"service": "sample", "municipalities": ["raoued"], "calls": [], "serves": "sample_raoued"},
    "other": {"service": "other", "municipalities": [], "calls": [], "serves": "other"},
    "gateway": {"service": "gateway", "municipalities": [], "calls": ["*"], "serves": ""},
    "streams": {"service": "", "municipalities": [], "calls": ["get_board"], "serves": ""},
}
KEY = "raoued.sample.counter.raised.v1"


@dataclass
class Message:
    """What py-amqp gives of a delivery."""

    properties: dict[str, Any] = field(default_factory=dict)
    delivery_info: dict[str, str] = field(default_factory=dict)


@pytest.fixture
def senders(tmp_path: Path) -> Senders:
    """The table as provisioning writes it."""
    path = tmp_path / "senders.json"
    path.write_text(json.dumps({"users": USERS}))
    return Senders(path)


def refusal(check: Any, *arguments: Any) -> str:
    """The reason for which something is refused, or nothing."""
    try:
        check(*arguments)
    except Refused as refused:
        return refused.reason
    return ""


@pytest.mark.parametrize(
    ("user", "key", "changes", "headers", "reason"),
    [
        ("sample", KEY, {}, {}, ""),
        ("sample_raoued", KEY, {}, {}, ""),
        ("", KEY, {}, {}, "no_sender"),
        ("guest", KEY, {}, {}, "unknown_sender"),
        ("other", KEY, {}, {}, "type"),
        ("gateway", KEY, {}, {}, "type"),
        ("streams", KEY, {}, {}, "type"),
        ("sample", KEY, {}, {"CC": ["rpc-accounts"]}, "copied"),
        ("sample", KEY, {}, {"BCC": []}, "copied"),
        ("sample", "la-marsa.sample.counter.raised.v1", {}, {}, "routing_key"),
        ("sample", "raoued.sample.counter.lowered.v1", {}, {}, "routing_key"),
        ("sample", KEY, {"source": "/elsewhere/other"}, {}, "source"),
        ("sample", KEY, {"source": "sample/"}, {}, "source"),
        ("sample_raoued", "la-marsa.sample.counter.raised.v1", {"municipality": "la-marsa"}, {}, "municipality"),
        ("sample_raoued", KEY, {"municipality": "la-marsa"}, {}, "routing_key"),
    ],
)
def test_an_event_is_believed_of_its_sender_only(
    senders: Senders, user: str, key: str, changes: dict[str, Any], headers: dict[str, Any], reason: str
) -> None:
    """Type, source, town and key must all be the sender's own, and the message must be no copy."""
    event = CloudEvent.from_dict(counter_event("one", 1, **changes))
    message = Message({"user_id": user, "application_headers": headers})
    origin = Origin(user, "imigr.events", key)
    assert refusal(check_event, origin, message, event, senders, ("*.sample.counter.*.v1",)) == reason


def test_a_key_that_the_handler_never_bound_came_by_a_copy(senders: Senders) -> None:
    """A blind copy of an honest looking event reaches queues that did not ask for it."""
    event = CloudEvent.from_dict(counter_event("one", 1))
    message = Message({"user_id": "sample"})
    found = refusal(check_event, Origin("sample", "imigr.events", KEY), message, event, senders, ("*.guichet.#",))
    assert found == "routing_key"


def test_what_is_sent_to_a_private_queue_names_that_queue(senders: Senders) -> None:
    """And its sender is held to its own types there too."""
    event = CloudEvent.from_dict(
        counter_event("one", 1, type="tn.imigr.gateway.contact.given.v1", source="/x/gateway", municipality="home")
    )
    message = Message({"user_id": "gateway"})
    for user, key, reason in (
        ("gateway", "notifications.contact_intake", ""),
        ("gateway", "notifications.inbound_sms", "routing_key"),
        ("sample", "notifications.contact_intake", "type"),
    ):
        origin = Origin(user, "imigr.intake", key)
        assert refusal(check_intake, origin, message, event, senders, "notifications.contact_intake") == reason


@pytest.mark.parametrize(
    ("user", "method", "info", "headers", "reason"),
    [
        ("gateway", "create_staff", {}, {}, ""),
        ("streams", "get_board", {}, {}, ""),
        ("streams", "create_staff", {}, {}, "method"),
        ("sample", "create_staff", {}, {}, "method"),
        ("accounts", "create_staff", {}, {}, "unknown_sender"),
        ("", "create_staff", {}, {}, "no_sender"),
        ("gateway", "create_staff", {"exchange": ""}, {}, "exchange"),
        ("gateway", "create_staff", {"routing_key": "guichet.create_staff"}, {}, "routing_key"),
        ("gateway", "create_staff", {}, {"CC": ["accounts.create_staff"]}, "copied"),
    ],
)
def test_only_those_may_call_who_stand_in_the_table(
    senders: Senders, user: str, method: str, info: dict[str, str], headers: dict[str, Any], reason: str
) -> None:
    """By the exchange of calls, under the key of the method, and without copies."""
    way = {"exchange": "nameko-rpc", "routing_key": f"accounts.{method}"} | info
    message = Message({"user_id": user, "application_headers": headers}, way)
    assert refusal(check_call, message, method, "accounts", senders) == reason


def test_an_answer_counts_from_the_service_that_was_asked(senders: Senders) -> None:
    """Neither another service nor somebody without a name can answer for it."""
    heard = {user: is_answer_of(Message({"user_id": user}), "sample_raoued", senders) for user in (*USERS, "", "guest")}
    assert [user for user, believed in heard.items() if believed] == ["sample_raoued"]


def test_a_copy_is_believed_only_from_oneself_over_one_s_own_exchange() -> None:
    """The same headers from anybody else, or on any other way, say nothing."""
    told = {"x-imigr-sender": "gateway", "x-imigr-exchange": "imigr.events", "x-imigr-routing-key": KEY}
    own = {"exchange": "sample.redelivery", "routing_key": "sample.on_raised"}
    for user, way, sender in (
        ("sample", own, "gateway"),
        ("other", own, "other"),
        ("sample", own | {"exchange": "imigr.events"}, "sample"),
        ("", own, ""),
    ):
        message = Message({"user_id": user, "application_headers": told}, way)
        assert origin_of(message, "sample", "sample.redelivery").user == sender


def test_the_table_is_read_again_when_it_has_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A part that was added is believed without a restart; a broken file leaves the table as it was."""
    monkeypatch.setattr(module, "LOOK_SECONDS", -1.0)
    path = tmp_path / "senders.json"
    path.write_text(json.dumps({"users": {}}))
    table = Senders(path)
    assert refusal(table.of, "sample") == "unknown_sender"
    path.write_text(json.dumps({"users": USERS}))
    os.utime(path, ns=(1, 1))
    assert table.of("sample").service == "sample"
    path.write_text("{")
    os.utime(path, ns=(2, 2))
    assert table.of("sample").service == "sample"


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"users": []}', '{"users": {"a": {}}}', '{"users": {"a": 1}}'])
def test_a_table_that_says_nothing_stops_the_start(tmp_path: Path, text: str) -> None:
    """Rather than to believe everybody or nobody."""
    path = tmp_path / "senders.json"
    path.write_text(text)
    with pytest.raises(ValueError):  # noqa: PT011  # JSON's own error among them
        Senders(path)


def test_the_user_stands_in_the_address() -> None:
    """Quoted as in any address; without one it is the client library's own default."""
    assert user_of(Secret("amqp://guichet%5Fraoued:x@h:1/v")) == "guichet_raoued"
    assert user_of(Secret("amqp://h/v")) == "guest"


WORDS = st.lists(st.sampled_from(["a", "b"]), min_size=1, max_size=4)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(key=WORDS, pattern=st.lists(st.sampled_from(["a", "b", "*", "#"]), min_size=1, max_size=4))
def test_patterns_mean_what_they_mean_to_the_broker(key: list[str], pattern: list[str]) -> None:
    """``*`` one word, ``#`` any number of them (AMQP 0-9-1, 3.1.3.3)."""
    reachable = {0}
    for word in pattern:
        if word == "#":
            reachable = {later for one in reachable for later in range(one, len(key) + 1)}
        else:
            reachable = {one + 1 for one in reachable if one < len(key) and word in ("*", key[one])}
    assert is_subscribed((".".join(pattern),), ".".join(key)) == (len(key) in reachable)
