"""The calendar of a municipality: public holidays, the month of Ramadan and other regimes, closures of the town.

What the law and the lunar calendar give is worked out; feasts of the lunar calendar, and Ramadan, are estimates (the
sighting of the moon can move them by a day) until somebody confirms or moves them, and a feast that moves takes its
further days and the end of Ramadan along. Only what somebody decided is kept.
"""

from __future__ import annotations

from imigr_directory.domain.calendar.lunar import RAMADAN
from imigr_directory.domain.calendar.town import Calendar
from imigr_directory.domain.calendar.values import Closure, Decision, Holiday, Period, State, Town

__all__ = ["RAMADAN", "Calendar", "Closure", "Decision", "Holiday", "Period", "State", "Town"]
