"""Opening hours on the wire: set, paused, read from text."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from imigr_directory import schemas
from imigr_directory.domain import Record, service_of
from imigr_directory.domain.hours.free_text import Understood, understand
from imigr_directory.domain.hours.schedule import OneOff, Pause
from imigr_directory.domain.hours.spans import span_of
from imigr_directory.domain.hours.template import TEMPLATES
from imigr_directory.domain.hours.written import schedule_row
from imigr_directory.handlers import hours as cases
from imigr_directory.schemas import opening as wire
from imigr_directory.service.app import App
from imigr_kit.commands import command_of
from imigr_kit.entrypoints import rpc


class HoursMethods:
    """RPC methods of opening hours."""

    app: App

    @rpc
    def set_service_hours(self, **payload: Any) -> dict[str, Any]:
        """Other hours of a service, or those of a template, on the version that was read."""
        wanted = wire.SET_HOURS.load(payload)
        rows = wanted["schedules"] if wanted["template"] is None else cases.template_rows(wanted["template"])
        command = command_of("set_service_hours", payload)
        made = cases.set_hours(self.app.desk, wanted["actor"], wanted["service_id"], wanted["version"], rows, command)
        return self._with_hours(made)

    @rpc
    def pause_service(self, **payload: Any) -> dict[str, Any]:
        """Temporarily closed."""
        wanted = wire.PAUSE_SERVICE.load(payload)
        first = wanted["first"] or self._today(wanted["service_id"])
        return self._paused("pause_service", wanted, payload, Pause(first, wanted["last"], wanted["reason"]))

    @rpc
    def resume_service(self, **payload: Any) -> dict[str, Any]:
        """Open again."""
        return self._paused("resume_service", wire.OF_SERVICE.load(payload), payload, None)

    @rpc
    def except_service_days(self, **payload: Any) -> dict[str, Any]:
        """A one-off closure, or an extra opening."""
        wanted = wire.EXCEPT_DAYS.load(payload)
        spans = tuple(span_of(one) for one in wanted["spans"])
        exception = OneOff(wanted["first"], wanted["last"] or wanted["first"], spans, wanted["reason"])
        command = command_of("except_service_days", payload)
        made = cases.except_days(self.app.desk, wanted["actor"], wanted["service_id"], exception, command)
        return self._with_hours(made)

    @rpc
    def remove_service_exception(self, **payload: Any) -> dict[str, Any]:
        """An exception is taken back."""
        wanted = wire.AS_USUAL.load(payload)
        command = command_of("remove_service_exception", payload)
        made = cases.as_usual(self.app.desk, wanted["actor"], wanted["service_id"], wanted["first"], command)
        return self._with_hours(made)

    @rpc
    def read_hours(self, **payload: Any) -> dict[str, Any]:
        """What a text of hours means, or why it could not be understood; nothing is stored."""
        found = understand(wire.READ_HOURS.load(payload)["text"])
        if isinstance(found, Understood):
            return {"understood": True, "schedules": [schedule_row(found.schedule)], "osm": found.osm}
        return {"understood": False, "reason": found.reason, "word": found.detail}

    @rpc
    def list_hours_templates(self) -> dict[str, Any]:
        """Hours to start from, to be confirmed."""
        return {"items": [{"code": name, "schedules": cases.template_rows(name)} for name in TEMPLATES]}

    def _paused(
        self, method: str, wanted: dict[str, Any], payload: dict[str, Any], pause: Pause | None
    ) -> dict[str, Any]:
        command = command_of(method, payload)
        made = cases.pause_service(self.app.desk, wanted["actor"], wanted["service_id"], pause, command)
        return self._with_hours(made)

    def _with_hours(self, record: Record) -> dict[str, Any]:
        return schemas.written_out(record) | self.app.hours_now(service_of(record))

    def _today(self, service_id: str) -> Any:
        record = self.app.desk.records.get("service", service_id)
        calendar = None if record is None else self.app.calendars.get(record.municipality or "")
        zone = ZoneInfo("UTC") if calendar is None else calendar.zone
        return self.app.almanac.clock.now().astimezone(zone).date()
