"""A person is put in touch with a partner, with consent: the state machine of a referral."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from imigr_guichet.errors import ConsentMissing, ReferralFetched, ReferralNotChangeable
from imigr_kit.facts import Fact

ANSWER_DAYS = (7, 14)
"""A sent referral needs an answer after these days (derived, never stored)."""


PARTNERS = ("aesat", "alda", "atcd", "cies", "utss")
"""Who takes referrals by a short name; any other organization by its id in the directory. A closed list, since the word
stands in events: whatever could be typed there could be a person's name."""


class ReferralState(StrEnum):
    """States of a referral (VOCABULARY)."""

    PROPOSED = "proposed"
    CONSENTED = "consented"
    SENT = "sent"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    IN_PROGRESS = "in_progress"
    DONE = "done"
    REVOKED = "revoked"


class Consent(StrEnum):
    """How the person agreed; what was read aloud is named by its version."""

    SPOKEN = "spoken"
    ON_PAPER = "on_paper"
    WITH_INTERPRETER = "with_interpreter"


class Rejection(StrEnum):
    """Why a partner says no."""

    NO_CAPACITY = "no_capacity"
    NOT_COMPETENT = "not_competent"
    OTHER_AREA = "other_area"
    NOT_REACHED = "not_reached"


class Outcome(StrEnum):
    """How it ended."""

    SERVED = "served"
    SENT_ELSEWHERE = "sent_elsewhere"
    NOT_COME = "not_come"
    GIVEN_UP = "given_up"


ENDED = (ReferralState.REJECTED, ReferralState.DONE, ReferralState.REVOKED)


@dataclass(frozen=True)
class Referral:
    """One referral; ``partner`` is one of PARTNERS or the id of an organization, ``service_id`` of the directory."""

    id: str
    municipality: str
    guichet_id: str
    orientation_id: str
    partner: str
    service_id: str | None
    needs: tuple[str, ...]
    language: str
    state: ReferralState
    consent: Consent | None
    consent_text: str | None
    consent_language: str | None
    consented_at: datetime | None
    sent_at: datetime | None
    fetched_at: datetime | None
    answered_at: datetime | None
    rejection: Rejection | None
    outcome: Outcome | None
    follow_up_on: date | None
    proposed_at: datetime
    version: int

    def propose(self, by: str) -> tuple[Referral, list[Fact]]:
        """The first fact; nothing leaves the house yet. ``by`` is the id of the staff member."""
        proposed = replace(self, version=1)
        return proposed, [proposed._fact("referral.proposed", by)]

    def agree(self, how: Consent, text: str, language: str, at: datetime, by: str) -> tuple[Referral, list[Fact]]:
        """The person agrees, to the text of that version in that language."""
        self._must_be(ReferralState.PROPOSED)
        agreed = self._next(
            state=ReferralState.CONSENTED, consent=how, consent_text=text, consent_language=language, consented_at=at
        )
        return agreed, [agreed._fact("referral.consented", by)]

    def send(self, at: datetime, by: str) -> tuple[Referral, list[Fact]]:
        """To the partner. Raises ConsentMissing as long as no consent is recorded."""
        if self.state == ReferralState.PROPOSED or (self.consent is None and self.state not in ENDED):
            raise ConsentMissing
        self._must_be(ReferralState.CONSENTED)
        sent = self._next(state=ReferralState.SENT, sent_at=at)
        return sent, [sent._fact("referral.sent", by)]

    def fetch(self, at: datetime) -> tuple[Referral, list[Fact]]:
        """The partner reads the details: once. Raises ReferralFetched the second time."""
        if self.fetched_at is not None:
            raise ReferralFetched
        self._must_be(ReferralState.SENT)
        fetched = self._next(fetched_at=at)
        return fetched, [fetched._fact("referral.fetched", None)]

    def accept(self, at: datetime, by: str | None) -> tuple[Referral, list[Fact]]:
        """The partner takes it on."""
        self._must_be(ReferralState.SENT)
        accepted = self._next(state=ReferralState.ACCEPTED, answered_at=at)
        return accepted, [accepted._fact("referral.accepted", by)]

    def reject(self, why: Rejection, at: datetime, by: str | None) -> tuple[Referral, list[Fact]]:
        """The partner says no, and why."""
        self._must_be(ReferralState.SENT, ReferralState.ACCEPTED)
        rejected = self._next(state=ReferralState.REJECTED, rejection=why, answered_at=at)
        return rejected, [rejected._fact("referral.rejected", by)]

    def begin(self, by: str | None) -> tuple[Referral, list[Fact]]:
        """The partner is at work."""
        self._must_be(ReferralState.ACCEPTED)
        begun = self._next(state=ReferralState.IN_PROGRESS)
        return begun, [begun._fact("referral.begun", by)]

    def finish(self, outcome: Outcome, by: str | None) -> tuple[Referral, list[Fact]]:
        """It ended, and how."""
        self._must_be(ReferralState.ACCEPTED, ReferralState.IN_PROGRESS)
        done = self._next(state=ReferralState.DONE, outcome=outcome)
        return done, [done._fact("referral.done", by)]

    def revoke(self, by: str | None) -> tuple[Referral, list[Fact]]:
        """The person takes the consent back; ``by`` is None when by the own link."""
        if self.state in ENDED:
            raise ReferralNotChangeable(params={"state": str(self.state)})
        revoked = self._next(state=ReferralState.REVOKED)
        return revoked, [revoked._fact("referral.revoked", by)]

    def needs_answer(self, now: datetime) -> int | None:
        """7 or 14 when the partner has not answered for so many days; None else."""
        if self.state != ReferralState.SENT or self.sent_at is None:
            return None
        passed = [days for days in ANSWER_DAYS if now - self.sent_at >= timedelta(days=days)]
        return max(passed, default=None)

    def _must_be(self, *states: ReferralState) -> None:
        if self.state not in states:
            raise ReferralNotChangeable(params={"state": str(self.state)})

    def _next(self, **changes: Any) -> Referral:
        return replace(self, version=self.version + 1, **changes)

    def _fact(self, kind: str, by: str | None) -> Fact:
        data = {
            "referral_id": self.id,
            "guichet_id": self.guichet_id,
            "partner": self.partner,
            "state": str(self.state),
            "rejection": str(self.rejection) if self.rejection else None,
            "outcome": str(self.outcome) if self.outcome else None,
            "staff_id": by,
        }
        return Fact(kind, self.id, self.municipality, self.version, data)
