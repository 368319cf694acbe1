"""Whether a plan holds together: what cannot be said by the shape of its rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, time
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dateutil.rrule import rrulestr

from imigr_guichet.domain.guichet import CELL_MINUTES, Assignment, Guichet, OpeningRule, Span, Topic
from imigr_guichet.errors import PlanNotConsistent
from imigr_kit.errors import FieldError

Problem = tuple[str, str]
"""A dotted path, and what is wrong there."""


def check(guichet: Guichet) -> None:
    """Raises PlanNotConsistent with all that is wrong, field by field."""
    found = [*_frame(guichet), *_topics(guichet), *_people(guichet), *_hours(guichet)]
    if found:
        raise PlanNotConsistent(fields=[FieldError(path, "guichet.plan_not_consistent", what) for path, what in found])


def _frame(guichet: Guichet) -> Iterator[Problem]:
    if guichet.step_minutes < CELL_MINUTES or guichet.step_minutes % CELL_MINUTES:
        yield "step_minutes", f"a multiple of {CELL_MINUTES}"
    if not 0 <= guichet.walk_in_share <= 100:
        yield "walk_in_share", "percent"
    if guichet.state not in ("draft", "open", "suspended", "closed"):
        yield "state", "draft, open, suspended or closed"
    try:
        ZoneInfo(guichet.timezone)
    except (ZoneInfoNotFoundError, ValueError):
        yield "timezone", "not an IANA name"
    if guichet.holidays is not None and (len(guichet.holidays) != 2 or not guichet.holidays.isupper()):
        yield "holidays", "a country by ISO 3166-1"


def _topics(guichet: Guichet) -> Iterator[Problem]:
    yield from _unique("topics", [one.code for one in guichet.topics])
    for number, topic in enumerate(guichet.topics):
        for name, minutes in _minutes(topic):
            if minutes % CELL_MINUTES or minutes < 0:
                yield f"topics.{number}.{name}", f"a multiple of {CELL_MINUTES}"
        if not 0 < topic.minutes <= 480:
            yield f"topics.{number}.minutes", "up to eight hours"
        if set(topic.open_to) - {"public", "staff", "partner"}:
            yield f"topics.{number}.open_to", "public, staff, partner"


def _minutes(topic: Topic) -> list[tuple[str, int]]:
    names = ("minutes", "before", "after", "companion_minutes", "child_minutes", "interpreter_minutes")
    return [(name, int(getattr(topic, name))) for name in names]


def _people(guichet: Guichet) -> Iterator[Problem]:
    yield from _unique("desks", [one.code for one in guichet.desks])
    yield from _unique("mediators", [one.code for one in guichet.mediators])
    topics, mediators = {one.code for one in guichet.topics}, {one.code for one in guichet.mediators}
    for path, treated in [
        *((f"desks.{number}.topics", one.topics) for number, one in enumerate(guichet.desks)),
        *((f"mediators.{number}.topics", one.topics) for number, one in enumerate(guichet.mediators)),
    ]:
        if set(treated) - topics:
            yield path, "not a topic of this guichet"
    seats: list[tuple[str, str, Assignment]] = []
    for number, desk in enumerate(guichet.desks):
        for assignment in desk.assignments:
            if assignment.mediator not in mediators:
                yield f"desks.{number}.assignments", "not a mediator of this guichet"
            if any(_together(assignment, other, desk.code, code) for _, code, other in seats):
                yield f"desks.{number}.assignments", "one mediator at two desks, or two at one desk, on the same day"
            seats.append((assignment.mediator, desk.code, assignment))


def _together(one: Assignment, other: Assignment, desk: str, other_desk: str) -> bool:
    if one.mediator != other.mediator and desk != other_desk:
        return False
    ends, other_ends = one.valid_until or date.max, other.valid_until or date.max
    return one.valid_from <= other_ends and other.valid_from <= ends


def _hours(guichet: Guichet) -> Iterator[Problem]:
    desks = {one.code for one in guichet.desks}
    for number, rule in enumerate(guichet.rules):
        if not _is_recurrence(rule):
            yield f"rules.{number}.rrule", "an RRULE (RFC 5545) without COUNT and UNTIL"
        if set(rule.desks) - desks:
            yield f"rules.{number}.desks", "not a desk of this guichet"
        yield from _on_grid(f"rules.{number}", (*rule.spans, *rule.breaks))
    for number, exception in enumerate(guichet.exceptions):
        yield from _on_grid(f"exceptions.{number}", exception.spans)
    for number, regime in enumerate(guichet.regimes):
        if regime.last < regime.first or set(regime.hours) - set(range(7)):
            yield f"regimes.{number}", "ends before it begins, or has an eighth weekday"
        yield from _on_grid(f"regimes.{number}", [span for spans in regime.hours.values() for span in spans])


def _is_recurrence(rule: OpeningRule) -> bool:
    upper = rule.rrule.upper()
    if "COUNT" in upper or "UNTIL" in upper or "\n" in rule.rrule or not upper.startswith("FREQ="):
        return False
    if not upper.startswith(("FREQ=DAILY", "FREQ=WEEKLY", "FREQ=MONTHLY", "FREQ=YEARLY")):
        return False
    try:
        rrulestr(rule.rrule)
    except ValueError:
        return False
    return True


def _on_grid(path: str, spans: Iterable[Span]) -> Iterator[Problem]:
    for span in spans:
        if any(_off_grid(one) for one in (span.start, span.end)):
            yield path, f"times on the grid of {CELL_MINUTES} minutes"


def _off_grid(one: time) -> bool:
    return bool(one.minute % CELL_MINUTES or one.second or one.microsecond)


def _unique(path: str, codes: list[str]) -> Iterator[Problem]:
    if len(codes) != len(set(codes)):
        yield path, "a code stands twice"
