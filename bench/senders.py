"""What it costs to know who sent a message: on a booking, and on the relay.

``python -m bench.senders`` prints the table and writes ``bench/out/senders.json``. The checks are timed by themselves,
and held against the processor time of a booking of the same run; the relay publishes with and without a sender in turn.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench import throughput
from bench.platform_rows import iter_starts, running, widen
from bench.report import Row, against, alone, save, table
from bench.write_costs import Books, booking
from imigr_kit.broker import ConfirmedPublisher, Outgoing
from imigr_kit.events import CloudEvent
from imigr_kit.relay import outgoing
from imigr_kit.senders import Senders, check_call, check_event, check_exchange, is_answer_of, is_own_copy, origin_of

ROUNDS, TIMES = 9, 20_000
KEY = "la-marsa.guichet.appointment.booked.v1"
PATTERNS = ("*.guichet.appointment.*.v1",)


@dataclass
class Message:
    """What py-amqp gives of a delivery."""

    properties: dict[str, Any] = field(default_factory=dict)
    delivery_info: dict[str, str] = field(default_factory=dict)


class Nameless(ConfirmedPublisher):
    """Publishes without a sender, as it was before."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.user = None  # type: ignore[assignment]  # py-amqp leaves the property out


def milliseconds(work: Callable[[], object]) -> float:
    """One time, the median of some rounds of many."""
    rounds = []
    for _ in range(5):
        begun = time.perf_counter()
        for _ in range(TIMES):
            work()
        rounds.append((time.perf_counter() - begun) / TIMES * 1000)
    return statistics.median(rounds)


def checks(platform: Any) -> float:
    """All that a booking without a phone asks about senders: the call, its answer, its event at one listener, and the
    name in three messages."""
    senders = Senders(Path(platform.instance.secrets, "guichet", "senders.json"))
    call = Message({"user_id": "gateway"}, {"exchange": "nameko-rpc", "routing_key": "guichet.book_appointment"})
    answer = Message({"user_id": "guichet"})
    written = {
        "specversion": "1.0", "id": "1", "source": "/local/guichet", "type": "tn.imigr.guichet.appointment.booked.v1",
        "subject": "1", "time": "2026-11-23T08:00:00Z", "municipality": "la-marsa", "sequence": 1, "data": {},
    }  # fmt: skip
    event, heard = CloudEvent.from_dict(written), Message({"user_id": "guichet"}, {"exchange": "imigr.events"})
    heard.delivery_info["routing_key"] = KEY
    named: Outgoing = outgoing(written)

    def of_a_booking() -> None:
        check_call(call, "book_appointment", "guichet", senders)
        is_answer_of(answer, "guichet", senders)
        is_own_copy(heard, "notifications", "notifications.redelivery")
        origin = origin_of(heard, "notifications", "notifications.redelivery")
        check_exchange(origin, "imigr.events")
        check_event(origin, heard, event, senders, PATTERNS)

    with_name = milliseconds(lambda: named.message("guichet")._serialize_properties())
    without = milliseconds(lambda: named.message(None)._serialize_properties())  # type: ignore[arg-type]  # as before
    return milliseconds(of_a_booking) + 3 * max(0.0, with_name - without)


def measure(seconds: float) -> list[Row]:
    """The booking first, the relay then."""
    with running("bench-senders") as platform:
        guichet, port = widen(platform), platform.port("gateway")
        book = Books(platform)
        cost = book.cost(port, booking(guichet, iter_starts(platform, guichet)[0], phone=False), seconds, heard=1)
        book.close()
        whole = alone("processor time of a booking, until it was heard", 1000 * sum(cost.spent.values()), "us")
        asked = against("of it, to know who sent what", 1000 * checks(platform), "us", whole, 0.03, "lower")
        return [whole, asked, *relay(platform)]


def relay(platform: Any) -> list[Row]:
    """In turn, so that what else the machine does meets both alike."""
    ratios, plain, named = [], [], []
    for _ in range(ROUNDS):
        plain.append(throughput.relay_rate(platform, Nameless))
        named.append(throughput.relay_rate(platform, ConfirmedPublisher))
        ratios.append(named[-1] / plain[-1])
    floor = alone("relay without senders, median", statistics.median(plain), "events/s")
    row = against("relay with senders, median", statistics.median(named), "events/s", floor, 0.97)
    return [floor, row, alone("the same, median of the pairs", statistics.median(ratios), "ratio")]


def main() -> None:
    """Print and save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=6.0, help="length of the load of bookings")
    rows = measure(parser.parse_args().seconds)
    print(table(rows))
    save(rows, "senders")


if __name__ == "__main__":
    main()
