"""A guichet in its written form: the rows of seed files, of the database and of the staff interface. Dates and
wall-clock times are ISO text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import UTC, date, datetime
from datetime import time as wall
from typing import Any

from imigr_guichet.domain.guichet import (
    Absence,
    Assignment,
    DayException,
    Desk,
    Guichet,
    Mediator,
    OpeningRule,
    Regime,
    Span,
    Topic,
)

Document = dict[str, Any]
DERIVED = ("id", "closed", "town_regimes")
"""Fields of a guichet that are not in its row."""


def guichet_row(guichet: Guichet) -> Document:
    """A guichet as kept."""
    row = {one.name: getattr(guichet, one.name) for one in fields(guichet) if one.name not in DERIVED}
    return row | {
        "name": dict(guichet.name),
        "address": dict(guichet.address),
        "location": dict(guichet.location) if guichet.location else None,
        "accessibility": list(guichet.accessibility),
        "interpreters": list(guichet.interpreters),
        "topics": [topic_row(one) for one in guichet.topics],
        "desks": [_desk_row(one) for one in guichet.desks],
        "mediators": [
            {"code": m.code, "languages": list(m.languages), "topics": list(m.topics)} for m in guichet.mediators
        ],
        "absences": [{"id": a.id, "mediator": a.mediator, "start": a.start, "end": a.end} for a in guichet.absences],
        "rules": [_rule_row(rule) for rule in guichet.rules],
        "exceptions": [{"date": e.date.isoformat(), "spans": _span_rows(e.spans)} for e in guichet.exceptions],
        "regimes": [regime_row(one) for one in guichet.regimes],
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
        topics=tuple(topic_of(one) for one in row["topics"]),
        desks=tuple(_desk_of(one) for one in row["desks"]),
        rules=tuple(_rule_of(one) for one in row["rules"]),
        exceptions=tuple(
            DayException(date.fromisoformat(e["date"]), _spans(e["spans"])) for e in row.get("exceptions", ())
        ),
        step_minutes=row["step_minutes"],
        notice_minutes=row["notice_minutes"],
        horizon_days=row["horizon_days"],
        state=row["state"],
        version=row.get("version", 1),
        mediators=tuple(
            Mediator(m["code"], tuple(m["languages"]), tuple(m["topics"])) for m in row.get("mediators", ())
        ),
        absences=tuple(absence_of(a) for a in row.get("absences", ())),
        regimes=tuple(regime_of(one) for one in row.get("regimes", ())),
        holidays=row.get("holidays"),
        walk_in_share=row.get("walk_in_share", 0),
        interpreters=tuple(row.get("interpreters", ())),
        demonstration=row.get("demonstration", False),
    )


def absence_of(row: Mapping[str, Any]) -> Absence:
    """The absence in a row; its instants are aware datetimes."""
    start: datetime = row["start"]
    end: datetime = row["end"]
    return Absence(row["id"], row["mediator"], start.astimezone(UTC), end.astimezone(UTC))


def topic_row(topic: Topic) -> Document:
    """A topic as kept."""
    row = {one.name: getattr(topic, one.name) for one in fields(topic)}
    lists = {"open_to": list(topic.open_to), "bring": [dict(one) for one in topic.bring]}
    return row | {"name": dict(topic.name)} | lists


def topic_of(row: Mapping[str, Any]) -> Topic:
    """The topic in a row; only code, name and minutes must be there."""
    known = {one.name for one in fields(Topic)} & set(row)
    values = {name: row[name] for name in known}
    for name in ("open_to", "bring"):
        if name in values:
            values[name] = tuple(values[name])
    return Topic(**values)


def regime_row(regime: Regime) -> Document:
    """A regime as kept."""
    hours = {str(day): _span_rows(spans) for day, spans in regime.hours.items()}
    return {"code": regime.code, "first": regime.first.isoformat(), "last": regime.last.isoformat(), "hours": hours}


def regime_of(row: Mapping[str, Any]) -> Regime:
    """The regime in a row."""
    hours = {int(day): _spans(spans) for day, spans in row["hours"].items()}
    return Regime(row["code"], date.fromisoformat(row["first"]), date.fromisoformat(row["last"]), hours)


def _desk_row(desk: Desk) -> Document:
    return {
        "code": desk.code,
        "languages": list(desk.languages),
        "topics": list(desk.topics),
        "assignments": [
            {"mediator": a.mediator, "valid_from": a.valid_from.isoformat(), "valid_until": _iso(a.valid_until)}
            for a in desk.assignments
        ],
    }


def _desk_of(row: Mapping[str, Any]) -> Desk:
    assignments = tuple(
        Assignment(a["mediator"], date.fromisoformat(a["valid_from"]), _date(a.get("valid_until")))
        for a in row.get("assignments", ())
    )
    return Desk(row["code"], tuple(row.get("languages", ())), tuple(row.get("topics", ())), assignments)


def _rule_row(rule: OpeningRule) -> Document:
    return {
        "rrule": rule.rrule,
        "spans": _span_rows(rule.spans),
        "valid_from": rule.valid_from.isoformat(),
        "valid_until": _iso(rule.valid_until),
        "breaks": _span_rows(rule.breaks),
        "desks": list(rule.desks),
    }


def _rule_of(row: Mapping[str, Any]) -> OpeningRule:
    return OpeningRule(
        row["rrule"],
        _spans(row["spans"]),
        date.fromisoformat(row["valid_from"]),
        _date(row.get("valid_until")),
        _spans(row.get("breaks", ())),
        tuple(row.get("desks", ())),
    )


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _date(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _span_rows(spans: Iterable[Span]) -> list[list[str]]:
    return [[span.start.isoformat("minutes"), span.end.isoformat("minutes")] for span in spans]


def _spans(rows: Iterable[Sequence[str]]) -> tuple[Span, ...]:
    return tuple(
        Span(wall.fromisoformat(start), wall.fromisoformat(end.replace("24:00", "00:00"))) for start, end in rows
    )
