"""Opening hours between HSDS, one row for each span of a rule, and ours, rules that hold spans."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from imigr_directory.exchange.ids import derived
from imigr_directory.exchange.reading import Nested, Reading, Where
from imigr_directory.exchange.tables import FREE_HOURS

_DAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_BYDAY = re.compile(r"^[+-]?\d{0,2}(MO|TU|WE|TH|FR|SA|SU)$")
_PARTS: Final = (("bymonthday", "BYMONTHDAY"), ("byyearday", "BYYEARDAY"), ("byweekno", "BYWEEKNO"))
_FREQUENCIES: Final = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
_TWO = re.compile(r"^\s*(mo|tu|we|th|fr|sa|su)[a-z]*\.?\s*$", re.IGNORECASE)


def schedules(rows: Sequence[Nested], reading: Reading) -> list[dict[str, Any]]:
    """The one schedule that rows make together, as a list for the content; empty when none of them says anything."""
    spans: dict[tuple[Any, ...], list[list[str]]] = {}
    one_offs: list[dict[str, Any]] = []
    free: list[Mapping[str, Any]] = []
    for row in rows:
        where = Where("schedule", row.get("_row"))
        if row.get("closed") is not None:
            one_offs.extend(_holiday(row, reading, where))
            continue
        if row.get("opens_at") and row.get("closes_at"):
            for rule in _rules(row, reading, where):
                pair = [row["opens_at"], _closing(row["closes_at"])]
                if pair not in spans.setdefault(rule, []) and pair[0] != pair[1]:
                    spans[rule].append(pair)
            continue
        free.extend(_in_words(row, reading, where))
    made = [*_together(spans), *(dict(rule) for rule in free)]
    if not made and not one_offs:
        return []
    return [{"rules": made} | ({"one_offs": one_offs} if one_offs else {})]


def rows_of(owner: str, written: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """HSDS rows of schedules as kept: rule by rule and span by span. What HSDS has no word for stays with the profile's
    details."""
    for at, schedule in enumerate(written):
        for number, rule in enumerate(schedule.get("rules", ())):
            parts = dict(part.partition("=")[::2] for part in rule["rrule"].split(";"))
            said: dict[str, Any] = {"freq": parts.get("FREQ", "WEEKLY")}
            said |= {name: parts[key] for name, key in (("byday", "BYDAY"), ("wkst", "WKST"), *_PARTS) if key in parts}
            if parts.get("INTERVAL", "").isdigit():
                said["interval"] = int(parts["INTERVAL"])
            dates = (("valid_from", "valid_from"), ("valid_to", "valid_until"))
            said |= {name: rule[ours] for name, ours in dates if rule.get(ours)}
            if "valid_from" in said:
                said["dtstart"] = said["valid_from"]
            for count, (opens, closes) in enumerate(rule.get("spans", ())):
                key = derived(owner, "schedule", f"{at}/{number}/{count}")
                yield {"id": key, "opens_at": opens, "closes_at": closes, **said}


def _rules(row: Nested, reading: Reading, where: Where) -> Iterator[tuple[Any, ...]]:
    """The rule of a row as something to group by: rrule, first and last day."""
    dates = (row.get("valid_from") or row.get("dtstart"), row.get("valid_to") or row.get("until"))
    frequency = str(row.get("freq") or "WEEKLY").upper()
    days = _weekdays(row)
    if frequency not in _FREQUENCIES or days is None:
        reading.note("quarantined", "rule_refused", where, "byday", row.get("byday") or row.get("freq"))
        return
    parts = [f"FREQ={frequency}"]
    interval = row.get("interval")
    if isinstance(interval, int) and interval > 1:
        parts.append(f"INTERVAL={interval}")
        if row.get("wkst") in _DAYS:
            parts.append(f"WKST={row['wkst']}")
    for name, key in _PARTS:
        if row.get(name):
            parts.append(f"{key}={str(row[name]).replace(' ', '')}")
    if days:
        parts.append(f"BYDAY={','.join(days)}")
    elif frequency == "WEEKLY" and not dates[0]:
        parts.append(f"BYDAY={','.join(_DAYS)}")
    yield (";".join(parts), *dates)


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
            found.append(_DAYS[int(day) - 1])
        elif _BYDAY.match(day):
            found.append(day)
        elif named is not None:
            found.append(named[1].upper())
        else:
            return None
    return list(dict.fromkeys(found))


def _together(spans: Mapping[tuple[Any, ...], list[list[str]]]) -> Iterator[dict[str, Any]]:
    """Rules, of which weekly ones with the same hours become one that names all their days."""
    joined: dict[tuple[Any, ...], list[str]] = {}
    for (rrule, first, last), pairs in spans.items():
        hours = tuple(tuple(pair) for pair in sorted(pairs))
        head, by, days = rrule.partition("FREQ=WEEKLY;BYDAY=")
        key = (head + by if by and not head else rrule, first, last, hours)
        joined.setdefault(key, []).extend(days.split(",") if by and not head else [])
    for (rrule, first, last, hours), days in joined.items():
        if hours:
            ordered = ",".join(sorted(set(days), key=_DAYS.index))
            yield _rule((rrule + ordered, first, last), [list(pair) for pair in hours])


def _rule(rule: tuple[Any, ...], spans: list[list[str]]) -> dict[str, Any]:
    rrule, first, last = rule
    dates = {"valid_from": first, "valid_until": last}
    return {"rrule": rrule, "spans": spans} | {name: day for name, day in dates.items() if day}


def _closing(text: str) -> str:
    return "24:00" if text in ("23:59", "24:00") else text


def _holiday(row: Nested, reading: Reading, where: Where) -> Iterator[dict[str, Any]]:
    """A row of ``holiday_schedule`` (1.x): closed, or other hours, from a day to another."""
    first = row.get("valid_from")
    if first is None:
        reading.note("quarantined", "value_missing", where, "start_date")
        return
    is_closed = str(row["closed"]).strip().lower() in ("true", "t", "yes", "y", "1", "closed")
    made: dict[str, Any] = {"first": first, "last": row.get("valid_to") or first}
    if not is_closed and row.get("opens_at") and row.get("closes_at"):
        made["spans"] = [[row["opens_at"], _closing(row["closes_at"])]]
    yield made


def _in_words(row: Nested, reading: Reading, where: Where) -> Sequence[Mapping[str, Any]]:
    """Rules in a description or in a field that no version has; what cannot be read is told of with its words."""
    for name in ("description", *FREE_HOURS, "notes"):
        words = row.get(name)
        if isinstance(words, str) and words.strip():
            rules = reading.hours(words)
            if rules:
                reading.note("repaired", "hours_read", where, name, words)
                return rules
            reading.note("quarantined", "hours_unread", where, name, words)
            return ()
    reading.note("quarantined", "value_missing", where, "opens_at")
    return ()
