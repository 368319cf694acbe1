"""Slots as bits agree with a brute-force walk over plan, absences, buffers and what is taken."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from imigr_guichet.domain.guichet import Absence, Desk, Guichet, OpeningRule, Span, Topic
from imigr_guichet.domain.text import Interval, overlaps
from imigr_guichet.handlers.free import Need, free_parts, next_free
from imigr_guichet.handlers.office import Office, board
from imigr_guichet.handlers.slots import Ask, free_slots
from imigr_guichet.opening import is_absent, is_bookable, starts
from imigr_guichet.places import cell_of, eroded, moment_of, wire_of
from imigr_guichet.schemas.guichets import slots_out, slots_text
from imigr_kit.testing import FrozenClock

from .conftest import OFTEN

NOW = datetime(2026, 10, 23, 6, 0, tzinfo=UTC)
TOPIC = Topic("information", {"fr": "i"}, 20)


class Taken:
    """What is occupied, as a plain list by desk."""

    def __init__(self, spans: dict[str, list[Interval]]) -> None:
        self.spans = spans

    def refresh(self, age: float = 0.0) -> None:
        """Nothing to bring up to date."""

    def changes(self, guichet_id: str, first: int | None = None, last: int | None = None) -> int:
        """Told from the number of spans: these only grow."""
        return sum(len(spans) for spans in self.spans.values())

    def is_claimed(self, guichet_id: str, desk: str, first: int, width: int) -> bool:
        """Nobody claims anything."""
        return False

    def settle(self, guichet_id: str, desks: Sequence[str], first: int, width: int) -> bool:
        """Nothing to wait for."""
        return False

    def taken(self, guichet_id: str, desk: str, first: int, width: int) -> int:
        """Cell by cell."""
        bits = 0
        for start, end in self.spans.get(desk, ()):
            for cell in range(cell_of(start), cell_of(end)):
                if 0 <= cell - first < width:
                    bits |= 1 << (cell - first)
        return bits


def guichet_with(zone: str, rules: tuple[OpeningRule, ...], desks: int, step: int, topic: Topic) -> Guichet:
    """A plain guichet."""
    return Guichet(
        id="g",
        municipality="la-marsa",
        name={},
        address={},
        location=None,
        timezone=zone,
        accessibility=(),
        topics=(topic,),
        desks=tuple(Desk(f"d{n}", ("fr",), ("information",)) for n in range(desks)),
        rules=rules,
        exceptions=(),
        step_minutes=step,
        notice_minutes=60,
        horizon_days=20,
        state="open",
        version=1,
    )


def office_of(taken: Taken, clock: FrozenClock) -> Office:
    """Only what slots need."""
    nothing: Any = None
    return Office(nothing, nothing, taken, clock, nothing, nothing, nothing, nothing, nothing, nothing)


def walked(guichet: Guichet, topic: Topic, taken: Taken, days: int, now: datetime) -> dict[tuple[date, datetime], int]:
    """Places by opening day and start, by trying everything."""
    found: dict[tuple[date, datetime], int] = {}
    today = now.astimezone(ZoneInfo(guichet.timezone)).date()
    for offset in range(-1, days):
        day = today + timedelta(days=offset)
        for desk in guichet.desks:
            for start, end in starts(guichet, day, topic.minutes, desk.code):
                busy = topic.busy(start, end)
                blocked = any(overlaps(busy, one) for one in taken.spans.get(desk.code, ()))
                if is_bookable(guichet, topic, start, now) and not blocked and not is_absent(guichet, desk.code, busy):
                    found[day, start] = found.get((day, start), 0) + 1
    return found


SPAN = st.tuples(st.integers(0, 95), st.integers(1, 40)).map(
    lambda one: Span(_clock(one[0] * 15), _clock((one[0] + one[1]) * 15))
)


@settings(max_examples=25 * OFTEN, deadline=None)
@given(
    zone=st.sampled_from(["Africa/Tunis", "Europe/Rome"]),
    spans=st.lists(SPAN, min_size=1, max_size=3),
    breaks=st.lists(SPAN, max_size=1),
    of_desk=st.booleans(),
    step=st.sampled_from([5, 10, 15, 20, 45]),
    minutes=st.sampled_from([5, 20, 45, 60]),
    buffers=st.tuples(st.sampled_from([0, 5, 15]), st.sampled_from([0, 10])),
    taken=st.lists(st.tuples(st.integers(0, 1), st.integers(0, 6 * 288), st.integers(1, 12)), max_size=25),
    away=st.integers(0, 6 * 288),
)
def test_slots_agree_with_a_brute_force_walk(
    zone: str,
    spans: list[Span],
    breaks: list[Span],
    of_desk: bool,
    step: int,
    minutes: int,
    buffers: tuple[int, int],
    taken: list[tuple[int, int, int]],
    away: int,
) -> None:
    """Over the day on which Rome's clock goes back (25 October 2026), with nights, breaks, overlapping rules, buffers,
    absences: what is shown is exactly what fits, with the right number of places."""
    topic = replace(TOPIC, minutes=minutes, before=buffers[0], after=buffers[1])
    daily = OpeningRule("FREQ=DAILY", tuple(spans), date(2026, 1, 1), breaks=tuple(breaks))
    other = OpeningRule("FREQ=DAILY;INTERVAL=2", (Span(time(9), time(12)),), date(2026, 1, 1))
    rules = (daily, replace(other, desks=("d1",) if of_desk else ()))
    guichet = guichet_with(zone, rules, 2, step, topic)
    base = cell_of(NOW)
    absent = Absence("a", "d0", moment_of(base + away), moment_of(base + away + 60))
    guichet = replace(guichet, absences=(absent,))
    occupied = Taken({})
    for desk, start, length in taken:
        occupied.spans.setdefault(f"d{desk}", []).append((moment_of(base + start), moment_of(base + start + length)))
    clock = FrozenClock(NOW)
    office = office_of(occupied, clock)
    plan, ask = board(office, guichet), Ask("information", ("fr",))
    for later in (0, 25, 26 * 60):
        clock.advance(minutes=later)
        found = free_slots(office, plan, topic, ask, None, 6, 10_000)
        shown = {(day, slot.start): slot.places for day, slots in found.items() for slot in slots}
        assert shown == walked(guichet, topic, occupied, 6, clock.now())
        assert all(slot.end - slot.start == timedelta(minutes=minutes) for slots in found.values() for slot in slots)
        need = Need(topic, minutes // 5, ("fr",), public=True)
        text = slots_text(guichet, "information", free_parts(plan, need, occupied, clock.now(), None, 6, 10_000))
        assert json.loads(text) == json.loads(json.dumps(slots_out(guichet, "information", found)))
        soonest = next_free(plan, need, occupied, clock.now()).slot
        fitting = [start for _, start in walked(guichet, topic, occupied, 22, clock.now())]
        assert (None if soonest is None else soonest.start) == min(fitting, default=None)
        # Something is taken between two looks at what is kept.
        occupied.spans.setdefault("d1", []).append((moment_of(base + away), moment_of(base + away + 30)))


@given(bits=st.integers(0, 2**40), length=st.integers(1, 12))
def test_erosion_leaves_the_starts_of_long_enough_runs(bits: int, length: int) -> None:
    """Bit by bit."""
    wanted = sum(1 << n for n in range(41) if all(bits >> (n + k) & 1 for k in range(length)))
    assert eroded(bits, length) == wanted


@given(st.integers(5_000_000, 7_500_000))
def test_cells_are_written_as_instants(cell: int) -> None:
    """As isoformat would."""
    assert cell_of(moment_of(cell)) == cell
    assert wire_of(cell) == moment_of(cell).isoformat().replace("+00:00", "Z")


def test_a_topic_of_45_minutes_never_fits_the_last_30() -> None:
    """Case 11, as bits."""
    rules = (OpeningRule("FREQ=DAILY", (Span(time(9), time(13)),), date(2026, 1, 1)),)
    topic = replace(TOPIC, minutes=45)
    guichet = guichet_with("Africa/Tunis", rules, 1, 30, topic)
    office = office_of(Taken({}), FrozenClock(NOW))
    found = free_slots(office, board(office, guichet), topic, Ask("information"), date(2026, 10, 24), 1, 100)
    assert [slot.start.hour * 60 + slot.start.minute for slot in found[date(2026, 10, 24)]] == list(range(480, 661, 30))


def _clock(minutes: int) -> time:
    return time(minutes // 60 % 24, minutes % 60)
