"""What a municipality has settled about its messages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from enum import StrEnum

EVERY_DAY = frozenset(range(7))
FRIDAY = frozenset({4})


class Season(StrEnum):
    """When a quiet window holds: all year, or only inside or outside the month of Ramadan."""

    ALWAYS = "always"
    RAMADAN = "ramadan"
    OUTSIDE_RAMADAN = "outside_ramadan"


@dataclass(frozen=True)
class QuietWindow:
    """Hours in which nobody is written to, by the recipient's clock. It begins on one of ``weekdays`` (0 is
    Monday); an ``end`` at or before ``begin`` lies on the next day."""

    begin: time
    end: time
    weekdays: frozenset[int] = EVERY_DAY
    season: Season = Season.ALWAYS


NIGHT = QuietWindow(time(21, 0), time(8, 0), season=Season.OUTSIDE_RAMADAN)
FRIDAY_PRAYER = QuietWindow(time(12, 0), time(14, 0), FRIDAY)
RAMADAN_NIGHT = QuietWindow(time(23, 0), time(9, 0), season=Season.RAMADAN)
BREAKING_OF_THE_FAST = QuietWindow(time(17, 30), time(20, 30), season=Season.RAMADAN)


@dataclass(frozen=True)
class ReminderRule:
    """One reminder of every appointment or registration: ``days_before`` at the wall-clock hour ``at``, or
    ``minutes_before`` the start.

    ``min_wait``: planned only when its moment is at least so far away, since a sooner one would repeat what the
    person was just told. ``only_if_alone``: planned only when no other rule found a moment. ``asks``: the person
    is asked to answer 1 to confirm or 2 to cancel.
    """

    code: str
    days_before: int | None = None
    at: time | None = None
    minutes_before: int | None = None
    min_wait: timedelta = timedelta(0)
    only_if_alone: bool = False
    asks: bool = False


THREE_DAYS = ReminderRule("three_days", days_before=3, at=time(10, 0), min_wait=timedelta(days=7))
EVE = ReminderRule("eve", days_before=1, at=time(17, 0), min_wait=timedelta(hours=2), asks=True)
TWO_HOURS = ReminderRule("two_hours", minutes_before=120, only_if_alone=True)
BUILT_IN = (THREE_DAYS, EVE, TWO_HOURS)


class OverLimit(StrEnum):
    """What happens with reminders of one person on a day: each by itself until the limit, or all in one."""

    LIMIT = "limit"
    DIGEST = "digest"


@dataclass(frozen=True)
class Rules:
    """What a municipality has settled about its messages; built-in values are in rules.json, a town's own in the
    database. ``version`` counts its changes."""

    town: Mapping[str, str] = field(default_factory=dict)
    countries: frozenset[str] = frozenset({"TN"})
    """Whose mobile numbers get SMS (ISO 3166); ``*`` allows every country."""
    reminders: Mapping[str, tuple[ReminderRule, ...]] = field(
        default_factory=lambda: {"appointment": BUILT_IN, "registration": BUILT_IN}
    )
    """By what is reminded of."""
    quiet: tuple[QuietWindow, ...] = (NIGHT, FRIDAY_PRAYER, RAMADAN_NIGHT, BREAKING_OF_THE_FAST)
    ramadan: tuple[tuple[date, date], ...] = ()
    """First and last day of each month of Ramadan that is known or estimated."""
    short_notice: timedelta = timedelta(hours=2)
    """What the service changed waits for the end of quiet hours only if so much time is left then."""
    before_quiet: timedelta = timedelta(minutes=5)
    least_notice: timedelta = timedelta(minutes=30)
    """A reminder closer to the start than this helps nobody."""
    urgent_within: timedelta = timedelta(hours=48)
    """What the service changes about something so near passes before everything else."""
    daily_limit: int = 3
    """Messages a day for one person; answers to what the person did and changes by the service always go out."""
    over_limit: OverLimit = OverLimit.LIMIT
    replies: bool = False
    """True when the sender's number can receive answers."""
    price_per_part: int = 25
    """Of one SMS part, in millimes of a dinar."""
    topics: frozenset[str] = frozenset({"guichet", "events", "rights", "services"})
    """What one may subscribe to."""
    version: int = 0

    def in_ramadan(self, day: date) -> bool:
        """Whether the day lies in a month of Ramadan."""
        return any(first <= day <= last for first, last in self.ramadan)
