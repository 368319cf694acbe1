"""Use cases of notifications: plan from events, deliver what is due, forget on request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from imigr_kit.access import require
from imigr_kit.clock import Clock
from imigr_kit.logs import get_logger
from imigr_notifications.domain import Matter, Message, State, notice, reminder
from imigr_notifications.ports import Contacts, DeliveryError, Messages, Readiness, Sender
from imigr_notifications.texts import render

log = get_logger(__name__)

LEASE = timedelta(seconds=30)
CONTACT_WAIT = timedelta(seconds=1)
RETRY = (timedelta(seconds=5), timedelta(seconds=30), timedelta(minutes=2), timedelta(minutes=10))
ATTEMPTS = 8
BATCH = 100

NOTICES = {"booked": "confirmation", "confirmed": "confirmation", "waitlisted": "waiting", "moved": "moved",
           "cancelled": "cancelled"}  # fmt: skip
"""Which message answers which verb."""


@dataclass(frozen=True)
class Desk:
    """What the use cases work with."""

    messages: Messages
    contacts: Contacts
    senders: Mapping[str, Sender]
    clock: Clock
    public_url: str


def plan(desk: Desk, matter: Matter, verb: str, sequence: int, session: Any) -> None:
    """The messages that follow from one event of an appointment or a registration, in its transaction.

    A notice at once; a reminder for the latest version, the earlier one withdrawn. Messages that were not
    handed over yet and say something outdated are withdrawn too.
    """
    now = desk.clock.now()
    superseded = ["reminder"] if verb != "cancelled" else ["reminder", "confirmation", "moved", "waiting"]
    if sequence > 1:
        desk.messages.withdraw(matter.subject, superseded, "superseded", session)
    wanted = [notice(matter, NOTICES[verb], sequence, now)]
    upcoming = None if verb in {"cancelled", "waitlisted"} else reminder(matter, sequence, now)
    wanted += [] if upcoming is None else [upcoming]
    for message in wanted:
        if message.expires_at > now:
            planned, facts = message.planned()
            desk.messages.plan(planned, facts, session)
    until = now if verb == "cancelled" else matter.start
    desk.contacts.keep_until(matter.contact_id, matter.subject, until, session)


def deliver_due(desk: Desk) -> int:
    """Hand over what is due, at most a batch; how many were looked at."""
    for done in range(BATCH):
        now = desk.clock.now()
        message = desk.messages.lease(now, now + LEASE)
        if message is None:
            return done
        deliver(desk, message)
    return BATCH


def deliver(desk: Desk, message: Message) -> None:
    """One leased message: expired, waiting for its contact, withdrawn, sent, or to be tried again.

    Between ``hand_over`` and the stored outcome lies the one ambiguous window; see ``settle_stranded``.
    """
    now = desk.clock.now()
    if now >= message.expires_at:
        _fail(desk, message, "expired")
        return
    readiness = desk.contacts.readiness(message.contact_id, now)
    if readiness is Readiness.GONE:
        _withdraw(desk, message, "contact_gone")
        return
    contact = desk.contacts.reach(message.contact_id, now) if readiness is Readiness.READY else None
    if contact is None:
        desk.messages.postpone(message, now + CONTACT_WAIT, message.attempts)
        return
    token = contact.manage_token
    link = f"{desk.public_url}/m/{token.reveal()}" if token is not None else desk.public_url
    text = render(message.source, message.kind, message.language, message.values, link)
    if not desk.messages.hand_over(message):
        return
    try:
        desk.senders[message.channel].send(contact.address, text.subject, text.body)
    except DeliveryError as error:
        _not_taken(desk, message, error)
        return
    sent, facts = message.sent()
    desk.messages.settle(sent, [State.SENDING], facts)
    log.info("message.sent", message=message.id, kind=message.kind, channel=message.channel)


def settle_stranded(desk: Desk) -> int:
    """Messages whose worker died. Leased ones never left: they are planned again. Those that were being
    handed over may have left: they are not sent twice but counted as ambiguous."""
    now = desk.clock.now()
    found = desk.messages.stranded(now)
    for message in found:
        if message.state is State.LEASED:
            desk.messages.postpone(message, now, message.attempts)
        else:
            _fail(desk, message, "ambiguous")
    return len(found)


def list_messages(desk: Desk, subject: str) -> Sequence[Message]:
    """What is planned and was sent for a subject."""
    return desk.messages.of_subject(subject)


def forget_contact(desk: Desk, contact_id: str) -> bool:
    """Destroy the contact at once; its messages are withdrawn when their turn comes."""
    return desk.contacts.forget(contact_id, desk.clock.now())


def may_see_figures(actor: Mapping[str, Any], municipality: str) -> None:
    """Managers see how many messages went where."""
    require(actor, ("manager",), municipality)


def _not_taken(desk: Desk, message: Message, error: DeliveryError) -> None:
    now = desk.clock.now()
    log.warning("message.not_taken", message=message.id, reason=error.reason, temporary=error.temporary)
    if error.left:
        _fail(desk, message, "ambiguous")
    elif error.temporary and message.attempts + 1 < ATTEMPTS:
        later = now + RETRY[min(message.attempts, len(RETRY) - 1)]
        desk.messages.postpone(message, later, message.attempts + 1)
    else:
        _fail(desk, message, error.reason)


def _fail(desk: Desk, message: Message, reason: str) -> None:
    failed, facts = message.failed(reason)
    desk.messages.settle(failed, [State.LEASED, State.SENDING], facts)
    log.warning("message.failed", message=message.id, reason=reason)


def _withdraw(desk: Desk, message: Message, reason: str) -> None:
    withdrawn, facts = message.withdrawn(reason)
    desk.messages.settle(withdrawn, [State.LEASED], facts)
