"""The calendar of a municipality, for its managers: every service of the house follows it."""

from __future__ import annotations

from typing import Any

from imigr_gateway.api.staff.calls import call, command
from imigr_gateway.api.staff.directory.blueprint import blueprint
from imigr_gateway.doors import staff
from imigr_gateway.shapes import base
from imigr_gateway.shapes.directory import calendar as shapes

OF_TOWN = "/<municipality>/calendar"
HOLIDAY = f"{OF_TOWN}/holidays/<holiday_id>"


@blueprint.get(OF_TOWN)
@blueprint.response(200, shapes.StaffCalendar)
@staff("manager", "editor", "mediator")
def get_calendar(municipality: str) -> Any:
    """The calendar of this year and the next, and which estimates wait to be confirmed."""
    return call("directory", "get_calendar_for_staff", municipality, municipality=municipality)


@blueprint.put(HOLIDAY)
@blueprint.arguments(shapes.OnDay)
@blueprint.response(200, shapes.CalendarOut)
@staff("manager")
def confirm_holiday(data: dict[str, Any], municipality: str, holiday_id: str) -> Any:
    """Settle that a holiday is on that day: confirmed, or moved. Its feast and the end of Ramadan follow."""
    return _command("confirm_holiday", municipality, id=holiday_id, date=data["date"].isoformat())


@blueprint.post(f"{HOLIDAY}/remove")
@blueprint.arguments(base.Nothing, required=False)
@blueprint.response(200, shapes.CalendarOut)
@staff("manager")
def remove_holiday(data: dict[str, Any], municipality: str, holiday_id: str) -> Any:
    """Settle that there is no such holiday this year."""
    return _command("remove_holiday", municipality, id=holiday_id)


@blueprint.post(f"{HOLIDAY}/restore")
@blueprint.arguments(base.Nothing, required=False)
@blueprint.response(200, shapes.CalendarOut)
@staff("manager")
def restore_holiday(data: dict[str, Any], municipality: str, holiday_id: str) -> Any:
    """Forget what was settled about a holiday: it is what was worked out again."""
    return _command("restore_holiday", municipality, id=holiday_id)


@blueprint.post(f"{OF_TOWN}/holidays")
@blueprint.arguments(shapes.NewHoliday)
@blueprint.response(201, shapes.CalendarOut)
@staff("manager")
def add_holiday(data: dict[str, Any], municipality: str) -> Any:
    """Add a holiday."""
    return _command("add_holiday", municipality, date=data["date"].isoformat(), name=data["name"])


@blueprint.put(f"{OF_TOWN}/periods/<code>/<first>")
@blueprint.arguments(shapes.PeriodBody)
@blueprint.response(200, shapes.CalendarOut)
@staff("manager")
def settle_period(data: dict[str, Any], municipality: str, code: str, first: str) -> Any:
    """Settle when Ramadan or the summer hours are in force; replaces the period of that code that begins near."""
    body = {"code": code, "first": first, "last": data["last"].isoformat(), "hours": data["hours"]}
    return _command("settle_period", municipality, **body)


@blueprint.post(f"{OF_TOWN}/periods/<code>/<first>/forget")
@blueprint.arguments(base.Nothing, required=False)
@blueprint.response(200, shapes.CalendarOut)
@staff("manager")
def unsettle_period(data: dict[str, Any], municipality: str, code: str, first: str) -> Any:
    """Forget what was settled about a period; Ramadan is the estimate again."""
    return _command("unsettle_period", municipality, code=code, first=first)


@blueprint.post(f"{OF_TOWN}/closures")
@blueprint.arguments(shapes.ClosureBody)
@blueprint.response(201, shapes.CalendarOut)
@staff("manager")
def close_town(data: dict[str, Any], municipality: str) -> Any:
    """Close the town's services on some days."""
    dates = {name: None if data[name] is None else data[name].isoformat() for name in ("first", "last")}
    return _command("close_town", municipality, **dates, reason=data["reason"])


@blueprint.post(f"{OF_TOWN}/closures/<closure_id>/remove")
@blueprint.arguments(base.Nothing, required=False)
@blueprint.response(200, shapes.CalendarOut)
@staff("manager")
def reopen_town(data: dict[str, Any], municipality: str, closure_id: str) -> Any:
    """Take a closure back."""
    return _command("reopen_town", municipality, id=closure_id)


def _command(method: str, town: str, **body: Any) -> Any:
    return command("directory", method, town, municipality=town, **body)
