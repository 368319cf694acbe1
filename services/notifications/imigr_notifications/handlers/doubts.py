"""Settle what a crash or a lost answer has left open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from imigr_kit.context import CallContext, use
from imigr_kit.logs import get_logger
from imigr_notifications.domain import REPEATED_IN_SILENCE, Message, State
from imigr_notifications.figures import REPEATED
from imigr_notifications.handlers.desk import Desk
from imigr_notifications.handlers.outcomes import doubt, fail, taken_after_all

log = get_logger(__name__)


def settle_stranded(desk: Desk) -> int:
    """Look after messages whose worker died or whose answer was lost; how many were looked at.

    A leased one never left and is planned again. One that was being handed over is in doubt: it is counted
    and logged as ambiguous, and waits for the provider's receipt. The rule:

    - the receipt says delivered: it was sent, and is not sent again;
    - the receipt says failed: it is handed over again, once;
    - silence to the end of the wait: a confirmation, a reminder, a place on the waiting list is not sent
      again and ends as ``ambiguous``; a move or a cancellation is handed over again, once, since a person
      who does not know goes to the wrong place;
    - a provider that recognises a message it is given twice is simply given it again.

    So nobody is told twice without a counted and logged doubt.
    """
    now = desk.clock.now()
    found = desk.messages.stranded(now)
    for message, is_over in found:
        with use(CallContext(correlation_id=message.correlation_id)):
            if message.state is State.LEASED:
                desk.messages.postpone(message, None, now)
            elif not message.in_doubt:
                doubt(desk, message, now)
            else:
                _settle_doubt(desk, message, now, is_over)
    return len(found)


def _settle_doubt(desk: Desk, message: Message, now: datetime, is_over: bool) -> None:
    lookup = desk.contacts.lookup(message.contact_id)
    known: Mapping[str, bool] = {}
    provider = desk.ways.providers.get(message.provider)
    if provider is not None and provider.own_id is not None:
        known = desk.receipts.of_parts([provider.own_id(message.id)])
        message = replace(message, parts=1)
    elif lookup is not None and message.handed_at is not None:
        known = desk.receipts.unclaimed(lookup, message.handed_at)
    ids = list(known)[: message.parts]
    is_lost = any(known[one] is False for one in ids)
    if len(ids) == message.parts and not is_lost:
        desk.receipts.claim(ids, message.id)
        taken_after_all(desk, message, ids)
    elif is_lost or is_over or _is_recognised(desk, message):
        desk.receipts.claim(ids, message.id)
        _end_doubt(desk, message, now, is_lost=is_lost)


def _end_doubt(desk: Desk, message: Message, now: datetime, *, is_lost: bool) -> None:
    helps = is_lost or _is_recognised(desk, message) or message.kind in REPEATED_IN_SILENCE
    may_repeat = helps and not message.repeated
    if may_repeat and now < message.expires_at:
        REPEATED.labels(message.channel, message.kind).inc()
        log.warning("message.repeated", message=message.id, kind=message.kind, undelivered=is_lost)
        desk.messages.postpone(message.repeat(), None, now)
    elif is_lost:
        fail(desk, message, None, "undelivered")
    else:
        ended, facts = message.ambiguous()
        desk.messages.settle(ended, None, facts)


def _is_recognised(desk: Desk, message: Message) -> bool:
    """True when its provider takes a message that it has already for the same one."""
    provider = desk.ways.providers.get(message.provider)
    return provider is not None and provider.repeats_safely and not message.repeated
