"""The waiting list: who waits for which place, and for how long a place that was freed is kept for one person."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Any

from imigr_guichet.domain.text import wire_time
from imigr_guichet.errors import NotWaiting, OfferExpired
from imigr_kit.facts import Fact

LONGEST_OFFER = timedelta(hours=12)
SHORTEST_OFFER = timedelta(minutes=15)
PART = 6
"""An offer is good for a sixth of the time that is left, within these limits: half a day when the date is days away,
an hour on the morning before, a quarter of an hour at the end."""
LONGEST_WAIT = timedelta(days=60)
"""Nobody waits longer than a guichet plans ahead."""
LEAD = timedelta(minutes=30)
"""What begins sooner is not offered: nobody could come."""


class WaitState(StrEnum):
    """States of an entry (VOCABULARY); ``offered`` holds a place."""

    WAITING = "waiting"
    OFFERED = "offered"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    EXPIRED = "expired"
    LEFT = "left"


@dataclass(frozen=True)
class Entry:
    """One person on the list (of a guichet, topic and language); nothing says who.

    ``tries`` counts the places that were held for it; ``hold_id`` and what follows is the present or last offer;
    ``place_hash`` ties the held place to the link that the appointment will have.
    """

    id: str
    municipality: str
    guichet_id: str
    topic: str
    language: str
    contact_id: str | None
    channel: str | None
    message_language: str
    first_day: date | None
    last_day: date | None
    place_hash: str
    state: WaitState
    tries: int
    hold_id: str | None
    start: datetime | None
    offer_until: datetime | None
    joined_at: datetime
    version: int

    def join(self) -> tuple[Entry, list[Fact]]:
        """The first fact."""
        joined = replace(self, version=1)
        return joined, [joined._fact("waiting.joined")]

    def offer(self, hold_id: str, start: datetime, until: datetime) -> tuple[Entry, list[Fact]]:
        """A place is held for this person until then."""
        self._must_be(WaitState.WAITING)
        offered = self._next(
            state=WaitState.OFFERED, hold_id=hold_id, start=start, offer_until=until, tries=self.tries + 1
        )
        return offered, [offered._fact("waiting.offered")]

    def skip(self) -> tuple[Entry, list[Fact]]:
        """A place was held but ended before it could be offered (a process died in between): the next one may come."""
        self._must_be(WaitState.WAITING)
        return replace(self, tries=self.tries + 1), []

    def accept(self) -> tuple[Entry, list[Fact]]:
        """The held place is an appointment now."""
        self._must_be(WaitState.OFFERED)
        accepted = self._next(state=WaitState.ACCEPTED)
        return accepted._without_contact(), [accepted._fact("waiting.accepted")]

    def decline(self) -> tuple[Entry, list[Fact]]:
        """The person does not want the place; it goes to the next."""
        self._must_be(WaitState.OFFERED)
        declined = self._next(state=WaitState.DECLINED)
        return declined._without_contact(), [declined._fact("waiting.declined")]

    def expire(self) -> tuple[Entry, list[Fact]]:
        """No answer in time; the place goes to the next."""
        self._must_be(WaitState.OFFERED)
        expired = self._next(state=WaitState.EXPIRED)
        return expired._without_contact(), [expired._fact("waiting.expired")]

    def leave(self) -> tuple[Entry, list[Fact]]:
        """The person does not wait any longer."""
        self._must_be(WaitState.WAITING)
        left = self._next(state=WaitState.LEFT)
        return left._without_contact(), [left._fact("waiting.left")]

    def must_be_offered(self) -> None:
        """Raises OfferExpired, kindly, when the place has gone on; NotWaiting when there was none."""
        if self.state in (WaitState.EXPIRED, WaitState.DECLINED):
            raise OfferExpired(params={"guichet_id": self.guichet_id, "topic": self.topic, "language": self.language})
        self._must_be(WaitState.OFFERED)

    @property
    def keep_until(self) -> datetime:
        """When the waiting ends at the latest, so that the contact is of no use any more."""
        if self.last_day is None:
            return self.joined_at + LONGEST_WAIT
        return datetime.combine(self.last_day, time(23, 59), UTC)

    def _must_be(self, *states: WaitState) -> None:
        if self.state not in states:
            raise NotWaiting(params={"state": str(self.state)})

    def _without_contact(self) -> Entry:
        """Over: the last fact still says whom to tell, the record does not."""
        return replace(self, contact_id=None, channel=None)

    def _next(self, **changes: Any) -> Entry:
        return replace(self, version=self.version + 1, **changes)

    def _fact(self, kind: str) -> Fact:
        data = {
            "entry_id": self.id,
            "guichet_id": self.guichet_id,
            "topic": self.topic,
            "language": self.language,
            "state": str(self.state),
            "start": wire_time(self.start) if self.start else None,
            "offer_until": wire_time(self.offer_until) if self.offer_until else None,
            "keep_until": wire_time(self.keep_until),
            "contact_id": self.contact_id,
            "channel": self.channel,
            "message_language": self.message_language,
        }
        return Fact(kind, self.id, self.municipality, self.version, data)


def offer_until(start: datetime, now: datetime) -> datetime | None:
    """Until when a place that begins at ``start`` may be kept for one person; None when it is too late to offer it."""
    left = start - now
    if left < LEAD:
        return None
    return now + max(SHORTEST_OFFER, min(LONGEST_OFFER, left / PART))
