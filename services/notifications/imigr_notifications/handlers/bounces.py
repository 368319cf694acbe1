"""What relays say later about emails, and people who want no more of them."""

from __future__ import annotations

from collections.abc import Iterable

from imigr_kit.clock import Clock
from imigr_kit.context import CallContext, use
from imigr_kit.logs import get_logger
from imigr_notifications import ports
from imigr_notifications.bounces import Bounce
from imigr_notifications.domain import Message, State
from imigr_notifications.figures import BOUNCES
from imigr_notifications.handlers.desk import Desk

log = get_logger(__name__)


def take_bounce(
    messages: ports.Messages, contacts: ports.Contacts, clock: Clock, bounce: Bounce, candidates: Iterable[str]
) -> bool:
    """Heed a bounce; false when it is about nothing we sent. ``candidates`` are the ids under which the mail may
    be kept, one per provider.

    For good: the message has failed, and an address that does not exist is not kept. For now (a full mailbox):
    it is sent again later, until it expires.
    """
    found = messages.of_provider_ids(list(candidates))
    BOUNCES.labels(bounce.status[0], "known" if found else "unknown").inc()
    if not found:
        return False
    message = found[0]
    with use(CallContext(correlation_id=message.correlation_id)):
        if bounce.is_final and message.state is State.SENT:
            _fail_or_try_again(messages, clock, message, bounce)
        if bounce.is_about_the_address and bounce.is_final:
            contacts.mark_unusable(message.contact_id, "bounced")
    return True


def _fail_or_try_again(messages: ports.Messages, clock: Clock, message: Message, bounce: Bounce) -> None:
    tried = message.tried(())
    wait = None if bounce.is_permanent else tried.retry_after()
    log.warning("message.bounced", message=message.id, status=bounce.status)
    if wait is not None and clock.now() + wait < message.expires_at:
        messages.again(tried, clock.now() + wait)
    else:
        failed, facts = message.failed("undelivered" if bounce.is_permanent else "expired")
        messages.settle(failed, None, facts)


def unsubscribe(desk: Desk, contact_id: str) -> None:
    """No more emails to this address, from the whole installation; what is queued fails when it comes up."""
    person = desk.contacts.lookup(contact_id)
    if person is not None:
        desk.opt_outs.add(person, desk.clock.now(), None)
