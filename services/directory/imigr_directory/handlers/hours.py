"""Opening hours of a service.

What closes a door for some days (a pause, a one-off closure, an extra opening) is told at once by the town's editors as
by its managers: it is true already, of a closed list of reasons, and nobody may wait in front of a closed door for a
review. The weekly hours are content like any other: an editor proposes them, a manager publishes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from imigr_directory.domain import Content, Record
from imigr_directory.domain.hours.schedule import OneOff, Pause
from imigr_directory.domain.hours.template import TEMPLATES
from imigr_directory.domain.hours.written import one_off_row, pause_row, schedule_row, schedules_of
from imigr_directory.errors import InvalidHours, StaleVersion, UnknownException, UnknownService
from imigr_directory.handlers.ports import Command, Desk
from imigr_directory.handlers.records import EDITORS
from imigr_directory.handlers.services import Change, change_service, existing
from imigr_kit.errors import FieldError

TRIES = 5
"""How often a change of some days is made anew when somebody changes the entry at once."""

Row = Mapping[str, Any]
Rows = Sequence[Row]


def set_hours(
    desk: Desk, actor: Mapping[str, Any], service_id: str, version: int, rows: Rows, command: Command
) -> Record:
    """Other weekly hours on the version that was read. Raises InvalidHours field by field, StaleVersion."""
    schedules_of(list(rows))
    _shown(desk, service_id)
    new = [dict(one) for one in rows]
    return change_service(desk, actor, service_id, version, lambda one: {**one, "schedules": new}, command)


def template_rows(name: str) -> list[dict[str, Any]]:
    """The hours of a template, to be confirmed. Raises InvalidHours."""
    if name not in TEMPLATES:
        raise InvalidHours(fields=[FieldError("template", InvalidHours.code, f"one of {', '.join(TEMPLATES)}")])
    return [schedule_row(TEMPLATES[name]())]


def pause_service(
    desk: Desk, actor: Mapping[str, Any], service_id: str, pause: Pause | None, command: Command
) -> Record:
    """Temporarily closed (None: open again), whatever the rest of its hours; on the entry as it is now."""
    if pause is not None and pause.last is not None and pause.last < pause.first:
        raise InvalidHours(fields=[FieldError("last", InvalidHours.code, "ends before it begins")])
    return _at_once(
        desk,
        actor,
        service_id,
        lambda one: {**one, "schedules": _paused(one.get("schedules") or (), pause)},
        command,
    )


def except_days(desk: Desk, actor: Mapping[str, Any], service_id: str, exception: OneOff, command: Command) -> Record:
    """Closed on some days, or open at hours that the rules do not say; takes the place of the exception that begins on
    the same day. Raises InvalidHours, also when another exception has one of the days."""
    row = one_off_row(exception)

    def change(schedule: Row) -> dict[str, Any]:
        others = [one for one in schedule.get("one_offs") or () if one["first"] != row["first"]]
        return {**schedule, "one_offs": sorted([*others, row], key=lambda one: str(one["first"]))}

    return _at_once(desk, actor, service_id, lambda one: _each(one, change), command)


def as_usual(desk: Desk, actor: Mapping[str, Any], service_id: str, first: date, command: Command) -> Record:
    """The exception that begins on a day is taken back. Raises UnknownException."""

    def change(schedule: Row) -> dict[str, Any]:
        left = [one for one in schedule.get("one_offs") or () if one["first"] != first.isoformat()]
        return {name: value for name, value in {**schedule, "one_offs": left}.items() if name != "one_offs" or left}

    def changed(content: Content) -> Content:
        new = _each(content, change)
        if new == content:
            raise UnknownException(params={"first": first.isoformat()})
        return {**new, "schedules": [one for one in new["schedules"] if _says_something(one)]}

    return _at_once(desk, actor, service_id, changed, command)


def _at_once(desk: Desk, actor: Mapping[str, Any], service_id: str, change: Change, command: Command) -> Record:
    """On the entry as it is now, however many change it at once."""

    def checked(content: Content) -> Content:
        new = change(content)
        schedules_of(new["schedules"])
        return new

    for number in range(TRIES):
        version = _shown(desk, service_id).version
        try:
            return change_service(desk, actor, service_id, version, checked, command, publishers=EDITORS)
        except StaleVersion:
            if number == TRIES - 1:
                raise
    raise StaleVersion


def _shown(desk: Desk, service_id: str) -> Record:
    record = existing(desk, service_id)
    if record.state == "withdrawn":
        raise UnknownService(params={"service_id": service_id})
    return record


def _each(content: Content, change: Callable[[Row], dict[str, Any]]) -> dict[str, Any]:
    """Every schedule that tells the hours of a service changed: its own, else those of the places it is at, else a new
    one."""
    own = content.get("schedules") or ()
    if not own and any(place.get("schedules") for place in content.get("at") or ()):
        at = [{**place, "schedules": [change(one) for one in place.get("schedules") or ()]} for place in content["at"]]
        return {**content, "at": at}
    return {**content, "schedules": [change(one) for one in own or [{"rules": []}]]}


def _paused(rows: Rows, pause: Pause | None) -> list[dict[str, Any]]:
    """Each schedule with the pause or without; one that says nothing else is there only while it holds."""
    plain = [{name: value for name, value in row.items() if name != "pause"} for row in rows]
    if pause is None:
        return [row for row in plain if _says_something(row)]
    return [row | {"pause": pause_row(pause)} for row in plain or [{"rules": []}]]


def _says_something(row: Row) -> bool:
    return bool(set(row) - {"id", "rules"} or row.get("rules"))
