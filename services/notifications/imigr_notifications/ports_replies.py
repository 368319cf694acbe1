"""What answers of people need from the outside, as protocols."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from imigr_kit.facts import Fact
from imigr_kit.secret import Secret
from imigr_notifications.domain import Message


@dataclass(frozen=True)
class Inbound:
    """One SMS from a phone. ``reference`` is the provider's own id of it, which is the same however often it is
    brought; empty when there is none, and a repetition within a minute or two then counts as one."""

    address: Secret[str]
    text: Secret[str]
    reference: str


class Replies(Protocol):
    """Slips of answers: that one came and what it meant, never its text."""

    def note(self, slips: Sequence[str], answer: str, now: datetime, session: Any) -> bool:
        """Keep the first of the slips; false when one of them is there."""
        ...

    def open_question(self, contacts: Sequence[str], now: datetime, session: Any) -> Message | None:
        """The last message to these contacts that asked something, was not answered, and still matters."""
        ...

    def answered(self, message: Message, answer: str, facts: Sequence[Fact], session: Any) -> None:
        """Store the answer with its events."""
        ...

    def may_help(self, person: str, since: datetime, now: datetime, session: Any) -> bool:
        """True, and noted, when nobody explained to this person since then how to answer."""
        ...


class Subscriptions(Protocol):
    """The part of subscriptions that an SMS can change."""

    def confirm(self, subscription_id: str, now: datetime, session: Any) -> bool:
        """From pending to active; false when it was not pending."""
        ...

    def end_all(self, contacts: Sequence[str], now: datetime, session: Any) -> int:
        """End those of these contacts; how many."""
        ...
