"""Days that the law and the lunar calendar give: public holidays of a country, and the months of Ramadan.

Sources: the library ``holidays`` (Tunisia: public holidays by law, feasts by an estimated lunar calendar) and
``hijridate`` (Umm al-Qura). One correction of the library (it still has 14 January in 0.86): since 2021 the Day of the
Revolution is 17 December (presidential decree no. 2021-223 of 7 December 2021, JORT 2021-113, in the place of decree
no. 2011-317). The decree speaks of the staff of public administrations; how many days of a feast a town keeps is for
its managers to settle in the calendar.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache, lru_cache
from typing import Final

import holidays
from hijridate import Hijri

RAMADAN: Final = "ramadan"
ESTIMATED = " (estimated)"
CODES: Final = {
    "New Year's Day": "new_year",
    "Revolution and Youth Day": "revolution_day",
    "Independence Day": "independence_day",
    "Martyrs' Day": "martyrs_day",
    "Labor Day": "labour_day",
    "Republic Day": "republic_day",
    "Women's Day": "womens_day",
    "Evacuation Day": "evacuation_day",
    "Eid al-Fitr": "eid_al_fitr",
    "Eid al-Fitr Holiday": "eid_al_fitr",
    "Arafat Day": "arafat_day",
    "Eid al-Adha": "eid_al_adha",
    "Eid al-Adha Holiday": "eid_al_adha",
    "Islamic New Year": "islamic_new_year",
    "Prophet's Birthday": "mawlid",
}
"""The library's names; one that is not here is ``public_holiday``."""
FEAST_OF: Final = {"eid_al_fitr": "eid_al_fitr", "eid_al_adha": "eid_al_adha", "arafat_day": "eid_al_adha"}
"""Days that move together with the first day of a feast."""
_DECREE_YEAR = 2021
_HIJRI_FIRST, _HIJRI_LAST = 1343, 1500


@dataclass(frozen=True)
class Feast:
    """One day that is worked out; ``id`` is ``<year>.<code>.<n>``, ``n`` counts the code's days in the year."""

    id: str
    code: str
    day: date
    is_lunar: bool


@lru_cache(maxsize=512)
def worked_out(country: str, year: int) -> tuple[Feast, ...]:
    """The public holidays of a year, by date."""
    named = holidays.country_holidays(country, years=year, language="en_US", expand=False)
    found: list[Feast] = []
    counts: dict[str, int] = {}
    for day, names in sorted(_corrected(country, year, dict(named.items()))):
        for name in names.split("; "):
            code = CODES.get(name.removesuffix(ESTIMATED), "public_holiday")
            counts[code] = counts.get(code, 0) + 1
            found.append(Feast(f"{year}.{code}.{counts[code]}", code, day, name.endswith(ESTIMATED)))
    return tuple(found)


@cache
def estimated_months(year: int) -> tuple[tuple[date, date], ...]:
    """First and last day of the months of Ramadan that touch a year."""
    found = []
    near = year - 579  # the lunar year that ends about then, at the earliest
    for hijri in range(max(near - 3, _HIJRI_FIRST), min(near + 30, _HIJRI_LAST) + 1):
        month = Hijri(hijri, 9, 1)
        first = date(*month.to_gregorian().datetuple())
        last = first + timedelta(days=month.month_length() - 1)
        if first.year <= year <= last.year:
            found.append((first, last))
    return tuple(found)


def _corrected(country: str, year: int, named: dict[date, str]) -> list[tuple[date, str]]:
    old, new = date(year, 1, 14), date(year, 12, 17)
    name = "Revolution and Youth Day"
    if country == "TN" and year >= _DECREE_YEAR and name in named.get(old, "").split("; ") and new not in named:
        rest = [one for one in named.pop(old).split("; ") if one != name]
        if rest:
            named[old] = "; ".join(rest)
        named[new] = name
    return list(named.items())
