"""MongoDB: guichets, and one document per desk and opening day with its bookings and its outbox."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields
from datetime import UTC, date, datetime
from datetime import time as wall
from typing import Any

from pymongo.client_session import ClientSession
from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from imigr_guichet import handlers
from imigr_guichet.domain import (
    OCCUPYING,
    Appointment,
    DayException,
    Desk,
    Guichet,
    OpeningRule,
    Span,
    State,
    Topic,
)
from imigr_guichet.ports import Command, Stored
from imigr_kit.context import current
from imigr_kit.facts import Fact
from imigr_kit.mongo import Index, in_transaction, not_after
from imigr_kit.outbox import new_document_fields, with_events

Document = dict[str, Any]
Stamp = Callable[[Iterable[Fact]], list[Document]]

GUICHETS, DAYS = "guichets", "days"
PLAN_SECONDS = 2.0
KNOWN_DAYS = 20_000

INDEXES = (
    Index(GUICHETS, [("municipality", 1)], name="municipality"),
    Index(DAYS, [("claims", 1)], unique=True, name="claims"),
    Index(DAYS, [("guichet_id", 1), ("date", 1)], name="guichet_date"),
)


class MongoPlans:
    """Guichets, read through a cache of two seconds: every booking needs the plan, and plans change rarely."""

    def __init__(self, db: Database[Document], stamp: Stamp) -> None:
        self._db = db
        self._stamp = stamp
        self._cache: dict[str, Guichet] = {}
        self._read_at = float("-inf")

    def get(self, guichet_id: str) -> Guichet | None:
        """One guichet, at most two seconds old."""
        return self._fresh().get(guichet_id)

    def all(self, municipality: str | None) -> Sequence[Guichet]:
        """All guichets, or those of one municipality, by id."""
        found = [one for one in self._fresh().values() if municipality in (None, one.municipality)]
        return sorted(found, key=lambda one: one.id)

    def put(self, guichet: Guichet, facts: Sequence[Fact]) -> bool:
        """Store a guichet with its facts if it is new or has exactly the version before; false otherwise."""
        body = guichet_document(guichet)
        events = self._stamp(facts)
        if guichet.version == 1:
            try:
                self._db[GUICHETS].insert_one({"_id": guichet.id, **body, **new_document_fields(events)})
            except DuplicateKeyError:
                return False
            return True
        change = with_events({"$set": body}, events)
        result = self._db[GUICHETS].update_one({"_id": guichet.id, "version": guichet.version - 1}, change)
        return bool(result.modified_count)

    def _fresh(self) -> dict[str, Guichet]:
        if time.monotonic() - self._read_at > PLAN_SECONDS:
            rows = self._db[GUICHETS].find({}, {"outbox": 0, "unsent": 0})
            self._cache = {row["_id"]: guichet_of(row) for row in rows}
            self._read_at = time.monotonic()
        return self._cache


class MongoAppointments:
    """One document per desk and opening day. ``claims`` is an array under a unique index over the whole
    collection: a command key, a reference or a manage hash exists once, wherever the appointment lies."""

    def __init__(self, db: Database[Document], stamp: Stamp, reference_hash: Callable[[str], str]) -> None:
        self._db = db
        self._reference_hash = reference_hash
        self._days = db[DAYS]
        self._stamp = stamp
        self._known: set[str] = set()

    def claim(self, appointment: Appointment, facts: Sequence[Fact], command: Command, manage: str) -> Stored | None:
        """One conditional write; see ports.Appointments."""
        self._ensure_day(appointment)
        reference = self._reference_hash(appointment.id)
        row = booking_document(appointment, manage) | {"reference": reference}
        row["answers"] = [_answer_row(appointment, command)]
        claims = [f"key:{command.key}", f"ref:{reference}", f"manage:{manage}"]
        change = with_events({"$push": {"bookings": row, "claims": {"$each": claims}}}, self._stamp(facts))
        query = _free(appointment) | {"claims": {"$ne": claims[0]}}
        try:
            done = self._days.update_one(not_after(query, current().deadline), change).modified_count
        except DuplicateKeyError:
            return self.by_command(command.key)
        return Stored(appointment, _answers(row)) if done else None

    def find(self, manage: str) -> Stored | None:
        """By the claims index."""
        return self._one(f"manage:{manage}", lambda row: row.get("manage") == manage)

    def by_command(self, key: str) -> Stored | None:
        """By the claims index."""
        return self._one(f"key:{key}", lambda row: any(one["key"] == key for one in row["answers"]))

    def change(self, old: Appointment, new: Appointment, facts: Sequence[Fact], command: Command) -> bool:
        """One conditional write guarded by the version."""
        query = {"_id": day_id(old), "bookings": {"$elemMatch": {"id": old.id, "version": old.version}}}
        update = with_events(
            {
                "$set": {"bookings.$.state": str(new.state), "bookings.$.version": new.version},
                "$push": {"bookings.$.answers": _answer_row(new, command)},
            },
            self._stamp(facts),
        )
        return bool(self._days.update_one(not_after(query, current().deadline), update).modified_count)

    def relocate(self, old: Appointment, new: Appointment, facts: Sequence[Fact], command: Command) -> bool:
        """One transaction over both documents; see ports.Appointments."""
        self._ensure_day(new)
        events = self._stamp(facts)
        try:
            return in_transaction(self._db, lambda session: self._relocate(old, new, events, command, session))
        except _PlaceTaken:
            return False

    def taken(
        self, guichet_id: str, first: date, last: date
    ) -> dict[tuple[date, str], list[tuple[datetime, datetime]]]:
        """One range query over the days of a guichet."""
        query = {"guichet_id": guichet_id, "date": {"$gte": first.isoformat(), "$lte": last.isoformat()}}
        shown = {"desk": 1, "date": 1, "bookings.start": 1, "bookings.end": 1, "bookings.state": 1}
        found: dict[tuple[date, str], list[tuple[datetime, datetime]]] = {}
        for row in self._days.find(query, shown):
            key = (date.fromisoformat(row["date"]), row["desk"])
            found[key] = [(one["start"], one["end"]) for one in row["bookings"] if one["state"] in OCCUPYING]
        return found

    def of_day(self, guichet_id: str, day: date) -> Sequence[Appointment]:
        """One query; tombstones of moved appointments are left out."""
        rows = self._days.find({"guichet_id": guichet_id, "date": day.isoformat()}, {"outbox": 0, "claims": 0})
        found = [
            appointment_of(day_row, row)
            for day_row in rows
            for row in day_row["bookings"]
            if row["state"] != State.MOVED
        ]
        return sorted(found, key=lambda one: (one.start, one.desk))

    def _relocate(
        self, old: Appointment, new: Appointment, events: list[Document], command: Command, session: ClientSession
    ) -> bool:
        query = {"_id": day_id(old), "bookings": {"$elemMatch": {"id": old.id, "version": old.version}}}
        before = self._days.find_one(not_after(query, current().deadline), session=session)
        if before is None:
            return False
        row = next(one for one in before["bookings"] if one["id"] == old.id and one["version"] == old.version)
        claims = [one for one in before["claims"] if one in _claims_of(row)]
        waiting = [event for event in before.get("outbox", ()) if event["subject"] == old.id]
        tombstone = {"bookings.$.state": str(State.MOVED), "bookings.$.moved_to": day_id(new)}
        # The tombstone keeps the interval for the record but neither id, link nor command of the living one.
        emptied: Document = {
            "bookings.$.id": f"{old.id}:{old.version}",
            "bookings.$.manage": None,
            "bookings.$.answers": [],
        }
        self._days.update_one(query, {"$set": tombstone | emptied}, session=session)
        pulled: Document = {"claims": {"$in": claims}, "outbox": {"id": {"$in": [event["id"] for event in waiting]}}}
        self._days.update_one({"_id": day_id(old)}, {"$pull": pulled}, session=session)
        moved = booking_document(new, row["manage"]) | {"reference": row["reference"]}
        moved["answers"] = [*row["answers"], _answer_row(new, command)]
        added = [*claims, f"key:{command.key}"]
        change = with_events({"$push": {"bookings": moved, "claims": {"$each": added}}}, [*waiting, *events])
        if not self._days.update_one(_free(new), change, session=session).modified_count:
            raise _PlaceTaken
        return True

    def _ensure_day(self, appointment: Appointment) -> None:
        """The empty document of a desk and day; MongoDB forbids $expr in upserts, so it is made beforehand."""
        key = day_id(appointment)
        if key in self._known:
            return
        shell = {
            "_id": key,
            "guichet_id": appointment.guichet_id,
            "municipality": appointment.municipality,
            "desk": appointment.desk,
            "date": appointment.day.isoformat(),
            "bookings": [],
            "claims": [f"day:{key}"],
            "outbox": [],
        }
        try:
            self._days.update_one({"_id": key}, {"$setOnInsert": shell}, upsert=True)
        except DuplicateKeyError:
            pass
        if len(self._known) > KNOWN_DAYS:
            self._known.clear()
        self._known.add(key)

    def _one(self, claim: str, wanted: Callable[[Document], bool]) -> Stored | None:
        day_row = self._days.find_one({"claims": claim}, {"outbox": 0, "claims": 0})
        if day_row is None:
            return None
        for row in day_row["bookings"]:
            if row["state"] != State.MOVED and wanted(row):
                return Stored(appointment_of(day_row, row), _answers(row))
        return None


class _PlaceTaken(Exception):
    """Ends the transaction of a move whose target is not free."""


def day_id(appointment: Appointment) -> str:
    """Key of the document of a desk and opening day."""
    return f"{appointment.guichet_id}:{appointment.desk}:{appointment.day.isoformat()}"


def booking_document(appointment: Appointment, manage: str) -> Document:
    """The embedded form of an appointment."""
    return {
        "id": appointment.id,
        "start": appointment.start,
        "end": appointment.end,
        "topic": appointment.topic,
        "language": appointment.language,
        "state": str(appointment.state),
        "contact_id": appointment.contact_id,
        "channel": appointment.channel,
        "message_language": appointment.message_language,
        "version": appointment.version,
        "manage": manage,
    }


def appointment_of(day_row: Document, row: Document) -> Appointment:
    """The appointment in an embedded booking."""
    return Appointment(
        id=row["id"],
        municipality=day_row["municipality"],
        guichet_id=day_row["guichet_id"],
        desk=day_row["desk"],
        day=date.fromisoformat(day_row["date"]),
        start=row["start"].astimezone(UTC),
        end=row["end"].astimezone(UTC),
        topic=row["topic"],
        language=row["language"],
        state=State(row["state"]),
        contact_id=row["contact_id"],
        channel=row["channel"],
        message_language=row["message_language"],
        version=row["version"],
    )


def guichet_document(guichet: Guichet) -> Document:
    """A guichet as kept; dates and wall-clock times as ISO text, since BSON has neither."""
    row = {one.name: getattr(guichet, one.name) for one in fields(guichet) if one.name != "id"}
    return row | {
        "name": dict(guichet.name),
        "address": dict(guichet.address),
        "location": dict(guichet.location) if guichet.location else None,
        "accessibility": list(guichet.accessibility),
        "topics": [{"code": t.code, "name": dict(t.name), "minutes": t.minutes} for t in guichet.topics],
        "desks": [{"code": d.code, "languages": list(d.languages), "topics": list(d.topics)} for d in guichet.desks],
        "rules": [
            {
                "rrule": rule.rrule,
                "spans": _span_rows(rule.spans),
                "valid_from": rule.valid_from.isoformat(),
                "valid_until": rule.valid_until.isoformat() if rule.valid_until else None,
            }
            for rule in guichet.rules
        ],
        "exceptions": [{"date": e.date.isoformat(), "spans": _span_rows(e.spans)} for e in guichet.exceptions],
    }


def guichet_of(row: Document) -> Guichet:
    """The guichet in a document (or in a row of the seed file, with ``id`` instead of ``_id``)."""
    return Guichet(
        id=row.get("_id") or row["id"],
        municipality=row["municipality"],
        name=row["name"],
        address=row["address"],
        location=row.get("location"),
        timezone=row["timezone"],
        accessibility=tuple(row.get("accessibility", ())),
        topics=tuple(Topic(t["code"], t["name"], t["minutes"]) for t in row["topics"]),
        desks=tuple(Desk(d["code"], tuple(d["languages"]), tuple(d["topics"])) for d in row["desks"]),
        rules=tuple(
            OpeningRule(
                r["rrule"],
                _spans(r["spans"]),
                date.fromisoformat(r["valid_from"]),
                date.fromisoformat(r["valid_until"]) if r.get("valid_until") else None,
            )
            for r in row["rules"]
        ),
        exceptions=tuple(
            DayException(date.fromisoformat(e["date"]), _spans(e["spans"])) for e in row.get("exceptions", ())
        ),
        step_minutes=row["step_minutes"],
        notice_minutes=row["notice_minutes"],
        horizon_days=row["horizon_days"],
        state=row["state"],
        version=row.get("version", 1),
    )


def _span_rows(spans: Iterable[Span]) -> list[list[str]]:
    return [[span.start.isoformat("minutes"), span.end.isoformat("minutes")] for span in spans]


def _spans(rows: Iterable[Sequence[str]]) -> tuple[Span, ...]:
    return tuple(
        Span(wall.fromisoformat(start), wall.fromisoformat(end.replace("24:00", "00:00"))) for start, end in rows
    )


def _free(appointment: Appointment) -> Document:
    overlapping = {
        "state": {"$in": [str(state) for state in OCCUPYING]},
        "start": {"$lt": appointment.end},
        "end": {"$gt": appointment.start},
    }
    return {"_id": day_id(appointment), "bookings": {"$not": {"$elemMatch": overlapping}}}


def _claims_of(row: Document) -> set[str]:
    keys = {f"key:{one['key']}" for one in row["answers"]}
    return keys | {f"ref:{row['reference']}", f"manage:{row['manage']}"}


def _answer_row(appointment: Appointment, command: Command) -> Document:
    return {"key": command.key, "body_hash": command.body_hash, "said": handlers.answer(appointment)}


def _answers(row: Document) -> dict[str, tuple[str, Document]]:
    return {one["key"]: (one["body_hash"], one["said"]) for one in row["answers"]}
