"""Use cases of orientation: the outcome of a visit, and referrals to partners with consent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Protocol

from imigr_guichet.domain.guichet import Guichet
from imigr_guichet.domain.needs import neutral
from imigr_guichet.domain.orientations import FollowUp, Orientation
from imigr_guichet.domain.referrals import Consent, Outcome, Referral, ReferralState, Rejection
from imigr_guichet.domain.text import wire_time
from imigr_guichet.errors import InvalidInput, UnknownGuichet, UnknownOrientation, UnknownReferral
from imigr_guichet.handlers.records import Kept, Records, change, create, now_of
from imigr_guichet.opening import local_date
from imigr_guichet.ports.appointments import Command
from imigr_guichet.ports.plans import Plans
from imigr_kit.access import require
from imigr_kit.clock import Clock
from imigr_kit.errors import FieldError
from imigr_kit.facts import Fact
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


@dataclass(frozen=True)
class Proposal:
    """To which partner, for which orientation."""

    municipality: str
    orientation_id: str
    partner: str
    service_id: str | None
    manage_hash: str


def record_orientation(counsel: Counsel, actor: dict[str, Any], outcomes: Outcomes, command: Command) -> dict[str, Any]:
    """Store the outcome in closed codes; needs arrive neutral or are made so. Raises UnknownNeed, UnknownGuichet."""
    require(actor, STAFF_ROLES, outcomes.municipality)
    guichet = _guichet(counsel, outcomes.municipality, outcomes.guichet_id)
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
    return said_orientation(_orientation(counsel, municipality, orientation_id).entity)


def close_follow_up(
    counsel: Counsel, actor: dict[str, Any], municipality: str, orientation_id: str, found: FollowUp, command: Command
) -> dict[str, Any]:
    """What the follow-up found."""
    require(actor, STAFF_ROLES, municipality)
    return change(
        counsel.orientations,
        lambda: _orientation(counsel, municipality, orientation_id),
        command,
        lambda one: one.close_follow_up(found),
        said_orientation,
    )


def list_follow_ups(counsel: Counsel, actor: dict[str, Any], municipality: str, until: date) -> dict[str, Any]:
    """Open follow-ups that are due."""
    require(actor, STAFF_ROLES, municipality)
    return {"items": [said_orientation(one.entity) for one in counsel.orientations.due(municipality, until)]}


def propose_referral(counsel: Counsel, actor: dict[str, Any], proposal: Proposal, command: Command) -> dict[str, Any]:
    """A referral to a partner; nothing is sent."""
    require(actor, STAFF_ROLES, proposal.municipality)
    orientation = _orientation(counsel, proposal.municipality, proposal.orientation_id).entity
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
        lambda: _referral(counsel, municipality, referral_id),
        command,
        lambda one: one.send(now_of(counsel.clock), actor["id"]),
        said_referral,
        links=lambda kept: [*kept.links, f"fetch:{counsel.hashed('referral', token)}"],
    )
    return answer | {"fetch_token": token}


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
    guichet = _guichet(counsel, municipality, referral.guichet_id)
    return {
        "municipality": municipality,
        "guichet_name": dict(guichet.name),
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
        links=_manage_only,
    )


def list_referrals(counsel: Counsel, actor: dict[str, Any], municipality: str, state: str | None) -> dict[str, Any]:
    """The town's referrals, newest first, with what needs an answer."""
    require(actor, STAFF_ROLES, municipality)
    now = counsel.clock.now()
    found = counsel.referrals.of_town(municipality, state)
    return {"items": [said_referral(one.entity) | {"needs_answer": one.entity.needs_answer(now)} for one in found]}


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


def _for_person(one: Referral) -> dict[str, Any]:
    shown = ("municipality", "partner", "service_id", "language", "state", "consent", "fetched", "version")
    told = said_referral(one)
    return {name: told[name] for name in shown}


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
        return _manage_only(kept) if ended else list(kept.links)

    return change(
        counsel.referrals,
        lambda: _referral(counsel, municipality, referral_id),
        command,
        step,
        said_referral,
        links=links,
    )


def _manage_only(kept: Kept[Referral]) -> list[str]:
    return [one for one in kept.links if one.startswith("manage:")]


def _orientation(counsel: Counsel, municipality: str, orientation_id: str) -> Kept[Orientation]:
    kept = counsel.orientations.get(orientation_id)
    if kept is None or kept.entity.municipality != municipality:
        raise UnknownOrientation
    return kept


def _referral(counsel: Counsel, municipality: str, referral_id: str) -> Kept[Referral]:
    kept = counsel.referrals.get(referral_id)
    if kept is None or kept.entity.municipality != municipality:
        raise UnknownReferral
    return kept


def _linked(counsel: Counsel, municipality: str, kind: str, token: str) -> Kept[Referral]:
    return _by_link(counsel, municipality, f"{kind}:{counsel.hashed('referral', token)}")


def _owned(counsel: Counsel, municipality: str, manage_hash: str) -> Kept[Referral]:
    return _by_link(counsel, municipality, f"manage:{counsel.hashed('referral', manage_hash)}")


def _by_link(counsel: Counsel, municipality: str, link: str) -> Kept[Referral]:
    kept = counsel.referrals.find(f"link:{link}")
    if kept is None or kept.entity.municipality != municipality:
        raise UnknownReferral
    return kept


def _guichet(counsel: Counsel, municipality: str, guichet_id: str) -> Guichet:
    guichet = counsel.plans.get(guichet_id)
    if guichet is None or guichet.municipality != municipality:
        raise UnknownGuichet(params={"guichet_id": guichet_id})
    return guichet


def cut_links(counsel: Counsel) -> int:
    """Forget which visit an orientation of more than 30 days came from; how many were cut."""
    return counsel.orientations.cut_links(counsel.clock.now() - timedelta(days=LINK_DAYS))
