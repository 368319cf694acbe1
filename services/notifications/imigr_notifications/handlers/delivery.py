"""Hand over what is due."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from imigr_kit.context import CallContext, use
from imigr_kit.logs import get_logger
from imigr_notifications import domain, ports
from imigr_notifications.domain import Message
from imigr_notifications.handlers.desk import Desk
from imigr_notifications.handlers.outcomes import doubt, fail, taken
from imigr_notifications.handlers.ways import Provider, heed
from imigr_notifications.texts import render

log = get_logger(__name__)
SHORTEST_WAIT = timedelta(seconds=1)
LONGEST_WAIT = timedelta(seconds=60)
"""How often a message looks for a contact that has not arrived: soon at first, then once a minute."""
BATCH = 200


def deliver_due(desk: Desk, channel: str) -> int:
    """Hand over what is due on a channel, at most a batch; how many were looked at."""
    done = 0
    while done < BATCH:
        now = desk.clock.now()
        most, towns = desk.ways.room(channel, now)
        if most == 0:
            return done
        messages, lease = desk.messages.lease(channel, now, now + desk.lease_lasts, most, towns)
        if not messages:
            return done
        _deliver(desk, messages, lease, now)
        done += len(messages)
    return done


def _deliver(desk: Desk, messages: Sequence[Message], lease: str, now: datetime) -> None:
    """Contacts are read together, just before; each message is told in the context it was planned in."""
    contacts = desk.contacts.reach_all({one.contact_id for one in messages}, now)
    ready: dict[str, ports.Outgoing] = {}
    wanted = []
    for message in messages:
        with use(CallContext(correlation_id=message.correlation_id)):
            outgoing = _ready(desk, message, lease, contacts[message.contact_id], now)
        if outgoing is not None:
            ready[message.id] = outgoing
            wanted.append(message)
    share = desk.ways.share(wanted, now)
    for message, until in share.left:
        desk.messages.postpone(message, lease, until)
    for name, group in share.by_provider.items():
        _send(desk, desk.ways.providers[name], lease, [(one, ready[one.id]) for one in group])


def _ready(
    desk: Desk, message: Message, lease: str, contact: ports.Reached | ports.Readiness, now: datetime
) -> ports.Outgoing | None:
    """The message as it would leave now; None when something else became of it."""
    if now >= message.expires_at:
        fail(desk, message, lease, "expired")
        return None
    later = _after_quiet(desk, message, now)
    if later is not None:
        desk.messages.postpone(message, lease, later)
    elif contact is ports.Readiness.GONE:
        withdrawn, facts = message.withdrawn("contact_gone")
        desk.messages.settle(withdrawn, lease, facts)
    elif contact is ports.Readiness.UNUSABLE:
        fail(desk, message, lease, "unusable_address")
    elif contact is ports.Readiness.UNREADABLE:
        fail(desk, message, lease, "unreadable_contact")
    elif isinstance(contact, ports.Readiness):
        wait = min(max((now - message.due_at) / 4, SHORTEST_WAIT), LONGEST_WAIT)
        desk.messages.postpone(message, lease, now + wait)
    else:
        return _outgoing(desk, message, contact, now)
    return None


def _after_quiet(desk: Desk, message: Message, now: datetime) -> datetime | None:
    """When a reminder that comes up late, in the quiet hours, may go out."""
    zone = ZoneInfo(message.values["timezone"])
    quiet = domain.quiet_hours(now, desk.rules(message.municipality), zone) if message.is_reminder else None
    return None if quiet is None else quiet[1]


def _send(desk: Desk, provider: Provider, lease: str, group: Sequence[tuple[Message, ports.Outgoing]]) -> None:
    """Between ``hand_over`` and the stored outcome lies the one ambiguous window; see ``settle_stranded``."""

    def hand_over(parts: Mapping[str, int]) -> Collection[str]:
        at = desk.clock.now()
        return desk.messages.hand_over(lease, parts, provider.name, at, at + desk.lease_lasts, provider.price)

    outcomes = provider.sender.send_many([outgoing for _, outgoing in group], hand_over)
    now = desk.clock.now()
    heed(provider, outcomes.values(), now)
    sent = []
    for message, _ in group:
        outcome = outcomes.get(message.id)
        if isinstance(outcome, ports.Taken):
            sent.append((message, outcome.ids))
        elif outcome is None:
            log.info("message.not_wanted", message=message.id)
        else:
            with use(CallContext(correlation_id=message.correlation_id)):
                _not_taken(desk, message, provider, lease, outcome, now)
    taken(desk, sent, lease)


def _outgoing(desk: Desk, message: Message, contact: ports.Reached, now: datetime) -> ports.Outgoing:
    link = None if contact.manage_token is None else f"{desk.public_url}/m/{contact.manage_token.reveal()}"
    text = render(message, desk.rules(message.municipality), link)
    return ports.Outgoing(
        message_id=message.id,
        address=contact.address,
        subject=text.subject,
        body=text.body,
        valid_seconds=int((message.expires_at - now).total_seconds()),
        taken=message.provider_ids,
        calendar=text.calendar,
    )


def _not_taken(
    desk: Desk, message: Message, provider: Provider, lease: str, error: ports.DeliveryError, now: datetime
) -> None:
    """By class of error: a doubt waits, a provider that is away costs no attempt, "not now" is tried again with
    growing waits, a refusal is final."""
    log.warning("message.not_taken", message=message.id, reason=error.reason, outcome=type(error).__name__)
    if isinstance(error, ports.Uncertain):
        doubt(desk, message, now)
    elif isinstance(error, ports.Unreachable | ports.Throttled):
        kept = replace(message, provider_ids=error.taken or message.provider_ids, provider=provider.name)
        other = isinstance(error, ports.Unreachable) and desk.ways.has_other(kept, provider.name, now)
        until = now if other else provider.gate.opens_at or now
        desk.messages.postpone(kept, lease, until)
    elif isinstance(error, ports.Refused):
        fail(desk, message, lease, error.reason)
    else:
        provider.gate.stumble(now)
        tried = message.tried(error.taken)
        wait = tried.retry_after()
        if wait is None:
            fail(desk, tried, lease, error.reason)
        else:
            desk.messages.postpone(tried, lease, now + wait)
