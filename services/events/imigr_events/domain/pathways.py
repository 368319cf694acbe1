"""Training pathways: a course with its sessions, those who train, the focal points it produces, coaching, evaluation.

People are functions and counts here: nobody who trains or is trained has a name in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from imigr_events.domain.parts import Question
from imigr_events.domain.texts import Text
from imigr_events.errors import UnknownCoaching
from imigr_kit.facts import Fact

TRAINERS = (
    "trainer", "facilitator", "lawyer", "psychologist", "social_worker", "health_worker", "interpreter", "mediator",
)  # fmt: skip
"""Functions of those who train."""
ROLES = (
    "intercultural_mediator", "municipal_agent", "association_worker", "health_worker", "social_worker", "teacher",
    "employment_adviser", "legal_adviser",
)  # fmt: skip
"""Staff roles of the focal points that a course produces."""
TOPICS = ("reception", "orientation", "mediation", "rights", "health", "protection", "data_protection", "self_care")
"""What a coaching day is about."""


@dataclass(frozen=True)
class FocalPoints:
    """How many focal points of a role are planned, and how many there are."""

    role: str
    planned: int
    produced: int = 0


@dataclass(frozen=True)
class CoachingDay:
    """A day on which those trained are accompanied at work."""

    id: str
    day: date
    minutes: int
    topic: str
    done_on: date | None = None


@dataclass(frozen=True)
class Pathway:
    """One pathway; ``event_ids`` are its courses, ``version`` counts its facts. ``trainers``: function and number."""

    id: str
    municipality: str
    title: Text
    event_ids: tuple[str, ...]
    places: int
    trainers: Mapping[str, int]
    focal_points: tuple[FocalPoints, ...]
    coaching: tuple[CoachingDay, ...]
    questions: tuple[Question, ...]
    version: int

    def changed(self, **values: Any) -> tuple[Pathway, list[Fact]]:
        """Planned anew. A coaching day that took place stays, with the day it was done."""
        done = {one.id: one for one in self.coaching if one.done_on is not None}
        planned = [done.pop(one.id, one) for one in values.get("coaching", self.coaching)]
        coaching = tuple(sorted([*planned, *done.values()], key=lambda one: (one.day, one.id)))
        pathway = replace(self, **values | {"coaching": coaching, "version": self.version + 1})
        return pathway, pathway.facts()

    def coached(self, coaching_id: str, on: date) -> tuple[Pathway, list[Fact]]:
        """A coaching day took place. Raises UnknownCoaching."""
        if coaching_id not in {one.id for one in self.coaching}:
            raise UnknownCoaching(params={"coaching_id": coaching_id})
        coaching = tuple(replace(one, done_on=on) if one.id == coaching_id else one for one in self.coaching)
        pathway = replace(self, coaching=coaching, version=self.version + 1)
        return pathway, pathway.facts()

    def facts(self) -> list[Fact]:
        """What became of it, in numbers."""
        data = {
            "pathway_id": self.id,
            "event_ids": list(self.event_ids),
            "places": self.places,
            "trainers": sum(self.trainers.values()),
            "focal_points_planned": sum(one.planned for one in self.focal_points),
            "focal_points_produced": sum(one.produced for one in self.focal_points),
            "coaching_days_planned": len(self.coaching),
            "coaching_days_done": sum(1 for one in self.coaching if one.done_on is not None),
        }
        return [Fact("pathway.changed", self.id, self.municipality, self.version, data)]
