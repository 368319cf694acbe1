"""Plans, absences and calendars on the wire: load, one use case, dump."""

from __future__ import annotations

from typing import Any

from pymongo.client_session import ClientSession

from imigr_guichet import ical
from imigr_guichet.building import WithBookings
from imigr_guichet.checking import check
from imigr_guichet.domain.guichet import Guichet
from imigr_guichet.handlers import calendars, fading, feeds, lookups, planning
from imigr_guichet.ports.feeds import Feed
from imigr_guichet.schemas import appointments as wire
from imigr_guichet.schemas import plans as plan_wire
from imigr_guichet.schemas.calendars import told_calendar
from imigr_kit.commands import actor_name, command_of
from imigr_kit.entrypoints import every, on_event, rpc
from imigr_kit.events import CloudEvent
from imigr_kit.logs import get_logger

log = get_logger(__name__)


class PlanMethods:
    """RPC methods of those who plan, and what follows by itself."""

    app: WithBookings

    @rpc
    def get_plan(self, **payload: Any) -> dict[str, Any]:
        """The whole plan of a guichet."""
        wanted = plan_wire.OF_GUICHET.load(payload)
        return plan_wire.plan_out(planning.read_plan(self.app.office, **wanted))

    @rpc
    def preview_plan(self, **payload: Any) -> dict[str, Any]:
        """Whom a changed plan would strand; nothing is saved."""
        wanted = plan_wire.PREVIEW_PLAN.load(payload)
        changed = self._changed(wanted)
        found = planning.preview_plan(self.app.office, wanted["actor"], wanted["municipality"], changed)
        return {"stranded": plan_wire.strandings_out(found), "version": wanted["version"]}

    @rpc
    def change_plan(self, **payload: Any) -> dict[str, Any]:
        """Save a plan; whom it strands goes on the worklist."""
        wanted = plan_wire.CHANGE_PLAN.load(payload)
        changed = self._changed(wanted)
        command = command_of("change_plan", payload)
        guichet, found = planning.change_plan(
            self.app.office, wanted["actor"], wanted["municipality"], changed, command
        )
        return {"stranded": plan_wire.strandings_out(found), "version": guichet.version}

    @rpc
    def register_absence(self, **payload: Any) -> dict[str, Any]:
        """A mediator is away; ``dry`` only shows what would follow."""
        wanted = plan_wire.REGISTER_ABSENCE.load(payload)
        absence = plan_wire.absence_from(wanted, self.app.office.hashed("absence", wanted["idempotency_key"])[:24])
        command = command_of("register_absence", payload)
        guichet, found = planning.register_absence(
            self.app.office,
            wanted["actor"],
            wanted["municipality"],
            wanted["guichet_id"],
            absence,
            command,
            dry=wanted["dry"],
        )
        stranded = plan_wire.strandings_out(found)
        return {"absence_id": absence.id, "stranded": stranded, "version": guichet.version}

    @rpc
    def withdraw_absence(self, **payload: Any) -> dict[str, Any]:
        """The mediator is there after all."""
        wanted = plan_wire.WITHDRAW_ABSENCE.load(payload)
        command = command_of("withdraw_absence", payload, wanted)
        guichet, found = planning.withdraw_absence(self.app.office, **wanted, command=command)
        return {"stranded": plan_wire.strandings_out(found), "version": guichet.version}

    @rpc
    def worklist(self, **payload: Any) -> dict[str, Any]:
        """Appointments that cannot take place as planned."""
        wanted = plan_wire.OF_GUICHET.load(payload)
        return wire.agenda_out(planning.worklist(self.app.office, **wanted))

    @rpc
    def set_calendar(self, **payload: Any) -> dict[str, Any]:
        """Confirm holidays and say the regimes of a municipality."""
        wanted = plan_wire.SET_CALENDAR.load(payload)
        years = {year: [day.isoformat() for day in days] for year, days in wanted["years"].items()}
        calendars.set_calendar(
            self.app.office,
            self.app.calendars,
            wanted["actor"],
            wanted["municipality"],
            years,
            plan_wire.rows(wanted["regimes"]),
        )
        return {"years": sorted(years)}

    @on_event("*.directory.calendar.*.v1", kinds=frozenset({"directory.calendar.changed"}))
    def on_calendar(self, event: CloudEvent, session: ClientSession) -> None:
        """Follow the directory's calendar of a municipality."""
        told = told_calendar(event.data)
        calendars.follow_calendar(self.app.office, self.app.calendars, event.municipality, told, session)

    @rpc
    def open_feed(self, **payload: Any) -> dict[str, Any]:
        """Give a mediator's agenda a private address."""
        wanted = plan_wire.OPEN_FEED.load(payload)
        feed = Feed(wanted["guichet_id"], wanted["mediator"])
        by = actor_name(wanted["actor"])
        feeds.open_feed(
            self.app.office,
            self.app.feeds,
            wanted["actor"],
            wanted["municipality"],
            feed,
            wanted["secret_hash"],
            by,
        )
        return {"guichet_id": feed.guichet_id, "mediator": feed.mediator}

    @rpc
    def read_feed(self, secret_hash: str, client_key: str | None, languages: list[str]) -> dict[str, Any]:
        """A mediator's agenda as iCalendar, by its secret."""
        found = lookups.looked_up(
            self.app.lookups,
            client_key,
            lambda: feeds.read_feed(self.app.office, self.app.feeds, secret_hash),
        )
        now = self.app.office.clock.now()
        return {"text": ical.feed(found.appointments, found.guichet, found.mediator, languages, now)}

    @every(5.0)
    def tidy(self) -> None:
        """End holds whose time is over; review plans that were changed lately."""
        while fading.expire_holds(self.app.office):
            pass
        planning.review_plans(self.app.office)

    @every(600.0)
    def forget_appointments(self) -> None:
        """Contacts a day after the visit; after thirty days only counts are kept."""
        now = self.app.office.clock.now()
        while self.app.retention.forget_contacts(now) or self.app.retention.count_old(now):
            pass

    @every(3600.0)
    def warn_of_missing_years(self) -> None:
        """An alarm in the log, 60 days before a year whose holidays nobody has confirmed."""
        for town, year in calendars.missing_years(self.app.office, self.app.calendars):
            log.error("calendar.year_missing", municipality=town, year=year)

    def _changed(self, wanted: dict[str, Any]) -> Guichet:
        current = planning.plan_of(self.app.office, wanted["guichet_id"], wanted["municipality"])
        changed = plan_wire.changed_plan(current, wanted["version"], wanted["plan"])
        check(changed)
        return changed
