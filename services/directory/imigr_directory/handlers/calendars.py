"""The calendar of a municipality: read by all, settled by its managers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

from imigr_directory.domain.calendar import Calendar, Holiday, State
from imigr_directory.errors import StaleVersion, UnknownMunicipality
from imigr_directory.handlers.ports import Command
from imigr_kit.access import require
from imigr_kit.clock import Clock
from imigr_kit.facts import Fact

MANAGERS, STAFF = ("manager",), ("manager", "editor", "mediator")
TRIES = 8
"""How often a change is made anew when others change the same calendar at once."""
SOON = timedelta(days=60)
"""An estimate so near waits for somebody to confirm it."""
FARTHEST = 5
"""Years ahead that an event tells when something was settled there."""

Change = Callable[[Calendar], Calendar]


class Calendars(Protocol):
    """What was settled."""

    def all(self) -> Mapping[str, Calendar]:
        """The calendars of all municipalities, by slug."""
        ...

    def get(self, municipality: str) -> Calendar | None:
        """The calendar of one municipality as it is stored now; None when it does not take part."""
        ...

    def done(self, municipality: str, key: str) -> str | None:
        """The hash of the body of a command that was done."""
        ...

    def save(self, calendar: Calendar, facts: Sequence[Fact], command: Command) -> bool:
        """Store it on exactly the version before; false when another one is stored or the command was done."""
        ...


@dataclass(frozen=True)
class Almanac:
    """What the use cases work with; ``changed`` tells this process that hours are others now."""

    calendars: Calendars
    clock: Clock
    changed: Callable[[], None]


def read_calendar(almanac: Almanac, municipality: str) -> Calendar:
    """As it is stored now. Raises UnknownMunicipality."""
    found = almanac.calendars.get(municipality)
    if found is None:
        raise UnknownMunicipality(params={"municipality": municipality})
    return found


def read_for_staff(almanac: Almanac, actor: Mapping[str, Any], municipality: str) -> Calendar:
    """The same, for staff of the town."""
    require(actor, STAFF, municipality)
    return read_calendar(almanac, municipality)


def change_calendar(
    almanac: Almanac, actor: Mapping[str, Any], municipality: str, change: Change, command: Command
) -> Calendar:
    """Settle something. Two managers at once both get through, one after the other; the same command again changes
    nothing and gives the calendar as it is now. Raises what ``change`` raises, KeyReused, StaleVersion."""
    require(actor, MANAGERS, municipality)
    for _ in range(TRIES):
        old = read_calendar(almanac, municipality)
        known = almanac.calendars.done(municipality, command.key)
        if known is not None:
            command.must_be(known)
            return old
        new = change(old)
        if almanac.calendars.save(new, [new.changed(told_years(almanac, new))], command):
            almanac.changed()
            return new
    raise StaleVersion(params={"version": old.version})


def told_years(almanac: Almanac, calendar: Calendar) -> list[int]:
    """This year and the next, and later ones in which something was settled."""
    first = shown_years(almanac)[0]
    days = [one.estimate or one.day for one in calendar.decisions]
    days += [one.first for one in calendar.settled] + [one.first for one in calendar.closures]
    later = {day.year for day in days if day is not None and first < day.year <= first + FARTHEST}
    return sorted({first, first + 1, *later})


def shown_years(almanac: Almanac) -> tuple[int, int]:
    """This year and the next."""
    year = almanac.clock.now().year
    return year, year + 1


def to_confirm(almanac: Almanac, calendar: Calendar) -> list[Holiday]:
    """Estimated holidays of the next 60 days: somebody should look at the moon, or at the announcement."""
    today = almanac.clock.now().astimezone(calendar.zone).date()
    near = [one for year in shown_years(almanac) for one in calendar.holidays(year)]
    return [one for one in near if one.state is State.ESTIMATED and today <= one.day <= today + SOON]
