"""Requests and answers of the waiting room, orientation and referrals."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from imigr_gateway.shapes.base import ID, IMAGINED, Localised, Reachable, Strict, says
from imigr_kit.fields import LANGUAGE, SLUG, UUID, Day, Moment, Pattern

CODE = Pattern(r"[a-z][a-z0-9_.-]{0,39}")
DESK = Pattern(r"[A-Za-z0-9][A-Za-z0-9_-]{0,19}")
STEPS = ("call_again", "put_back", "start", "finish", "miss", "recall", "park", "resume", "leave", "transfer")
ANSWERS = ("accept", "reject", "begin", "finish")
REFERRAL_STATES = ("proposed", "consented", "sent", "accepted", "rejected", "in_progress", "done", "revoked")


class TakeTicket(Strict):
    """A person at the door."""

    topic = fields.String(required=True, validate=CODE)
    language = fields.String(required=True, validate=LANGUAGE, metadata=says("Language the mediator must speak"))
    interpreter = fields.Boolean(load_default=False, metadata=says("Somebody will interpret: any mediator may call"))
    priority = fields.Boolean(load_default=False, metadata=says("By the written rule; the reason is never asked"))
    appointment_id = fields.String(load_default=None, allow_none=True, validate=ID)


class NoteDemand(Strict):
    """A language asked for in vain."""

    topic = fields.String(required=True, validate=CODE)
    language = fields.String(required=True, validate=LANGUAGE)


class CallNext(Strict):
    """Which desk calls, and of which topic or language if it wants to choose."""

    desk = fields.String(required=True, validate=DESK)
    topic = fields.String(load_default=None, allow_none=True, validate=CODE)
    language = fields.String(load_default=None, allow_none=True, validate=LANGUAGE)


class StepTicket(Strict):
    """One step of a ticket."""

    action = fields.String(required=True, validate=validate.OneOf(STEPS))
    desk = fields.String(load_default=None, allow_none=True, validate=DESK, metadata=says("For a transfer: to which"))


class TurnOut(Schema):
    """What the holder of a ticket may know."""

    number = fields.Integer()
    day = fields.String(metadata=says("The guichet's local date", format="date"))
    state = fields.String()
    desk = fields.String(allow_none=True)
    calls = fields.Integer()
    language = fields.String()
    guichet_id = fields.String()
    municipality = fields.String()
    timezone = fields.String()
    demonstration = fields.Boolean(metadata=IMAGINED)
    ahead = fields.Integer(allow_none=True, metadata=says("How many have an earlier turn"))
    wait_minutes = fields.Integer(allow_none=True, metadata=says("Estimated; null when nobody could call it now"))
    version = fields.Integer()


class Called(Schema):
    """A number on the screen."""

    number = fields.Integer()
    desk = fields.String()
    calls = fields.Integer()
    state = fields.String()
    called_at = fields.String(metadata=says("RFC 3339, UTC", format="date-time"))


class Board(Localised):
    """The screen of a waiting room: numbers and desks, nothing about persons."""

    guichet_id = fields.String()
    municipality = fields.String()
    guichet_name = fields.String()
    demonstration = fields.Boolean(metadata=IMAGINED)
    day = fields.String(metadata=says("The guichet's local date", format="date"))
    version = fields.Integer(metadata=says("Grows with every change of the day"))
    waiting = fields.Integer()
    called = fields.List(fields.Nested(Called), metadata=says("Latest first"))


class RecordOrientation(Strict):
    """The outcome of a visit, in closed codes only."""

    guichet_id = fields.String(required=True, validate=ID)
    needs = fields.List(
        fields.String(validate=CODE),
        required=True,
        validate=validate.Length(1, 8),
        metadata=says("Codes of the taxonomy; those about health, safety and legal status are stored as `reserved`"),
    )
    services = fields.List(
        fields.String(validate=UUID), load_default=list, validate=validate.Length(0, 10), metadata=says("Directory ids")
    )
    language = fields.String(required=True, validate=LANGUAGE)
    follow_up_on = Day(load_default=None, allow_none=True)
    appointment_id = fields.String(load_default=None, allow_none=True, validate=ID)
    ticket_id = fields.String(load_default=None, allow_none=True, validate=ID)


class FollowUps(Strict):
    """Due until when."""

    until = Day(required=True)


class CloseFollowUp(Strict):
    """What became of it."""

    found = fields.String(
        required=True, validate=validate.OneOf(["reached_service", "still_waiting", "refused_there", "not_reached"])
    )


class ProposeReferral(Strict):
    """To which partner, for which orientation."""

    orientation_id = fields.String(required=True, validate=ID)
    partner = fields.String(
        required=True,
        validate=SLUG,
        metadata=says("aesat, alda, atcd, cies, utss, or an organization's id"),
    )
    service_id = fields.String(load_default=None, allow_none=True, validate=UUID)


class AgreeReferral(Strict):
    """How the person agreed, to which version of the text, in which language."""

    how = fields.String(required=True, validate=validate.OneOf(["spoken", "on_paper", "with_interpreter"]))
    text = fields.String(required=True, validate=Pattern(r"[0-9]{4}-[0-9]{1,3}"))
    language = fields.String(required=True, validate=LANGUAGE)


class StepReferral(Strict):
    """A step noted by staff."""

    action = fields.String(required=True, validate=validate.OneOf([*ANSWERS, "revoke"]))
    code = fields.String(load_default=None, allow_none=True, validate=CODE, metadata=says("Reason or outcome"))


class Referrals(Strict):
    """In which state."""

    state = fields.String(load_default=None, validate=validate.OneOf(REFERRAL_STATES))


class Month(Strict):
    """Which calendar month."""

    month = fields.String(required=True, validate=Pattern(r"[0-9]{4}-(0[1-9]|1[0-2])"))


class FetchReferral(Strict):
    """The one-time token that the person agreed to."""

    token = fields.String(required=True, validate=validate.Length(1, 120))


class AnswerReferral(FetchReferral):
    """The partner's step under the case token."""

    action = fields.String(required=True, validate=validate.OneOf(ANSWERS))
    code = fields.String(load_default=None, allow_none=True, validate=CODE, metadata=says("Reason or outcome"))


class ReferralDetails(Localised):
    """What the partner needs; neither a name nor a way to reach the person."""

    municipality = fields.String()
    guichet_name = fields.String()
    demonstration = fields.Boolean(metadata=IMAGINED)
    address = fields.String()
    partner = fields.String()
    service_id = fields.String(allow_none=True)
    needs = fields.List(fields.String())
    language = fields.String()
    consent = fields.String()
    consented_at = fields.String(metadata=says("RFC 3339, UTC", format="date-time"))
    follow_up_on = fields.String(allow_none=True, metadata=says("Date", format="date"))
    case_token = fields.String(metadata=says("Secret: under it the partner answers"))


class ReferralAnswer(Schema):
    """Where the referral stands."""

    state = fields.String()
    rejection = fields.String(allow_none=True)
    outcome = fields.String(allow_none=True)
    version = fields.Integer()


class OwnReferral(Schema):
    """A referral as the person sees it."""

    municipality = fields.String()
    partner = fields.String()
    service_id = fields.String(allow_none=True)
    language = fields.String()
    state = fields.String()
    consent = fields.String(allow_none=True)
    fetched = fields.Boolean(metadata=says("Whether the partner has read it"))
    version = fields.Integer()


class JoinList(Reachable):
    """Wait for a place of a guichet, topic and language; the offer comes to the phone or email, or to the link."""

    guichet_id = fields.String(required=True, validate=ID)
    topic = fields.String(required=True, validate=CODE)
    language = fields.String(required=True, validate=LANGUAGE, metadata=says("Language the mediator must speak"))
    first_day = Day(load_default=None, allow_none=True)
    last_day = Day(load_default=None, allow_none=True)


class WaitingOut(Schema):
    """An entry of the waiting list as its person sees it."""

    id = fields.String()
    municipality = fields.String()
    guichet_id = fields.String()
    demonstration = fields.Boolean(metadata=IMAGINED)
    topic = fields.String()
    language = fields.String()
    state = fields.String(metadata=says("waiting, offered (a place is held), accepted, declined, expired or left"))
    start = fields.String(allow_none=True, metadata=says("Of the place that is offered; RFC 3339", format="date-time"))
    offer_until = fields.String(allow_none=True, metadata=says("RFC 3339, UTC", format="date-time"))
    joined_at = fields.String(metadata=says("RFC 3339, UTC", format="date-time"))
    version = fields.Integer()
    manage_token = fields.String(metadata=says("Secret: who has it may accept, decline and leave"))
    manage_url = fields.String()
    appointment_token = fields.String(allow_none=True, metadata=says("Manage token of the appointment, once accepted"))


class CheckIn(Strict):
    """Who is here: a slip or a spoken reference, one of them."""

    slip = fields.String(load_default=None, allow_none=True, validate=validate.Length(1, 400))
    reference = fields.String(load_default=None, allow_none=True, validate=validate.Length(4, 20))


class OfflineDay(Strict):
    """Which day."""

    day = Day(required=True)


class WrittenEntry(Strict):
    """One thing that a desk did without a network."""

    id = fields.String(required=True, validate=ID, metadata=says("Drawn on the device; makes a repetition harmless"))
    kind = fields.String(required=True, validate=validate.OneOf(["check_in", "booking"]))
    at = Moment(required=True)
    slip = fields.String(load_default=None, allow_none=True, validate=validate.Length(1, 400))
    reference = fields.String(load_default=None, allow_none=True, validate=validate.Length(4, 20))
    start = Moment(load_default=None, allow_none=True)
    topic = fields.String(load_default=None, allow_none=True, validate=CODE)
    language = fields.String(load_default=None, allow_none=True, validate=LANGUAGE)


class MergeDay(Strict):
    """All that a desk did without a network."""

    entries = fields.List(fields.Nested(WrittenEntry), required=True, validate=validate.Length(1, 200))


class SlipOut(Localised):
    """A slip to print: where and when, and nothing about who or why."""

    slip = fields.String(metadata=says("Signed text for a QR code"))
    municipality = fields.String()
    guichet_id = fields.String()
    guichet_name = fields.String()
    address = fields.String()
    timezone = fields.String()
    demonstration = fields.Boolean(metadata=IMAGINED)
    start = fields.String(metadata=says("RFC 3339, UTC", format="date-time"))
    end = fields.String(metadata=says("RFC 3339, UTC", format="date-time"))
    desk = fields.String()
    reference = fields.String(metadata=says("To say or to write on paper"))
    version = fields.Integer()


class SlipKeys(Schema):
    """Keys that slips are verified with."""

    algorithm = fields.String()
    purpose = fields.String(metadata=says("What is signed before the body"))
    municipality = fields.String()
    keys = fields.Dict(keys=fields.String(), values=fields.String(), metadata=says("Base64 by id"))
