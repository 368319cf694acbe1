"""The guichet on the wire: one nameko class of methods grouped by topic; each loads, calls one use case, dumps."""

from __future__ import annotations

from dataclasses import dataclass

from imigr_guichet.building import build_bookings
from imigr_guichet.handlers.office import Office
from imigr_guichet.service import visits
from imigr_guichet.service.agenda import AgendaMethods
from imigr_guichet.service.answers import AnswersMethods
from imigr_guichet.service.appointments import AppointmentMethods
from imigr_guichet.service.figures import FiguresMethods
from imigr_guichet.service.orientation import OrientationMethods
from imigr_guichet.service.paper import PaperMethods
from imigr_guichet.service.plans import PlanMethods
from imigr_guichet.service.slots import SlotMethods
from imigr_guichet.service.visits import Visits, build_visits
from imigr_guichet.service.waiting_list import WaitingListMethods
from imigr_guichet.service.waiting_room import WaitingRoomMethods
from imigr_guichet.settings import GuichetSettings
from imigr_guichet.storage.calendars import MongoCalendars
from imigr_guichet.storage.collections import INDEXES, OUTBOXES
from imigr_guichet.storage.feeds import MongoFeeds
from imigr_guichet.storage.lookups import MongoLookups
from imigr_guichet.storage.retention import MongoRetention
from imigr_guichet.storage.sessions import MongoSessions
from imigr_kit.entrypoints import provided, rpc
from imigr_kit.runtime import Runtime


@dataclass(frozen=True)
class App:
    """What the methods use."""

    office: Office
    sessions: MongoSessions
    calendars: MongoCalendars
    feeds: MongoFeeds
    lookups: MongoLookups
    retention: MongoRetention
    visits: Visits


def build(runtime: Runtime) -> App:
    """The use cases on this process's database, clock and key."""
    made = build_bookings(runtime)
    visits_made = build_visits(runtime, made.office)
    return App(made.office, made.sessions, made.calendars, made.feeds, made.lookups, made.retention, visits_made)


class GuichetService(
    SlotMethods,
    AppointmentMethods,
    AgendaMethods,
    PlanMethods,
    WaitingRoomMethods,
    WaitingListMethods,
    OrientationMethods,
    FiguresMethods,
    PaperMethods,
    AnswersMethods,
):
    """RPC methods of the guichet."""

    name = "guichet"
    settings = GuichetSettings
    outbox_collections = (*OUTBOXES, *visits.OUTBOXES)
    indexes = (*INDEXES, *visits.INDEXES)
    app: App = provided(build)

    @rpc
    def ping(self) -> dict[str, bool]:
        """Nothing, quickly."""
        return {"pong": True}
