"""MongoDB: what was settled in the calendars of municipalities; one document each, with its outbox."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any

from pymongo.database import Database

from imigr_directory.domain.calendar import Calendar, Closure, Decision, Period, State
from imigr_directory.domain.calendar.values import span_rows_by_weekday, spans_by_weekday
from imigr_directory.handlers import Command
from imigr_directory.storage.records import raise_version
from imigr_kit.context import current
from imigr_kit.facts import Fact
from imigr_kit.mongo import not_after
from imigr_kit.outbox import with_events

Document = dict[str, Any]
Stamp = Callable[[Iterable[Fact]], list[Document]]

CALENDARS, MUNICIPALITIES = "calendars", "municipalities"
_KEPT_COMMANDS = 50
_PLAIN = {"outbox": 0, "unsent": 0, "commands": 0}


class MongoCalendars:
    """Every change is one conditional write on the version that was read, with its event in it."""

    def __init__(self, db: Database[Document], stamp: Stamp) -> None:
        self._db = db
        self._stamp = stamp

    def all(self) -> Mapping[str, Calendar]:
        """The calendars of all municipalities, by slug; two database calls."""
        settled = {row["_id"]: row for row in self._db[CALENDARS].find({}, _PLAIN)}
        towns = self._db[MUNICIPALITIES].find({}, {"timezone": 1})
        return {row["_id"]: calendar_of(row["_id"], row["timezone"], settled.get(row["_id"])) for row in towns}

    def get(self, municipality: str) -> Calendar | None:
        """The calendar of one municipality as it is stored now; None when it does not take part."""
        town = self._db[MUNICIPALITIES].find_one({"_id": municipality}, {"timezone": 1})
        if town is None:
            return None
        return calendar_of(municipality, town["timezone"], self._db[CALENDARS].find_one({"_id": municipality}, _PLAIN))

    def done(self, municipality: str, key: str) -> str | None:
        """The hash of the body of a command that was done."""
        row = self._db[CALENDARS].find_one({"_id": municipality, "commands.key": key}, {"commands.$": 1})
        return None if row is None else str(row["commands"][0]["body_hash"])

    def save(self, calendar: Calendar, facts: Sequence[Fact], command: Command) -> bool:
        """Store it on exactly the version before; false when another one is stored or the command was done."""
        where = {"_id": calendar.municipality}
        self._db[CALENDARS].update_one(where, {"$setOnInsert": {"version": 0, "outbox": []}}, upsert=True)
        query = where | {"version": calendar.version - 1, "commands.key": {"$ne": command.key}}
        done = {"key": command.key, "body_hash": command.body_hash, "version": calendar.version}
        update = {"$set": calendar_row(calendar), "$push": {"commands": {"$each": [done], "$slice": -_KEPT_COMMANDS}}}
        change = with_events(update, self._stamp(facts))
        if not self._db[CALENDARS].update_one(not_after(query, current().deadline), change).modified_count:
            return False
        raise_version(self._db)
        return True


def calendar_row(calendar: Calendar) -> Document:
    """What was settled, as kept."""
    return {
        "version": calendar.version,
        "decisions": [_iso(asdict(one)) for one in calendar.decisions],
        "closures": [_iso(asdict(one)) for one in calendar.closures],
        "settled": [
            {
                "code": one.code,
                "first": one.first.isoformat(),
                "last": one.last.isoformat(),
                "state": str(one.state),
                "hours": span_rows_by_weekday(one.hours),
            }
            for one in calendar.settled
        ],
    }


def calendar_of(municipality: str, timezone: str, row: Document | None) -> Calendar:
    """The calendar of a town of which this was settled."""
    row = row or {}
    return Calendar(
        municipality,
        timezone,
        decisions=tuple(
            Decision(one["id"], one["code"], _day(one["day"]), _day(one["estimate"]), one["name"])
            for one in row.get("decisions", ())
        ),
        settled=tuple(
            Period(
                one["code"],
                date.fromisoformat(one["first"]),
                date.fromisoformat(one["last"]),
                State(one["state"]),
                spans_by_weekday(one["hours"]),
            )
            for one in row.get("settled", ())
        ),
        closures=tuple(
            Closure(one["id"], date.fromisoformat(one["first"]), date.fromisoformat(one["last"]), one["reason"])
            for one in row.get("closures", ())
        ),
        version=row.get("version", 0),
    )


def _iso(row: Document) -> Document:
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in row.items()}


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)
