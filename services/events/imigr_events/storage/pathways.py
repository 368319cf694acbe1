"""MongoDB: pathways with the commands that made them, and answers that are counted and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import date

from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from imigr_events.domain.parts import Question
from imigr_events.domain.pathways import CoachingDay, FocalPoints, Pathway
from imigr_events.domain.small_counts import FEWEST
from imigr_events.handlers.pathways import Tally
from imigr_events.ports import Command
from imigr_events.storage.rows import Document
from imigr_kit.context import current
from imigr_kit.facts import Fact
from imigr_kit.mongo import Index, not_after
from imigr_kit.outbox import new_document_fields, with_events

PATHWAYS = "pathways"
PATHWAY_INDEXES = (
    Index(PATHWAYS, [("commands.key", 1)], unique=True, name="commands"),
    Index(PATHWAYS, [("event_ids", 1)], unique=True, partial={"event_ids.0": {"$exists": True}}, name="courses"),
    Index(PATHWAYS, [("municipality", 1)], name="municipality"),
)
_HIDDEN = {"commands": 0, "outbox": 0, "unsent": 0}


class MongoPathways:
    """``commands`` holds key, body hash and result of each command; a key exists once in the collection."""

    def __init__(self, db: Database[Document], stamp: Callable[[Iterable[Fact]], list[Document]]) -> None:
        self._pathways = db[PATHWAYS]
        self._tallies = db["evaluations"]
        self._stamp = stamp

    def find(self, pathway_id: str) -> Pathway | None:
        """By id."""
        row = self._pathways.find_one({"_id": pathway_id}, _HIDDEN)
        return None if row is None else _pathway(row)

    def of_municipality(self, municipality: str) -> Sequence[Pathway]:
        """By the index of towns; ids are ordered by time."""
        return [_pathway(row) for row in self._pathways.find({"municipality": municipality}, _HIDDEN).sort("_id", -1)]

    def of_event(self, event_id: str) -> Pathway | None:
        """By the index of courses, in which each is once."""
        row = self._pathways.find_one({"event_ids": event_id, "event_ids.0": {"$exists": True}}, _HIDDEN)
        return None if row is None else _pathway(row)

    def by_command(self, key: str) -> tuple[Pathway, str] | None:
        """By the index of commands."""
        row = self._pathways.find_one({"commands.key": key}, {"commands": 1})
        found = [] if row is None else [one for one in row["commands"] if one["key"] == key]
        return (_pathway(found[0]["pathway"]), found[0]["body_hash"]) if found else None

    def add(self, pathway: Pathway, facts: Sequence[Fact], command: Command) -> bool:
        """One insert with its event."""
        row = _row(pathway) | {"commands": [_command(pathway, command)]}
        try:
            self._pathways.insert_one(row | new_document_fields(self._stamp(facts)))
        except DuplicateKeyError:
            return False
        return True

    def replace(self, old: Pathway, new: Pathway, facts: Sequence[Fact], command: Command) -> bool:
        """Guarded by the version."""
        body = {name: value for name, value in _row(new).items() if name != "_id"}
        update = with_events({"$set": body, "$push": {"commands": _command(new, command)}}, self._stamp(facts))
        query = {"_id": old.id, "version": old.version, "commands.key": {"$ne": command.key}}
        try:
            return bool(self._pathways.update_one(not_after(query, current().deadline), update).modified_count)
        except DuplicateKeyError:
            return False

    def count_sheet(self, pathway_id: str, sheet: str, chosen: Mapping[str, Sequence[str]]) -> bool:
        """One write counts it, remembers that the registration has answered, and at every fifth sheet renews what
        may be looked at."""
        empty = {"sheets": 0, "answered": [], "counts": {}, "shown": {}, "shown_sheets": 0}
        self._tallies.update_one({"_id": pathway_id}, {"$setOnInsert": empty}, upsert=True)
        counted = {
            f"counts.{code}.{option}": {"$add": [{"$ifNull": [f"$counts.{code}.{option}", 0]}, 1]}
            for code, options in chosen.items()
            for option in options
        }
        more = {"sheets": {"$add": ["$sheets", 1]}, "answered": {"$concatArrays": ["$answered", [sheet]]}}
        is_fifth = {"$eq": [{"$mod": ["$sheets", FEWEST]}, 0]}
        renewed = {
            "shown": {"$cond": [is_fifth, "$counts", "$shown"]},
            "shown_sheets": {"$cond": [is_fifth, "$sheets", "$shown_sheets"]},
        }
        query = not_after({"_id": pathway_id, "answered": {"$ne": sheet}}, current().deadline)
        return bool(self._tallies.update_one(query, [{"$set": counted | more}, {"$set": renewed}]).modified_count)

    def tally(self, pathway_id: str) -> Tally:
        """As of the last fifth sheet."""
        row = self._tallies.find_one({"_id": pathway_id}, {"shown": 1, "shown_sheets": 1})
        return Tally(0, {}) if row is None else Tally(row["shown_sheets"], row["shown"])


def _row(pathway: Pathway) -> Document:
    row = asdict(pathway) | {"_id": pathway.id, "event_ids": list(pathway.event_ids)}
    del row["id"]
    row["coaching"] = [
        one | {"day": one["day"].isoformat(), "done_on": one["done_on"].isoformat() if one["done_on"] else None}
        for one in row["coaching"]
    ]
    return row | {name: list(row[name]) for name in ("focal_points", "questions")}


def _pathway(row: Document) -> Pathway:
    values = {name: row[name] for name in ("municipality", "title", "places", "trainers", "version")}
    return Pathway(
        id=row["_id"],
        event_ids=tuple(row["event_ids"]),
        focal_points=tuple(FocalPoints(**one) for one in row["focal_points"]),
        coaching=tuple(
            CoachingDay(
                **one
                | {
                    "day": date.fromisoformat(one["day"]),
                    "done_on": date.fromisoformat(one["done_on"]) if one["done_on"] else None,
                }
            )
            for one in row["coaching"]
        ),
        questions=tuple(Question(**one) for one in row["questions"]),
        **values,
    )


def _command(pathway: Pathway, command: Command) -> Document:
    return {"key": command.key, "body_hash": command.body_hash, "pathway": _row(pathway)}
