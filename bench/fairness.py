"""Fairness at the guichet and at an event: a crowd behind one address, and scripts that take whatever they can.

Run with ``python -m bench.fairness`` while IMIGR_TEST_MONGO_URI names a database server. The use cases and the database
are the real ones; the hour is simulated by the clock. A script has a new phone and a new device for each try, works any
proof out in no time and waits in any number of queues at once: what bounds it here is neither computing nor patience.
Honest people have no script on their page: they wait as long as they are told.
"""

from __future__ import annotations

import hashlib
import json
import random
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

from bench.report import Row, alone, save, table
from imigr_gateway.asking import around, source_of
from imigr_guichet.building import Bookings, assemble
from imigr_guichet.domain.guichet import Desk, Guichet, OpeningRule, Span, opened
from imigr_guichet.domain.limits import Asker
from imigr_guichet.handlers.booking import Booking, book_appointment
from imigr_guichet.handlers.slots import Ask, list_slots
from imigr_guichet.ports.appointments import Command
from imigr_guichet.storage.collections import INDEXES
from imigr_guichet.written import guichet_of
from imigr_kit import fairness
from imigr_kit.errors import ImigrError
from imigr_kit.events import Stamp
from imigr_kit.ids import new_id
from imigr_kit.mongo import ensure_indexes
from imigr_kit.secret import Secret
from imigr_kit.testing import FrozenClock
from imigr_kit.testing.servers import fresh_database

ROOT = Path(__file__).resolve().parent.parent
HOUR = 3600
DAY = timedelta(days=1)
PATIENCE = 6
"""How often somebody who was told to wait comes back."""


@dataclass(frozen=True)
class Result:
    """What became of the seats in an hour."""

    seats: int
    taken: int
    people: int
    served: int
    longest_wait: float


class Town:
    """One guichet with many desks, a month of open days, and a clock."""

    def __init__(self, db: Any, desks: int) -> None:
        ensure_indexes(db, INDEXES)
        self.clock = FrozenClock(_next_monday())
        self.made = _office(db, self.clock, desks)
        self.guichet = self.made.office.plans.all(None)[0]
        self._luck = random.Random(1)  # a simulation that can be repeated
        everything = [one.start for one in self._slots() for _ in range(one.places)]
        self.seats = len(everything)
        # Those of today may be over before they are asked for.
        self.starts = [start for start in everything if start > self.clock.now() + DAY]
        self._luck.shuffle(self.starts)

    def _slots(self) -> list[Any]:
        found = list_slots(self.made.office, self.guichet, Ask("information", ("fr",)), None, 60, 5000)
        return [slot for slots in found.values() for slot in slots]

    def booking(self, source: str, network: str) -> Booking:
        """Somebody's first try, for some seat that nobody wanted before."""
        who = new_id()
        asker = Asker(key(f"phone {who}"), key(source), key(f"device {who}"), key(network))
        return Booking(
            self.guichet.municipality,
            self.guichet.id,
            self.starts.pop(),
            "information",
            "fr",
            key(who),
            None,
            None,
            "fr",
            asker=asker,
        )

    def book(self, booking: Booking) -> ImigrError | None:
        """What stands in the way, if anything."""
        try:
            book_appointment(self.made.office, booking, Command(booking.manage_hash, ""))
        except ImigrError as error:
            return error
        return None


def _next_monday() -> datetime:
    """Six in the morning of a Monday to come: the database deletes what has ended by its own clock."""
    today = datetime.now(UTC).replace(hour=6, minute=0, second=0, microsecond=0)
    return today + (7 - today.weekday()) * DAY


def key(text: str) -> str:
    """As the gateway would hash it."""
    return hashlib.sha256(text.encode()).hexdigest()


def crowd(people: int, *, desks: int) -> Result:
    """So many people behind one address in an hour, each with a phone of their own and no JavaScript."""
    with fresh_database() as db:
        town = Town(db, desks)
        due: list[tuple[float, float, int, Booking]] = [
            (number * HOUR / people, number * HOUR / people, PATIENCE, town.booking("operator", "operator"))
            for number in range(people)
        ]
        began, served, longest = town.clock.now(), 0, 0.0
        while due:
            due.sort(key=lambda one: one[0])
            at, came, left, booking = due.pop(0)
            town.clock.advance(seconds=max(0.0, at - (town.clock.now() - began).total_seconds()))
            error = town.book(booking)
            if error is None:
                served, longest = served + 1, max(longest, at - came)
            elif left and error.retry_after:
                due.append((at + error.retry_after, came, left - 1, booking))
        return Result(town.seats, served, people, served, longest)


def script(addresses: Sequence[str], *, desks: int, every: int) -> Result:
    """A script takes what it can for an hour, with all of its addresses every few seconds, paying any price at once;
    beside it one honest visitor a minute, each at an address of their own."""
    sources = [source_of(address, None, ()) for address in addresses]
    with fresh_database() as db, patch.object(fairness, "is_proof", lambda challenge, nonce, bits: True):
        town = Town(db, desks)
        taken = served = people = 0
        for second in range(0, HOUR, every):
            for source in sources:
                if len(town.starts) > 1 and town.book(town.booking(source, around(source))) is None:
                    taken += 1
            if second % 60 == 0:
                people += 1
                served += town.book(town.booking(f"home {second}", f"street {second}")) is None
            town.clock.advance(seconds=every)
        return Result(town.seats, taken, people, served, 0.0)


def _office(db: Any, clock: FrozenClock, desks: int) -> Bookings:
    made = assemble(db, Stamp("guichet", "bench", clock, new_id), clock, new_id, Secret(bytes(range(32))))
    rows = json.loads((ROOT / "data" / "guichets.json").read_text(encoding="utf-8"))["guichets"]
    rule = OpeningRule("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", (Span(time(8, 30), time(12, 30)),), date(2026, 1, 1))
    guichet: Guichet = replace(
        guichet_of(rows[0]),
        desks=tuple(Desk(f"d{n}", ("fr",), ("information",)) for n in range(desks)),
        rules=(rule,),
        horizon_days=30,
    )
    made.office.plans.put(guichet, [opened(guichet, first=True)])  # type: ignore[attr-defined]  # not of the port
    return made


def main() -> int:
    """One line for each crowd and each script."""
    rows: list[Row] = []
    found = crowd(200, desks=32)
    rows.append(alone("of 200 people behind one address in an hour get through", found.served, "people", 200.0))
    rows.append(alone("the longest that one of them waited", found.longest_wait, "s", 600.0, "lower"))
    one, many = ["41.226.7.7"], [f"41.{n}.7.7" for n in range(25)]
    prefix = [f"2c0f:f698:1:2::{n:x}" for n in range(4)]
    for name, addresses, every in (("one address", one, 5), ("a /64", prefix, 20), ("25 addresses", many, 20)):
        found = script(addresses, desks=32, every=every)
        share, success = 100 * found.taken / found.seats, 100 * found.served / found.people
        rows.append(alone(f"seats of a script at {name}, in an hour", share, "% of the seats", 5.0, "lower"))
        rows.append(alone(f"honest visitors elsewhere served beside {name}", success, "%", 100.0))
    print(table(rows))
    save(rows, "fairness")
    return 0


if __name__ == "__main__":
    sys.exit(main())
