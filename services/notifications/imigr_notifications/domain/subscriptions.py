"""Who wants to hear about what: a subscription counts from the moment the person said yes twice."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

CONFIRM_WITHIN = timedelta(hours=48)
LASTS = timedelta(days=365)
"""A subscription ends after a year unless it is made again: nobody is written to for ever."""


class SubscriptionState(StrEnum):
    """``pending`` until the person confirmed by link or SMS; ``ended`` by the person, by STOP, or by time."""

    PENDING = "pending"
    ACTIVE = "active"
    ENDED = "ended"


@dataclass(frozen=True)
class Subscription:
    """One topic of one municipality for one contact; ``themes`` narrow it, none means all."""

    id: str
    municipality: str
    topic: str
    themes: tuple[str, ...]
    language: str
    channel: str
    contact_id: str
    state: SubscriptionState
    until: datetime
