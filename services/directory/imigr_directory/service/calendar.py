"""Calendars of municipalities on the wire: load, one use case, dump."""

from __future__ import annotations

from typing import Any

from imigr_directory.domain.calendar import Calendar, Closure, Period, State
from imigr_directory.domain.calendar.values import spans_by_weekday
from imigr_directory.handlers import calendars
from imigr_directory.handlers.calendars import Change
from imigr_directory.schemas import calendar as wire
from imigr_directory.service.app import App
from imigr_kit.commands import command_of
from imigr_kit.entrypoints import rpc
from imigr_kit.keyed import body_hash


class CalendarMethods:
    """RPC methods of calendars."""

    app: App

    @rpc
    def get_calendar(self, **payload: Any) -> dict[str, Any]:
        """The calendar of a municipality, this year and the next."""
        wanted = wire.OF_TOWN.load(payload)
        return self._shown(calendars.read_calendar(self.app.almanac, wanted["municipality"]))

    @rpc
    def get_calendar_for_staff(self, **payload: Any) -> dict[str, Any]:
        """The same, with what waits to be confirmed."""
        found = calendars.read_for_staff(self.app.almanac, **wire.FOR_STAFF.load(payload))
        waiting = calendars.to_confirm(self.app.almanac, found)
        return self._shown(found) | {"to_confirm": [wire.holiday_out(one) for one in waiting]}

    @rpc
    def confirm_holiday(self, **payload: Any) -> dict[str, Any]:
        """A holiday is on that day; its feast and the end of Ramadan follow."""
        wanted = wire.CONFIRM.load(payload)
        return self._changed("confirm_holiday", wanted, payload, lambda one: one.confirm(wanted["id"], wanted["date"]))

    @rpc
    def add_holiday(self, **payload: Any) -> dict[str, Any]:
        """One more holiday."""
        wanted = wire.ADD.load(payload)
        return self._changed("add_holiday", wanted, payload, lambda one: one.add(wanted["date"], wanted["name"]))

    @rpc
    def remove_holiday(self, **payload: Any) -> dict[str, Any]:
        """There is no such holiday this year."""
        wanted = wire.OF_ENTRY.load(payload)
        return self._changed("remove_holiday", wanted, payload, lambda one: one.remove(wanted["id"]))

    @rpc
    def restore_holiday(self, **payload: Any) -> dict[str, Any]:
        """What was settled about a holiday is forgotten."""
        wanted = wire.OF_ENTRY.load(payload)
        return self._changed("restore_holiday", wanted, payload, lambda one: one.restore(wanted["id"]))

    @rpc
    def settle_period(self, **payload: Any) -> dict[str, Any]:
        """When Ramadan or another regime is in force."""
        wanted = wire.SETTLE.load(payload)
        hours = spans_by_weekday(wanted["hours"])
        period = Period(wanted["code"], wanted["first"], wanted["last"], State.CONFIRMED, hours)
        return self._changed("settle_period", wanted, payload, lambda one: one.settle(period))

    @rpc
    def unsettle_period(self, **payload: Any) -> dict[str, Any]:
        """What was settled about a period is forgotten."""
        wanted = wire.OF_PERIOD.load(payload)
        return self._changed(
            "unsettle_period", wanted, payload, lambda one: one.unsettle(wanted["code"], wanted["first"])
        )

    @rpc
    def close_town(self, **payload: Any) -> dict[str, Any]:
        """The town's services are closed on some days."""
        wanted = wire.CLOSE.load(payload)
        first = wanted["first"]
        closure = Closure(_id_of(wanted["idempotency_key"]), first, wanted["last"] or first, wanted["reason"])
        return self._changed("close_town", wanted, payload, lambda one: one.close(closure))

    @rpc
    def reopen_town(self, **payload: Any) -> dict[str, Any]:
        """A closure is taken back."""
        wanted = wire.OF_ENTRY.load(payload)
        return self._changed("reopen_town", wanted, payload, lambda one: one.reopen(wanted["id"]))

    def _changed(self, method: str, wanted: dict[str, Any], payload: dict[str, Any], change: Change) -> dict[str, Any]:
        command = command_of(method, payload)
        made = calendars.change_calendar(self.app.almanac, wanted["actor"], wanted["municipality"], change, command)
        return self._shown(made)

    def _shown(self, calendar: Calendar) -> dict[str, Any]:
        return wire.calendar_out(calendar, calendars.shown_years(self.app.almanac))


def _id_of(key: str) -> str:
    """An id that follows from the command, so that a repetition has the same."""
    return body_hash({"closure": key})[:24]
