"""What a calendar is made of: holidays, periods, closures, and what somebody settled about them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from imigr_directory.domain.hours.spans import Span, span_of

Text = Mapping[str, str]
LOCAL = "local"
"""Code of a holiday that somebody added."""


class State(StrEnum):
    """How sure a date is: worked out from the lunar calendar, settled, or settled on another day than worked out."""

    ESTIMATED = "estimated"
    CONFIRMED = "confirmed"
    MOVED = "moved"


@dataclass(frozen=True)
class Decision:
    """What somebody settled about one holiday; ``day`` None: there is none this year."""

    id: str
    code: str
    day: date | None
    estimate: date | None = None
    name: Text = field(default_factory=dict)


@dataclass(frozen=True)
class Holiday:
    """A public holiday. ``id`` is ``<year>.<code>.<n>``; ``estimate`` the day that was worked out, when it is another
    one; ``name`` only for those that somebody added."""

    id: str
    code: str
    day: date
    state: State
    estimate: date | None = None
    name: Text = field(default_factory=dict)


@dataclass(frozen=True)
class Period:
    """A regime in force, first and last day included. ``hours``: when the town's offices work then, by weekday (0 is
    Monday), if it has said so."""

    code: str
    first: date
    last: date
    state: State
    hours: Mapping[int, tuple[Span, ...]] | None = None


@dataclass(frozen=True)
class Closure:
    """Days on which the town's services are closed; ``reason`` is a code of hours.words.REASONS."""

    id: str
    first: date
    last: date
    reason: str | None = None


@dataclass(frozen=True)
class Town:
    """What a day is in the municipality; ``is_estimated``: part of it rests on an estimate."""

    holidays: tuple[Holiday, ...] = ()
    closure: Closure | None = None
    regimes: tuple[str, ...] = ()
    is_estimated: bool = False


NOTHING = Town()


def period_told(period: Period) -> dict[str, Any]:
    """A period as events and answers tell it."""
    return {
        "code": period.code,
        "first": period.first.isoformat(),
        "last": period.last.isoformat(),
        "state": str(period.state),
        "hours": span_rows_by_weekday(period.hours),
    }


def span_rows_by_weekday(hours: Mapping[int, tuple[Span, ...]] | None) -> list[dict[str, Any]] | None:
    """Hours by weekday as rows ``{"weekday": 0, "spans": [["08:00", "14:30"]]}``."""
    if hours is None:
        return None
    return [
        {"weekday": day, "spans": [span.text().split("-") for span in spans]} for day, spans in sorted(hours.items())
    ]


def spans_by_weekday(rows: Sequence[Mapping[str, Any]] | None) -> dict[int, tuple[Span, ...]] | None:
    """The hours in such rows. Raises ValueError for what is no time."""
    if rows is None:
        return None
    return {int(row["weekday"]): tuple(sorted(span_of(one) for one in row["spans"])) for row in rows}
