"""What providers say later."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from imigr_kit.context import CallContext, use
from imigr_notifications import ports
from imigr_notifications.domain import State
from imigr_notifications.figures import RECEIPTS, UNATTACHED
from imigr_notifications.handlers.desk import Desk
from imigr_notifications.handlers.outcomes import undelivered, whole


def take_receipts(desk: Desk, receipts: Sequence[ports.Receipt]) -> None:
    """Note what a provider says about parts, once, whenever it comes: before the answer that it belongs to,
    twice, or for something unknown. However many, they cost a few round trips together."""
    for is_delivered, number in Counter(receipt.delivered for receipt in receipts).items():
        RECEIPTS.labels("delivered" if is_delivered else "undelivered").inc(number)
    new = desk.receipts.add_all(receipts, desk.clock.now())
    if not new:
        return
    known = {receipt.provider_id: receipt.delivered for receipt in receipts if receipt.provider_id in new}
    messages = desk.messages.of_provider_ids(list(known))
    attached = {part for message in messages for part in message.provider_ids if part in known}
    UNATTACHED.inc(len(known) - len(attached))
    sent = [message for message in messages if message.state is State.SENT]
    for message in sent:
        if any(known.get(part) is False for part in message.provider_ids):
            with use(CallContext(correlation_id=message.correlation_id)):
                undelivered(desk, message)
    desk.messages.arrived(whole(desk, sent, known), desk.clock.now())
