"""Orientation and referrals on the wire: load, one use case, dump."""

from __future__ import annotations

from typing import Any

from imigr_guichet.domain.needs import neutral
from imigr_guichet.handlers import orientation
from imigr_guichet.schemas import orientation as schemas
from imigr_guichet.service.visits import WithVisits, without_key
from imigr_kit.commands import command_of
from imigr_kit.entrypoints import every, rpc

HOUR = 3600.0


class OrientationMethods:
    """RPC methods of orientation and referral."""

    app: WithVisits

    @rpc
    def record_orientation(self, **payload: Any) -> dict[str, Any]:
        """Store the outcome of a visit in closed codes."""
        actor, outcomes = schemas.RECORD_ORIENTATION.load(payload)
        # Made neutral before the body is hashed: a plain hash of so few codes would tell which it was.
        told = payload | {"needs": list(neutral(outcomes.needs))}
        command = command_of("record_orientation", told)
        return orientation.record_orientation(self.app.visits.counsel, actor, outcomes, command)

    @rpc
    def get_orientation(self, **payload: Any) -> dict[str, Any]:
        """One orientation, for staff."""
        return orientation.get_orientation(self.app.visits.counsel, **schemas.ONE_ORIENTATION.load(payload))

    @rpc
    def close_follow_up(self, **payload: Any) -> dict[str, Any]:
        """What a follow-up found."""
        wanted = without_key(schemas.CLOSE_FOLLOW_UP.load(payload))
        command = command_of("close_follow_up", payload)
        return orientation.close_follow_up(self.app.visits.counsel, **wanted, command=command)

    @rpc
    def list_follow_ups(self, **payload: Any) -> dict[str, Any]:
        """Follow-ups that are due, for staff."""
        return orientation.list_follow_ups(self.app.visits.counsel, **schemas.LIST_FOLLOW_UPS.load(payload))

    @rpc
    def propose_referral(self, **payload: Any) -> dict[str, Any]:
        """Propose a referral to a partner."""
        actor, proposal = schemas.PROPOSE_REFERRAL.load(payload)
        command = command_of("propose_referral", payload)
        return orientation.propose_referral(self.app.visits.counsel, actor, proposal, command)

    @rpc
    def agree_referral(self, **payload: Any) -> dict[str, Any]:
        """Record the person's consent."""
        wanted = without_key(schemas.AGREE_REFERRAL.load(payload))
        command = command_of("agree_referral", payload)
        return orientation.agree_referral(self.app.visits.counsel, **wanted, command=command)

    @rpc
    def send_referral(self, **payload: Any) -> dict[str, Any]:
        """Send it; the answer holds the partner's one-time token."""
        wanted = without_key(schemas.SEND_REFERRAL.load(payload))
        command = command_of("send_referral", payload)
        return orientation.send_referral(self.app.visits.counsel, **wanted, command=command)

    @rpc
    def step_referral(self, **payload: Any) -> dict[str, Any]:
        """A step noted by staff."""
        wanted = without_key(schemas.STEP_REFERRAL.load(payload))
        command = command_of("step_referral", payload)
        return orientation.step_referral(self.app.visits.counsel, **wanted, command=command)

    @rpc
    def list_referrals(self, **payload: Any) -> dict[str, Any]:
        """The town's referrals with what needs an answer, for staff."""
        wanted = schemas.LIST_REFERRALS.load(payload)
        return orientation.list_referrals(self.app.visits.counsel, **wanted)

    @rpc
    def fetch_referral(self, **payload: Any) -> dict[str, Any]:
        """The details, for the partner, once."""
        wanted = without_key(schemas.FETCH_REFERRAL.load(payload))
        command = command_of("fetch_referral", payload)
        return orientation.fetch_referral(self.app.visits.counsel, **wanted, command=command)

    @rpc
    def answer_referral(self, **payload: Any) -> dict[str, Any]:
        """The partner's step."""
        wanted = without_key(schemas.ANSWER_REFERRAL.load(payload))
        command = command_of("answer_referral", payload)
        return orientation.answer_referral(self.app.visits.counsel, **wanted, command=command)

    @rpc
    def get_own_referral(self, **payload: Any) -> dict[str, Any]:
        """What the person sees of a referral."""
        return orientation.get_own_referral(self.app.visits.counsel, **schemas.OWN_REFERRAL.load(payload))

    @rpc
    def revoke_own_referral(self, **payload: Any) -> dict[str, Any]:
        """The person takes the consent back."""
        wanted = without_key(schemas.REVOKE_OWN_REFERRAL.load(payload))
        command = command_of("revoke_own_referral", payload)
        return orientation.revoke_own_referral(self.app.visits.counsel, **wanted, command=command)

    @every(HOUR)
    def forget_visits(self) -> None:
        """Cut the link of an orientation to its visit after 30 days."""
        orientation.cut_links(self.app.visits.counsel)
