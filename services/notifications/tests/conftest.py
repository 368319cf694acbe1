"""Fixtures of the notifications' tests: keys, a vault, use cases on a real database, real protocol peers."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from nacl.public import PrivateKey, PublicKey, SealedBox

from imigr_kit.events import Stamp
from imigr_kit.ids import new_id
from imigr_kit.mongo import ensure_indexes, in_transaction
from imigr_kit.outbox import INDEX
from imigr_kit.secret import Secret
from imigr_kit.testing import FrozenClock, wait_until
from imigr_kit.testing.processes import free_port
from imigr_notifications.domain import Matter
from imigr_notifications.handlers import Desk
from imigr_notifications.settings import MasterKeys
from imigr_notifications.storage import (
    INDEXES,
    MESSAGES,
    MongoContacts,
    MongoDaily,
    MongoMatters,
    MongoMessages,
    MongoOptOuts,
    MongoReceipts,
    MongoReminders,
    MongoReplies,
    MongoRules,
    MongoSubscriptions,
)
from imigr_notifications.testing import FakeSender, one_way
from imigr_notifications.vault import Contact, Vault

ROOT = Path(__file__).resolve().parents[3]
PRIVATE_KEY = bytes(range(32))
HASH_KEY = bytes(range(100, 132))
NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
"""A Monday, nine o'clock in Tunis."""
THURSDAY = datetime(2026, 11, 26, 8, 30, tzinfo=UTC)
"""Half past nine in Tunis."""
PHONE = "+21620123456"
PEER_PASSWORD = "for-test"


def masters(*names: str) -> MasterKeys:
    """Master keys; the last one is current."""
    return MasterKeys(names[-1], {name: Secret(name.ljust(32, "*").encode()) for name in names})


@pytest.fixture
def vault() -> Vault:
    """A vault with one master key."""
    return Vault(Secret(PRIVATE_KEY), masters("k1"), Secret(HASH_KEY))


@pytest.fixture
def seal() -> Callable[..., bytes]:
    """What the gateway does: seal a contact to the vault's public key."""
    public = PublicKey(bytes(PrivateKey(PRIVATE_KEY).public_key))

    def sealed(**content: Any) -> bytes:
        return bytes(SealedBox(public).encrypt(json.dumps(content).encode()))

    return sealed


@pytest.fixture
def clock() -> FrozenClock:
    """A Monday morning."""
    return FrozenClock(NOW)


@pytest.fixture
def sender() -> FakeSender:
    """The provider of both channels."""
    return FakeSender()


@pytest.fixture
def desk(mongo_db: Any, clock: FrozenClock, vault: Vault, sender: FakeSender) -> Desk:
    """The use cases on a fresh database."""
    ensure_indexes(mongo_db, [*INDEXES, INDEX(MESSAGES)])
    return Desk(
        messages=MongoMessages(mongo_db, Stamp("notifications", "test", clock, new_id)),
        contacts=MongoContacts(mongo_db, vault),
        receipts=MongoReceipts(mongo_db, vault),
        ways=one_way(sms=sender, email=sender),
        clock=clock,
        public_url="https://imigr.test",
        unsubscribe_token=vault.unsubscribe_token,
        own_text=lambda _message: None,
        rules=MongoRules(mongo_db).rules,
        matters=MongoMatters(mongo_db),
        reminders=MongoReminders(mongo_db),
        daily=MongoDaily(mongo_db),
        opt_outs=MongoOptOuts(mongo_db),
        replies=MongoReplies(mongo_db, Stamp("notifications", "test", clock, new_id)),
        subscriptions=MongoSubscriptions(mongo_db),
        in_transaction=lambda work: in_transaction(mongo_db, work),
        doubt_lasts=timedelta(seconds=60),
    )


@pytest.fixture
def give(mongo_db: Any, vault: Vault, clock: FrozenClock) -> Callable[..., None]:
    """Put a contact into the vault."""

    def given(contact_id: str = "contact-1", address: str = PHONE, channel: str = "sms") -> None:
        contact = Contact(channel, Secret(address), "fr", Secret("la-marsa.token"))
        with mongo_db.client.start_session() as session:
            MongoContacts(mongo_db, vault).store(contact_id, contact, clock.now(), session)

    return given


@pytest.fixture
def matter() -> Callable[..., Matter]:
    """An appointment in La Marsa on Thursday, or what is asked for."""

    def make(**changes: Any) -> Matter:
        values: dict[str, Any] = {
            "subject": "appointment-1",
            "source": "appointment",
            "municipality": "la-marsa",
            "contact_id": "contact-1",
            "channel": "sms",
            "language": "fr",
            "start": THURSDAY,
            "timezone": "Africa/Tunis",
            "texts": {"place": {"fr": "Hôtel de ville de La Marsa", "ar": "قصر بلدية المرسى", "en": "Town hall"}},
        }
        return Matter(**(values | changes))

    return make


class Peers:
    """The receiving peers of the local runner in a process of their own; they share no code with the senders."""

    def __init__(self, folder: Path) -> None:
        self.smpp, self.smtp, self.page = free_port(), free_port(), free_port()
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Run them; returns when they listen."""
        variables = {
            "PYTHONPATH": str(ROOT / "deploy" / "local" / "peers"),
            "IMIGR_PEERS_HOST": "127.0.0.1",
            "IMIGR_PEERS_SMPP_PORT": str(self.smpp),
            "IMIGR_PEERS_SMTP_PORT": str(self.smtp),
            "IMIGR_PEERS_PAGE_PORT": str(self.page),
            "IMIGR_PEERS_SYSTEM_ID": "imigr",
            "IMIGR_PEERS_PASSWORD": PEER_PASSWORD,
            "IMIGR_PEERS_JOURNAL": str(self._folder / "journal.jsonl"),
        }
        self._process = subprocess.Popen([sys.executable, "-m", "imigr_peers"], env=os.environ | variables)
        wait_until(self._answers, 15, "the peers listen")

    def stop(self) -> None:
        """End them at once."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)

    def received(self, channel: str = "sms") -> list[dict[str, Any]]:
        """Messages, newest first."""
        with urllib.request.urlopen(f"{self._url()}/api/messages?channel={channel}", timeout=5) as answer:
            items: list[dict[str, Any]] = json.load(answer)["items"]
        return items

    def behave(self, **wanted: Any) -> None:
        """``throttle_next``, ``fail_next``, ``silent_next``, ``undeliverable``."""
        body = json.dumps(wanted).encode()
        request = urllib.request.Request(f"{self._url()}/api/behaviour", body, method="PUT")
        with urllib.request.urlopen(request, timeout=5):
            return

    def write(self, source: str, text: str) -> None:
        """An SMS from a phone."""
        body = json.dumps({"from": source, "text": text}).encode()
        with urllib.request.urlopen(urllib.request.Request(f"{self._url()}/api/answers", body), timeout=5):
            return

    def _url(self) -> str:
        return f"http://127.0.0.1:{self.page}"

    def _answers(self) -> bool:
        try:
            self.received()
        except OSError:
            return False
        return True


@pytest.fixture
def peers(tmp_path: Path) -> Iterator[Peers]:
    """An SMS centre and a mail sink."""
    running = Peers(tmp_path)
    running.start()
    yield running
    running.stop()


@pytest.fixture
def notifications_env(amqp_uri: str, mongo_uri: str, mongo_db: Any, peers: Peers) -> dict[str, str]:
    """Settings of a notifications process on the test's servers and peers."""
    keys = {"current": "k1", "keys": {"k1": base64.b64encode(b"k1".ljust(32, b"*")).decode()}}
    return {
        "IMIGR_AMQP_URI": amqp_uri,
        "IMIGR_MONGO_URI": mongo_uri,
        "IMIGR_MONGO_DATABASE": mongo_db.name,
        "IMIGR_RETRY_DELAYS": "100ms,200ms,400ms",
        "IMIGR_VAULT_PRIVATE_KEY": base64.b64encode(PRIVATE_KEY).decode(),
        "IMIGR_VAULT_MASTER_KEYS": json.dumps(keys),
        "IMIGR_VAULT_HASH_KEY": base64.b64encode(HASH_KEY).decode(),
        "IMIGR_PUBLIC_URL": "https://imigr.test",
        "IMIGR_SMPP_HOST": "127.0.0.1",
        "IMIGR_SMPP_PORT": str(peers.smpp),
        "IMIGR_SMPP_SYSTEM_ID": "imigr",
        "IMIGR_SMPP_PASSWORD": PEER_PASSWORD,
        "IMIGR_SMS_SENDER": "Commune",
        "IMIGR_SMTP_HOST": "127.0.0.1",
        "IMIGR_SMTP_PORT": str(peers.smtp),
        "IMIGR_SMTP_FROM": "commune@imigr.test",
        "IMIGR_DOUBT_SECONDS": "2",
        "IMIGR_DELIVERY_LEASE_SECONDS": "6",
    }
