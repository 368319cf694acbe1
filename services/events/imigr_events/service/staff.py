"""RPC methods of staff: events, programmes, registrations."""

from __future__ import annotations

from typing import Any

from imigr_events import handlers, schemas
from imigr_events.ports import Command
from imigr_events.service.app import App
from imigr_events.service.commands import body_of, command_of, decision_of
from imigr_kit.entrypoints import rpc


class StaffMethods:
    """What staff do; each use case checks their role again."""

    app: App

    @rpc
    def create_event(self, **payload: Any) -> dict[str, Any]:
        """Store a draft."""
        wanted = command_of(schemas.CREATE_EVENT, payload)
        draft = schemas.draft_of(wanted.pop("event"), self.app.desk.new_id)
        return self.app.staff(handlers.create_event(self.app.desk, draft=draft, **wanted))

    @rpc
    def edit_event(self, **payload: Any) -> dict[str, Any]:
        """Change what is written about an event."""
        wanted = command_of(schemas.EDIT_EVENT, payload)
        values = schemas.values_of(wanted.pop("changes"), self.app.desk.new_id)
        return self.app.staff(handlers.edit_event(self.app.desk, values=values, **wanted))

    @rpc
    def publish_event(self, **payload: Any) -> dict[str, Any]:
        """Make a draft public."""
        return self.app.staff(handlers.publish_event(self.app.desk, **command_of(schemas.STEP, payload)))

    @rpc
    def postpone_event(self, **payload: Any) -> dict[str, Any]:
        """To another date, or to one that is not known yet."""
        wanted = command_of(schemas.POSTPONE, payload)
        dates = (wanted.pop("starts_at"), wanted.pop("ends_at"))
        return self.app.staff(handlers.postpone_event(self.app.desk, dates=dates, **wanted))

    @rpc
    def cancel_event(self, **payload: Any) -> dict[str, Any]:
        """Call an event off."""
        return self.app.staff(handlers.cancel_event(self.app.desk, **command_of(schemas.STEP, payload)))

    @rpc
    def add_session(self, **payload: Any) -> dict[str, Any]:
        """One more session."""
        wanted = command_of(schemas.ADD_SESSION, payload)
        session = schemas.session_of(wanted.pop("session"), self.app.desk.new_id())
        return self.app.staff(handlers.add_session(self.app.desk, session=session, **wanted))

    @rpc
    def change_session(self, **payload: Any) -> dict[str, Any]:
        """Another time, room, title or number of places of a session."""
        wanted = command_of(schemas.CHANGE_SESSION, payload)
        values = schemas.session_values(wanted.pop("session"))
        place = (wanted.pop("event_id"), wanted.pop("session_id"))
        return self.app.staff(handlers.change_session(self.app.desk, place=place, values=values, **wanted))

    @rpc
    def cancel_session(self, **payload: Any) -> dict[str, Any]:
        """Call one session off."""
        return self.app.staff(handlers.cancel_session(self.app.desk, **command_of(schemas.ONE_SESSION, payload)))

    @rpc
    def issue_codes(self, **payload: Any) -> dict[str, Any]:
        """Invitation codes, told once and kept as keyed hashes."""
        return handlers.issue_codes(self.app.desk, **command_of(schemas.ISSUE_CODES, payload))

    @rpc
    def list_own_events(self, **payload: Any) -> dict[str, Any]:
        """All events of a municipality, drafts included."""
        wanted = schemas.OWN_EVENTS.load(payload)
        found, total = handlers.list_own_events(self.app.desk, **wanted)
        items = [self.app.staff(one) for one in found]
        return {"items": items, "total": total, "page": wanted["page"], "per_page": wanted["per_page"]}

    @rpc
    def get_own_event(self, **payload: Any) -> dict[str, Any]:
        """One event in any state, with its numbers."""
        return self.app.staff(handlers.get_own_event(self.app.desk, **schemas.OWN_EVENT.load(payload)))

    @rpc
    def list_registrations(self, **payload: Any) -> dict[str, Any]:
        """Who comes, in order of arrival; no contact is in it."""
        listing = handlers.list_registrations(self.app.desk, **schemas.REGISTRATIONS.load(payload))
        return schemas.registrations_out(listing, self.app.desk.clock.now())

    @rpc
    def find_registration(self, **payload: Any) -> dict[str, Any]:
        """The registration behind a reference that is read aloud, whichever event it is for."""
        return handlers.find_registration(self.app.desk, **schemas.BY_REFERENCE.load(payload))

    @rpc
    def register_for(self, **payload: Any) -> dict[str, Any]:
        """Register somebody on their behalf."""
        wanted, key = schemas.REGISTER_FOR.load(payload)
        return handlers.register_for(self.app.desk, payload["actor"], wanted, Command(key, body_of(payload)))

    @rpc
    def approve_registration(self, **payload: Any) -> dict[str, Any]:
        """Confirm one that waits for a decision."""
        return handlers.approve(self.app.desk, **decision_of(schemas.DECISION, payload))

    @rpc
    def reject_registration(self, **payload: Any) -> dict[str, Any]:
        """Refuse one that waits for a decision."""
        return handlers.reject(self.app.desk, **decision_of(schemas.REJECTION, payload))

    @rpc
    def cancel_registration_for(self, **payload: Any) -> dict[str, Any]:
        """Give one up for somebody who asks at the desk."""
        return handlers.cancel_for(self.app.desk, **decision_of(schemas.DECISION, payload))

    @rpc
    def mark_no_show(self, **payload: Any) -> dict[str, Any]:
        """Somebody who did not come, or a mistake undone."""
        return handlers.mark_no_show(self.app.desk, **decision_of(schemas.NO_SHOW, payload))

    @rpc
    def merge_registrations(self, **payload: Any) -> dict[str, Any]:
        """Two registrations of one group become one."""
        return handlers.merge(self.app.desk, **decision_of(schemas.MERGE, payload))

    @rpc
    def question_results(self, **payload: Any) -> dict[str, Any]:
        """Counted answers, small numbers hidden."""
        return schemas.results_out(*handlers.question_results(self.app.desk, **schemas.OWN_EVENT.load(payload)))
