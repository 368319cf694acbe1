"""Which provider carries a message: by municipality, order and weight, around providers that are out of order."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

from imigr_notifications.domain import Message
from imigr_notifications.ports import (
    EVERYWHERE,
    BatchSender,
    DeliveryError,
    Outcome,
    Refused,
    Taken,
    Throttled,
    Towns,
    Unreachable,
)

PAUSES = tuple(timedelta(seconds=one) for one in (1, 2, 4, 8, 10))
"""A provider that cannot be reached, or asks to slow down, is left alone for so long."""
LONGEST_PAUSE = timedelta(minutes=1)
"""A provider that wants a longer pause counts as out of order: others take over."""
MOST_PAUSE = timedelta(hours=1)
FAILURES = 5
"""So many answers of "not now" in a row, and the provider counts as out of order."""
MOST = 32
"""Messages in one round."""
WINDOW = 32
"""Messages that are handed over, sent and stored together: what a crash can leave in doubt, for each lane."""
DEFAULT = "*"
Window = TypeVar("Window")


@dataclass
class Gate:
    """The circuit breaker before one provider. Closed for a while when the provider wants no messages; each
    closing in a row lasts longer; after a failure the first message through is a probe, alone."""

    opens_at: datetime | None = None
    closings: int = 0
    failures: int = 0
    is_broken: bool = False

    def is_open(self, now: datetime) -> bool:
        """True when the provider may be tried."""
        return self.opens_at is None or now >= self.opens_at

    def pause(self, now: datetime, wait: timedelta | None = None) -> None:
        """The provider asks to slow down, perhaps says for how long."""
        self._close(now, wait)
        self.is_broken = self.is_broken or (wait is not None and wait > LONGEST_PAUSE)

    def fail(self, now: datetime) -> None:
        """The provider is out of order."""
        self._close(now, None)
        self.is_broken = True

    def stumble(self, now: datetime) -> None:
        """The provider did not take one message; too often in a row is a failure."""
        self.failures += 1
        if self.failures >= FAILURES:
            self.fail(now)

    def open(self) -> None:
        """The provider works."""
        self.opens_at, self.closings, self.failures, self.is_broken = None, 0, 0, False

    def _close(self, now: datetime, wait: timedelta | None) -> None:
        self.opens_at = now + min(wait or PAUSES[min(self.closings, len(PAUSES) - 1)], MOST_PAUSE)
        self.closings += 1


@dataclass(frozen=True)
class Provider:
    """One way out. ``price`` of a part is in thousandths of the currency. ``repeats_safely``: it recognises a
    message that it is given twice, by its idempotency key."""

    name: str
    sender: BatchSender
    price: int = 0
    repeats_safely: bool = False
    most: int = MOST
    window: int = WINDOW
    lanes: int = 1
    """Windows under way at a time: while one waits for its answers, another is handed over or stored."""
    own_id: Callable[[str], str] | None = None
    """The id that a part of a message has at a provider to which we give ids, from the message's id."""
    gate: Gate = field(default_factory=Gate)

    def side_by_side(self, work: Callable[[Window], None], windows: Sequence[Window]) -> None:
        """Do the work on each window, in as many threads as there are lanes; raises the first of its errors when
        all have ended."""
        if self.lanes == 1 or len(windows) == 1:
            for window in windows:
                work(window)
            return
        with ThreadPoolExecutor(self.lanes) as pool:
            ends = [pool.submit(work, window) for window in windows]
        for end in ends:
            end.result()


@dataclass(frozen=True)
class Way:
    """A provider in a municipality's list: the lowest order that works carries all, shared by weight."""

    provider: Provider
    order: int = 1
    weight: int = 1


Routes = Mapping[str, Mapping[str, Sequence[Way]]]
"""By municipality (``*``: all others), then channel."""


@dataclass(frozen=True)
class Share:
    """Messages by provider, and those for which no provider is open, with the moment to try again."""

    by_provider: Mapping[str, Sequence[Message]]
    left: Sequence[tuple[Message, datetime]]


class Ways:
    """Chooses providers. ``draw`` gives a number from 0 to 1."""

    def __init__(self, routes: Routes, draw: Callable[[], float] = random.random) -> None:
        self._routes = routes
        self._draw = draw
        self.providers = {
            way.provider.name: way.provider
            for channels in routes.values()
            for ways in channels.values()
            for way in ways
        }

    def of(self, municipality: str, channel: str) -> Sequence[Way]:
        """The list of a municipality."""
        own = self._routes.get(municipality, {})
        return own[channel] if channel in own else self._routes.get(DEFAULT, {}).get(channel, ())

    def price(self, municipality: str, channel: str) -> int:
        """What a part costs with the provider that comes first, in thousandths."""
        ways = sorted(self.of(municipality, channel), key=lambda way: way.order)
        return ways[0].provider.price if ways else 0

    def room(self, channel: str, now: datetime) -> tuple[int, Towns]:
        """How many messages may be taken now, and of which municipalities; one at a time while all that is open
        is on probation."""
        open_towns: set[str] = set()
        shut_towns: set[str] = set()
        for town in self._routes:
            (open_towns if self._open(self.of(town, channel), now) else shut_towns).add(town)
        found = [way.provider for town in open_towns for way in self._open(self.of(town, channel), now)]
        if not found:
            return 0, EVERYWHERE
        steady = [one.most for one in found if not one.gate.is_broken]

        towns = Towns(but=frozenset(shut_towns)) if DEFAULT in open_towns else Towns(only=frozenset(open_towns))
        return min(steady, default=1), towns

    def share(self, messages: Iterable[Message], now: datetime) -> Share:
        """A provider for each message. One that is on probation gets one message; one of whose parts a provider
        has some stays with it."""
        chosen: dict[str, list[Message]] = {}
        left: list[tuple[Message, datetime]] = []
        for message in messages:
            provider = self._choose(message, now, chosen)
            if provider is None:
                left.append((message, self._again(message, now)))
            else:
                chosen.setdefault(provider.name, []).append(message)
        return Share(chosen, left)

    def has_other(self, message: Message, provider: str, now: datetime) -> bool:
        """True when another provider can take it at once."""
        ways = self._open(self.of(message.municipality, message.channel), now)
        return not _stays(message, self.providers) and any(way.provider.name != provider for way in ways)

    def _choose(self, message: Message, now: datetime, chosen: Mapping[str, Sequence[Message]]) -> Provider | None:
        if _stays(message, self.providers):
            own = self.providers[message.provider]
            return own if own.gate.is_open(now) and _has_room(own, chosen) else None
        ways = [
            way
            for way in self._open(self.of(message.municipality, message.channel), now)
            if _has_room(way.provider, chosen)
        ]
        return self._weighted(ways) if ways else None

    def _open(self, ways: Sequence[Way], now: datetime) -> Sequence[Way]:
        """Those that may carry now. A provider that only asked for a pause keeps its place, so the next in order
        does not take over; one that is out of order does not."""
        for order in sorted({way.order for way in ways}):
            same = [way for way in ways if way.order == order]
            in_order = [way for way in same if not way.provider.gate.is_broken]
            ready = [way for way in same if way.provider.gate.is_open(now)]
            if any(way.provider.gate.is_broken for way in ready):
                later = self._open([way for way in ways if way.order > order], now)
                return [*ready, *later] if not in_order else ready
            if ready or in_order:
                return ready
        return ()

    def _weighted(self, ways: Sequence[Way]) -> Provider:
        lowest = min(way.order for way in ways)
        same = [way for way in ways if way.order == lowest]
        left = self._draw() * sum(way.weight for way in same)
        for way in same:
            left -= way.weight
            if left < 0:
                return way.provider
        return same[-1].provider

    def _again(self, message: Message, now: datetime) -> datetime:
        gates = [way.provider.gate for way in self.of(message.municipality, message.channel)]
        moments = [gate.opens_at for gate in gates if gate.opens_at is not None and gate.opens_at > now]
        return min(moments, default=now)


def heed(provider: Provider, outcomes: Collection[Outcome], now: datetime) -> None:
    """What a round of answers says about the provider."""
    errors = [one for one in outcomes if isinstance(one, DeliveryError)]
    if any(isinstance(one, Taken | Refused) for one in outcomes):
        provider.gate.open()
    slow = [one for one in errors if isinstance(one, Throttled)]
    if any(isinstance(one, Unreachable) for one in errors):
        provider.gate.fail(now)
    elif slow:
        provider.gate.pause(now, max((one.wait for one in slow if one.wait is not None), default=None))


def _stays(message: Message, providers: Mapping[str, Provider]) -> bool:
    """Parts of it lie with its provider, or only that one can recognise it a second time."""
    provider = providers.get(message.provider)
    return provider is not None and bool(message.provider_ids or (message.repeated and provider.repeats_safely))


def _has_room(provider: Provider, chosen: Mapping[str, Sequence[Message]]) -> bool:
    taken = len(chosen.get(provider.name, ()))
    return taken < (1 if provider.gate.is_broken else provider.most)
