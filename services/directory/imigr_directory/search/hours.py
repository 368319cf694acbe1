"""Which entries are open at a moment: hours are worked out once per town and set of schedules, not per entry."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from imigr_directory.domain import Service
from imigr_directory.domain.calendar import Calendar
from imigr_directory.domain.hours.openings import is_open
from imigr_directory.domain.hours.schedule import Schedule
from imigr_directory.domain.hours.written import schedules_of
from imigr_directory.errors import InvalidHours

Calendars = Mapping[str, Calendar]
UNKNOWN = 0
"""The number of entries that do not say when they are open; they are not found among the open ones."""
KEPT = 16


class Hours:
    """A number for each town and set of schedules that occurs."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[str, tuple[Schedule, ...]], int] = {}
        self._sets: list[tuple[str, tuple[Schedule, ...]]] = [("", ())]
        self._open: OrderedDict[Any, npt.NDArray[np.bool_]] = OrderedDict()

    def number(self, service: Service) -> int:
        """The number of the entry's town and schedules."""
        schedules = tuple(one for rows in _rows(service) for one in _schedules(rows))
        if not schedules:
            return UNKNOWN
        named = (service.municipality, schedules)
        if named not in self._numbers:
            self._numbers[named] = len(self._sets)
            self._sets.append(named)
        return self._numbers[named]

    def open_at(self, moment: datetime, calendars: Calendars) -> npt.NDArray[np.bool_]:
        """By number, whether it is open at the minute of the moment, without an appointment."""
        minute = moment.replace(second=0, microsecond=0)
        asked = (minute, len(self._sets), tuple(calendars.values()))
        kept = self._open.pop(asked, None)
        if kept is None:
            kept = np.array([_is_open(schedules, minute, calendars.get(town)) for town, schedules in self._sets])
        self._open[asked] = kept
        while len(self._open) > KEPT:
            self._open.popitem(last=False)
        return kept


def _is_open(schedules: Sequence[Schedule], moment: datetime, calendar: Calendar | None) -> bool:
    return calendar is not None and is_open(schedules, moment, calendar)


def _rows(service: Service) -> list[Any]:
    """Schedules of the service itself and of the places where it is given."""
    places = service.details.get("at") or ()
    return [service.details.get("schedules"), *(place.get("schedules") for place in places)]


def _schedules(rows: Any) -> tuple[Schedule, ...]:
    try:
        return schedules_of(rows) if rows else ()
    except InvalidHours:  # kept before this rule was known: the entry counts as one that does not say
        return ()
