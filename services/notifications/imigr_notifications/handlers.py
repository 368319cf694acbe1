"""Use cases of notifications: plan from events, deliver what is due, settle doubts, forget on request."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from imigr_kit.access import require
from imigr_kit.clock import Clock
from imigr_kit.context import CallContext, use
from imigr_kit.logs import get_logger
from imigr_notifications import domain, ports
from imigr_notifications.domain import REPEATED_IN_SILENCE, Matter, Message, Rules, State
from imigr_notifications.errors import UndecryptableContact
from imigr_notifications.figures import AMBIGUOUS, EXPIRED, RECEIPTS, REPEATED, UNATTACHED
from imigr_notifications.texts import render

log = get_logger(__name__)

SHORTEST_WAIT = timedelta(seconds=1)
LONGEST_WAIT = timedelta(seconds=60)
"""How often a message looks for a contact that has not arrived: soon at first, then once a minute."""
BATCH = 200
PAUSES = tuple(timedelta(seconds=one) for one in (1, 2, 4, 8, 10))
"""A provider that cannot be reached, or asks to slow down, is left alone for so long."""


@dataclass
class Gate:
    """Closed for a while when a provider wants no messages; each closing in a row lasts longer."""

    opens_at: datetime | None = None
    closings: int = 0

    def is_open(self, now: datetime) -> bool:
        """True when the provider may be tried."""
        return self.opens_at is None or now >= self.opens_at

    def close(self, now: datetime) -> datetime:
        """Leave the provider alone; until when."""
        self.opens_at = now + PAUSES[min(self.closings, len(PAUSES) - 1)]
        self.closings += 1
        return self.opens_at

    def open(self) -> None:
        """The provider works."""
        self.opens_at, self.closings = None, 0


@dataclass(frozen=True)
class Desk:
    """What the use cases work with."""

    messages: ports.Messages
    contacts: ports.Contacts
    receipts: ports.Receipts
    senders: Mapping[str, ports.Sender]
    clock: Clock
    public_url: str
    rules: Callable[[str], Rules]
    doubt_lasts: timedelta = timedelta(seconds=60)
    """How long a message in doubt waits for a receipt."""
    lease_lasts: timedelta = timedelta(seconds=20)
    """How long a message belongs to one worker; longer than any provider takes to answer."""
    gates: dict[str, Gate] = field(default_factory=dict)

    def gate(self, channel: str) -> Gate:
        """The gate before a channel's provider."""
        return self.gates.setdefault(channel, Gate())


def plan(desk: Desk, matter: Matter, verb: str, sequence: int, session: Any) -> None:
    """The messages that follow from one event of an appointment or a registration, in its transaction."""
    now = desk.clock.now()
    known = desk.messages.of_subject(matter.subject, session)
    wanted = domain.plan(matter, verb, sequence, known, desk.rules(matter.municipality), now)
    for message in wanted.drop:
        desk.messages.drop(message, wanted.reason, session)
    until = min(now, matter.start) if verb == "cancelled" else matter.start
    if desk.contacts.keep_until(matter.contact_id, matter.subject, until, session):
        for message in wanted.add:
            planned, facts = message.planned()
            desk.messages.plan(planned, facts, session)


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
        _fail(desk, message, lease, "expired")
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
        _fail(desk, message, lease, "unusable_address")
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
        _fail(desk, message, lease, "unreadable_contact")
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
        _taken(desk, message, lease, ids)


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


def _taken(desk: Desk, message: Message, lease: str | None, ids: Sequence[str]) -> None:
    sent, facts = message.sent(ids, desk.clock.now())
    if desk.messages.settle(sent, lease, facts):
        log.info("message.sent", message=message.id, kind=message.kind, channel=message.channel)
        known = desk.receipts.of_parts(ids)
        desk.receipts.claim(list(known), message.id)
        if False in known.values():
            _undelivered(desk, sent)


def _not_taken(desk: Desk, message: Message, lease: str, error: ports.DeliveryError) -> None:
    now = desk.clock.now()
    log.warning("message.not_taken", message=message.id, reason=error.reason, outcome=type(error).__name__)
    if isinstance(error, ports.Uncertain):
        _doubt(desk, message, now)
        return
    if isinstance(error, ports.Unreachable | ports.Throttled):
        until = desk.gate(message.channel).close(now)
        desk.messages.postpone(replace(message, provider_ids=error.taken or message.provider_ids), lease, until)
        return
    desk.gate(message.channel).open()
    if isinstance(error, ports.Refused):
        _fail(desk, message, lease, error.reason)
    else:
        tried = message.tried(error.taken)
        wait = tried.retry_after()
        if wait is None:
            _fail(desk, tried, lease, error.reason)
        else:
            desk.messages.postpone(tried, lease, now + wait)


def settle_stranded(desk: Desk) -> int:
    """Look after messages whose worker died or whose answer was lost; how many were looked at.

    A leased one never left and is planned again. One that was being handed over is in doubt: it is counted
    and logged as ambiguous, and waits for the provider's receipt. The rule:

    - the receipt says delivered: it was sent, and is not sent again;
    - the receipt says failed: it is handed over again, once;
    - silence to the end of the wait: a confirmation, a reminder, a place on the waiting list is not sent
      again and ends as ``ambiguous``; a move or a cancellation is handed over again, once, since a person
      who does not know goes to the wrong place.

    So nobody is told twice without a counted and logged doubt.
    """
    now = desk.clock.now()
    found = desk.messages.stranded(now)
    for message, is_over in found:
        with use(CallContext(correlation_id=message.correlation_id)):
            if message.state is State.LEASED:
                desk.messages.postpone(message, None, now)
            elif not message.in_doubt:
                _doubt(desk, message, now)
            else:
                _settle_doubt(desk, message, now, is_over)
    return len(found)


def _doubt(desk: Desk, message: Message, now: datetime) -> None:
    if desk.messages.doubt(message, now + desk.doubt_lasts):
        AMBIGUOUS.labels(message.channel, message.kind).inc()
        log.warning("message.ambiguous", message=message.id, kind=message.kind, channel=message.channel)


def _settle_doubt(desk: Desk, message: Message, now: datetime, is_over: bool) -> None:
    lookup = desk.contacts.lookup(message.contact_id)
    known: Mapping[str, bool] = {}
    if lookup is not None and message.handed_at is not None:
        known = desk.receipts.unclaimed(lookup, message.handed_at)
    ids = list(known)[: message.parts]
    is_lost = any(known[one] is False for one in ids)
    if len(ids) == message.parts and not is_lost:
        desk.receipts.claim(ids, message.id)
        _taken(desk, message, None, ids)
    elif is_lost or is_over:
        desk.receipts.claim(ids, message.id)
        _end_doubt(desk, message, now, is_lost=is_lost)


def _end_doubt(desk: Desk, message: Message, now: datetime, *, is_lost: bool) -> None:
    may_repeat = not message.repeated and (is_lost or message.kind in REPEATED_IN_SILENCE)
    if may_repeat and now < message.expires_at:
        REPEATED.labels(message.channel, message.kind).inc()
        log.warning("message.repeated", message=message.id, kind=message.kind, undelivered=is_lost)
        desk.messages.postpone(message.repeat(), None, now)
    elif is_lost:
        _fail(desk, message, None, "undelivered")
    else:
        ended, facts = message.ambiguous()
        desk.messages.settle(ended, None, facts)


def take_receipt(desk: Desk, receipt: ports.Receipt) -> None:
    """Note what a provider says about a part, once, whenever it comes: before the answer that it belongs to,
    twice, or for something unknown."""
    RECEIPTS.labels("delivered" if receipt.delivered else "undelivered").inc()
    if not desk.receipts.add(receipt, desk.clock.now()):
        return
    message = desk.messages.of_provider_id(receipt.provider_id)
    if message is None:
        UNATTACHED.inc()
        return
    desk.receipts.claim([receipt.provider_id], message.id)
    if not receipt.delivered and message.state is State.SENT:
        with use(CallContext(correlation_id=message.correlation_id)):
            _undelivered(desk, message)


def list_messages(desk: Desk, subject: str) -> Sequence[Message]:
    """What is planned and was sent for a subject."""
    return desk.messages.of_subject(subject)


def forget_contact(desk: Desk, contact_id: str) -> bool:
    """Destroy the contact at once, then withdraw what was planned for it; true when there was a contact.

    Nothing can be sent between the two: without the contact there is no address.
    """
    existed = desk.contacts.forget(contact_id, desk.clock.now())
    for message in desk.messages.of_contact(contact_id):
        desk.messages.drop(message, "contact_gone", None)
    return existed


def may_see_figures(actor: Mapping[str, Any], municipality: str) -> None:
    """Managers see how many messages went where."""
    require(actor, ("manager",), municipality)


def _undelivered(desk: Desk, message: Message) -> None:
    failed, facts = message.failed("undelivered")
    desk.messages.settle(failed, None, facts)
    log.warning("message.failed", message=message.id, reason="undelivered")


def _fail(desk: Desk, message: Message, lease: str | None, reason: str) -> None:
    failed, facts = message.failed(reason)
    if desk.messages.settle(failed, lease, facts):
        if reason == "expired":
            EXPIRED.labels(message.channel, message.kind).inc()
        log.warning("message.failed", message=message.id, reason=reason)
