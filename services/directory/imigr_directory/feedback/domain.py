"""Opinions of readers: closed codes that are counted, and an optional remark that only editors read.

Nothing here says who spoke. The record of an opinion lives 30 days, then only the counts are left.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Any

from imigr_directory.errors import OpinionHandled, StaleVersion
from imigr_kit.facts import Fact

_NAMESPACE = uuid.UUID("019348a0-0000-7000-8000-0000000000de")
LIFE = timedelta(days=30)
STEP = 10
"""Counts leave in tens, rounded down: no event tells what one reader said, nor does the difference of two."""
MOST_AN_HOUR = 60
"""From one network address. Telephone companies put many people behind one, so it is not a low number."""


class Kind(StrEnum):
    """What a reader did."""

    OPINION = "opinion"
    GAP = "gap"
    CORRECTION = "correction"


class About(StrEnum):
    """What an opinion is about."""

    SERVICE = "service"
    ARTICLE = "article"
    SEARCH = "search"


class Outcome(StrEnum):
    """What editors did with it."""

    CORRECTED = "corrected"
    NO_CHANGE = "no_change"
    DUPLICATE = "duplicate"
    ABUSE = "abuse"


REASONS: Mapping[About, tuple[str, ...]] = {
    About.SERVICE: (
        "wrong_phone",
        "wrong_hours",
        "wrong_place",
        "closed_for_good",
        "was_refused",
        "not_free",
        "language_not_spoken",
        "not_accessible",
        "hard_to_understand",
        "other",
    ),
    About.ARTICLE: ("outdated", "wrong", "steps_missing", "hard_to_understand", "other"),
    About.SEARCH: ("nothing_found", "wrong_results", "too_many_results", "other"),
}
CORRECTABLE = ("name", "phones", "hours", "address", "website", "languages", "fees", "accessibility", "closed_for_good")
"""What a reader may correct in an entry."""


@dataclass(frozen=True)
class Opinion:
    """One thing said. ``received_on`` is a day, never an hour; ``part`` is what a correction is about, ``value`` how it
    should read (as the content keeps it), ``proposed`` whether that is in review."""

    id: str
    municipality: str
    kind: Kind
    about: About
    language: str
    received_on: date
    record_id: str | None = None
    useful: bool | None = None
    reasons: tuple[str, ...] = ()
    theme: str | None = None
    part: str | None = None
    value: Any = None
    proposed: bool = False
    has_remark: bool = False
    state: str = "new"
    outcome: Outcome | None = None
    version: int = 1

    @property
    def gone_at(self) -> datetime:
        """When nothing of it is left but the counts: at most 30 days after it was said."""
        return datetime.combine(self.received_on, time(), UTC) + LIFE

    def handled(self, outcome: Outcome, version: int) -> Opinion:
        """Done with; its remark has no purpose any more. Raises OpinionHandled, StaleVersion."""
        if self.state != "new":
            raise OpinionHandled(params={"outcome": self.outcome})
        if self.version != version:
            raise StaleVersion(params={"version": self.version})
        return replace(self, state="handled", outcome=outcome, has_remark=False, version=self.version + 1)


@dataclass(frozen=True)
class Tally:
    """Counts of all that was said about one record, about the search of a town, or of what a town's readers missed.

    ``sequence`` counts the events it has raised.
    """

    id: str
    municipality: str
    kind: Kind
    about: About
    record_id: str | None = None
    theme: str | None = None
    language: str | None = None
    total: int = 0
    useful: int = 0
    not_useful: int = 0
    reasons: Mapping[str, int] = field(default_factory=dict)
    sequence: int = 0

    def counted(self, opinion: Opinion) -> tuple[Tally, list[Fact]]:
        """With one more; every tenth is told."""
        reasons = dict(self.reasons)
        for reason in opinion.reasons:
            reasons[reason] = reasons.get(reason, 0) + 1
        more = replace(
            self,
            total=self.total + 1,
            useful=self.useful + (opinion.useful is True),
            not_useful=self.not_useful + (opinion.useful is False),
            reasons=reasons,
        )
        if more.total % STEP:
            return more, []
        told = replace(more, sequence=self.sequence + 1)
        return told, [told._gap() if self.kind is Kind.GAP else told._opinions()]

    def _opinions(self) -> Fact:
        data = {
            "about": self.about.value,
            "record_id": self.record_id,
            "total": self.total,
            "useful": in_tens(self.useful),
            "not_useful": in_tens(self.not_useful),
            "reasons": [{"code": code, "count": in_tens(self.reasons.get(code, 0))} for code in REASONS[self.about]],
        }
        return Fact("opinions.counted", self.id, self.municipality, self.sequence, data)

    def _gap(self) -> Fact:
        data = {"theme": self.theme, "language": self.language, "total": self.total}
        return Fact("gaps.counted", self.id, self.municipality, self.sequence, data)


def in_tens(count: int) -> int:
    """Rounded down."""
    return count - count % STEP


def tally_of(opinion: Opinion) -> Tally | None:
    """The empty tally in which an opinion is counted; corrections are work, not opinions."""
    town = opinion.municipality
    if opinion.kind is Kind.CORRECTION:
        return None
    if opinion.kind is Kind.GAP:
        key = f"{town}/gap/{opinion.theme or '-'}/{opinion.language}"
        return Tally(_id(key), town, opinion.kind, opinion.about, theme=opinion.theme, language=opinion.language)
    key = f"{town}/{opinion.about}/{opinion.record_id or '-'}"
    return Tally(_id(key), town, opinion.kind, opinion.about, record_id=opinion.record_id)


def _id(key: str) -> str:
    return str(uuid.uuid5(_NAMESPACE, key))
