"""What the methods about visits share: their use cases on this process's database, and how a command is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from imigr_guichet.handlers.figures import Ledger
from imigr_guichet.handlers.office import Office
from imigr_guichet.handlers.orientation import Counsel
from imigr_guichet.handlers.paper import Paper
from imigr_guichet.handlers.tickets import Hall
from imigr_guichet.handlers.waiting_list import Queue
from imigr_guichet.signing import SlipKey
from imigr_guichet.storage import orientation as orientation_storage
from imigr_guichet.storage import tickets as ticket_storage
from imigr_guichet.storage import waiting_list as waiting_storage
from imigr_guichet.storage.figures import MongoFigures
from imigr_guichet.storage.records import Stamp
from imigr_kit.clock import Clock
from imigr_kit.ids import NewId
from imigr_kit.keyed import keyed_hash
from imigr_kit.runtime import Runtime
from imigr_kit.secret import Secret

OUTBOXES = (
    ticket_storage.TICKETS,
    ticket_storage.DEMANDS,
    orientation_storage.ORIENTATIONS,
    orientation_storage.REFERRALS,
    waiting_storage.ENTRIES,
)
INDEXES = (*ticket_storage.INDEXES, *orientation_storage.INDEXES, *waiting_storage.INDEXES)
TOKEN_LETTERS = 32
"""128 bits in hex."""


@dataclass(frozen=True)
class Visits:
    """The use cases of tickets, orientation and what belongs to them."""

    hall: Hall
    counsel: Counsel
    ledger: Ledger
    queue: Queue
    paper: Paper


class WithVisits(Protocol):
    """The part of the service's application that the methods use."""

    @property
    def visits(self) -> Visits:
        """See Visits."""
        ...


def build_visits(runtime: Runtime, office: Office) -> Visits:
    """The use cases of a running process."""
    return make_visits(runtime.db, runtime.stamp, runtime.clock, runtime.new_id, runtime.settings.key, office)


def make_visits(db: Any, stamp: Stamp, clock: Clock, new_id: NewId, key: Secret[bytes], office: Office) -> Visits:
    """The use cases on a database, a clock and a key; the command line does the same without a process."""
    plans = office.plans

    def hashed(purpose: str, text: str) -> str:
        return keyed_hash(key, purpose, text)

    hall = Hall(
        plans=plans,
        tickets=ticket_storage.MongoTickets(db, stamp),
        demands=ticket_storage.mongo_demands(db, stamp),
        appointments=office.appointments,
        clock=clock,
        new_id=new_id,
        hashed=hashed,
    )
    counsel = Counsel(
        plans=plans,
        orientations=orientation_storage.MongoOrientations(db, stamp),
        referrals=orientation_storage.MongoReferrals(db, stamp),
        clock=clock,
        new_id=new_id,
        hashed=hashed,
        token=lambda purpose, text: keyed_hash(key, purpose, text)[:TOKEN_LETTERS],
    )
    queue = Queue(office, waiting_storage.MongoEntries(db, stamp, plans))
    return Visits(hall, counsel, Ledger(plans, MongoFigures(db)), queue, Paper(office, SlipKey(key)))


def without_key(loaded: Any) -> dict[str, Any]:
    """What was loaded, as arguments of the use case."""
    return {name: value for name, value in loaded.items() if name != "idempotency_key"}
