"""Referrals as staff see them: proposed, agreed, sent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from imigr_guichet.domain.orientations import Orientation
from imigr_guichet.domain.referrals import Consent, Outcome, Referral, ReferralState, Rejection
from imigr_guichet.domain.text import wire_time
from imigr_guichet.errors import InvalidInput, UnknownReferral
from imigr_guichet.handlers.orientation.counsel import STAFF_ROLES, Counsel, kept_orientation
from imigr_guichet.handlers.records import Kept, change, create, now_of
from imigr_guichet.ports.appointments import Command
from imigr_kit.access import require
from imigr_kit.errors import FieldError
from imigr_kit.facts import Fact


@dataclass(frozen=True)
class Proposal:
    """To which partner, for which orientation."""

    municipality: str
    orientation_id: str
    partner: str
    service_id: str | None
    manage_hash: str


def propose_referral(counsel: Counsel, actor: dict[str, Any], proposal: Proposal, command: Command) -> dict[str, Any]:
    """A referral to a partner; nothing is sent."""
    require(actor, STAFF_ROLES, proposal.municipality)
    orientation = kept_orientation(counsel, proposal.municipality, proposal.orientation_id).entity
    now = now_of(counsel.clock)

    def make() -> tuple[Referral, list[Fact]]:
        return _proposed(counsel, orientation, proposal, now).propose(actor["id"])

    links = [f"manage:{counsel.hashed('referral', proposal.manage_hash)}"]
    return create(counsel.referrals, command, make, said_referral, links)


def agree_referral(
    counsel: Counsel,
    actor: dict[str, Any],
    municipality: str,
    referral_id: str,
    how: Consent,
    text: str,
    language: str,
    command: Command,
) -> dict[str, Any]:
    """Record the person's consent: how, to which text, in which language."""
    return _staff_step(
        counsel,
        actor,
        municipality,
        referral_id,
        command,
        lambda one: one.agree(how, text, language, now_of(counsel.clock), actor["id"]),
    )


def send_referral(
    counsel: Counsel, actor: dict[str, Any], municipality: str, referral_id: str, command: Command
) -> dict[str, Any]:
    """Send it; the answer holds the one-time token for the partner, which is stored as a hash only."""
    require(actor, STAFF_ROLES, municipality)
    token = counsel.token("referral-fetch", referral_id)
    answer = change(
        counsel.referrals,
        lambda: _kept_referral(counsel, municipality, referral_id),
        command,
        lambda one: one.send(now_of(counsel.clock), actor["id"]),
        said_referral,
        links=lambda kept: [*kept.links, f"fetch:{counsel.hashed('referral', token)}"],
    )
    return answer | {"fetch_token": token}


def step_referral(
    counsel: Counsel,
    actor: dict[str, Any],
    municipality: str,
    referral_id: str,
    action: str,
    code: str | None,
    command: Command,
) -> dict[str, Any]:
    """Staff note what a partner told them otherwise, or that the person revoked."""

    def step(one: Referral) -> tuple[Referral, list[Fact]]:
        if action == "revoke":
            return one.revoke(actor["id"])
        return partner_step(one, action, code, now_of(counsel.clock), actor["id"])

    return _staff_step(counsel, actor, municipality, referral_id, command, step)


def partner_step(
    one: Referral, action: str, code: str | None, now: datetime, by: str | None
) -> tuple[Referral, list[Fact]]:
    """One of accept, reject, begin, finish; ``code`` is the reason or the outcome. Raises InvalidInput."""
    if action == "accept":
        return one.accept(now, by)
    if action == "begin":
        return one.begin(by)
    closed: type[Rejection] | type[Outcome] = Rejection if action == "reject" else Outcome
    if code not in {str(value) for value in closed}:
        said = ", ".join(str(value) for value in closed)
        raise InvalidInput(fields=[FieldError("code", InvalidInput.code, f"must be one of: {said}")])
    return one.reject(Rejection(code), now, by) if action == "reject" else one.finish(Outcome(code), by)


def list_referrals(counsel: Counsel, actor: dict[str, Any], municipality: str, state: str | None) -> dict[str, Any]:
    """The town's referrals, newest first, with what needs an answer."""
    require(actor, STAFF_ROLES, municipality)
    now = counsel.clock.now()
    found = counsel.referrals.of_town(municipality, state)
    return {"items": [said_referral(one.entity) | {"needs_answer": one.entity.needs_answer(now)} for one in found]}


def said_referral(one: Referral) -> dict[str, Any]:
    """What a command answers about a referral."""
    return {
        "id": one.id,
        "municipality": one.municipality,
        "guichet_id": one.guichet_id,
        "orientation_id": one.orientation_id,
        "partner": one.partner,
        "service_id": one.service_id,
        "needs": list(one.needs),
        "language": one.language,
        "state": str(one.state),
        "consent": str(one.consent) if one.consent else None,
        "sent_at": wire_time(one.sent_at) if one.sent_at else None,
        "fetched": one.fetched_at is not None,
        "rejection": str(one.rejection) if one.rejection else None,
        "outcome": str(one.outcome) if one.outcome else None,
        "follow_up_on": one.follow_up_on.isoformat() if one.follow_up_on else None,
        "version": one.version,
    }


def _proposed(counsel: Counsel, orientation: Orientation, proposal: Proposal, now: datetime) -> Referral:
    return Referral(
        id=counsel.new_id(),
        municipality=proposal.municipality,
        guichet_id=orientation.guichet_id,
        orientation_id=orientation.id,
        partner=proposal.partner,
        service_id=proposal.service_id,
        needs=orientation.needs,
        language=orientation.language,
        state=ReferralState.PROPOSED,
        consent=None,
        consent_text=None,
        consent_language=None,
        consented_at=None,
        sent_at=None,
        fetched_at=None,
        answered_at=None,
        rejection=None,
        outcome=None,
        follow_up_on=orientation.follow_up_on,
        proposed_at=now,
        version=0,
    )


def _staff_step(
    counsel: Counsel,
    actor: dict[str, Any],
    municipality: str,
    referral_id: str,
    command: Command,
    step: Callable[[Referral], tuple[Referral, list[Fact]]],
) -> dict[str, Any]:
    require(actor, STAFF_ROLES, municipality)

    def links(kept: Kept[Referral]) -> list[str]:
        ended = step(kept.entity)[0].state == ReferralState.REVOKED
        return manage_only(kept) if ended else list(kept.links)

    return change(
        counsel.referrals,
        lambda: _kept_referral(counsel, municipality, referral_id),
        command,
        step,
        said_referral,
        links=links,
    )


def manage_only(kept: Kept[Referral]) -> list[str]:
    return [one for one in kept.links if one.startswith("manage:")]


def _kept_referral(counsel: Counsel, municipality: str, referral_id: str) -> Kept[Referral]:
    kept = counsel.referrals.get(referral_id)
    if kept is None or kept.entity.municipality != municipality:
        raise UnknownReferral
    return kept
