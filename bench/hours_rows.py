"""``python -m bench.hours_rows``: opening hours, against the plainest question of the same run.

The floor is a look-up in a dictionary by schedule and day, which is what ``is_open`` does when all is worked out.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from bench import report
from imigr_directory.domain.calendar import Calendar
from imigr_directory.domain.hours.free_text import understand
from imigr_directory.domain.hours.now import hours_of, told_now
from imigr_directory.domain.hours.openings import is_open
from imigr_directory.domain.hours.recurrence import BadRule, recurrence
from imigr_directory.domain.hours.schedule import Schedule

TOWN = Calendar("raoued", "Africa/Tunis")
NOON = datetime(2026, 11, 24, 11, tzinfo=UTC)
DIFFERENT, TIMES = 300, 20_000


def schedules() -> list[tuple[Schedule, ...]]:
    """Hours of towns' services, no two alike."""
    return [
        hours_of(
            {
                "schedules": [
                    {
                        "rules": [
                            {
                                "rrule": "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR",
                                "spans": [
                                    [f"{7 + number % 5:02d}:{number % 60:02d}", "12:30"],
                                    ["13:30", f"{16 + number // 60:02d}:30"],
                                ],
                            }
                        ]
                    }
                ]
            }
        )
        for number in range(DIFFERENT)
    ]


def microseconds(work: Callable[[int], object], times: int) -> float:
    """What one call costs, on average of the better half of ten parts."""
    costs = []
    for part in range(10):
        begun = time.perf_counter()
        for number in range(times // 10):
            work(part * (times // 10) + number)
        costs.append((time.perf_counter() - begun) / (times // 10) * 1e6)
    return sum(sorted(costs)[:5]) / 5


def first_reading(rows: Sequence[tuple[Schedule, ...]]) -> float:
    """What a schedule costs in all on the first question about a new day."""
    begun = time.perf_counter()
    for day in range(20):
        for one in rows:
            is_open(one, NOON + timedelta(days=1 + day), TOWN)
    return (time.perf_counter() - begun) / (20 * len(rows)) * 1e6


def measure() -> list[report.Row]:
    """All rows."""
    rows = schedules()
    keyed = {(number % DIFFERENT, NOON.date()): number for number in range(DIFFERENT)}
    floor = report.alone(
        "a look-up by schedule and day", microseconds(lambda n: keyed.get((n % DIFFERENT, NOON.date())), TIMES), "us",
        better="lower",
    )  # fmt: skip
    new_day = report.alone("is_open on a day not worked out yet", first_reading(rows), "us", better="lower")
    asked = microseconds(lambda n: is_open(rows[n % DIFFERENT], NOON, TOWN), TIMES)
    texts = [f"Mon-Fri {n % 5 + 6}:{n % 60:02d}AM-{n % 7 + 1}PM" for n in range(DIFFERENT)]

    def impossible(number: int) -> None:
        try:
            recurrence(f"FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30;INTERVAL={number % 300 + 2}", NOON.date())
        except BadRule:
            return

    told = microseconds(lambda n: told_now(rows[n % DIFFERENT], TOWN, NOON), 1000)
    read = microseconds(lambda n: understand(texts[n]), DIFFERENT)
    refused = microseconds(impossible, 200)
    return [
        floor,
        report.against("is_open", asked, "us", floor, better="lower"),
        new_day,
        report.alone("open or not, 10,000 services one by one", asked * 10_000 / 1000, "ms", better="lower"),
        report.alone("the public answer with a week", told, "us", better="lower"),
        report.alone("a text of hours that was not read before", read, "us", better="lower"),
        report.alone("an RRULE that names no day, until refused", refused, "us", 50_000, "lower"),
    ]


if __name__ == "__main__":
    found = measure()
    print(report.table(found))
    report.save(found, "hours")
