"""Opening hours of a service, set by its editors and managers as any other change of its record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from imigr_directory.domain import Service, service_of
from imigr_directory.domain.hours.schedule import Pause
from imigr_directory.domain.hours.template import TEMPLATES
from imigr_directory.domain.hours.written import pause_row, schedule_row, schedules_of
from imigr_directory.errors import InvalidHours, StaleVersion, UnknownService
from imigr_directory.handlers.ports import Command, Desk
from imigr_directory.handlers.services import KIND, WRITERS, update_service
from imigr_kit.access import require
from imigr_kit.errors import FieldError

TRIES = 5
"""How often a pause is set anew when somebody changes the entry at once."""

Rows = Sequence[Mapping[str, Any]]


def set_hours(
    desk: Desk, actor: Mapping[str, Any], service_id: str, version: int, rows: Rows, command: Command
) -> Service:
    """Other hours on the version that was read. Raises InvalidHours field by field, StaleVersion."""
    schedules_of(list(rows))
    service = _service(desk, actor, service_id)
    return update_service(desk, actor, service_id, version, _with(service, rows), command)


def template_rows(name: str) -> list[dict[str, Any]]:
    """The hours of a template, to be confirmed. Raises InvalidHours."""
    if name not in TEMPLATES:
        raise InvalidHours(fields=[FieldError("template", InvalidHours.code, f"one of {', '.join(TEMPLATES)}")])
    return [schedule_row(TEMPLATES[name]())]


def pause_service(
    desk: Desk, actor: Mapping[str, Any], service_id: str, pause: Pause | None, command: Command
) -> Service:
    """Temporarily closed (None: open again), whatever the rest of its hours; on the entry as it is now."""
    if pause is not None and pause.last is not None and pause.last < pause.first:
        raise InvalidHours(fields=[FieldError("last", InvalidHours.code, "ends before it begins")])
    for number in range(TRIES):
        service = _service(desk, actor, service_id)
        changed = _with(service, _paused(service.details.get("schedules") or (), pause))
        try:
            return update_service(desk, actor, service_id, service.version, changed, command)
        except StaleVersion:
            if number == TRIES - 1:
                raise
    raise StaleVersion


def _service(desk: Desk, actor: Mapping[str, Any], service_id: str) -> Service:
    record = desk.records.get(KIND, service_id)
    if record is None or record.state == "withdrawn":
        raise UnknownService(params={"service_id": service_id})
    require(actor, WRITERS, record.municipality or "*")
    return service_of(record)


def _with(service: Service, rows: Rows) -> Service:
    return replace(service, details={**service.details, "schedules": [dict(one) for one in rows]})


def _paused(rows: Rows, pause: Pause | None) -> list[dict[str, Any]]:
    """Each schedule with the pause or without; one that says nothing else is there only while it holds."""
    plain = [{name: value for name, value in row.items() if name != "pause"} for row in rows]
    if pause is None:
        return [row for row in plain if set(row) - {"id", "rules"} or row.get("rules")]
    return [row | {"pause": pause_row(pause)} for row in plain or [{"rules": []}]]
