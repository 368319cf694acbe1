"""Scalpers against the limits of the guichet: what share of the seats they get, and how often honest visitors succeed.

Run with ``python -m bench.scalpers`` while IMIGR_TEST_MONGO_URI names a database server. 200 phone numbers behind a few
addresses book whatever is free and swap by cancelling and booking again, each with a device token of its own and as
much computing as the first proof of work needs; honest visitors come one by one with a phone of their own.
"""

from __future__ import annotations

import hashlib
import json
import random
import sys
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

from bench.report import Row, alone, save, table
from imigr_guichet.building import Bookings, assemble
from imigr_guichet.domain import limits
from imigr_guichet.domain.guichet import Desk, Guichet, OpeningRule, Span, opened
from imigr_guichet.domain.limits import Asker
from imigr_guichet.errors import AppointmentNotChangeable
from imigr_guichet.handlers.booking import Booking, book_appointment
from imigr_guichet.handlers.changing import cancel_appointment
from imigr_guichet.handlers.slots import Ask, list_slots
from imigr_guichet.ports.appointments import Command
from imigr_guichet.storage.collections import INDEXES
from imigr_guichet.written import guichet_of
from imigr_kit.errors import ImigrError
from imigr_kit.events import Stamp
from imigr_kit.ids import new_id
from imigr_kit.mongo import ensure_indexes
from imigr_kit.secret import Secret
from imigr_kit.testing import FrozenClock
from imigr_kit.testing.servers import fresh_database

ROOT = Path(__file__).resolve().parent.parent
MONDAY = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
PHONES = 200


@dataclass(frozen=True)
class Result:
    """What became of the seats."""

    seats: int
    scalped: int
    tries: int
    successes: int


def simulate(addresses: int, *, honest: int, desks: int = 10, days: int = 6, seed: int = 1) -> Result:
    """Scalpers and honest visitors in turn over some days of one town hall; ``addresses`` of the scalpers."""
    luck = random.Random(seed)  # a simulation that can be repeated
    with fresh_database() as db:
        clock = FrozenClock(MONDAY)
        made = _office(db, clock, desks)
        guichet = made.office.plans.all(None)[0]
        seats = sum(slot.places for slots in _free(made, guichet).values() for slot in slots)
        held: dict[int, str] = {}
        successes = 0
        for number in range(honest):
            for _ in range(2):
                _scalp(made, guichet, luck, held, addresses)
            successes += _visit(made, guichet, luck, number)
            clock.advance(seconds=days * 86_400 / honest)
        return Result(seats, len(held), honest, successes)


def _scalp(made: Bookings, guichet: Guichet, luck: random.Random, held: dict[int, str], addresses: int) -> None:
    """One try of one of the phones: take a seat, or swap the one it has for another."""
    phone = luck.randrange(PHONES)
    if phone in held and luck.random() < 0.3:
        try:
            cancel_appointment(made.office, guichet.municipality, held[phone], Command(new_id(), ""))
        except AppointmentNotChangeable:
            # Its time has come: the seat was theirs, and the phone is free for another.
            held[-1 - sum(one < 0 for one in held)] = held[phone]
        del held[phone]
    if phone in held:
        return
    manage = hashlib.sha256(new_id().encode()).hexdigest()
    asker = Asker(_key(f"scalper{phone}"), _key(f"address{phone % addresses}"), _key(f"device{phone}"))
    if _book(made, guichet, luck, manage, asker):
        held[phone] = manage


def _visit(made: Bookings, guichet: Guichet, luck: random.Random, number: int) -> bool:
    manage = hashlib.sha256(f"honest{number}".encode()).hexdigest()
    asker = Asker(_key(f"honest{number}"), _key(f"home{number}"), None)
    return _book(made, guichet, luck, manage, asker)


def _book(made: Bookings, guichet: Guichet, luck: random.Random, manage: str, asker: Asker) -> bool:
    found = [slot for slots in _free(made, guichet).values() for slot in slots]
    if not found:
        return False
    start = luck.choice(found).start
    wanted = Booking(
        guichet.municipality, guichet.id, start, "information", "fr", manage, None, None, "fr", asker=asker
    )
    try:
        book_appointment(made.office, wanted, Command(new_id(), ""))
    except ImigrError as error:
        proof = _proof(error.params) if error.code == "guichet.proof_needed" else None
        if proof is None:
            return False
        try:
            book_appointment(made.office, replace(wanted, asker=replace(asker, proof=proof)), Command(new_id(), ""))
        except ImigrError:
            return False
    return True


def _proof(params: dict[str, Any]) -> str | None:
    """Only the first proofs are worth a scalper's computing; the dearer ones are given up."""
    if params["bits"] > limits.FIRST_BITS:
        return None
    for number in range(1 << 21):
        digest = hashlib.sha256(f"{params['challenge']}:{number}".encode()).digest()
        if int.from_bytes(digest[:4], "big") >> (32 - params["bits"]) == 0:
            return str(number)
    return None


def _free(made: Bookings, guichet: Guichet) -> dict[date, Any]:
    return list_slots(made.office, guichet, Ask("information", ("fr",)), None, 60, 5000)


def _key(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _office(db: Any, clock: FrozenClock, desks: int) -> Bookings:
    ensure_indexes(db, INDEXES)
    made = assemble(db, Stamp("guichet", "bench", clock, new_id), clock, new_id, Secret(bytes(range(32))))
    rows = json.loads((ROOT / "data" / "guichets.json").read_text(encoding="utf-8"))["guichets"]
    rule = OpeningRule("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", (Span(time(8, 30), time(12, 30)),), date(2026, 1, 1))
    guichet = replace(
        guichet_of(rows[0]),
        desks=tuple(Desk(f"d{n}", ("fr",), ("information",)) for n in range(desks)),
        rules=(rule,),
        horizon_days=30,
    )
    made.office.plans.put(guichet, [opened(guichet, first=True)])  # type: ignore[attr-defined]  # not of the port
    return made


def main() -> int:
    """One line for each number of addresses."""
    rows: list[Row] = []
    for addresses in (1, 5, 20):
        found = simulate(addresses, honest=600)
        share, success = 100 * found.scalped / found.seats, 100 * found.successes / found.tries
        rows.append(alone(f"seats of scalpers behind {addresses} addresses", share, "% of the seats", 5.0, "lower"))
        rows.append(alone(f"honest tries that succeed beside {addresses}", success, "%", 95.0))
    print(table(rows))
    save(rows, "scalpers")
    return 0


if __name__ == "__main__":
    sys.exit(main())
