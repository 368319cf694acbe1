"""Keys and contacts: nothing readable at rest, nothing readable after erasure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import bson
import pytest
from click.testing import CliRunner

from imigr_kit.secret import Secret
from imigr_kit.testing import FrozenClock
from imigr_notifications.cli import cli
from imigr_notifications.errors import UndecryptableContact
from imigr_notifications.ports import Readiness
from imigr_notifications.settings import MasterKeys, as_master_keys
from imigr_notifications.storage import CONTACTS, PURPOSES, MongoContacts
from imigr_notifications.vault import Contact, Unusable, Vault

PHONE = "+21620123456"
PRIVATE_KEY, HASH_KEY = bytes(range(32)), bytes(range(100, 132))
ANYWHERE = {"*"}


def keys(*names: str) -> MasterKeys:
    """Master keys; the last one is current."""
    return MasterKeys(names[-1], {name: Secret(name.ljust(32, "*").encode()) for name in names})


def vault_with(*names: str) -> Vault:
    return Vault(Secret(PRIVATE_KEY), keys(*names), Secret(HASH_KEY))


def test_what_was_sealed_is_opened_and_normalised(vault: Vault, seal: Callable[..., bytes]) -> None:
    """The whole way from the gateway."""
    box = seal(channel="sms", address="20 123 456", language="ar", manage_token="la-marsa.x")
    contact = vault.open_intake(box, ANYWHERE)
    assert isinstance(contact, Contact)
    assert (contact.channel, contact.address.reveal(), contact.language) == ("sms", PHONE, "ar")
    assert contact.manage_token is not None
    assert contact.manage_token.reveal() == "la-marsa.x"


def test_a_contact_does_not_print_itself(vault: Vault, seal: Callable[..., bytes]) -> None:
    """Neither address nor token is in its text."""
    contact = vault.open_intake(
        seal(channel="email", address="a@b.fr", language="fr", manage_token="t.secret"), ANYWHERE
    )
    assert "a@b.fr" not in repr(contact)
    assert "t.secret" not in repr(contact)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ({"channel": "sms", "address": "71 749 608", "language": "fr"}, "notifications.not_a_mobile_number"),
        ({"channel": "email", "address": "a@@b", "language": "fr"}, "notifications.not_an_email"),
    ],
)
def test_an_address_of_no_use_is_not_kept(
    vault: Vault, seal: Callable[..., bytes], content: dict[str, str], reason: str
) -> None:
    """Only why is kept, so that the message can say it failed."""
    assert vault.open_intake(seal(**content), ANYWHERE) == Unusable(content["channel"], reason)


@pytest.mark.parametrize("content", [{}, {"channel": "fax", "address": "1", "language": "fr"}, {"channel": "sms"}])
def test_a_box_without_a_contact_is_refused(vault: Vault, seal: Callable[..., bytes], content: dict[str, str]) -> None:
    """Opened, but not what the contract says."""
    with pytest.raises(UndecryptableContact):
        vault.open_intake(seal(**content), ANYWHERE)


def test_a_box_for_another_vault_is_refused(seal: Callable[..., bytes]) -> None:
    """The wrong private key."""
    other = Vault(Secret(b"x" * 32), keys("k1"), Secret(HASH_KEY))
    with pytest.raises(UndecryptableContact):
        other.open_intake(seal(channel="sms", address=PHONE, language="fr"), ANYWHERE)
    with pytest.raises(UndecryptableContact):
        other.open_intake(b"not a box at all", ANYWHERE)


def sealed_contact(vault: Vault, contact_id: str = "c") -> Any:
    return vault.seal(contact_id, Contact("sms", Secret(PHONE), "fr", None))


def test_each_contact_has_its_own_key(vault: Vault) -> None:
    """The same number twice gives two ciphertexts, and one look-up hash."""
    first, second = sealed_contact(vault), sealed_contact(vault)
    assert first.box != second.box
    assert first.wrapped_key != second.wrapped_key
    assert first.lookup == second.lookup
    assert PHONE not in first.lookup


def test_a_contact_cannot_be_passed_off_as_another(vault: Vault) -> None:
    """Both layers are bound to the contact's id."""
    with pytest.raises(UndecryptableContact):
        vault.open("other", sealed_contact(vault, "c"), "sms", "fr")


def test_rotation_changes_the_wrapping_only() -> None:
    """Re-wrapped contacts open with the new key alone; those that were left behind do not."""
    old, both, new = vault_with("k1"), vault_with("k1", "k2"), vault_with("k2")
    before = sealed_contact(old)
    after = both.rewrapped("c", before)
    assert (after.key_id, after.box, after.lookup) == ("k2", before.box, before.lookup)
    assert new.open("c", after, "sms", "fr").address.reveal() == PHONE
    with pytest.raises(UndecryptableContact):
        new.open("c", before, "sms", "fr")


def test_master_keys_name_their_current_key() -> None:
    """A file that names another one stops the start."""
    with pytest.raises(ValueError, match="must name"):
        as_master_keys(json.dumps({"current": "k2", "keys": {"k1": "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE="}}))


def test_the_database_holds_ciphertext_only(mongo_db: Any, give: Callable[..., None]) -> None:
    """Searched in the raw documents, in several spellings; a control value is found."""
    give()
    raw = b"".join(bson.encode(row) for name in mongo_db.list_collection_names() for row in mongo_db[name].find())
    assert b"contact-1" in raw
    for secret in (PHONE, "20123456", "21620123456", "la-marsa.token"):
        assert secret.encode() not in raw


@pytest.fixture
def contacts(mongo_db: Any, vault: Vault) -> MongoContacts:
    """The vault's records."""
    return MongoContacts(mongo_db, vault)


def test_forgetting_is_at_once_and_for_good(
    mongo_db: Any, contacts: MongoContacts, give: Callable[..., None], clock: FrozenClock
) -> None:
    """Key and data go together, and the same contact does not come back by a late or repeated intake."""
    give()
    contacts.keep_until("contact-1", "one", clock.now() + timedelta(days=3), None)
    assert contacts.forget("contact-1", clock.now())[0]
    give()
    assert contacts.reach("contact-1", clock.now()) is None
    assert contacts.readiness("contact-1", clock.now()) is Readiness.GONE
    assert mongo_db[CONTACTS].count_documents({}) == 0
    assert mongo_db[PURPOSES].count_documents({}) == 0
    assert not contacts.forget("contact-1", clock.now())[0]


def test_a_contact_forgotten_before_it_arrived_stays_away(
    contacts: MongoContacts, give: Callable[..., None], clock: FrozenClock
) -> None:
    """The ledger remembers the id alone."""
    contacts.forget("contact-1", clock.now())
    give()
    assert contacts.reach("contact-1", clock.now()) is None
    assert not contacts.keep_until("contact-1", "one", clock.now(), None)


def test_expiry_is_checked_on_read(contacts: MongoContacts, give: Callable[..., None], clock: FrozenClock) -> None:
    """A day after the last purpose it cannot be read, though no sweep has run; a second later is enough."""
    give()
    contacts.keep_until("contact-1", "one", clock.now() + timedelta(days=3), None)
    contacts.keep_until("contact-1", "two", clock.now() + timedelta(days=2), None)
    clock.advance(days=4, seconds=-1)
    assert contacts.reach("contact-1", clock.now()) is not None
    clock.advance(seconds=2)
    assert contacts.reach("contact-1", clock.now()) is None
    assert contacts.readiness("contact-1", clock.now()) is Readiness.GONE


def test_without_a_purpose_it_lives_a_day(
    mongo_db: Any, contacts: MongoContacts, give: Callable[..., None], clock: FrozenClock
) -> None:
    """A contact whose booking never came fades; the sweep deletes it and no other."""
    give("lonely")
    give("wanted", "+21622123456")
    contacts.keep_until("wanted", "one", clock.now() + timedelta(days=3), None)
    clock.advance(hours=25)
    assert contacts.reach("lonely", clock.now()) is None
    assert contacts.sweep(clock.now()) == 1
    assert [row["_id"] for row in mongo_db[CONTACTS].find()] == ["wanted"]


def test_no_contact_outlives_thirty_days_without_a_purpose(
    contacts: MongoContacts, give: Callable[..., None], clock: FrozenClock
) -> None:
    """The hard limit follows from the day: whatever purposes there were, all are over."""
    give()
    contacts.keep_until("contact-1", "one", clock.now() + timedelta(hours=1), None)
    clock.advance(days=30)
    assert contacts.reach("contact-1", clock.now()) is None
    assert contacts.sweep(clock.now()) == 1


def test_the_command_re_wraps_every_contact(
    mongo_db: Any, mongo_uri: str, give: Callable[..., None], clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After rotate-keys the old master key can be thrown away; a second run changes nothing."""
    for number in range(3):
        give(f"c{number}", f"+2162012345{number}")
    with_two = {name: key.reveal() for name, key in keys("k1", "k2").keys.items()}
    for name, value in command_settings(mongo_uri, mongo_db.name, with_two).items():
        monkeypatch.setenv(name, value)
    assert "3 contacts re-wrapped" in CliRunner().invoke(cli, ["rotate-keys"]).output
    assert "0 contacts re-wrapped" in CliRunner().invoke(cli, ["rotate-keys"]).output
    contact = MongoContacts(mongo_db, vault_with("k2")).reach("c2", clock.now())
    assert contact is not None
    assert contact.address.reveal() == "+21620123452"


def command_settings(mongo_uri: str, database: str, masters: dict[str, bytes]) -> dict[str, str]:
    from base64 import b64encode

    def b64(raw: bytes) -> str:
        return b64encode(raw).decode()

    content = {"current": list(masters)[-1], "keys": {name: b64(key) for name, key in masters.items()}}
    return {
        "IMIGR_AMQP_URI": "amqp://nobody",
        "IMIGR_MONGO_URI": mongo_uri,
        "IMIGR_MONGO_DATABASE": database,
        "IMIGR_VAULT_PRIVATE_KEY": b64(PRIVATE_KEY),
        "IMIGR_VAULT_MASTER_KEYS": json.dumps(content),
        "IMIGR_VAULT_HASH_KEY": b64(HASH_KEY),
        "IMIGR_SMPP_PASSWORD": "for-test",
    }


def test_an_address_is_looked_up_under_a_key_alone() -> None:
    """Two hash keys give two look-ups, neither a plain hash: all numbers of a country can be tried in minutes."""
    mine, other = (Vault(Secret(PRIVATE_KEY), keys("k1"), Secret(bytes([one]) * 32)) for one in (1, 2))
    found = {one.lookup(Secret(PHONE)) for one in (mine, other)}
    plain = {hashlib.new(kind, PHONE.encode()).hexdigest() for kind in ("sha256", "sha1", "md5", "sha512")}
    assert len(found) == 2
    assert not found & plain
    assert mine.lookup(Secret(PHONE)) == mine.lookup(Secret(PHONE))
