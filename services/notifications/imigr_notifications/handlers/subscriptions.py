"""Subscribing by double opt-in, seeing and ending it by link."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from imigr_kit.errors import FieldError
from imigr_kit.ids import NewId
from imigr_notifications.domain import Message, State
from imigr_notifications.domain.subscriptions import CONFIRM_WITHIN, Subscription, SubscriptionState
from imigr_notifications.errors import InvalidInput, UnknownSubscription
from imigr_notifications.handlers.desk import Desk
from imigr_notifications.ports_campaigns import Command, SubscriptionBook

ZONE = "Africa/Tunis"


@dataclass(frozen=True)
class Wish:
    """What a person asks to hear about."""

    municipality: str
    topic: str
    themes: tuple[str, ...]
    language: str
    channel: str
    contact_id: str
    manage_hash: str


def subscribe(desk: Desk, book: SubscriptionBook, wish: Wish, new_id: NewId, command: Command) -> Subscription:
    """Pending until the person says yes to the message that goes out now. The answer is the same whether or not
    the address subscribes already. Raises InvalidInput for a topic the town does not have, KeyReused."""
    if wish.topic not in desk.rules(wish.municipality).topics:
        raise InvalidInput(fields=[FieldError("topic", "notifications.invalid_input", "no topic of this town")])
    known = book.by_key(command.key)
    if known is not None:
        command.must_be(known[1])
        return known[0]
    made = Subscription(
        id=new_id(),
        municipality=wish.municipality,
        topic=wish.topic,
        themes=wish.themes,
        language=wish.language,
        channel=wish.channel,
        contact_id=wish.contact_id,
        state=SubscriptionState.PENDING,
        until=desk.clock.now() + CONFIRM_WITHIN,
    )
    desk.in_transaction(partial(_store, desk, book, made, wish.manage_hash, command))
    return made


def _store(
    desk: Desk, book: SubscriptionBook, made: Subscription, manage_hash: str, command: Command, session: Any
) -> None:
    book.add(made, desk.contacts.slip(manage_hash), command.key, command.body_hash, session)
    question = Message(
        id=f"{made.id}:opt_in:1",
        subject=made.id,
        source="subscription",
        municipality=made.municipality,
        kind="opt_in",
        sequence=1,
        channel=made.channel,
        language=made.language,
        contact_id=made.contact_id,
        state=State.PLANNED,
        due_at=desk.clock.now(),
        expires_at=made.until,
        values={"start": made.until, "timezone": ZONE, "texts": {}},
        asks=made.channel == "sms" and desk.rules(made.municipality).replies,
    )
    desk.messages.plan([question.planned()], session)


def get_subscription(desk: Desk, book: SubscriptionBook, manage_hash: str) -> Subscription:
    """The one behind a link; raises UnknownSubscription."""
    found = book.by_manage(desk.contacts.slip(manage_hash))
    if found is None:
        raise UnknownSubscription
    return found


def confirm_subscription(desk: Desk, book: SubscriptionBook, manage_hash: str) -> Subscription:
    """The second yes; again changes nothing. A link that was not used in time stays pending and is of no use."""
    found = get_subscription(desk, book, manage_hash)
    now = desk.clock.now()
    desk.in_transaction(lambda session: _ignored(book.confirm(found.id, now, session)))
    return get_subscription(desk, book, manage_hash)


def end_subscription(desk: Desk, book: SubscriptionBook, manage_hash: str) -> Subscription:
    """No news any more; again changes nothing."""
    found = get_subscription(desk, book, manage_hash)
    desk.in_transaction(lambda session: _ignored(book.end(found.id, desk.clock.now(), session)))
    return replace(found, state=SubscriptionState.ENDED)


def _ignored(_: bool) -> None:
    """What is already so is no error."""
