"""MongoDB: rules of certificates, and that certificates were issued; no holder is in either."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any

from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from imigr_events.domain.certificates import Below, Certificate, Revocation, Rule, Withdrawn
from imigr_events.storage.rows import Document
from imigr_kit.context import current
from imigr_kit.facts import Fact
from imigr_kit.mongo import Index, not_after
from imigr_kit.outbox import new_document_fields, with_events

CERTIFICATES = "certificates"
CERTIFICATE_INDEXES = (
    Index(CERTIFICATES, [("event_id", 1)], name="event"),
    Index(CERTIFICATES, [("revoked.key", 1)], unique=True, partial={"revoked": {"$exists": True}}, name="revoked"),
    Index(
        CERTIFICATES,
        [("municipality", 1), ("revoked.on", 1)],
        partial={"revoked": {"$exists": True}},
        name="revoked_of_town",
    ),
)
_HIDDEN = {"outbox": 0, "unsent": 0}


class MongoCertificates:
    """The id of a certificate follows from its registration by a keyed hash, so there is one each."""

    def __init__(self, db: Database[Document], stamp: Callable[[Iterable[Fact]], list[Document]]) -> None:
        self._certificates = db[CERTIFICATES]
        self._rules = db["certificate_rules"]
        self._stamp = stamp

    def rule(self, event_id: str) -> Rule | None:
        """By event."""
        row = self._rules.find_one({"_id": event_id})
        if row is None:
            return None
        return Rule(event_id, row["municipality"], row["minimum_percent"], Below(row["below"]), row["version"])

    def set_rule(self, rule: Rule, expected: int) -> bool:
        """An insert, or a replacement guarded by the version."""
        row = asdict(rule) | {"_id": rule.event_id, "below": str(rule.below), "version": expected + 1}
        del row["event_id"]
        if expected:
            query = not_after({"_id": rule.event_id, "version": expected}, current().deadline)
            return bool(self._rules.replace_one(query, row).modified_count)
        try:
            self._rules.insert_one(row)
        except DuplicateKeyError:
            return False
        return True

    def find(self, certificate_id: str) -> Certificate | None:
        """By id."""
        row = self._certificates.find_one({"_id": certificate_id}, _HIDDEN)
        if row is None:
            return None
        return _certificate(row)

    def revoked_by(self, key: str) -> Certificate | None:
        """By the unique index of commands."""
        row = self._certificates.find_one({"revoked.key": key, "revoked": {"$exists": True}}, _HIDDEN)
        return None if row is None else _certificate(row)

    def revoked_in(self, municipality: str) -> Sequence[Certificate]:
        """By the index of a town's revoked ones."""
        query = {"municipality": municipality, "revoked": {"$exists": True}}
        rows = self._certificates.find(query, _HIDDEN).sort([("revoked.on", 1), ("_id", 1)])
        return [_certificate(row) for row in rows]

    def add(self, certificate: Certificate, facts: Sequence[Fact]) -> bool:
        """One insert with its event."""
        try:
            self._certificates.insert_one(_row(certificate) | new_document_fields(self._stamp(facts)))
        except DuplicateKeyError:
            return False
        return True

    def replace(self, old: Certificate, new: Certificate, facts: Sequence[Fact]) -> bool:
        """Guarded by the version."""
        body = {name: value for name, value in _row(new).items() if name != "_id"}
        query = not_after({"_id": old.id, "version": old.version}, current().deadline)
        update = with_events({"$set": body}, self._stamp(facts))
        try:
            return bool(self._certificates.update_one(query, update).modified_count)
        except DuplicateKeyError:
            return False  # the key of a revocation belongs to another certificate

    def count(self, event_id: str) -> int:
        """By the index of events."""
        return self._certificates.count_documents({"event_id": event_id})


def _row(certificate: Certificate) -> Document:
    row = asdict(certificate) | {"_id": certificate.id, "issued_on": certificate.issued_on.isoformat()}
    del row["id"], row["revoked"]
    gone = certificate.revoked
    if gone is not None:
        row["revoked"] = asdict(gone) | {"on": gone.on.isoformat(), "reason": str(gone.reason)}
    return row


def _certificate(row: Document) -> Certificate:
    values: dict[str, Any] = {name: value for name, value in row.items() if name != "_id"}
    gone = row.get("revoked")
    if gone is not None:
        on, reason = date.fromisoformat(gone["on"]), Withdrawn(gone["reason"])
        values["revoked"] = Revocation(**gone | {"on": on, "reason": reason})
    return Certificate(**values | {"id": row["_id"], "issued_on": date.fromisoformat(row["issued_on"])})
