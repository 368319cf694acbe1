"""Puts the guichet's use cases on a process's database, clock and key."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any, Protocol

from imigr_guichet.handlers.office import Office
from imigr_guichet.ports.feeds import Calendars, Feeds, Lookups
from imigr_guichet.ports.sessions import Sessions
from imigr_guichet.storage.appointments import MongoAppointments
from imigr_guichet.storage.calendars import MongoCalendars
from imigr_guichet.storage.feeds import MongoFeeds
from imigr_guichet.storage.lookups import MongoLookups
from imigr_guichet.storage.occupancy import MongoOccupancy
from imigr_guichet.storage.plans import MongoPlans, Stamp
from imigr_guichet.storage.quotas import MongoQuotas
from imigr_guichet.storage.retention import MongoRetention
from imigr_guichet.storage.sessions import MongoSessions
from imigr_kit.clock import Clock
from imigr_kit.ids import NewId
from imigr_kit.keyed import keyed_hash, short_reference
from imigr_kit.pressure import Gate
from imigr_kit.runtime import Runtime
from imigr_kit.secret import Secret


@dataclass(frozen=True)
class Bookings:
    """The use cases of slots, appointments and plans."""

    office: Office
    sessions: MongoSessions
    calendars: MongoCalendars
    feeds: MongoFeeds
    lookups: MongoLookups
    retention: MongoRetention


class WithBookings(Protocol):
    """The part of the service's application that the methods use."""

    @property
    def office(self) -> Office:
        """See Office."""
        ...

    @property
    def sessions(self) -> Sessions:
        """Group sessions."""
        ...

    @property
    def calendars(self) -> Calendars:
        """Holidays and regimes."""
        ...

    @property
    def feeds(self) -> Feeds:
        """Private calendars."""
        ...

    @property
    def lookups(self) -> Lookups:
        """Look-ups that found nothing."""
        ...

    @property
    def retention(self) -> MongoRetention:
        """What becomes of old appointments."""
        ...


def build_bookings(runtime: Runtime) -> Bookings:
    """The use cases of a running process."""
    return assemble(runtime.db, runtime.stamp, runtime.clock, runtime.new_id, runtime.settings.key)


def assemble(db: Any, stamp: Stamp, clock: Clock, new_id: NewId, key: Secret[bytes]) -> Bookings:
    """The use cases on a database; tests do the same with a clock of their own."""

    def hashed(purpose: str, text: str) -> str:
        return keyed_hash(key, purpose, text)

    def reference(appointment_id: str) -> str:
        return short_reference(key, appointment_id)

    occupancy = MongoOccupancy(db, clock)
    office = Office(
        plans=MongoPlans(db, stamp, clock),
        appointments=MongoAppointments(db, stamp, clock, lambda one: hashed("reference", reference(one)), occupancy),
        occupancy=occupancy,
        clock=clock,
        new_id=new_id,
        reference=reference,
        hashed=hashed,
        quotas=MongoQuotas(db),
        gate=Gate(db),
        chance=random.SystemRandom().random,
    )
    return Bookings(
        office,
        MongoSessions(db, stamp),
        MongoCalendars(db),
        MongoFeeds(db),
        MongoLookups(db, clock),
        MongoRetention(db, office.plans),
    )
