"""One value of a row: what it must be by its kind, and what can be put right without guessing."""

from __future__ import annotations

import math
import re
from datetime import date, datetime, time
from typing import Any, Final
from urllib.parse import urlsplit

from imigr_directory.exchange.report import Report
from imigr_directory.exchange.rows import Row
from imigr_directory.exchange.tables import Kind

LONGEST: Final = 4000
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff\ud800-\udfff]")
_EMAIL = re.compile(r"^[^@\s<>\"',;]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+\Z")
_TIME = re.compile(r"^(\d{1,2})(?::(\d{2}))?(?::\d{2})?\s*([ap]\.?m\.?)?\s*(?:Z|[+-]\d{2}:?\d{2})?\Z", re.IGNORECASE)
_DAY_FIRST = re.compile(r"^(\d{1,2})[/.](\d{1,2})[/.](\d{4})\Z")


def clean(row: Row, name: str, kind: Kind, report: Report) -> Any:
    """The value of a field, or None when there is none or when it goes to quarantine."""
    written = row.values.get(name)
    if written is None or written == "":
        return None
    text = _text(str(written), row, name, report)
    if not text or kind in ("text", "id"):
        return text or None
    found = _READERS[kind](text)
    if found is None:
        report.note("quarantined", _WHY[kind], row.table, row.number, name, text)
    elif kind == "url" and found != text:
        report.note("repaired", "url_completed", row.table, row.number, name, text)
    return found


def _text(text: str, row: Row, name: str, report: Report) -> str:
    kept = _CONTROL.sub("", text)
    if kept != text:
        report.note("repaired", "control_characters", row.table, row.number, name)
    if len(kept) > LONGEST:
        report.note("quarantined", "text_too_long", row.table, row.number, name, kept)
        return ""
    return kept.strip()


def number(text: str) -> float | int | None:
    """A finite number; a comma may stand for the point."""
    try:
        found = float(text.replace(",", ".") if text.count(",") == 1 and "." not in text else text)
    except ValueError:
        return None
    if not math.isfinite(found):
        return None
    return int(found) if found.is_integer() and "." not in text else found


def day(text: str) -> str | None:
    """A date of ISO 8601, or with the day first when it cannot be a month (or both are the same)."""
    try:
        return date.fromisoformat(text[:10]).isoformat()
    except ValueError:
        pass
    parts = _DAY_FIRST.match(text)
    if parts is None:
        return None
    first, second, year = (int(part) for part in parts.groups())
    if first <= 12 and first != second:
        return None
    try:
        return date(year, second, first).isoformat()
    except ValueError:
        return None


def moment(text: str) -> str | None:
    """A moment of ISO 8601, as written there."""
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return None
    return text


def clock(text: str) -> str | None:
    """A wall-clock time as HH:MM; 24:00 is the end of a day. An offset is left aside: opening hours are local."""
    parts = _TIME.match(text.strip())
    if parts is None:
        return None
    hour, minute, half = int(parts[1]), int(parts[2] or 0), (parts[3] or "").lower()[:1]
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half == "p" else 0)
    elif parts[2] is None:
        return None
    if (hour, minute) == (24, 0):
        return "24:00"
    return time(hour, minute).strftime("%H:%M") if hour < 24 and minute < 60 else None


def url(text: str) -> str | None:
    """A web address; ``www.example.tn`` becomes one."""
    whole = text if "://" in text else f"http://{text}"
    try:
        parts = urlsplit(whole)
        host = parts.hostname or ""
    except ValueError:
        return None
    bad = parts.scheme not in ("http", "https") or "." not in host or re.search(r"[\s<>\"']", whole) is not None
    return None if bad or parts.username is not None or len(whole) > 500 else whole


def email(text: str) -> str | None:
    """An email address in shape."""
    return text if _EMAIL.match(text) and len(text) <= 254 else None


_READERS: Final[dict[str, Any]] = {
    "number": number,
    "date": day,
    "moment": moment,
    "time": clock,
    "url": url,
    "email": email,
}
_WHY: Final = {
    "number": "not_a_number",
    "date": "not_a_date",
    "moment": "not_a_date",
    "time": "not_a_time",
    "url": "not_a_url",
    "email": "not_an_email",
}
