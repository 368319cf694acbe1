"""Contacts as ciphertext, the purposes that keep them, and the ledger of erasures."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime, timedelta

from pymongo.client_session import ClientSession
from pymongo.database import Database

from imigr_kit.ids import new_id
from imigr_kit.secret import Secret
from imigr_kit.settings import SettingsError
from imigr_notifications.domain import ASKED_FOR, UNDER_WAY
from imigr_notifications.errors import UndecryptableContact
from imigr_notifications.ports import Readiness
from imigr_notifications.ports_vault import Held
from imigr_notifications.storage.documents import Document, sealed_of
from imigr_notifications.storage.indexes import CONTACTS, ERASURES, LEDGER_SECONDS, MATTERS, MESSAGES, PURPOSES
from imigr_notifications.storage.ledger import FileLedger
from imigr_notifications.vault import Contact, Unusable, Vault, hint

NO_LEDGER = FileLedger(None)
FADE = timedelta(hours=24)
"""How long a contact outlives its last purpose (DESIGN section 6)."""


LINES = 1000
"""Lines of the ledger that are looked up at once."""
MOST_OF_ONE = 50
"""Contacts of one person that are looked at; one gives a new contact with each booking."""


class MongoContacts:
    """Contacts as ciphertext. A contact may be read while a purpose is less than a day past, or while it is
    less than a day old; this is checked on every read, the sweep only makes room."""

    def __init__(self, db: Database[Document], vault: Vault, ledger: FileLedger = NO_LEDGER) -> None:
        self._db = db
        self._vault = vault
        self._ledger = ledger

    def store(self, contact_id: str, contact: Contact | Unusable, now: datetime, session: ClientSession) -> bool:
        """Keep a contact, unless it was erased before it arrived; of an unusable one only the reason."""
        if self._is_erased(contact_id, session):
            return False
        row = self.row_of(contact_id, contact, now)
        del row["_id"]
        self._db[CONTACTS].update_one({"_id": contact_id}, {"$setOnInsert": row}, upsert=True, session=session)
        return True

    def row_of(self, contact_id: str, contact: Contact | Unusable, now: datetime) -> Document:
        """A contact as it is kept."""
        row: Document = {"_id": contact_id, "channel": contact.channel, "created_at": now}
        if isinstance(contact, Unusable):
            return row | {"unusable": contact.reason}
        row |= {"language": contact.language, "consents": sorted(contact.consents)}
        return row | asdict(self._vault.seal(contact_id, contact))

    def reach_all(self, contact_ids: Collection[str], now: datetime) -> Mapping[str, Contact | Readiness]:
        """Each contact decrypted for sending, or why not. Nothing is kept in the process: what was erased
        elsewhere is gone here with the next call."""
        ids = list(contact_ids)
        rows = {row["_id"]: row for row in self._db[CONTACTS].find({"_id": {"$in": ids}})}
        aged = [one for one, row in rows.items() if row["created_at"] + FADE <= now]
        kept = self._kept(aged, now) if aged else set()
        missing = [one for one in ids if one not in rows]
        erased = self._erased(missing) if missing else set()
        found: dict[str, Contact | Readiness] = {}
        for one in missing:
            found[one] = Readiness.GONE if one in erased else Readiness.NOT_YET
        for one, row in rows.items():
            found[one] = Readiness.GONE if one in aged and one not in kept else self._opened(one, row)
        return found

    def readiness(self, contact_id: str, now: datetime) -> Readiness:
        """Whether it is here, still to come, unusable, or gone (erased or expired)."""
        found = self.reach_all([contact_id], now)[contact_id]
        return found if isinstance(found, Readiness) else Readiness.READY

    def reach(self, contact_id: str, now: datetime) -> Contact | None:
        """Decrypt one; None when it may not be read any more. Raises UndecryptableContact."""
        found = self.reach_all([contact_id], now)[contact_id]
        if found is Readiness.UNREADABLE:
            raise UndecryptableContact
        return None if isinstance(found, Readiness) else found

    def lookup(self, contact_id: str) -> str | None:
        """The keyed hash of its address."""
        row = self._db[CONTACTS].find_one({"_id": contact_id}, {"lookup": 1})
        return None if row is None else row.get("lookup")

    def person_of(self, address: Secret[str]) -> str:
        """The keyed hash of an address."""
        return self._vault.lookup(address)

    def slip(self, text: str) -> str:
        """A keyed hash by which a repetition is recognised."""
        return self._vault.slip(text)

    def language_of(self, person: str) -> str | None:
        """The language this person asked for last."""
        row = self._db[CONTACTS].find_one({"lookup": person}, {"language": 1}, sort=[("created_at", -1)])
        return None if row is None else row.get("language")

    def keep_for_answer(self, address: Secret[str], language: str, now: datetime, session: ClientSession | None) -> str:
        """A contact for one answer by SMS, which fades within a day; its id."""
        contact_id = new_id()
        sealed = self._vault.seal(contact_id, Contact("sms", address, language, None))
        row = {"_id": contact_id, "channel": "sms", "created_at": now, "language": language} | asdict(sealed)
        self._db[CONTACTS].insert_one(row, session=session)
        return contact_id

    def of_person(self, person: str) -> list[str]:
        """The contacts with this keyed hash, newest first."""
        rows = self._db[CONTACTS].find({"lookup": person}, {"_id": 1}).sort("created_at", -1).limit(MOST_OF_ONE)
        return [row["_id"] for row in rows]

    def keep_until(self, contact_id: str, subject: str, until: datetime, session: ClientSession | None) -> bool:
        """The contact has a purpose until then; false, and nothing noted, when it was erased."""
        if self._is_erased(contact_id, session):
            return False
        purpose = {"contact_id": contact_id, "until": until}
        self._db[PURPOSES].update_one(
            {"_id": f"{contact_id}:{subject}"}, {"$set": purpose}, upsert=True, session=session
        )
        return True

    def mark_unusable(self, contact_id: str, reason: str) -> int:
        """Every contact with the same address: key and box go, the reason stays."""
        lookup = self.lookup(contact_id)
        query: Document = {"_id": contact_id} if lookup is None else {"lookup": lookup}
        change = {"$set": {"unusable": reason}, "$unset": {"box": "", "wrapped_key": "", "key_id": ""}}
        return self._db[CONTACTS].update_many(query, change).modified_count

    def forget(self, contact_id: str, now: datetime) -> tuple[bool, datetime]:
        """The ledgers first, so that a contact still on its way, or in a backup, is refused; then key and data
        together. Whether there was one, and the moment it was first asked."""
        row = self._db[ERASURES].find_one({"_id": contact_id})
        if row is None:
            self._ledger.add(contact_id, now)
        return self._erase(contact_id, now if row is None else row["at"])

    def replay(self, now: datetime) -> int:
        """Erase again what the ledger outside the database remembers; how many contacts were still, or again, there.
        Runs at every start, before anything is answered or sent: when nothing was restored it reads twice for every
        thousand lines and writes nothing. Lines older than the database's own memory of erasures are left out, since a
        contact of that age has no living purpose and may not be read anyway."""
        since = now - timedelta(seconds=LEDGER_SECONDS)
        recent = ((contact_id, at) for contact_id, at in self._ledger.entries() if at > since)
        found = 0
        while some := dict(itertools.islice(recent, LINES)):
            there = {row["_id"] for row in self._db[CONTACTS].find({"_id": {"$in": list(some)}}, {"_id": 1})}
            undone = there | (set(some) - self._erased(list(some)))
            found += sum(self._erase(contact_id, some[contact_id])[0] for contact_id in sorted(undone))
        return found

    def check_ledger(self) -> None:
        """The ledger is there if anything was ever erased. Raises SettingsError with what to do."""
        if self._ledger.is_missing and self._db[ERASURES].find_one({}, {"_id": 1}) is not None:
            raise SettingsError(
                f"IMIGR_ERASURE_LEDGER names {self._ledger}, which is missing, but the database knows of erasures: "
                "without the file a restored backup brings erased contacts back. Put the file back; if it is lost, or "
                "if there never was one, run: python -m imigr_notifications.cli begin-ledger."
            )

    def begin_ledger(self) -> int:
        """Write what the database knows of erasures into the ledger; how many lines."""
        self._ledger.begin()
        known = dict(self._ledger.entries())
        rows = [row for row in self._db[ERASURES].find().sort("at", 1) if row["_id"] not in known]
        for row in rows:
            self._ledger.add(row["_id"], row["at"])
        return len(rows)

    def untie(self, contact_id: str) -> None:
        """By indexes. What is being handed over at this moment keeps its name until it goes with its row."""
        done = {"contact_id": contact_id, "state": {"$nin": [str(state) for state in UNDER_WAY]}}
        self._db[MESSAGES].update_many(done, {"$set": {"contact_id": ""}})
        self._db[MATTERS].delete_many({"contact_id": contact_id})

    def _erase(self, contact_id: str, at: datetime) -> tuple[bool, datetime]:
        self._db[ERASURES].update_one({"_id": contact_id}, {"$setOnInsert": {"at": at}}, upsert=True)
        # Written before it is deleted, since a deletion does not wait for a transaction that is storing the contact;
        # so that one ends before, and is deleted, or begins anew and sees the erasure.
        gone = {"channel": "sms", "created_at": at, "unusable": "erased"}
        existed = self._db[CONTACTS].update_one({"_id": contact_id}, {"$setOnInsert": gone}, upsert=True).matched_count
        self._db[CONTACTS].delete_one({"_id": contact_id})
        self._db[PURPOSES].delete_many({"contact_id": contact_id})
        return bool(existed), at

    def held(self, contact_id: str, now: datetime) -> Held | None:
        """What is held, the address only hinted at; None when nothing may be read any more."""
        contact = self.reach_all([contact_id], now)[contact_id]
        row = self._db[CONTACTS].find_one({"_id": contact_id})
        if row is None or contact is Readiness.GONE:
            return None
        found = self._db[PURPOSES].find({"contact_id": contact_id})
        purposes = {one["_id"].partition(":")[2]: one["until"] for one in found}
        until = max([*purposes.values(), row["created_at"]]) + FADE
        shown = "" if isinstance(contact, Readiness) else hint(contact)
        return Held(row["channel"], shown, row.get("language"), row.get("consents", ()), until, purposes)

    def consent(self, contact_id: str, consents: Collection[str], now: datetime) -> bool:
        """What the person allows from now on; false when there is no contact."""
        if self.readiness(contact_id, now) is Readiness.GONE:
            return False
        change = {"$set": {"consents": sorted(consents), "consented_at": now}}
        return bool(self._db[CONTACTS].update_one({"_id": contact_id}, change).matched_count)

    def sweep(self, now: datetime) -> int:
        """Delete what may not be read any more; how many."""
        gone = 0
        for row in self._db[CONTACTS].find({"created_at": {"$lt": now - FADE}}, {"created_at": 1}):
            if not self._is_live(row["_id"], row["created_at"], now):
                self.untie(row["_id"])
                gone += self._db[CONTACTS].delete_one({"_id": row["_id"]}).deleted_count
        return gone

    def rewrap(self) -> int:
        """Bring every contact under the current master key; how many changed."""
        changed = 0
        for row in self._db[CONTACTS].find({"key_id": {"$exists": True, "$ne": self._vault.current_key}}):
            sealed = self._vault.rewrapped(row["_id"], sealed_of(row))
            self._db[CONTACTS].update_one({"_id": row["_id"], "key_id": row["key_id"]}, {"$set": asdict(sealed)})
            changed += 1
        return changed

    def _opened(self, contact_id: str, row: Document) -> Contact | Readiness:
        if "unusable" in row:
            return Readiness.UNUSABLE
        try:
            opened = self._vault.open(contact_id, sealed_of(row), row["channel"], row["language"])
            return replace(opened, person=row["lookup"], consents=frozenset(row.get("consents", ASKED_FOR)))
        except UndecryptableContact:
            return Readiness.UNREADABLE

    def _kept(self, contact_ids: Sequence[str], now: datetime) -> set[str]:
        query = {"contact_id": {"$in": list(contact_ids)}, "until": {"$gt": now - FADE}}
        return {row["contact_id"] for row in self._db[PURPOSES].find(query, {"contact_id": 1})}

    def _erased(self, contact_ids: Sequence[str]) -> set[str]:
        return {row["_id"] for row in self._db[ERASURES].find({"_id": {"$in": list(contact_ids)}}, {"_id": 1})}

    def _is_erased(self, contact_id: str, session: ClientSession | None) -> bool:
        return self._db[ERASURES].find_one({"_id": contact_id}, {"_id": 1}, session=session) is not None

    def _is_live(self, contact_id: str, created_at: datetime, now: datetime) -> bool:
        return created_at + FADE > now or bool(self._kept([contact_id], now))
