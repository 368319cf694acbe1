"""What campaigns and subscriptions need from the outside, as protocols."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from imigr_kit.commands import Command as Command
from imigr_kit.facts import Fact
from imigr_notifications.domain.campaigns import Campaign
from imigr_notifications.domain.subscriptions import Subscription
from imigr_notifications.ports_replies import Subscriptions


class SubscriptionBook(Subscriptions, Protocol):
    """All of subscriptions."""

    def add(self, subscription: Subscription, manage: str, key: str, body: str, session: Any) -> None:
        """Store a new one; ``manage`` is the hash of its link."""
        ...

    def by_key(self, key: str) -> tuple[Subscription, str] | None:
        """What a command made, and the hash of its body."""
        ...

    def by_manage(self, manage: str) -> Subscription | None:
        """The one behind a link."""
        ...

    def end(self, subscription_id: str, now: datetime, session: Any) -> bool:
        """It is over; false when it was over."""
        ...


class Campaigns(Protocol):
    """Campaigns, their audience and their messages."""

    def add(self, campaign: Campaign, command: Command) -> Campaign:
        """Store a draft; what the command made before, if it is repeated. Raises KeyReused."""
        ...

    def get(self, campaign_id: str) -> Campaign | None:
        """One of them."""
        ...

    def all_of(self, municipality: str) -> Sequence[Campaign]:
        """Those of a municipality, newest first."""
        ...

    def repeated(self, campaign_id: str, command: Command) -> bool:
        """True when this command was run on it; raises KeyReused for another body."""
        ...

    def change(
        self, old: Campaign, new: Campaign, facts: Sequence[Fact], command: Command | None, session: Any
    ) -> None:
        """One conditional write on the version; raises VersionConflict."""
        ...

    def advance(self, campaign: Campaign, session: Any) -> bool:
        """Keep cursor, next moment and count of a running one; false when it runs no more."""
        ...

    def open_ones(self) -> Sequence[Campaign]:
        """Scheduled and running ones."""
        ...

    def audience(self, campaign: Campaign, now: datetime, most: int) -> Sequence[Subscription]:
        """Active subscriptions it reaches, after its cursor."""
        ...

    def counts(self, campaign: Campaign, now: datetime) -> Mapping[tuple[str, str], int]:
        """How many contacts it would reach, by channel and language."""
        ...

    def known(self, ids: Sequence[str], session: Any) -> set[str]:
        """Those message ids that exist."""
        ...

    def hold(self, campaign_id: str, session: Any) -> None:
        """Keep planned messages back."""
        ...

    def release(self, campaign_id: str, session: Any) -> None:
        """Plan again what was kept back."""
        ...

    def withdraw(self, campaign_id: str, session: Any) -> None:
        """Cancel what has not left."""
        ...

    def progress(self, campaign_id: str) -> Sequence[Mapping[str, Any]]:
        """Its messages by channel and state: count, parts, price, seconds from due to sent."""
        ...
