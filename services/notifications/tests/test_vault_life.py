"""A contact's life: consent, what the person sees, erasure that survives a restore, reveal that is noted first."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import bson
import pytest

from imigr_kit.commands import Command
from imigr_kit.errors import Forbidden
from imigr_kit.ids import new_id
from imigr_kit.outbox import sent_updates
from imigr_kit.secret import Secret
from imigr_kit.testing import FrozenClock, wait_until
from imigr_notifications import handlers, schemas
from imigr_notifications.domain import Matter, State
from imigr_notifications.errors import NothingToReveal, UnknownReason
from imigr_notifications.handlers import Desk
from imigr_notifications.storage import CONTACTS, ERASURES, MESSAGES, REVEALS, FileLedger, MongoContacts, MongoReveals
from imigr_notifications.testing import FakeSender
from imigr_notifications.vault import Contact, Vault

from .conftest import HASH_KEY, PHONE

Give = Callable[..., None]
MakeMatter = Callable[..., Matter]
MEDIATOR: dict[str, Any] = {
    "id": "staff-1",
    "kind": "staff",
    "roles": [{"municipality": "la-marsa", "role": "mediator"}],
}
EDITOR = {"id": "staff-2", "roles": [{"municipality": "la-marsa", "role": "editor"}]}
ADMIN = {"id": "staff-3", "roles": [{"municipality": "*", "role": "admin"}]}

FIRST = Command("k-1", "body")


@pytest.fixture
def contacts(mongo_db: Any, vault: Vault) -> MongoContacts:
    """The vault's records."""
    return MongoContacts(mongo_db, vault)


@pytest.fixture
def reveals(mongo_db: Any) -> MongoReveals:
    """The audit of reveals."""
    return MongoReveals(mongo_db, Secret(HASH_KEY))


@pytest.fixture
def booked(desk: Desk, give: Give, matter: MakeMatter) -> None:
    """A contact and a booked appointment."""
    give()
    handlers.plan(desk, matter(), "booked", 1, None)


def reasons(desk: Desk) -> dict[str, str | None]:
    return {one.kind: one.reason for one in desk.messages.of_subject("appointment-1")}


@pytest.mark.usefixtures("booked")
def test_a_forgotten_contact_is_in_no_message_any_more(desk: Desk, mongo_db: Any) -> None:
    """The whole rows hold its id no more, once their events are sent; only the note of the erasure does."""
    handlers.forget_contact(desk, "contact-1")
    mongo_db[MESSAGES].bulk_write(sent_updates(list(mongo_db[MESSAGES].find())))
    left = {name: list(mongo_db[name].find()) for name in mongo_db.list_collection_names()}
    assert left[MESSAGES]
    assert [name for name, rows in left.items() if "contact-1" in json.dumps(rows, default=str)] == [ERASURES]


@pytest.mark.usefixtures("booked")
def test_a_person_sees_what_is_held_with_a_hint_only(
    desk: Desk, contacts: MongoContacts, matter: MakeMatter, clock: FrozenClock
) -> None:
    """Channel, language, purposes, consent and how long; never the address."""
    shown = schemas.held_out(handlers.held_contact(desk, contacts, "contact-1"))
    assert shown == {
        "held": True,
        "channel": "sms",
        "hint": "**********56",
        "language": "fr",
        "consents": ["messages", "reminders"],
        "kept_until": "2026-11-27T08:30:00Z",
        "purposes": [{"subject": "appointment-1", "until": "2026-11-26T08:30:00Z"}],
    }
    clock.advance(days=5)
    assert schemas.held_out(handlers.held_contact(desk, contacts, "contact-1")) == {"held": False}


def test_of_an_email_the_domain_is_shown(desk: Desk, contacts: MongoContacts, give: Give) -> None:
    """Enough to recognise it."""
    give(address="visitor@example.test", channel="email")
    assert schemas.held_out(handlers.held_contact(desk, contacts, "contact-1"))["hint"] == "v***@example.test"


@pytest.mark.usefixtures("booked")
def test_a_reminder_needs_consent_to_reminders(
    desk: Desk, contacts: MongoContacts, sender: FakeSender, clock: FrozenClock
) -> None:
    """Taken back after the booking: the confirmation still goes, the reminder does not."""
    assert handlers.set_consent(desk, contacts, "contact-1", ["messages"])
    handlers.deliver_due(desk, "sms")
    clock.advance(days=2, hours=8)
    handlers.deliver_due(desk, "sms")
    assert [one.message_id.split(":")[1] for one in sender.taken] == ["confirmation"]
    assert reasons(desk)["reminder"] == "no_consent"


def test_consent_travels_sealed_with_the_contact(vault: Vault, seal: Callable[..., bytes]) -> None:
    """Unless it says otherwise: messages about the booking and reminders, and no news."""
    opened = vault.open_intake(seal(channel="sms", address=PHONE, language="fr"), ["TN"])
    assert isinstance(opened, Contact)
    assert opened.consents == {"messages", "reminders"}
    only = vault.open_intake(seal(channel="sms", address=PHONE, language="fr", consents=["messages"]), ["TN"])
    assert isinstance(only, Contact)
    assert only.consents == {"messages"}


@pytest.mark.usefixtures("booked")
def test_deleting_gives_a_receipt_and_the_same_one_again(desk: Desk, vault: Vault, clock: FrozenClock) -> None:
    """One tap, twice."""

    def receipt() -> dict[str, Any]:
        erased = handlers.forget_contact(desk, "contact-1")
        return schemas.erased_out(erased, vault.receipt(erased.contact_id, erased.at))

    first = receipt()
    clock.advance(minutes=5)
    assert receipt() == first
    assert first["erased_at"] == "2026-11-23T08:00:00Z"
    assert len(first["receipt"]) == 16


@pytest.mark.usefixtures("booked")
def test_erased_by_one_process_it_is_unreadable_in_another_at_once(
    desk: Desk, mongo_db: Any, vault: Vault, clock: FrozenClock
) -> None:
    """No process keeps a contact it has opened: the bar is 60 seconds, this is none."""
    other = MongoContacts(mongo_db, vault)
    assert other.reach("contact-1", clock.now()) is not None
    handlers.forget_contact(desk, "contact-1")
    assert other.reach("contact-1", clock.now()) is None
    assert mongo_db[CONTACTS].count_documents({}) == 0


def restart_from(mongo_db: Any, dump: dict[str, list[bytes]]) -> None:
    """What mongorestore --drop does with a dump."""
    for name in mongo_db.list_collection_names():
        mongo_db[name].delete_many({})
    for name, rows in dump.items():
        if rows:
            mongo_db[name].insert_many([bson.decode(row) for row in rows])


def test_what_was_erased_after_a_backup_does_not_come_back_with_it(
    mongo_db: Any, vault: Vault, give: Give, clock: FrozenClock, tmp_path: Path, notifications_env: dict[str, str]
) -> None:
    """Dump, erase, restore: the contact is back with its key. The command erases it again; others stay."""
    ledger = tmp_path / "erasures.jsonl"
    contacts = MongoContacts(mongo_db, vault, FileLedger(ledger))
    give("contact-1")
    give("contact-2")
    dump = {name: [bson.encode(row) for row in mongo_db[name].find()] for name in mongo_db.list_collection_names()}
    contacts.forget("contact-1", clock.now())
    contacts.forget("contact-1", clock.now())
    restart_from(mongo_db, dump)
    assert contacts.reach("contact-1", clock.now()) is not None
    assert mongo_db[ERASURES].count_documents({}) == 0
    environment = os.environ | notifications_env | {"IMIGR_ERASURE_LEDGER": str(ledger)}
    command = [sys.executable, "-m", "imigr_notifications.cli", "replay-erasures"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "1 restored contacts erased again"
    assert contacts.reach("contact-1", clock.now()) is None
    assert contacts.reach("contact-2", clock.now()) is not None
    with mongo_db.client.start_session() as session:
        late = Contact("sms", Secret(PHONE), "fr", None)
        assert not contacts.store("contact-1", late, clock.now(), session)
    assert PHONE[-8:] not in ledger.read_text()
    assert len(ledger.read_text().splitlines()) == 1


def test_a_line_that_a_crash_has_cut_is_no_erasure(tmp_path: Path, clock: FrozenClock) -> None:
    """It was never answered."""
    path = tmp_path / "erasures.jsonl"
    FileLedger(path).add("c1", clock.now())
    path.write_text(path.read_text() + '{"contact_id": "c2", "a')
    assert [one for one, _ in FileLedger(path).entries()] == ["c1"]


def test_an_erasure_that_cannot_be_noted_is_not_answered(
    mongo_db: Any, vault: Vault, give: Give, clock: FrozenClock, tmp_path: Path
) -> None:
    """The disk of the ledger is full or gone: the person hears an error and asks again."""
    give()
    contacts = MongoContacts(mongo_db, vault, FileLedger(tmp_path / "absent" / "ledger"))
    with pytest.raises(FileNotFoundError):
        contacts.forget("contact-1", clock.now())
    assert contacts.reach("contact-1", clock.now()) is not None


@pytest.mark.usefixtures("booked")
def test_an_address_is_shown_to_staff_after_it_was_noted(
    desk: Desk, reveals: MongoReveals, mongo_db: Any, clock: FrozenClock
) -> None:
    """With actor, reason and reference; without the address."""
    shown = handlers.reveal_contact(desk, reveals, MEDIATOR, "la-marsa", "appointment-1", "not_reached", FIRST)
    assert schemas.revealed_out(shown) == {"channel": "sms", "address": PHONE}
    (row,) = mongo_db[REVEALS].find()
    assert (row["actor"], row["reason"], row["subject"]) == ("staff-1", "not_reached", "appointment-1")
    assert PHONE[-8:] not in str(row)
    assert reveals.break_at(clock.now()) is None


@pytest.mark.usefixtures("booked")
def test_what_cannot_be_noted_is_not_shown(desk: Desk) -> None:
    """The audit comes before the answer."""

    class Broken:
        def add(self, _reveal: Any, _at: Any) -> None:
            raise ConnectionError

    opened: list[str] = []

    class Watched:
        def reach(self, contact_id: str, _now: Any) -> None:
            opened.append(contact_id)

    with pytest.raises(ConnectionError):
        handlers.reveal_contact(
            replace(desk, contacts=Watched()),  # type: ignore[arg-type]  # the rest of the vault must not be asked
            Broken(),  # type: ignore[arg-type]  # nor the rest of the audit
            MEDIATOR, "la-marsa", "appointment-1", "not_reached", FIRST,
        )  # fmt: skip
    assert opened == []


@pytest.mark.usefixtures("booked")
@pytest.mark.parametrize(
    ("actor", "municipality", "subject", "reason", "error"),
    [
        (MEDIATOR, "raoued", "appointment-1", "safety", Forbidden),
        (
            {"id": "x", "kind": "staff", "roles": [{"municipality": "la-marsa", "role": "editor"}]},
            "la-marsa",
            "appointment-1",
            "safety",
            Forbidden,
        ),
        (MEDIATOR | {"kind": "machine"}, "la-marsa", "appointment-1", "safety", Forbidden),
        (MEDIATOR, "la-marsa", "appointment-1", "curious", UnknownReason),
        (MEDIATOR, "la-marsa", "appointment-9", "safety", NothingToReveal),
        (
            {"id": "x", "kind": "staff", "roles": [{"municipality": "*", "role": "admin"}]},
            "raoued",
            "appointment-1",
            "safety",
            NothingToReveal,
        ),
    ],
)
def test_who_may_not_see_it_sees_nothing(
    desk: Desk,
    reveals: MongoReveals,
    mongo_db: Any,
    actor: Any,
    municipality: str,
    subject: str,
    reason: str,
    error: Any,
) -> None:
    """Another town or role, no listed reason, another town's appointment: refused, and no row says otherwise."""
    with pytest.raises(error):
        handlers.reveal_contact(desk, reveals, actor, municipality, subject, reason, FIRST)
    assert mongo_db[REVEALS].count_documents({}) == 0


def test_many_at_once_make_one_chain_and_a_changed_row_breaks_it(
    desk: Desk, reveals: MongoReveals, mongo_db: Any, give: Give, matter: MakeMatter, clock: FrozenClock
) -> None:
    """Each row once, in one line; any change, and any removal in the middle, is found at its place."""
    give()
    handlers.plan(desk, matter(), "booked", 1, None)

    def one(number: int) -> None:
        handlers.reveal_contact(
            desk, reveals, MEDIATOR, "la-marsa", "appointment-1", "safety", Command(f"k-{number}", "body")
        )

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(one, range(12)))
    one(3)
    assert [row["_id"] for row in mongo_db[REVEALS].find().sort("_id", 1)] == list(range(1, 13))
    assert reveals.break_at(clock.now()) is None
    mongo_db[REVEALS].update_one({"_id": 7}, {"$set": {"actor": "somebody-else"}})
    assert reveals.break_at(clock.now()) == 7
    mongo_db[REVEALS].delete_many({"_id": {"$lte": 7}})
    assert reveals.break_at(clock.now()) == 8
    assert reveals.break_at(clock.now() + timedelta(days=367)) is None


def test_neither_data_files_nor_the_oplog_hold_plain_text(mongo_db: Any, vault: Vault, clock: FrozenClock) -> None:
    """Searched on the disk of the server, byte by byte; a control value written beside it is found in both."""
    address, control = f"+2162{int(new_id()[-6:], 16) % 10_000_000:07d}", f"control-{new_id()}"
    token = f"la-marsa.{new_id()}"
    with mongo_db.client.start_session() as session:
        contact = Contact("sms", Secret(address), "fr", Secret(token))
        MongoContacts(mongo_db, vault).store("contact-1", contact, clock.now(), session)
    mongo_db["control"].insert_one({"_id": control})
    admin = mongo_db.client.admin
    admin.command("fsync")
    folder = Path(admin.command("getCmdLineOpts")["parsed"]["storage"]["dbPath"])

    def on_disk(text: str) -> bool:
        return any(text.encode() in path.read_bytes() for path in folder.rglob("*") if path.is_file())

    wait_until(lambda: on_disk(control), 15, "the control value is on the disk")
    rows = mongo_db.client.local["oplog.rs"].find({"ns": {"$regex": mongo_db.name}})
    oplog = b"".join(bson.encode(row) for row in rows)
    assert control.encode() in oplog
    for secret in (address, address[4:], token):
        assert not on_disk(secret)
        assert secret.encode() not in oplog
    assert json.dumps(address) not in str(mongo_db[CONTACTS].find_one())


def test_a_message_of_an_erased_contact_is_dropped_and_later_receipts_are_counted(
    desk: Desk, give: Give, matter: MakeMatter, sender: FakeSender, clock: FrozenClock
) -> None:
    """Case 35: erasure while queued; the receipt finds nothing to attach to."""
    give()
    handlers.plan(desk, matter(), "booked", 1, None)
    handlers.forget_contact(desk, "contact-1")
    handlers.deliver_due(desk, "sms")
    assert sender.taken == []
    assert {one.state for one in desk.messages.of_subject("appointment-1")} == {State.CANCELLED}
    assert clock.now() is not None
