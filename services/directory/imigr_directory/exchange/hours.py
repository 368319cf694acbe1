"""Opening hours between HSDS, one row for each span of a rule, and ours, rules that hold spans."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Final

from imigr_directory.domain.hours.recurrence import WEEKDAYS, BadRule, Recurrence, recurrence
from imigr_directory.domain.hours.spans import Span, joined, overlapping, span_of
from imigr_directory.domain.hours.written import schedules_of, span_rows
from imigr_directory.errors import InvalidHours
from imigr_directory.exchange.ids import derived
from imigr_directory.exchange.reading import Nested, Reading, Where
from imigr_directory.exchange.tables import FREE_HOURS

_BYDAY = re.compile(r"^[+-]?\d{0,2}(MO|TU|WE|TH|FR|SA|SU)\Z")
_PARTS: Final = (
    ("interval", "INTERVAL"),
    ("wkst", "WKST"),
    ("bymonthday", "BYMONTHDAY"),
    ("byyearday", "BYYEARDAY"),
    ("byweekno", "BYWEEKNO"),
    ("count", "COUNT"),
)
_TWO = re.compile(r"^\s*(mo|tu|we|th|fr|sa|su)[a-z]*\.?\s*\Z", re.IGNORECASE)


def schedules(rows: Sequence[Nested], reading: Reading) -> list[dict[str, Any]]:
    """The one schedule that rows make together, as a list for the content; empty when none of them says anything. A row
    that the directory's own hours would refuse is told of and left out; the others stand."""
    spans: dict[Recurrence, list[Span]] = {}
    one_offs: list[dict[str, Any]] = []
    free: list[Mapping[str, Any]] = []
    for row in rows:
        where = Where("schedule", row.get("_row"))
        if row.get("closed") is not None:
            one_offs.extend(_holiday(row, one_offs, reading, where))
        elif row.get("opens_at") and row.get("closes_at"):
            days = _days(row, reading, where)
            pair = row["opens_at"], _closing(row["closes_at"])
            if pair[0] == pair[1]:
                reading.note("quarantined", "hours_empty", where, "opens_at", "-".join(pair))
            elif days is not None:
                _put(span_of(pair), spans.setdefault(days, []), reading, where)
        else:
            free.extend(_in_words(row, reading, where))
    return _as_one([*_together(spans)], one_offs, free)


def in_words(row: Nested, table: str, reading: Reading) -> list[dict[str, Any]]:
    """Hours in words that stand in the row of a service or place itself, in a field that no version has."""
    said = {name: row[name] for name in FREE_HOURS if isinstance(row.get(name), str)}
    return _as_one([], [], _in_words(said, reading, Where(table, row.get("_row")))) if said else []


def _as_one(
    rules: list[dict[str, Any]], one_offs: list[dict[str, Any]], free: Iterable[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    made: dict[str, Any] = {"rules": rules} | ({"one_offs": one_offs} if one_offs else {})
    for one in free:
        made["rules"] = [*made["rules"], *one.get("rules", ())]
        made |= {name: value for name, value in one.items() if name != "rules"}
    return [made] if len(made) > 1 or made["rules"] else []


def _put(span: Span, spans: list[Span], reading: Reading, where: Where) -> None:
    """One more span of a rule; those that overlap become one, which is told."""
    if span in spans:
        return
    if overlapping([*spans, span]):
        reading.note("repaired", "hours_overlap", where, "opens_at", span.text())
        spans[:] = joined([*spans, span])
    else:
        spans.append(span)


def rows_of(owner: str, written: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """HSDS rows of schedules as kept: rule by rule and span by span. What HSDS has no word for stays with the profile's
    details."""
    for at, schedule in enumerate(written):
        for number, rule in enumerate(schedule.get("rules", ())):
            parts = dict(part.partition("=")[::2] for part in rule["rrule"].split(";"))
            said: dict[str, Any] = {"freq": parts.get("FREQ", "WEEKLY")}
            said |= {name: parts[key] for name, key in (("byday", "BYDAY"), *_PARTS) if key in parts}
            if "interval" in said:
                said["interval"] = int(said["interval"])
            dates = (("valid_from", "valid_from"), ("valid_to", "valid_until"))
            said |= {name: rule[ours] for name, ours in dates if rule.get(ours)}
            if "valid_from" in said:
                said["dtstart"] = said["valid_from"]
            for count, (opens, closes) in enumerate(rule.get("spans", ())):
                key = derived(owner, "schedule", f"{at}/{number}/{count}")
                yield {"id": key, "opens_at": opens, "closes_at": closes, **said}


def _days(row: Nested, reading: Reading, where: Where) -> Recurrence | None:
    """The days of a row; None after a remark when they are no rule that the directory keeps."""
    weekdays = _weekdays(row)
    parts = {"FREQ": str(row.get("freq") or "WEEKLY").upper()}
    parts |= {key: str(row[name]).replace(" ", "") for name, key in _PARTS if row.get(name)}
    first, last = row.get("valid_from") or row.get("dtstart"), row.get("valid_to") or row.get("until")
    if weekdays:
        parts["BYDAY"] = ",".join(weekdays)
    elif parts == {"FREQ": "WEEKLY"} and not first:
        parts["BYDAY"] = ",".join(WEEKDAYS)
    if parts.get("WKST") not in WEEKDAYS:
        parts.pop("WKST", None)
    try:
        if weekdays is None:
            raise BadRule("not a weekday")
        rrule = ";".join(f"{key}={value}" for key, value in parts.items())
        return recurrence(rrule, _date(first), _date(last))
    except BadRule as error:
        said = ", ".join(str(row[name]) for name in ("freq", "byday", "weekday", *dict(_PARTS)) if row.get(name))
        reading.note("quarantined", "rule_refused", where, "byday", f"{said or first}: {error}")
        return None


def _date(text: Any) -> date | None:
    return None if text is None else date.fromisoformat(str(text))


def _weekdays(row: Nested) -> list[str] | None:
    """Days of a rule: of ``byday``, or of the ``weekday`` of 1.x (a name, or 1 for Monday); None when unreadable."""
    written = str(row.get("byday") or row.get("weekday") or "").strip()
    if not written:
        return []
    found = []
    for part in re.split(r"[,;|]", written):
        day = part.strip().upper()
        named = _TWO.match(part)
        if day.isdigit() and 1 <= int(day) <= 7:
            found.append(WEEKDAYS[int(day) - 1])
        elif _BYDAY.match(day):
            found.append(day)
        elif named is not None:
            found.append(named[1].upper())
        else:
            return None
    return list(dict.fromkeys(found))


def _together(spans: Mapping[Recurrence, list[Span]]) -> Iterator[dict[str, Any]]:
    """Rules, of which weekly ones with the same hours become one that names all their days."""
    found: dict[tuple[Any, ...], list[str]] = {}
    for days, hours in spans.items():
        head, by, named = days.rrule.partition("FREQ=WEEKLY;BYDAY=")
        is_plain = bool(by) and not head
        key = (by if is_plain else days.rrule, days.valid_from, days.valid_until, tuple(sorted(hours)))
        found.setdefault(key, []).extend(named.split(",") if is_plain else [])
    for (rrule, first, last, times), weekdays in found.items():
        ordered = ",".join(sorted(set(weekdays), key=WEEKDAYS.index))
        dates = {"valid_from": first, "valid_until": last}
        told = {name: day.isoformat() for name, day in dates.items() if day}
        yield {"rrule": rrule + ordered, "spans": span_rows(times)} | told


def _closing(text: str) -> str:
    return "24:00" if text in ("23:59", "24:00") else text


def _holiday(
    row: Nested, others: Sequence[Mapping[str, Any]], reading: Reading, where: Where
) -> Iterator[dict[str, Any]]:
    """A row of ``holiday_schedule`` (1.x): closed, or other hours, from a day to another."""
    first = row.get("valid_from")
    if first is None:
        reading.note("quarantined", "value_missing", where, "start_date")
        return
    is_closed = str(row["closed"]).strip().lower() in ("true", "t", "yes", "y", "1", "closed")
    made: dict[str, Any] = {"first": first, "last": row.get("valid_to") or first}
    if not is_closed and row.get("opens_at") and row.get("closes_at"):
        made["spans"] = [[row["opens_at"], _closing(row["closes_at"])]]
    if made in others:
        return
    if not _holds({"one_offs": [*others, made]}):
        reading.note("quarantined", "rule_refused", where, "start_date", f"{made['first']}/{made['last']}")
    else:
        yield made


def _holds(schedule: Mapping[str, Any]) -> bool:
    """Whether the directory's own hours accept it."""
    try:
        schedules_of([dict(schedule)])
    except InvalidHours:
        return False
    return True


def _in_words(row: Nested, reading: Reading, where: Where) -> Sequence[Mapping[str, Any]]:
    """Rules in a description or in a field that no version has; what cannot be read is told of with its words."""
    for name in ("description", *FREE_HOURS, "notes"):
        words = row.get(name)
        if isinstance(words, str) and words.strip():
            schedule = reading.hours(words)
            if schedule is not None:
                reading.note("repaired", "hours_read", where, name, words)
                return (schedule,)
            reading.note("quarantined", "hours_unread", where, name, words)
            return ()
    reading.note("quarantined", "value_missing", where, "opens_at")
    return ()
