"""What becomes of a message: taken, failed, in doubt, and each told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from imigr_kit.facts import Fact
from imigr_kit.logs import get_logger
from imigr_notifications.domain import Message
from imigr_notifications.figures import AMBIGUOUS, EXPIRED
from imigr_notifications.handlers.desk import Desk

log = get_logger(__name__)


def taken(desk: Desk, handed: Sequence[tuple[Message, Sequence[str]]], lease: str) -> None:
    """Providers have them; receipts that came first are heard now."""
    at = desk.clock.now()
    told: dict[str, tuple[Message, list[Fact]]] = {}
    for message, ids in handed:
        told[message.id] = message.sent(ids, at)
    stored = desk.messages.settle_all(list(told.values()), lease)
    known = desk.receipts.of_parts([part for _, ids in handed for part in ids]) if stored else {}
    sent = [told[one][0] for one in stored]
    for message in sent:
        log.info("message.sent", message=message.id, kind=message.kind, channel=message.channel)
    _heard_early(desk, sent, known)


def taken_after_all(desk: Desk, message: Message, ids: Sequence[str]) -> None:
    """A receipt says that the provider has a message that was in doubt."""
    sent, facts = message.sent(ids, desk.clock.now())
    if desk.messages.settle(sent, None, facts):
        log.info("message.sent", message=message.id, kind=message.kind, channel=message.channel)
        _heard_early(desk, [sent], desk.receipts.of_parts(ids))


def whole(desk: Desk, sent: Sequence[Message], known: Mapping[str, bool]) -> Sequence[str]:
    """Ids of those whose parts have all arrived; ``known`` are receipts at hand, others are looked up."""
    unknown = [part for one in sent if len(one.provider_ids) > 1 for part in one.provider_ids if part not in known]
    receipts = {**desk.receipts.of_parts(unknown), **known} if unknown else known
    return [one.id for one in sent if one.provider_ids and all(receipts.get(part) for part in one.provider_ids)]


def _heard_early(desk: Desk, sent: Sequence[Message], known: Mapping[str, bool]) -> None:
    """Receipts that came before the answer they belong to."""
    if not known:
        return
    for message in sent:
        if any(known.get(part) is False for part in message.provider_ids):
            undelivered(desk, message)
    desk.messages.arrived(whole(desk, sent, known), desk.clock.now())


def doubt(desk: Desk, message: Message, now: datetime) -> None:
    """Its answer was lost: logged, then marked and counted. A process that dies between the two, or another that was
    quicker, logs it twice; no doubt is ever without its line."""
    log.warning("message.ambiguous", message=message.id, kind=message.kind, channel=message.channel)
    if desk.messages.doubt(message, now + desk.doubt_lasts):
        AMBIGUOUS.labels(message.channel, message.kind).inc()


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
