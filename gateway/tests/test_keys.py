"""What the gateway makes of phones, addresses and devices cannot be made again once its time is over."""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from imigr_gateway.people import Desk, person
from imigr_kit.errors import Conflict
from imigr_kit.secret import Secret
from imigr_kit.testing import FrozenClock

from .conftest import KEY, FakeClient
from .test_appointments import SAID, WANTED

PHONE = "+21620123456"
ADDRESS = "41.226.1.2"


@pytest.fixture
def people(app: Flask) -> Desk:
    """What makes hashes."""
    desk: Desk = app.extensions["imigr"].people
    return desk


@pytest.fixture(autouse=True)
def known(client: FakeClient) -> None:
    """The guichet is there and takes bookings."""
    client.answers |= {"get_guichet": {"id": "g1", "municipality": "la-marsa"}, "book_appointment": SAID}


def contact_of(phone: str) -> Any:
    """Somebody with this phone."""
    return person(phone, None, "fr")


def everything(people: Desk) -> set[str]:
    """All that is ever made of one phone, one address and one device."""
    somebody = contact_of(PHONE)
    made = [people.contact_key(somebody, "guichet"), *people.contact_keys_before(somebody, "guichet")]
    made += [people.client_key(ADDRESS), people.device_key("token"), *people.contact_ids(somebody, "key-1")]
    return {*made, people.salt("key-1", Secret("A. Name")).hex()}


def test_a_hash_is_the_same_within_its_time_and_in_every_process(app: Flask, people: Desk) -> None:
    """Or no limit would hold."""
    assert everything(people) == everything(people)


def test_nothing_of_what_was_made_can_be_made_again(people: Desk, clock: FrozenClock) -> None:
    """Two months later, with every key that is left: none of it. A day later: not the address."""
    made, address = everything(people), people.client_key(ADDRESS)
    clock.advance(days=1)
    assert people.client_key(ADDRESS) != address
    clock.advance(days=62)
    assert not made & everything(people)


def test_the_lasting_key_and_the_files_that_are_left_find_nobody(
    app: Flask, people: Desk, clock: FrozenClock, tmp_path: Path
) -> None:
    """The attack that worked: try known phones with every key there is."""
    made = everything(people)
    clock.advance(days=63)
    app.extensions["imigr_keys"].destroy_outlived()
    keys = [KEY.reveal(), *(path.read_bytes() for path in (tmp_path / "keys").iterdir())]
    texts = ["\x00".join(parts) for parts in _ways()]
    tried = {hmac.new(key, text.encode(), hashlib.sha256).hexdigest() for key in keys for text in texts}
    assert not made & tried


def _ways() -> list[tuple[str, ...]]:
    """How a phone or an address was ever put into a hash, of old and now."""
    old = [("contact-key", f"guichet:2026-{month:02}", PHONE) for month in (11, 12)]
    old += [("client", f"2026-11-{day:02}", ADDRESS) for day in range(1, 31)]
    return [*old, ("guichet", PHONE), (ADDRESS,), ("client", ADDRESS), ("contact", "key-1", PHONE), ("contact", PHONE)]


def test_the_same_phone_is_recognised_over_the_turn_of_a_month(people: Desk, clock: FrozenClock) -> None:
    """In the month after by the key of before, then no more."""
    november = people.contact_key(contact_of(PHONE), "guichet")
    clock.advance(days=10)
    assert people.contact_key(contact_of(PHONE), "guichet") != november
    assert people.contact_keys_before(contact_of(PHONE), "guichet") == [november]
    clock.advance(days=31)
    assert november not in people.contact_keys_before(contact_of(PHONE), "guichet")


def book(app: Flask, key: str) -> Any:
    """A booking with a phone."""
    body = WANTED | {"phone": PHONE, "message_language": "fr"}
    return app.test_client().post("/api/v1/appointments", json=body, headers={"Idempotency-Key": key})


def test_a_repetition_after_midnight_finds_what_the_first_try_was_given(
    app: Flask, client: FakeClient, clock: FrozenClock
) -> None:
    """The service knows the command by the contact's id of yesterday; the answer and the link are the same."""
    first = book(app, "key-1")
    stored = client.calls[-1][2]["contact_id"]
    clock.advance(days=1)

    def again(**payload: Any) -> Any:
        if payload["contact_id"] != stored:
            raise Conflict(code="kit.idempotency_key_reused")
        return SAID

    client.answers["book_appointment"] = again
    second = book(app, "key-1")
    assert (second.status_code, second.json) == (201, first.json)


def test_a_key_that_is_used_for_another_phone_stays_refused(app: Flask, client: FakeClient) -> None:
    """Asked once more with yesterday's id, the service says no again."""
    book(app, "key-0")
    client.answers["book_appointment"] = Conflict(code="kit.idempotency_key_reused")
    assert book(app, "key-1").status_code == 409


def test_forgetting_cuts_the_ties_where_the_record_lies(app: Flask, client: FakeClient) -> None:
    """First the vault destroys the contact, then the guichet its ties to it."""
    erased = {"forgotten": True, "erased_at": "2026-11-23T08:00:00Z", "receipt": "r"}
    client.answers |= {
        "get_appointment": SAID | {"contact_id": "c1"}, "forget_contact": erased,
    }  # fmt: skip
    answer = app.test_client().post("/api/v1/appointments/la-marsa.a-x/forget", json={})
    assert (answer.status_code, answer.json) == (200, erased)
    asked = [(service, sorted(payload)) for service, method, payload in client.calls if method == "forget_contact"]
    assert asked == [
        ("notifications", ["contact_id", "idempotency_key"]),
        ("guichet", ["manage_hash", "municipality"]),
    ]
