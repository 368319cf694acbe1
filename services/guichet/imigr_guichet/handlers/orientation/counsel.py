"""What the use cases of orientation work with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from imigr_guichet.domain.guichet import Guichet
from imigr_guichet.domain.orientations import Orientation
from imigr_guichet.domain.referrals import Referral
from imigr_guichet.errors import UnknownGuichet, UnknownOrientation
from imigr_guichet.handlers.records import Kept, Records
from imigr_guichet.ports.plans import Plans
from imigr_kit.clock import Clock
from imigr_kit.ids import NewId

STAFF_ROLES = ("manager", "mediator")


LINK_DAYS = 30
"""After so many days an orientation no longer says which visit it came from."""


KEEP_DAYS = 365


class Orientations(Records[Orientation], Protocol):
    """Orientations as stored."""

    def due(self, municipality: str, until: date) -> Sequence[Kept[Orientation]]:
        """Those whose follow-up is open and due on or before ``until``, by date."""
        ...

    def cut_links(self, before: datetime) -> int:
        """Forget which visit those recorded before came from; how many."""
        ...


class Referrals(Records[Referral], Protocol):
    """Referrals as stored."""

    def of_town(self, municipality: str, state: str | None) -> Sequence[Kept[Referral]]:
        """Newest first, at most 200."""
        ...


@dataclass(frozen=True)
class Counsel:
    """What the use cases of orientation work with."""

    plans: Plans
    orientations: Orientations
    referrals: Referrals
    clock: Clock
    new_id: NewId
    hashed: Callable[[str, str], str]
    """Keyed hash of a text for a purpose."""
    token: Callable[[str, str], str]
    """A secret of 128 bits that follows from a purpose and a text, so that a repeated command says the same."""


def kept_orientation(counsel: Counsel, municipality: str, orientation_id: str) -> Kept[Orientation]:
    kept = counsel.orientations.get(orientation_id)
    if kept is None or kept.entity.municipality != municipality:
        raise UnknownOrientation
    return kept


def guichet_of(counsel: Counsel, municipality: str, guichet_id: str) -> Guichet:
    guichet = counsel.plans.get(guichet_id)
    if guichet is None or guichet.municipality != municipality:
        raise UnknownGuichet(params={"guichet_id": guichet_id})
    return guichet
