"""Private calendar feeds of mediators."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, NamedTuple

from imigr_guichet.domain.appointment import Appointment
from imigr_guichet.domain.guichet import Guichet
from imigr_guichet.errors import UnknownFeed, UnknownMediator
from imigr_guichet.handlers.office import STAFF_ROLES, Office
from imigr_guichet.handlers.planning import known_mediators, plan_of
from imigr_guichet.opening import local_date
from imigr_guichet.ports.feeds import Feed, Feeds
from imigr_kit.access import require

Actor = Mapping[str, Any]
FEED_DAYS = 60


class Agenda(NamedTuple):
    """What a feed shows."""

    guichet: Guichet
    mediator: str
    appointments: Sequence[Appointment]


def open_feed(
    office: Office, feeds: Feeds, actor: Actor, municipality: str, feed: Feed, secret_hash: str, by: str
) -> None:
    """Give a mediator's agenda a private address; a new one ends the old. The secret itself is never seen here."""
    require(actor, STAFF_ROLES, municipality)
    guichet = plan_of(office, feed.guichet_id, municipality)
    if feed.mediator not in known_mediators(guichet):
        raise UnknownMediator(params={"mediator": feed.mediator})
    feeds.put(feed, office.hashed("feed", secret_hash), by, office.clock.now())


def read_feed(office: Office, feeds: Feeds, secret_hash: str) -> Agenda:
    """The mediator's appointments from yesterday on; unknown and withdrawn alike raise UnknownFeed."""
    feed = feeds.find(office.hashed("feed", secret_hash))
    guichet = office.plans.get(feed.guichet_id) if feed else None
    if feed is None or guichet is None:
        raise UnknownFeed
    today = local_date(guichet, office.clock.now())
    found: list[Appointment] = []
    for offset in range(-1, FEED_DAYS):
        day = today + timedelta(days=offset)
        desks = {place.desk for place in guichet.places(day) if place.mediator == feed.mediator}
        if desks:
            found += [one for one in office.appointments.of_day(guichet.id, day) if one.desk in desks]
    return Agenda(guichet, feed.mediator, found)
