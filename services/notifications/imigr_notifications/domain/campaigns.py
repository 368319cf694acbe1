"""Campaigns: news of a topic to those who asked for them, in steps that staff take and can take back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from imigr_kit.facts import Fact
from imigr_kit.texts import FALLBACK
from imigr_notifications.domain.messages import Message, Priority, State
from imigr_notifications.errors import WrongCampaignState

SMALL = 10
"""Smaller counts are not shown: they would tell who subscribes."""
AHEAD = timedelta(seconds=3)
"""Messages are planned so far ahead of the throttle; what is planned can still be held back by a pause."""
AT_ONCE = 200
NEWS_LASTS = timedelta(hours=48)
ZONE = "Africa/Tunis"


class CampaignState(StrEnum):
    """draft -> scheduled -> running <-> paused -> done; cancelled from each but done."""

    DRAFT = "draft"
    SCHEDULED = "scheduled"
    RUNNING = "running"
    PAUSED = "paused"
    DONE = "done"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class Words:
    """A campaign's text in one language; ``subject`` is for email only."""

    subject: str
    body: str


@dataclass(frozen=True)
class Campaign:
    """One campaign. No ``languages``: all; no ``themes``: all. ``per_minute`` throttles it; ``cursor`` is the last
    subscription that was looked at, ``next_at`` the moment of the next message."""

    id: str
    municipality: str
    topic: str
    themes: tuple[str, ...]
    languages: tuple[str, ...]
    texts: Mapping[str, Words]
    state: CampaignState
    per_minute: int
    starts_at: datetime | None
    version: int
    cursor: str = ""
    next_at: datetime | None = None
    planned: int = 0
    audience: int = 0

    def scheduled(self, starts_at: datetime, audience: int) -> tuple[Campaign, list[Fact]]:
        """To begin at a moment, which may be now."""
        self._must_be(CampaignState.DRAFT)
        changed = replace(self, starts_at=starts_at, audience=audience)
        return changed._to(CampaignState.SCHEDULED, "campaign.scheduled")

    def started(self) -> tuple[Campaign, list[Fact]]:
        """Its moment has come."""
        self._must_be(CampaignState.SCHEDULED)
        return self._to(CampaignState.RUNNING, "campaign.started")

    def paused(self) -> tuple[Campaign, list[Fact]]:
        """Nothing more leaves for now."""
        self._must_be(CampaignState.RUNNING, CampaignState.SCHEDULED)
        return self._to(CampaignState.PAUSED, "campaign.paused")

    def resumed(self) -> tuple[Campaign, list[Fact]]:
        """It goes on where it was."""
        self._must_be(CampaignState.PAUSED)
        return self._to(CampaignState.SCHEDULED, "campaign.resumed")

    def cancelled(self) -> tuple[Campaign, list[Fact]]:
        """Nothing more leaves, for good."""
        self._must_be(CampaignState.DRAFT, CampaignState.SCHEDULED, CampaignState.RUNNING, CampaignState.PAUSED)
        return self._to(CampaignState.CANCELLED, "campaign.cancelled")

    def done(self) -> tuple[Campaign, list[Fact]]:
        """Everything has left, or failed."""
        self._must_be(CampaignState.RUNNING)
        return self._to(CampaignState.DONE, "campaign.finished")

    def words(self, language: str) -> tuple[str, Words]:
        """The text for a reader, and its language: their own, or the first along fr, en, ar."""
        for one in (language, *FALLBACK):
            if one in self.texts:
                return one, self.texts[one]
        return next(iter(self.texts.items()))

    def message(self, person: str, contact_id: str, channel: str, language: str, due: datetime) -> Message:
        """The message to one person; its id makes it one, however many subscriptions the person has."""
        chosen, words = self.words(language)
        return Message(
            id=f"{self.id}:{person}",
            subject=self.id,
            source="campaign",
            municipality=self.municipality,
            kind="campaign",
            sequence=1,
            channel=channel,
            language=chosen,
            contact_id=contact_id,
            state=State.PLANNED,
            due_at=due,
            expires_at=due + NEWS_LASTS,
            values={
                "start": due + NEWS_LASTS,
                "timezone": ZONE,
                "texts": {"subject": {chosen: words.subject}, "body": {chosen: words.body}},
            },
            priority=Priority.BULK,
        )

    def _must_be(self, *states: CampaignState) -> None:
        if self.state not in states:
            raise WrongCampaignState(params={"state": str(self.state)})

    def _to(self, state: CampaignState, kind: str) -> tuple[Campaign, list[Fact]]:
        changed = replace(self, state=state, version=self.version + 1)
        data: dict[str, Any] = {
            "campaign_id": self.id,
            "topic": self.topic,
            "state": str(state),
            "recipients": shown(changed.audience),
        }
        return changed, [Fact(kind, self.id, self.municipality, changed.version, data)]


def shown(count: int) -> int | None:
    """A count that may be shown; None when it is small."""
    return count if count >= SMALL else None
