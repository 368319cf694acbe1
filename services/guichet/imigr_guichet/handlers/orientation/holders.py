"""Referrals by their tokens: of the partner, who fetches once and answers, and of the person."""

from __future__ import annotations

from typing import Any

from imigr_guichet.domain.referrals import Referral
from imigr_guichet.domain.text import wire_time
from imigr_guichet.errors import UnknownReferral
from imigr_guichet.handlers.orientation.counsel import Counsel, guichet_of
from imigr_guichet.handlers.orientation.referrals import manage_only, partner_step, said_referral
from imigr_guichet.handlers.records import Kept, change, now_of
from imigr_guichet.ports.appointments import Command


def fetch_referral(counsel: Counsel, municipality: str, token: str, command: Command) -> dict[str, Any]:
    """What the partner needs, once; with it the token under which the partner answers. Raises ReferralFetched."""

    def find() -> Kept[Referral]:
        return _linked(counsel, municipality, "fetch", token)

    kept = find()
    case = counsel.token("referral-case", kept.entity.id)
    change(
        counsel.referrals,
        find,
        command,
        lambda one: one.fetch(now_of(counsel.clock)),
        lambda one: {"id": one.id},
        links=lambda held: [*held.links, f"case:{counsel.hashed('referral', case)}"],
    )
    referral = kept.entity
    guichet = guichet_of(counsel, municipality, referral.guichet_id)
    return {
        "municipality": municipality,
        "guichet_name": dict(guichet.name),
        "demonstration": guichet.demonstration,
        "address": dict(guichet.address),
        "partner": referral.partner,
        "service_id": referral.service_id,
        "needs": list(referral.needs),
        "language": referral.language,
        "consent": str(referral.consent),
        "consented_at": wire_time(referral.consented_at) if referral.consented_at else None,
        "follow_up_on": referral.follow_up_on.isoformat() if referral.follow_up_on else None,
        "case_token": case,
    }


def answer_referral(
    counsel: Counsel, municipality: str, token: str, action: str, code: str | None, command: Command
) -> dict[str, Any]:
    """The partner's step under its case token: accept, reject (with a reason), begin, finish (with an outcome)."""
    answer = change(
        counsel.referrals,
        lambda: _linked(counsel, municipality, "case", token),
        command,
        lambda one: partner_step(one, action, code, now_of(counsel.clock), None),
        said_referral,
    )
    return {name: answer[name] for name in ("state", "rejection", "outcome", "version")}


def get_own_referral(counsel: Counsel, municipality: str, manage_hash: str) -> dict[str, Any]:
    """What the person sees of it, by the own link."""
    return _for_person(_owned(counsel, municipality, manage_hash).entity)


def revoke_own_referral(counsel: Counsel, municipality: str, manage_hash: str, command: Command) -> dict[str, Any]:
    """The person takes the consent back; the partner's tokens are good no more."""
    return change(
        counsel.referrals,
        lambda: _owned(counsel, municipality, manage_hash),
        command,
        lambda one: one.revoke(None),
        _for_person,
        links=manage_only,
    )


def _for_person(one: Referral) -> dict[str, Any]:
    shown = ("municipality", "partner", "service_id", "language", "state", "consent", "fetched", "version")
    told = said_referral(one)
    return {name: told[name] for name in shown}


def _linked(counsel: Counsel, municipality: str, kind: str, token: str) -> Kept[Referral]:
    return _by_link(counsel, municipality, f"{kind}:{counsel.hashed('referral', token)}")


def _owned(counsel: Counsel, municipality: str, manage_hash: str) -> Kept[Referral]:
    return _by_link(counsel, municipality, f"manage:{counsel.hashed('referral', manage_hash)}")


def _by_link(counsel: Counsel, municipality: str, link: str) -> Kept[Referral]:
    kept = counsel.referrals.find(f"link:{link}")
    if kept is None or kept.entity.municipality != municipality:
        raise UnknownReferral
    return kept
