"""What keeps a message back that is due: quiet hours, an opt-out, enough messages for one day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from imigr_kit.context import CallContext, use
from imigr_notifications import domain, ports
from imigr_notifications.domain import Message, OverLimit, Priority
from imigr_notifications.figures import KEPT_BACK
from imigr_notifications.handlers.desk import Desk
from imigr_notifications.handlers.outcomes import doubt, fail

TOGETHER = timedelta(hours=3)
"""Reminders of one person that are due within it may leave as one."""
A_DAY = timedelta(days=1)
"""What would be less than a day from losing its sense tomorrow is dropped today: it would be a fourth by delay."""
MORNING = time(9, 0)
UNLIMITED = frozenset({"reply", "test"})
"""An answer to an SMS is neither counted nor kept back: it says that an opt-out was understood."""
SHORTEST_WAIT = timedelta(seconds=1)


@dataclass(frozen=True)
class Ready:
    """A message that may leave now, its contact, and reminders that it tells of as well."""

    message: Message
    contact: ports.Reached
    riders: tuple[Message, ...] = ()


def after_quiet(desk: Desk, message: Message, now: datetime) -> datetime | None:
    """When what nobody waits for, and comes up in the quiet hours, may go out."""
    if message.priority < Priority.REMINDER:
        return None
    quiet = domain.quiet_hours(now, desk.rules(message.municipality), recipient_zone(message))
    return None if quiet is None else quiet[1]


def sift(desk: Desk, due: Sequence[tuple[Message, ports.Reached]], lease: str, now: datetime) -> list[Ready]:
    """Those that may leave: the others are settled, wait for another day, or go along with one of these.

    One look for opt-outs and one write for what only counts, however many messages."""
    ready: list[Ready] = []
    counted: list[tuple[str, str, str]] = []
    along: set[str] = set()
    out = desk.opt_outs.among({contact.person for _, contact in due})
    for message, contact in due:
        if message.id in along:
            continue
        with use(CallContext(correlation_id=message.correlation_id)):
            if message.source in UNLIMITED:
                ready.append(Ready(message, contact))
            elif contact.person in out:
                KEPT_BACK.labels("opted_out", message.kind).inc()
                fail(desk, message, lease, "opted_out")
            elif message.priority < Priority.REMINDER and message.source != "subscription":
                counted.append((contact.person, _today(message, now), message.id))
                ready.append(Ready(message, contact))
            elif _is_within_limit(desk, message, contact.person, lease, now):
                riders = _riders(desk, message, contact.person, {one.id: one for one, _ in due}, lease, now)
                along |= {one.id for one in riders}
                ready.append(Ready(message, contact, riders))
    desk.daily.count(counted)
    return [one for one in ready if one.message.id not in along]


def leave_behind(desk: Desk, riders: Sequence[Message], lease: str, error: ports.DeliveryError | None) -> None:
    """What went along shares the doubt of what carried it; when nothing left it is planned again."""
    now = desk.clock.now()
    for rider in riders:
        if isinstance(error, ports.Uncertain):
            doubt(desk, rider, now)
        else:
            desk.messages.postpone(rider, lease, now + SHORTEST_WAIT)


def _is_within_limit(desk: Desk, message: Message, person: str, lease: str, now: datetime) -> bool:
    rules, zone = desk.rules(message.municipality), recipient_zone(message)
    if desk.daily.admit(person, _today(message, now), message.id, rules.daily_limit):
        return True
    KEPT_BACK.labels("daily_limit", message.kind).inc()
    tomorrow = datetime.combine(now.astimezone(zone).date() + timedelta(days=1), MORNING, zone).astimezone(UTC)
    later = domain.out_of_quiet(tomorrow, message.expires_at, rules, zone).astimezone(UTC)
    if tomorrow <= later < message.expires_at - A_DAY:
        desk.messages.postpone(message, lease, later)
    else:
        withdrawn, facts = message.withdrawn("daily_limit")
        desk.messages.settle(withdrawn, lease, facts)
    return False


def _riders(
    desk: Desk, message: Message, person: str, leased: Mapping[str, Message], lease: str, now: datetime
) -> tuple[Message, ...]:
    """Other reminders of the same person that leave in the same message, where a town wants that. From here on
    they share the fate of the one that carries them."""
    rules = desk.rules(message.municipality)
    if message.kind != "reminder" or rules.over_limit is not OverLimit.DIGEST:
        return ()
    contacts = desk.contacts.of_person(person)
    found = list(desk.reminders.due_together(contacts, message, now + TOGETHER))
    found += [one for one in leased.values() if _may_ride(one, message, contacts)]
    taken = (desk.reminders.take_along(one, lease, now, now + desk.lease_lasts) for one in found)
    return tuple(sorted((one for one in taken if one is not None), key=lambda one: one.values["start"]))


def _may_ride(one: Message, carrier: Message, contacts: Sequence[str]) -> bool:
    alike = (one.kind, one.channel, one.language, one.municipality)
    wanted = ("reminder", carrier.channel, carrier.language, carrier.municipality)
    return one.id != carrier.id and one.contact_id in contacts and alike == wanted


def _today(message: Message, now: datetime) -> str:
    return now.astimezone(recipient_zone(message)).date().isoformat()


def recipient_zone(message: Message) -> ZoneInfo:
    """Whose clock quiet hours follow: what the person named, else the place's."""
    return ZoneInfo(message.values.get("recipient_timezone") or message.values["timezone"])
