"""Holidays and changed hours of a municipality, and the alarm before a year that nobody has confirmed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from imigr_guichet.handlers.office import Office
from imigr_guichet.ports.feeds import Calendars, ToldCalendar
from imigr_kit.access import require

ALARM = timedelta(days=60)


def set_calendar(
    office: Office,
    calendars: Calendars,
    actor: Mapping[str, Any],
    municipality: str,
    years: Mapping[str, Sequence[str]],
    regimes: Sequence[dict[str, Any]],
) -> None:
    """Confirm the holidays of years and say the regimes (summer, Ramadan, ...). Saying the same again changes
    nothing, so it needs no key of its own."""
    require(actor, ("manager",), municipality)
    calendars.put(municipality, years, regimes, office.clock.now())


def follow_calendar(office: Office, calendars: Calendars, municipality: str, told: ToldCalendar, session: Any) -> None:
    """The directory's calendar changed: slots follow within seconds, and the review of the plans finds whom it
    strands."""
    calendars.follow(municipality, told, office.clock.now(), session)


def missing_years(office: Office, calendars: Calendars) -> list[tuple[str, int]]:
    """Municipalities whose guichets follow holidays, with each year that begins within 60 days (or runs) and that
    nobody has confirmed; until then it is worked out."""
    today = office.clock.now().date()
    wanted = {today.year, (today + ALARM).year}
    towns = sorted({one.municipality for one in office.plans.all(None) if one.holidays is not None})
    return [(town, year) for town in towns for year in sorted(wanted - calendars.known_years(town))]
