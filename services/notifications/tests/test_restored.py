"""A restored backup, with the real process: what was erased is gone before the first answer, or nothing starts."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import bson
import pytest

from imigr_kit.mongo import ensure_indexes
from imigr_kit.rpc_client import RpcClient
from imigr_kit.testing import FrozenClock, servers
from imigr_notifications.storage import CONTACTS, ERASURES, INDEXES, FileLedger, MongoContacts
from imigr_notifications.vault import Vault

LINES = 2_500


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    """The file outside of the database."""
    return tmp_path / "erasures.jsonl"


@pytest.fixture
def env(notifications_env: dict[str, str], ledger: Path) -> dict[str, str]:
    """A process with its ledger."""
    trusted = {"IMIGR_SENDERS": str(servers.trusted(notifications_env["IMIGR_AMQP_URI"]))}
    return notifications_env | trusted | {"IMIGR_ERASURE_LEDGER": str(ledger)}


@pytest.fixture
def contacts(mongo_db: Any, vault: Vault, ledger: Path) -> MongoContacts:
    """The vault's records and their ledger."""
    ensure_indexes(mongo_db, INDEXES)
    return MongoContacts(mongo_db, vault, FileLedger(ledger))


def dumped(db: Any) -> dict[str, list[bytes]]:
    """What mongodump writes."""
    return {name: [bson.encode(row) for row in db[name].find()] for name in db.list_collection_names()}


def restored(db: Any, dump: dict[str, list[bytes]]) -> None:
    """What mongorestore --drop does with it."""
    for name in db.list_collection_names():
        db[name].delete_many({})
    for name, rows in dump.items():
        if rows:
            db[name].insert_many([bson.decode(row) for row in rows])


def test_an_erased_contact_is_gone_before_the_first_answer(
    mongo_db: Any,
    contacts: MongoContacts,
    give: Callable[..., None],
    clock: FrozenClock,
    env: dict[str, str],
    service_process: Callable[..., Any],
    rpc_client: RpcClient,
) -> None:
    """Nobody ran a command: the service looks into its ledger whenever it starts."""
    for contact_id in ("contact-1", "contact-2"):
        give(contact_id)
        contacts.keep_until(contact_id, "appointment-1", datetime(2100, 1, 1, tzinfo=UTC), None)
    dump = dumped(mongo_db)
    contacts.forget("contact-1", clock.now())
    restored(mongo_db, dump)
    assert {row["_id"] for row in mongo_db[CONTACTS].find()} == {"contact-1", "contact-2"}
    service_process("imigr_notifications", env=env)
    held = [
        rpc_client.call("notifications", "held_contact", {"contact_id": f"contact-{one}"})["held"] for one in (1, 2)
    ]
    assert held == [False, True]
    assert {row["_id"] for row in mongo_db[CONTACTS].find()} == {"contact-2"}
    assert mongo_db[ERASURES].find_one({"_id": "contact-1"})["at"] == clock.now()


def test_without_the_ledger_that_should_be_there_nothing_starts(
    mongo_db: Any, contacts: MongoContacts, give: Callable[..., None], clock: FrozenClock, env: dict[str, str],
    ledger: Path, service_process: Callable[..., Any],
) -> None:  # fmt: skip
    """The database knows of erasures, so there was a file: the start is refused in a sentence that names it, until it
    is back, or an operator has begun another one."""
    give("contact-1")
    contacts.forget("contact-1", clock.now())
    ledger.unlink()
    command = [sys.executable, "-m", "imigr_notifications"]
    refused = subprocess.run(command, env=os.environ | env, capture_output=True, text=True, timeout=60, check=False)
    assert refused.returncode == 2
    assert f"IMIGR_ERASURE_LEDGER names {ledger}, which is missing" in refused.stderr
    assert "Traceback" not in refused.stderr
    begin = [sys.executable, "-m", "imigr_notifications.cli", "begin-ledger"]
    begun = subprocess.run(begin, env=os.environ | env, capture_output=True, text=True, timeout=60, check=True)
    assert begun.stdout.strip() == "1 erasures written into the ledger"
    assert [one for one, _ in FileLedger(ledger).entries()] == ["contact-1"]
    service_process("imigr_notifications", env=env)


def test_a_new_installation_needs_no_ledger(contacts: MongoContacts, ledger: Path, mongo_db: Any) -> None:
    """Nothing was ever erased."""
    contacts.check_ledger()
    assert not ledger.exists()


def test_a_start_without_a_restore_writes_nothing(
    mongo_db: Any, contacts: MongoContacts, clock: FrozenClock, ledger: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long the ledger: two reads for every thousand lines. Lines of more than 400 days ago are left out."""
    at = clock.now().isoformat()
    ledger.write_text("".join(f'{{"contact_id": "c{one}", "at": "{at}"}}\n' for one in range(LINES)))
    mongo_db[ERASURES].insert_many([{"_id": f"c{one}", "at": clock.now()} for one in range(LINES)])
    monkeypatch.setattr(contacts, "_erase", lambda *_: pytest.fail("it writes"))
    assert contacts.replay(clock.now()) == 0
    mongo_db[ERASURES].delete_many({})
    clock.advance(days=401)
    assert contacts.replay(clock.now()) == 0
    assert mongo_db[ERASURES].count_documents({}) == 0


def test_a_replay_may_run_twice(
    mongo_db: Any, contacts: MongoContacts, give: Callable[..., None], clock: FrozenClock
) -> None:
    """A process that died in the middle of it begins anew."""
    give("contact-1")
    dump = dumped(mongo_db)
    contacts.forget("contact-1", clock.now())
    restored(mongo_db, dump)
    assert [contacts.replay(clock.now()) for _ in range(2)] == [1, 0]
