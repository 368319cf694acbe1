"""What the RPC methods of orientation and referral take."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validate

from imigr_guichet.domain.orientations import FollowUp
from imigr_guichet.domain.referrals import PARTNERS, Consent, ReferralState
from imigr_guichet.handlers.orientation import Outcomes, Proposal
from imigr_guichet.schemas.fields import CODE, ID, KEY
from imigr_guichet.schemas.tickets import OfStaff, StaffCommand
from imigr_kit.fields import HASH, LANGUAGE, SLUG, UUID, Day, Pattern
from imigr_kit.ids import is_id

TOKEN = validate.Length(min=1, max=100)
ACTIONS = ("accept", "reject", "begin", "finish")


def one_of_partners(value: str) -> None:
    """A partner of the list, or the id of an organization. Raises ValidationError."""
    if value not in PARTNERS and not is_id(value):
        raise ValidationError(f"one of {', '.join(PARTNERS)}, or the id of an organization")


class RecordOrientation(StaffCommand):
    """The outcome of a visit."""

    guichet_id = fields.String(required=True, validate=ID)
    needs = fields.List(fields.String(validate=CODE), required=True, validate=validate.Length(1, 8))
    services = fields.List(fields.String(validate=UUID), load_default=list, validate=validate.Length(0, 10))
    language = fields.String(required=True, validate=LANGUAGE)
    follow_up_on = Day(load_default=None, allow_none=True)
    appointment_id = fields.String(load_default=None, allow_none=True, validate=ID)
    ticket_id = fields.String(load_default=None, allow_none=True, validate=ID)

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> tuple[dict[str, Any], Outcomes]:
        """The actor and the outcome."""
        del data["idempotency_key"]
        actor = data.pop("actor")
        return actor, Outcomes(**data | {"needs": tuple(data["needs"]), "services": tuple(data["services"])})


class OneOrientation(OfStaff):
    """Which one."""

    orientation_id = fields.String(required=True, validate=ID)


class CloseFollowUp(StaffCommand):
    """What the follow-up found."""

    orientation_id = fields.String(required=True, validate=ID)
    found = fields.Enum(FollowUp, by_value=True, required=True)


class ListFollowUps(OfStaff):
    """Due until when."""

    until = Day(required=True)


class ProposeReferral(StaffCommand):
    """To whom, for which orientation."""

    orientation_id = fields.String(required=True, validate=ID)
    partner = fields.String(required=True, validate=one_of_partners)
    service_id = fields.String(load_default=None, allow_none=True, validate=UUID)
    manage_hash = fields.String(required=True, validate=HASH)

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> tuple[dict[str, Any], Proposal]:
        """The actor and the proposal."""
        del data["idempotency_key"]
        return data.pop("actor"), Proposal(**data)


class AgreeReferral(StaffCommand):
    """How the person agreed, and to which text (its version) in which language."""

    referral_id = fields.String(required=True, validate=ID)
    how = fields.Enum(Consent, by_value=True, required=True)
    text = fields.String(required=True, validate=Pattern(r"[0-9]{4}-[0-9]{1,3}"))
    language = fields.String(required=True, validate=LANGUAGE)


class SendReferral(StaffCommand):
    """Which one."""

    referral_id = fields.String(required=True, validate=ID)


class StepReferral(StaffCommand):
    """A step noted by staff; ``code`` is the reason or the outcome."""

    referral_id = fields.String(required=True, validate=ID)
    action = fields.String(required=True, validate=validate.OneOf((*ACTIONS, "revoke")))
    code = fields.String(load_default=None, allow_none=True, validate=CODE)


class ListReferrals(OfStaff):
    """In which state."""

    state = fields.Enum(ReferralState, by_value=True, load_default=None, allow_none=True)


class FetchReferral(Schema):
    """The partner's one-time token."""

    municipality = fields.String(required=True, validate=SLUG)
    token = fields.String(required=True, validate=TOKEN)
    idempotency_key = fields.String(required=True, validate=KEY)


class AnswerReferral(FetchReferral):
    """The partner's step under the case token."""

    action = fields.String(required=True, validate=validate.OneOf(ACTIONS))
    code = fields.String(load_default=None, allow_none=True, validate=CODE)


class OwnReferral(Schema):
    """Who holds the link of a referral."""

    municipality = fields.String(required=True, validate=SLUG)
    manage_hash = fields.String(required=True, validate=HASH)


class RevokeOwnReferral(OwnReferral):
    """A repeatable command of the person."""

    idempotency_key = fields.String(required=True, validate=KEY)


RECORD_ORIENTATION = RecordOrientation()
ONE_ORIENTATION = OneOrientation()
CLOSE_FOLLOW_UP = CloseFollowUp()
LIST_FOLLOW_UPS = ListFollowUps()
PROPOSE_REFERRAL = ProposeReferral()
AGREE_REFERRAL = AgreeReferral()
SEND_REFERRAL = SendReferral()
STEP_REFERRAL = StepReferral()
LIST_REFERRALS = ListReferrals()
FETCH_REFERRAL = FetchReferral()
ANSWER_REFERRAL = AnswerReferral()
OWN_REFERRAL = OwnReferral()
REVOKE_OWN_REFERRAL = RevokeOwnReferral()
