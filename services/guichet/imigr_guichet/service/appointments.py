"""Appointments by their visitors on the wire: load, one use case, dump."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol

from imigr_guichet import ical
from imigr_guichet.building import WithBookings
from imigr_guichet.handlers import booking, changing, lookups, office, sessions, waiting_list
from imigr_guichet.handlers.slots import Ask
from imigr_guichet.schemas import appointments as wire
from imigr_guichet.schemas.appointments import told
from imigr_guichet.service.visits import WithVisits
from imigr_kit.commands import Command, command_of
from imigr_kit.entrypoints import rpc


class WithBoth(WithBookings, WithVisits, Protocol):
    """Appointments give way to the waiting list."""


class AppointmentMethods:
    """RPC methods of visitors."""

    app: WithBoth

    @rpc
    def book_appointment(self, **payload: Any) -> dict[str, Any]:
        """Book a start; the same key gives the same answer."""
        wanted, _ = wire.BOOK.load(payload)
        command = command_of("book_appointment", payload)
        self._serve_first(wanted.guichet_id, booking.ask_of(wanted), wanted.start, command)
        return told(self.app.office, booking.book_appointment(self.app.office, wanted, command))

    @rpc
    def hold_place(self, **payload: Any) -> dict[str, Any]:
        """Keep a place for some minutes; it expires by itself."""
        wanted, _ = wire.BOOK.load(payload)
        command = command_of("hold_place", payload)
        self._serve_first(wanted.guichet_id, booking.ask_of(wanted), wanted.start, command)
        return told(self.app.office, booking.hold_place(self.app.office, wanted, command))

    @rpc
    def take_up_hold(self, **payload: Any) -> dict[str, Any]:
        """Make an appointment of a hold."""
        wanted = wire.TAKE_UP.load(payload)
        wanted.pop("client_key")
        command = command_of("take_up_hold", payload, wanted)
        who = wire.reachable_of(wanted)
        return told(
            self.app.office,
            changing.take_up_hold(self.app.office, **wanted, who=who, command=command),
        )

    @rpc
    def book_seat(self, **payload: Any) -> dict[str, Any]:
        """A seat of a group session."""
        session_id, wanted, _ = wire.BOOK_SEAT.load(payload)
        command = command_of("book_seat", payload)
        return told(
            self.app.office,
            sessions.book_seat(self.app.office, self.app.sessions, session_id, wanted, command),
        )

    @rpc
    def get_appointment(self, **payload: Any) -> dict[str, Any]:
        """The appointment behind a manage link."""
        wanted = wire.MANAGE.load(payload)
        address = wanted.pop("client_key")
        return told(
            self.app.office,
            lookups.looked_up(self.app.lookups, address, lambda: changing.get_appointment(self.app.office, **wanted)),
        )

    @rpc
    def appointment_file(self, languages: list[str], **payload: Any) -> dict[str, Any]:
        """The appointment behind a manage link as iCalendar."""
        wanted = wire.MANAGE.load(payload)
        address = wanted.pop("client_key")
        one = lookups.looked_up(self.app.lookups, address, lambda: changing.find(self.app.office, **wanted)).appointment
        guichet = office.guichet_of(self.app.office, one)
        return {"text": ical.appointment_file(one, guichet, languages, self.app.office.clock.now())}

    @rpc
    def move_appointment(self, **payload: Any) -> dict[str, Any]:
        """Move it to another start."""
        wanted = wire.MOVE.load(payload)
        address = wanted.pop("client_key")
        command = command_of("move_appointment", payload, wanted)
        return told(
            self.app.office,
            lookups.looked_up(
                self.app.lookups,
                address,
                lambda: self._move(wanted, command),
            ),
        )

    @rpc
    def cancel_appointment(self, **payload: Any) -> dict[str, Any]:
        """Cancel it."""
        wanted = wire.CHANGE.load(payload)
        address = wanted.pop("client_key")
        command = command_of("cancel_appointment", payload, wanted)
        return told(
            self.app.office,
            lookups.looked_up(
                self.app.lookups,
                address,
                lambda: changing.cancel_appointment(self.app.office, **wanted, command=command),
            ),
        )

    @rpc
    def forget_contact(self, **payload: Any) -> dict[str, Any]:
        """Cut every tie to the contact; nothing else changes."""
        wanted = wire.FORGET.load(payload)
        return told(self.app.office, changing.forget_contact(self.app.office, **wanted))

    def _move(self, wanted: dict[str, Any], command: Command) -> dict[str, Any]:
        stored = changing.find(self.app.office, wanted["municipality"], wanted["manage_hash"])
        self._serve_first(stored.appointment.guichet_id, changing.ask_of(stored), wanted["start"], command)
        return changing.move_appointment(self.app.office, **wanted, command=command)

    def _serve_first(self, guichet_id: str, ask: Ask, start: datetime, command: Command) -> None:
        waiting_list.serve_first(self.app.visits.queue, guichet_id, ask, start, command)
