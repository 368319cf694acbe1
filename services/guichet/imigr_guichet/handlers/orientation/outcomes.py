"""The outcome of a visit, and what is to be followed up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from imigr_guichet.domain.needs import neutral
from imigr_guichet.domain.orientations import FollowUp, Orientation
from imigr_guichet.errors import InvalidInput
from imigr_guichet.handlers.orientation.counsel import LINK_DAYS, STAFF_ROLES, Counsel, guichet_of, kept_orientation
from imigr_guichet.handlers.records import change, create, now_of
from imigr_guichet.opening import local_date
from imigr_guichet.ports.appointments import Command
from imigr_kit.access import require
from imigr_kit.errors import FieldError
from imigr_kit.facts import Fact


@dataclass(frozen=True)
class Outcomes:
    """What a mediator notes after a visit."""

    municipality: str
    guichet_id: str
    needs: tuple[str, ...]
    services: tuple[str, ...]
    language: str
    follow_up_on: date | None
    appointment_id: str | None
    ticket_id: str | None


def record_orientation(counsel: Counsel, actor: dict[str, Any], outcomes: Outcomes, command: Command) -> dict[str, Any]:
    """Store the outcome in closed codes; needs arrive neutral or are made so. Raises UnknownNeed, UnknownGuichet."""
    require(actor, STAFF_ROLES, outcomes.municipality)
    guichet = guichet_of(counsel, outcomes.municipality, outcomes.guichet_id)
    now = now_of(counsel.clock)
    today = local_date(guichet, now)
    if outcomes.follow_up_on is not None and not today < outcomes.follow_up_on:
        raise InvalidInput(fields=[FieldError("follow_up_on", InvalidInput.code, "must be a later day")])

    def make() -> tuple[Orientation, list[Fact]]:
        return Orientation(
            id=counsel.new_id(),
            municipality=outcomes.municipality,
            guichet_id=guichet.id,
            day=today,
            needs=neutral(outcomes.needs),
            services=outcomes.services,
            language=outcomes.language,
            follow_up_on=outcomes.follow_up_on,
            follow_up=None,
            appointment_id=outcomes.appointment_id,
            ticket_id=outcomes.ticket_id,
            recorded_at=now,
            version=0,
        ).record()

    return create(counsel.orientations, command, make, said_orientation)


def get_orientation(counsel: Counsel, actor: dict[str, Any], municipality: str, orientation_id: str) -> dict[str, Any]:
    """One orientation of the own town."""
    require(actor, STAFF_ROLES, municipality)
    return said_orientation(kept_orientation(counsel, municipality, orientation_id).entity)


def close_follow_up(
    counsel: Counsel, actor: dict[str, Any], municipality: str, orientation_id: str, found: FollowUp, command: Command
) -> dict[str, Any]:
    """What the follow-up found."""
    require(actor, STAFF_ROLES, municipality)
    return change(
        counsel.orientations,
        lambda: kept_orientation(counsel, municipality, orientation_id),
        command,
        lambda one: one.close_follow_up(found),
        said_orientation,
    )


def list_follow_ups(counsel: Counsel, actor: dict[str, Any], municipality: str, until: date) -> dict[str, Any]:
    """Open follow-ups that are due."""
    require(actor, STAFF_ROLES, municipality)
    return {"items": [said_orientation(one.entity) for one in counsel.orientations.due(municipality, until)]}


def said_orientation(one: Orientation) -> dict[str, Any]:
    """What a command answers about an orientation; which visit it was is not said again."""
    return {
        "id": one.id,
        "municipality": one.municipality,
        "guichet_id": one.guichet_id,
        "day": one.day.isoformat(),
        "needs": list(one.needs),
        "services": list(one.services),
        "language": one.language,
        "follow_up_on": one.follow_up_on.isoformat() if one.follow_up_on else None,
        "follow_up": str(one.follow_up) if one.follow_up else None,
        "version": one.version,
    }


def cut_links(counsel: Counsel) -> int:
    """Forget which visit an orientation of more than 30 days came from; how many were cut."""
    return counsel.orientations.cut_links(counsel.clock.now() - timedelta(days=LINK_DAYS))
