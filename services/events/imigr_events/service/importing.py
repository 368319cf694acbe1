"""RPC method of imports."""

from __future__ import annotations

from typing import Any

from imigr_events import partner_calendar
from imigr_events.errors import InvalidInput
from imigr_events.handlers import importing
from imigr_events.schemas import importing as schemas
from imigr_events.service.app import App
from imigr_kit.entrypoints import rpc
from imigr_kit.errors import FieldError


class ImportMethods:
    """A partner's calendar."""

    app: App

    @rpc
    def import_calendar(self, **payload: Any) -> dict[str, Any]:
        """Bring in a partner's calendar, once for each UID and SEQUENCE; says what was left out of it and why."""
        wanted = schemas.IMPORT_CALENDAR.load(payload)
        try:
            read = partner_calendar.read(wanted["calendar"].encode(), schemas.source_of(wanted))
        except partner_calendar.NotACalendar as error:
            raise InvalidInput(fields=[FieldError("calendar", str(error), "")]) from None
        offered, refused = schemas.offers(read)
        told = importing.import_calendar(
            self.app.importer,
            wanted["actor"],
            wanted["municipality"],
            offered,
            refused,
            is_trial=wanted["is_trial"],
        )
        return told | {"dropped": dict(read.dropped)}
