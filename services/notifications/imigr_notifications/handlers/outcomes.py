"""What becomes of a message: taken, failed, in doubt, and each told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from imigr_kit.logs import get_logger
from imigr_notifications.domain import Message
from imigr_notifications.figures import AMBIGUOUS, EXPIRED
from imigr_notifications.handlers.desk import Desk

log = get_logger(__name__)


def taken(desk: Desk, message: Message, lease: str | None, ids: Sequence[str]) -> None:
    """A provider has it; a receipt that came first is heard now."""
    sent, facts = message.sent(ids, desk.clock.now())
    if desk.messages.settle(sent, lease, facts):
        log.info("message.sent", message=message.id, kind=message.kind, channel=message.channel)
        known = desk.receipts.of_parts(ids)
        desk.receipts.claim(list(known), message.id)
        if False in known.values():
            undelivered(desk, sent)


def doubt(desk: Desk, message: Message, now: datetime) -> None:
    """Its answer was lost: counted and logged, once."""
    if desk.messages.doubt(message, now + desk.doubt_lasts):
        AMBIGUOUS.labels(message.channel, message.kind).inc()
        log.warning("message.ambiguous", message=message.id, kind=message.kind, channel=message.channel)


def undelivered(desk: Desk, message: Message) -> None:
    """The provider took it and then could not bring it."""
    failed, facts = message.failed("undelivered")
    desk.messages.settle(failed, None, facts)
    log.warning("message.failed", message=message.id, reason="undelivered")


def fail(desk: Desk, message: Message, lease: str | None, reason: str) -> None:
    """It will not be sent; ``reason`` is a closed code."""
    failed, facts = message.failed(reason)
    if desk.messages.settle(failed, lease, facts):
        if reason == "expired":
            EXPIRED.labels(message.channel, message.kind).inc()
        log.warning("message.failed", message=message.id, reason=reason)
