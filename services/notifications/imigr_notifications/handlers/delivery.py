"""Hand over what is due."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from imigr_kit.context import CallContext, use
from imigr_kit.logs import get_logger
from imigr_notifications import domain, ports
from imigr_notifications.domain import Message
from imigr_notifications.errors import UndecryptableContact
from imigr_notifications.handlers.desk import Desk
from imigr_notifications.handlers.outcomes import doubt, fail, taken
from imigr_notifications.texts import render

log = get_logger(__name__)
SHORTEST_WAIT = timedelta(seconds=1)
LONGEST_WAIT = timedelta(seconds=60)
"""How often a message looks for a contact that has not arrived: soon at first, then once a minute."""
BATCH = 200


def deliver_due(desk: Desk, channel: str) -> int:
    """Hand over what is due on a channel, at most a batch; how many were looked at."""
    for done in range(BATCH):
        now = desk.clock.now()
        leased = desk.messages.lease(channel, now, now + desk.lease_lasts) if desk.gate(channel).is_open(now) else None
        if leased is None:
            return done
        message, lease = leased
        with use(CallContext(correlation_id=message.correlation_id)):
            _deliver(desk, message, lease, now)
    return BATCH


def _deliver(desk: Desk, message: Message, lease: str, now: datetime) -> None:
    if now >= message.expires_at:
        fail(desk, message, lease, "expired")
        return
    later = _after_quiet(desk, message, now)
    if later is not None:
        desk.messages.postpone(message, lease, later)
        return
    readiness = desk.contacts.readiness(message.contact_id, now)
    if readiness is ports.Readiness.GONE:
        withdrawn, facts = message.withdrawn("contact_gone")
        desk.messages.settle(withdrawn, lease, facts)
    elif readiness is ports.Readiness.UNUSABLE:
        fail(desk, message, lease, "unusable_address")
    elif readiness is ports.Readiness.NOT_YET:
        wait = min(max((now - message.due_at) / 4, SHORTEST_WAIT), LONGEST_WAIT)
        desk.messages.postpone(message, lease, now + wait)
    else:
        _send(desk, message, lease, now)


def _after_quiet(desk: Desk, message: Message, now: datetime) -> datetime | None:
    """When a reminder that comes up late, in the quiet hours, may go out."""
    zone = ZoneInfo(message.values["timezone"])
    quiet = domain.quiet_hours(now, desk.rules(message.municipality), zone) if message.is_reminder else None
    return None if quiet is None else quiet[1]


def _send(desk: Desk, message: Message, lease: str, now: datetime) -> None:
    """Between ``hand_over`` and the stored outcome lies the one ambiguous window; see ``settle_stranded``."""
    try:
        outgoing = _outgoing(desk, message, now)
    except UndecryptableContact:
        fail(desk, message, lease, "unreadable_contact")
        return
    if outgoing is None:
        desk.messages.postpone(message, lease, now + SHORTEST_WAIT)
        return

    def hand_over(parts: int) -> bool:
        at = desk.clock.now()
        return desk.messages.hand_over(message, lease, parts, at, at + desk.lease_lasts)

    try:
        ids = desk.senders[message.channel].send(outgoing, hand_over)
    except ports.NotWanted:
        log.info("message.not_wanted", message=message.id)
    except ports.DeliveryError as error:
        _not_taken(desk, message, lease, error)
    else:
        desk.gate(message.channel).open()
        taken(desk, message, lease, ids)


def _outgoing(desk: Desk, message: Message, now: datetime) -> ports.Outgoing | None:
    contact = desk.contacts.reach(message.contact_id, now)
    if contact is None:
        return None
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


def _not_taken(desk: Desk, message: Message, lease: str, error: ports.DeliveryError) -> None:
    now = desk.clock.now()
    log.warning("message.not_taken", message=message.id, reason=error.reason, outcome=type(error).__name__)
    if isinstance(error, ports.Uncertain):
        doubt(desk, message, now)
        return
    if isinstance(error, ports.Unreachable | ports.Throttled):
        until = desk.gate(message.channel).close(now)
        desk.messages.postpone(replace(message, provider_ids=error.taken or message.provider_ids), lease, until)
        return
    desk.gate(message.channel).open()
    if isinstance(error, ports.Refused):
        fail(desk, message, lease, error.reason)
    else:
        tried = message.tried(error.taken)
        wait = tried.retry_after()
        if wait is None:
            fail(desk, tried, lease, error.reason)
        else:
            desk.messages.postpone(tried, lease, now + wait)
