"""What the use cases work with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from imigr_kit.clock import Clock
from imigr_notifications import ports, ports_planning, ports_replies
from imigr_notifications.domain import Message, Rules
from imigr_notifications.handlers.ways import Ways
from imigr_notifications.texts import Template


@dataclass(frozen=True)
class Desk:
    """What the use cases work with."""

    messages: ports.Messages
    contacts: ports.Contacts
    receipts: ports.Receipts
    ways: Ways
    clock: Clock
    public_url: str
    own_text: Callable[[Message], Template | None]
    """The text that the message's municipality published for it."""
    unsubscribe_token: Callable[[str], str]
    """Ends emails to a contact, from its id."""
    rules: Callable[[str], Rules]
    matters: ports_planning.Matters
    reminders: ports_planning.Reminders
    daily: ports_planning.Daily
    opt_outs: ports_planning.OptOuts
    replies: ports_replies.Replies
    subscriptions: ports_replies.Subscriptions
    in_transaction: Callable[[Callable[[Any], None]], None]
    """Runs the work with a session, all of it or nothing."""
    home: str = "home"
    """The municipality under which answers to people go out that no town has written to."""
    doubt_lasts: timedelta = timedelta(seconds=60)
    """How long a message in doubt waits for a receipt."""
    lease_lasts: timedelta = timedelta(seconds=20)
    """How long a message belongs to one worker; longer than any provider takes to answer."""
