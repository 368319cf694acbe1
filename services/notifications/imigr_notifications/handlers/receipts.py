"""What providers say later."""

from __future__ import annotations

from imigr_kit.context import CallContext, use
from imigr_notifications import ports
from imigr_notifications.domain import State
from imigr_notifications.figures import RECEIPTS, UNATTACHED
from imigr_notifications.handlers.desk import Desk
from imigr_notifications.handlers.outcomes import undelivered


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
            undelivered(desk, message)
