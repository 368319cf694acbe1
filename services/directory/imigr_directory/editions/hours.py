"""Opening hours as lines to print: ``Mon–Thu 08:30–12:30, 13:30–17:30``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from babel import Locale

DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_DAY = re.compile(r"BYDAY=([A-Z,]+)(?:;|$)")
REGION = {"ar": "ar_TN"}
WORDS = {
    "fr": {"ramadan": "Ramadan", "summer": "Été", "appointment": "Sur rendez-vous", "daily": "Tous les jours"},
    "ar": {"ramadan": "رمضان", "summer": "الصيف", "appointment": "بموعد مسبق", "daily": "كل يوم"},
    "en": {"ramadan": "Ramadan", "summer": "Summer", "appointment": "By appointment", "daily": "Every day"},
}


def hours_lines(content: Mapping[str, Any], language: str) -> Sequence[str]:
    """The weekly hours of a content, usual ones first, then those of Ramadan and of summer. Rules that are not weekly
    are left to the page of the service."""
    words = WORDS.get(language, WORDS["fr"])
    lines: list[str] = []
    for schedule in content.get("schedules") or ():
        lines += _weekly(schedule.get("rules") or (), language)
        for code, rules in sorted((schedule.get("regimes") or {}).items()):
            lines += [f"{words.get(code, code)} : {line}" for line in _weekly(rules, language)]
        if schedule.get("by_appointment"):
            lines.append(words["appointment"])
    return list(dict.fromkeys(lines))


def _weekly(rules: Iterable[Mapping[str, Any]], language: str) -> list[str]:
    spans: dict[str, list[str]] = {}
    for rule in rules:
        rrule = str(rule.get("rrule", ""))
        named = _DAY.search(rrule)
        if named is None and not rrule.startswith("FREQ=DAILY"):
            continue
        for day in named.group(1).split(",") if named else DAYS:
            spans.setdefault(day, []).extend("–".join(span) for span in rule.get("spans") or ())
    same: dict[str, list[int]] = {}
    for number, day in enumerate(DAYS):
        if spans.get(day):
            same.setdefault(", ".join(sorted(spans[day])), []).append(number)
    # The figures are one left-to-right run in every language: isolated (Unicode TR 9), they read so in Arabic too.
    return [f"{_days(numbers, language)} \u2066{times}\u2069" for times, numbers in same.items()]


def _days(numbers: Sequence[int], language: str) -> str:
    if len(numbers) == len(DAYS):
        return WORDS.get(language, WORDS["fr"])["daily"]
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
