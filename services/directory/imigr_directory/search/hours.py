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
        """The number of the entry's town and schedules, of those that its readers are told."""
        if not service.schedules:
            return UNKNOWN
        named = (service.municipality, service.schedules)
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
