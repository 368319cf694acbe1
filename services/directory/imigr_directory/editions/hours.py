"""Opening hours as lines to print: ``Mon–Thu 08:30–12:30, 13:30–17:30``, with what holds in Ramadan and on holidays.

A print has no "today": it says the layers of the hours themselves, as the directory's domain reads them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import cache
from typing import Any

from babel import Locale
from babel.dates import format_date

from imigr_directory.domain.hours.now import hours_of
from imigr_directory.domain.hours.recurrence import WEEKDAYS, parts_of
from imigr_directory.domain.hours.schedule import Rule, Schedule
from imigr_directory.domain.hours.spans import Span, joined
from imigr_directory.domain.hours.words import REGION, period_name

WORDS = {
    "fr": {
        "appointment": "Sur rendez-vous",
        "daily": "Tous les jours",
        "closed": "Fermé les jours fériés",
        "holidays": "Jours fériés",
        "paused": "Fermé temporairement",
        "until": "jusqu'au {day}",
        "from": "à partir du {day}",
        "confirm": "Horaires à confirmer",
        "whole_day": "24 h sur 24",
        "other": "Autres jours : renseignez-vous sur place",
        "colon": " : ",
    },
    "ar": {
        "appointment": "بموعد مسبق",
        "daily": "كل يوم",
        "closed": "مغلق في أيام العطل الرسمية",
        "holidays": "أيام العطل الرسمية",
        "paused": "مغلق مؤقتا",
        "until": "إلى غاية {day}",
        "from": "ابتداء من {day}",
        "confirm": "أوقات للتثبت",
        "whole_day": "على مدار الساعة",
        "other": "أيام أخرى: استفسر في المكان",
        "colon": ": ",
    },
    "en": {
        "appointment": "By appointment",
        "daily": "Every day",
        "closed": "Closed on public holidays",
        "holidays": "Public holidays",
        "paused": "Temporarily closed",
        "until": "until {day}",
        "from": "from {day}",
        "confirm": "Hours to be confirmed",
        "whole_day": "round the clock",
        "other": "Other days: ask on site",
        "colon": ": ",
    },
}


def hours_lines(content: Mapping[str, Any], language: str) -> Sequence[str]:
    """The hours of a content (else of the places it is at): temporarily closed, the usual week, Ramadan and summer,
    public holidays, by appointment."""
    lines = [line for one in hours_of(content) for line in _lines(one, language)]
    return list(dict.fromkeys(lines))


def _lines(schedule: Schedule, language: str) -> Iterator[str]:
    words = _words(language)
    if schedule.pause is not None:
        yield _dated(words["paused"], None, schedule.pause.last, language)
    yield from _weekly(schedule.rules, language)
    for code, rules in sorted(schedule.regimes.items()):
        name = period_name(code)
        for line in _weekly(rules, language):
            yield f"{name.get(language) or name['fr']}{words['colon']}{line}"
    if schedule.on_holidays:
        yield f"{words['holidays']}{words['colon']}{_times(schedule.on_holidays, language)}"
    elif schedule.on_holidays == () and schedule.rules:
        yield words["closed"]
    if schedule.by_appointment:
        yield words["appointment"]
    if schedule.to_confirm:
        yield words["confirm"]


def _weekly(rules: Iterable[Rule], language: str) -> Iterator[str]:
    """Runs of days with the same hours. A rule that is not of every week is only hinted at."""
    spans: dict[tuple[date | None, date | None], dict[str, list[Span]]] = {}
    has_others = False
    for rule in rules:
        days = _days_of(rule.days.rrule)
        has_others |= not days
        season = spans.setdefault((rule.days.valid_from, rule.days.valid_until), {})
        for day in days:
            season.setdefault(day, []).extend(rule.spans)
    for (first, last), week in spans.items():
        same: dict[tuple[Span, ...], list[int]] = {}
        for number, day in enumerate(WEEKDAYS):
            if day in week:
                same.setdefault(joined(week[day]), []).append(number)
        for times, numbers in same.items():
            yield _dated(f"{_days(numbers, language)} {_times(times, language)}", first, last, language)
    if has_others:
        yield _words(language)["other"]


def _days_of(rrule: str) -> Sequence[str]:
    """The weekdays that a rule names in every week; none when it does not recur so simply."""
    parts = parts_of(rrule)
    if parts == {"FREQ": "DAILY"}:
        return WEEKDAYS
    is_weekly = set(parts) == {"FREQ", "BYDAY"} and parts["FREQ"] in ("WEEKLY", "DAILY")
    return parts["BYDAY"].split(",") if is_weekly else ()


def _times(spans: Iterable[Span], language: str) -> str:
    """The figures are one left-to-right run in every language: isolated (Unicode TR 9), they read so in Arabic too."""
    told = [span.text() for span in spans]
    if told == ["00:00-24:00"]:
        return _words(language)["whole_day"]
    return f"\u2066{', '.join(told).replace('-', '–')}\u2069"


def _dated(text: str, first: date | None, last: date | None, language: str) -> str:
    words = _words(language)
    dates = ((words["from"], first), (words["until"], last))
    said = [word.format(day=_day(day, language)) for word, day in dates if day is not None]
    return f"{text} ({' '.join(said)})" if said else text


def _day(day: date, language: str) -> str:
    return format_date(day, "long", locale=REGION.get(language, language))


def _words(language: str) -> Mapping[str, str]:
    return WORDS.get(language, WORDS["fr"])


def _days(numbers: Sequence[int], language: str) -> str:
    if len(numbers) == len(WEEKDAYS):
        return _words(language)["daily"]
    runs: list[list[int]] = []
    for number in numbers:
        if runs and runs[-1][-1] == number - 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    names = _names(language)
    told = [names[run[0]] if len(run) == 1 else f"{names[run[0]]}–{names[run[-1]]}" for run in runs]
    return ("، " if language == "ar" else ", ").join(told)


@cache
def _names(language: str) -> list[str]:
    locale = Locale.parse(REGION.get(language, language), sep="_")
    named = locale.days["stand-alone"]["wide" if language == "ar" else "abbreviated"]
    return [str(named[number]) for number in range(7)]
