"""Hand over what is due."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from imigr_kit.context import CallContext, use
from imigr_kit.logs import get_logger
from imigr_kit.secret import Secret
from imigr_notifications import ports
from imigr_notifications.domain import Message, needed
from imigr_notifications.figures import COST, HANDED, SECONDS
from imigr_notifications.handlers.desk import Desk
from imigr_notifications.handlers.limits import Ready, after_quiet, leave_behind, sift
from imigr_notifications.handlers.outcomes import doubt, fail, taken
from imigr_notifications.handlers.ways import Provider, heed
from imigr_notifications.texts import render

log = get_logger(__name__)
SHORTEST_WAIT = timedelta(seconds=1)
LONGEST_WAIT = timedelta(seconds=60)
"""How often a message looks for a contact that has not arrived: soon at first, then once a minute."""
BATCH = 2_048
"""So many at a time; what hands over is asked again a moment later, and may be told to stop in between."""


def deliver_due(desk: Desk, channel: str) -> int:
    """Hand over what is due on a channel, at most a batch; how many were looked at.

    While one round leaves, the next is leased and prepared: so neither the database nor the provider waits for the
    other. A provider on probation gets its next message only when it is known what became of the one before.
    """
    done = 0
    leaving: Future[None] | None = None
    with ThreadPoolExecutor(1) as beside:
        while done < BATCH:
            now = desk.clock.now()
            most, towns = desk.ways.room(channel, now)
            if leaving is not None and most <= 1:
                leaving.result()
                leaving = None
                continue
            messages: Sequence[Message] = ()
            if most:
                messages, lease = desk.messages.lease(channel, now, now + desk.lease_lasts, most, towns)
            if not messages and leaving is None:
                break
            ready = _prepared(desk, messages, lease, now) if messages else {}
            if leaving is not None:  # what comes back from it may go to another provider at once
                leaving.result()
            leaving = beside.submit(_leave, desk, ready, lease, now) if messages else None
            done += len(messages)
        if leaving is not None:
            leaving.result()
    return done


def _prepared(desk: Desk, messages: Sequence[Message], lease: str, now: datetime) -> Mapping[str, Ready]:
    """Those that may leave, by id. Contacts are read together, just before; each message is told in the context it
    was planned in."""
    contacts = desk.contacts.reach_all({one.contact_id for one in messages}, now)
    due = []
    for message in messages:
        with use(CallContext(correlation_id=message.correlation_id)):
            contact = _reached(desk, message, lease, contacts[message.contact_id], now)
        if contact is not None:
            due.append((message, contact))
    return {one.message.id: one for one in sift(desk, due, lease, now)}


def _leave(desk: Desk, ready: Mapping[str, Ready], lease: str, now: datetime) -> None:
    """Share them among the providers and hand them over."""
    share = desk.ways.share([one.message for one in ready.values()], now)
    for message, until in share.left:
        desk.messages.postpone(message, lease, until)
        leave_behind(desk, ready[message.id].riders, lease, None)
    for name, group in share.by_provider.items():
        provider = desk.ways.providers[name]
        waiting = [ready[one.id] for one in group]
        windows = [waiting[first : first + provider.window] for first in range(0, len(waiting), provider.window)]
        provider.side_by_side(partial(_send, desk, provider, lease, now), windows)


def _reached(
    desk: Desk, message: Message, lease: str, contact: ports.Reached | ports.Readiness, now: datetime
) -> ports.Reached | None:
    """The contact of a message that is due; None when something else became of it."""
    if now >= message.expires_at:
        fail(desk, message, lease, "expired")
        return None
    later = after_quiet(desk, message, now)
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
    elif needed(message.source, message.kind) not in {None, *contact.consents}:
        withdrawn, facts = message.withdrawn("no_consent")
        desk.messages.settle(withdrawn, lease, facts)
    else:
        return contact
    return None


def _send(desk: Desk, provider: Provider, lease: str, due: datetime, group: Sequence[Ready]) -> None:
    """Between ``hand_over`` and the stored outcome lies the one ambiguous window; see ``settle_stranded``. What is
    left of a round when the provider has asked for a pause, or is out of order, does not go to it any more."""
    if not provider.gate.is_open(desk.clock.now()):
        for one in group:
            leave_behind(desk, one.riders, lease, None)
            desk.messages.postpone(one.message, lease, provider.gate.opens_at or due)
        return

    def hand_over(parts: Mapping[str, int]) -> Collection[str]:
        at = desk.clock.now()
        return desk.messages.hand_over(lease, parts, provider.name, at, at + desk.lease_lasts, provider.price)

    outcomes = provider.sender.send_many([_outgoing(desk, one, due) for one in group], hand_over)
    now = desk.clock.now()
    heed(provider, outcomes.values(), now)
    sent: list[tuple[Message, Sequence[str]]] = []
    for one in group:
        message = one.message
        outcome = outcomes.get(message.id)
        _count(provider, message, outcome, now)
        if isinstance(outcome, ports.Taken):
            sent += [(message, outcome.ids), *((rider, ()) for rider in one.riders)]
            continue
        leave_behind(desk, one.riders, lease, outcome)
        if outcome is None:
            log.info("message.not_wanted", message=message.id)
        else:
            with use(CallContext(correlation_id=message.correlation_id)):
                _not_taken(desk, message, provider, lease, outcome, now)
    taken(desk, sent, lease)


def _count(provider: Provider, message: Message, outcome: ports.Outcome | None, now: datetime) -> None:
    said = "not_wanted" if outcome is None else type(outcome).__name__.lower()
    HANDED.labels(message.channel, provider.name, said).inc()
    if isinstance(outcome, ports.Taken):
        COST.labels(provider.name).inc(provider.price * len(outcome.ids))
        SECONDS.labels(message.channel).observe(max(0.0, (now - message.due_at).total_seconds()))


def _outgoing(desk: Desk, ready: Ready, now: datetime) -> ports.Outgoing:
    message, token = ready.message, ready.contact.manage_token
    link = None if token is None else f"{desk.public_url}/m/{token.reveal()}"
    also = [{"start": one.values["start"], "place": one.values["texts"].get("place", {})} for one in ready.riders]
    more = {"also": also} if also else _standing(desk, ready, now)
    shown = replace(message, values={**message.values, **more}) if more else message
    text = render(shown, desk.rules(message.municipality), link, desk.own_text(message))
    return ports.Outgoing(
        message_id=message.id,
        address=ready.contact.address,
        subject=text.subject,
        body=text.body,
        valid_seconds=int((message.expires_at - now).total_seconds()),
        taken=message.provider_ids,
        calendar=text.calendar,
        language=message.language,
        unsubscribe=_unsubscribe(desk, ready),
    )


def _standing(desk: Desk, ready: Ready, now: datetime) -> dict[str, list[datetime]]:
    """For a confirmation: what stands already with the same phone or email. Who asked is answered as anybody is, so
    this is how its owner learns that somebody asked once more."""
    if ready.message.kind != "confirmation":
        return {}
    contacts = desk.contacts.of_person(ready.contact.person)
    others = desk.matters.standing(contacts, ready.message, now) if len(contacts) > 1 else ()
    return {"standing": [one.start for one in others]} if others else {}


def _unsubscribe(desk: Desk, ready: Ready) -> Secret[str] | None:
    """Where one click (RFC 8058) ends a subscription, for news; all emails, for the rest."""
    message, token = ready.message, ready.contact.manage_token
    if message.channel != "email":
        return None
    if message.kind == "campaign" and token is not None:
        return Secret(f"{desk.public_url}/api/v1/subscriptions/{token.reveal()}/unsubscribe")
    return Secret(f"{desk.public_url}/u/{message.municipality}/{desk.unsubscribe_token(message.contact_id)}")


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
